/** What the command line is given of the world when it runs as a program. */
import type { CliIo } from "./cli.ts";
import { writeStderr, writeStdout } from "./observe/standard_streams.ts";
import { interruption } from "./signals.ts";

/** See the file's first line. What runs a network is loaded when it is asked for, so that the other commands start at once. */
export const PROCESS_IO: CliIo = {
  env: Deno.env.toObject(),
  stdout: writeStdout,
  stderr: writeStderr,
  isTerminal: Deno.stdout.isTerminal(),
  interruption,
  exists: (path) => Deno.stat(path).then(() => true, () => false),
  run: async (source) => {
    const loaded = await source.load();
    const { openLog } = await import("./observe/log.ts");
    const { runEdge } = await import("./run_edge.ts");
    return await runEdge(source, loaded, openLog(loaded.config.log));
  },
  demo: async (options) => {
    const { openLog } = await import("./observe/log.ts");
    const { runDemo } = await import("./demo/demo.ts");
    return await runDemo(openLog(options), Deno.stdin.readable);
  },
};
