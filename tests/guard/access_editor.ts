/** A process that adds entries to an access file: data directory, first name's prefix, count. */
import { addEntry } from "../../lib/command_line/access_commands.ts";

const [dataDir = "", prefix = "", count = "0"] = Deno.args;
for (let index = 0; index < Number(count); index++) {
  await addEntry(dataDir, "ban", `${prefix}${index}`, { lifetimeMs: undefined, reason: undefined });
}
