import { cli, type CliIo } from "../../lib/cli.ts";
import { formatAddress } from "../../lib/config/address.ts";
import type { Subject } from "../admin/subject.ts";

export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command line that needs neither a configuration nor an edge in this process. */
export async function run(args: readonly string[], io: Partial<CliIo> = {}): Promise<Outcome> {
  let [stdout, stderr] = ["", ""];
  const code = await cli(args, {
    env: {},
    stdout: (text) => {
      stdout += text;
      return true;
    },
    stderr: (text) => stderr += text,
    isTerminal: false,
    exists: () => Promise.resolve(false),
    interruption: () => new AbortController().signal,
    run: () => Promise.reject(new Error("the edge was started")),
    demo: () => Promise.reject(new Error("the demo was started")),
    ...io,
  });
  return { code, stdout, stderr };
}

/** Flags that name the edge of a test. */
export function at({ server }: Subject): readonly string[] {
  return ["--admin", formatAddress(server.address)];
}

/** Lines of a table, each split into its cells. */
export function cells(text: string): readonly (readonly string[])[] {
  return text.trimEnd().split("\n").map((line) => line.split(/ {2,}/));
}
