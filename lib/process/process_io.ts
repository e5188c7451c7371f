/** What the command line is given of the world when it runs as a program. */
import type { CliIo } from "../cli.ts";
import type { LoadedConfig } from "../config/load.ts";
import type { ConfigSource } from "../config/source.ts";
import type { OpenLog } from "../observe/log.ts";
import { writeStderr, writeStdout } from "../observe/standard_streams.ts";
import { interruption, Orders } from "./signals.ts";

/** See the file's first line. What runs a network is loaded when it is asked for, so that the other commands start at once. */
export const PROCESS_IO: CliIo = {
  env: Deno.env.toObject(),
  stdout: writeStdout,
  stderr: writeStderr,
  isTerminal: Deno.stdout.isTerminal(),
  interruption,
  exists: (path) => Deno.stat(path).then(() => true, () => false),
  run: async (source) => {
    const orders = new Orders();
    const { loaded, log } = await beginning(source);
    const { runEdge } = await import("./run_edge.ts");
    return await runEdge(source, loaded, log, orders);
  },
  demo: async (options) => {
    const { openLog } = await import("../observe/log.ts");
    const { runDemo } = await import("../demo/demo.ts");
    return await runDemo(openLog(options), Deno.stdin.readable);
  },
};

/** The configuration and the log of an edge; where there are none, the process whose place it was to take is told why. */
async function beginning(source: ConfigSource): Promise<{ readonly loaded: LoadedConfig; readonly log: OpenLog }> {
  try {
    const loaded = await source.load();
    const { openLog } = await import("../observe/log.ts");
    return { loaded, log: openLog(loaded.config.log) };
  } catch (error) {
    const { findPredecessor } = await import("../handover/predecessor.ts");
    const { tellPredecessor } = await import("./start_failure.ts");
    await tellPredecessor(findPredecessor, error);
    throw error;
  }
}
