import { readAllowedCpus } from "./accounting.ts";
import { versionText } from "./peers/peer.ts";

/** Binds the generator to one CPU, and returns another one for the peers; `undefined` where they have to share. */
export async function pin(): Promise<number | undefined> {
  const [peers, generator] = readAllowedCpus();
  if (peers === undefined || generator === undefined) {
    console.error("Nothing is pinned: peers and generator share the only CPU, all numbers are rough");
    return undefined;
  }
  if (versionText("taskset", "--version") === undefined) {
    console.error("Nothing is pinned: install taskset (Debian: apt install util-linux)");
    return undefined;
  }
  const args = ["--all-tasks", "--cpu-list", "--pid", `${generator}`, `${Deno.pid}`];
  const { success } = await new Deno.Command("taskset", { args, stdout: "null" }).output();
  if (!success) throw new Error(`Cannot pin the generator: CPU ${generator} was refused`);
  console.error(`peers on CPU ${peers}, generator on CPU ${generator}, Deno ${Deno.version.deno}`);
  return peers;
}
