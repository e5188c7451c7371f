/** An admin server as a process, for tests that starve it of descriptors: prints its port, and what it logs. */
import { logInto, Subject } from "./subject.ts";

if (import.meta.main) {
  // Makes Deno open what it needs for signals now: it panics where it cannot do so later (2.9).
  Deno.addSignalListener("SIGUSR2", () => {});
  const log = logInto((line) => console.log(line.event));
  await using subject = await Subject.open({ log });
  const { address } = subject.server;
  console.log(address.kind === "tcp" ? address.port : "");
  // Its end is the program's.
  await Array.fromAsync(Deno.stdin.readable);
}
