import { cli } from "./lib/cli.ts";
import { interruption } from "./lib/signals.ts";
import { writeStderr, writeStdout } from "./lib/observe/standard_streams.ts";

// What runs a network is loaded when it is asked for, so that the other commands start at once.
const code = await cli(Deno.args, {
  env: Deno.env.toObject(),
  stdout: writeStdout,
  stderr: writeStderr,
  isTerminal: Deno.stdout.isTerminal(),
  interruption,
  exists: (path) => Deno.stat(path).then(() => true, () => false),
  run: async (source) => {
    const loaded = await source.load();
    const { openLog } = await import("./lib/observe/log.ts");
    const { runEdge } = await import("./lib/run_edge.ts");
    return await runEdge(source, loaded, openLog(loaded.config.log));
  },
  demo: async (options) => {
    const { openLog } = await import("./lib/observe/log.ts");
    const { runDemo } = await import("./lib/demo/demo.ts");
    return await runDemo(openLog(options), Deno.stdin.readable);
  },
});
Deno.exit(code);
