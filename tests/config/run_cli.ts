import { cli } from "../../lib/cli.ts";

/** Does what `args` ask, without an environment, where neither an edge nor the demo can be run. */
export async function runCli(args: readonly string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  let [stdout, stderr] = ["", ""];
  const unasked = (): never => {
    throw new Error("Cannot run anything here");
  };
  const code = await cli(args, {
    env: {},
    stdout: (text) => (stdout += text) !== "",
    stderr: (text) => stderr += text,
    isTerminal: false,
    interruption: () => new AbortController().signal,
    exists: () => Promise.resolve(false),
    run: unasked,
    demo: unasked,
  });
  return { code, stdout, stderr };
}
