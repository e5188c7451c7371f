/** Follows the access file of a data directory as a process, for tests that starve it of descriptors: prints whom it bans, and problems. */
import { AccessFile } from "../../lib/guard/access_file.ts";
import { formatSubject } from "../../lib/guard/access_list.ts";

if (import.meta.main) {
  // Makes Deno open what it needs for signals now: it panics where it cannot do so later (2.9).
  Deno.addSignalListener("SIGUSR2", () => {});
  const [dataDir = ""] = Deno.args;
  const access = new AccessFile(dataDir);
  await access.load();
  console.log("following");
  const stop = access.watch({
    onChange: ({ entries }) => console.log(`banned: ${entries.ban.map(({ subject }) => formatSubject(subject))}`),
    onProblem: (message) => console.log(`problem: ${message}`),
  });
  // Its end is the program's.
  await Array.fromAsync(Deno.stdin.readable);
  stop();
}
