/** A process that adds entries to an access file once its input ends: data directory, first name's prefix, count. */
import { addEntry } from "../../lib/command_line/access_commands.ts";

/** Longer than another process waits between two tries, so that they take turns. */
const PAUSE_MS = 25;

const [dataDir = "", prefix = "", count = "0"] = Deno.args;
console.log("ready");
await Deno.stdin.readable.pipeTo(new WritableStream());
for (let index = 0; index < Number(count); index++) {
  await addEntry(dataDir, "ban", `${prefix}${index}`, { lifetimeMs: undefined, reason: undefined });
  await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
}
