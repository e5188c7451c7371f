/** Running the edge as a process: from start to the signal that stops it. */
import { type Edge, ListenError, startEdge } from "./edge.ts";
import { ConfigError } from "./config/problem.ts";
import type { Config } from "./config/schema.ts";
import { AbsorberBindError } from "./heartbeat/absorber.ts";
import { ExitCode } from "./exit_code.ts";
import type { Log } from "./observe/log.ts";

/** Runs the edge until TERM or INT, tells the players and returns the exit code. A second signal ends the process at once. */
export async function runEdge(config: Config, log: Log): Promise<number> {
  // A signal that comes while the edge starts stops it as soon as it has.
  const stop = stopSignal();
  let edge: Edge;
  try {
    edge = await startEdge(config, log);
  } catch (error) {
    log.error("start-failed", error instanceof Error ? error.message : String(error));
    return startFailure(error);
  }
  const signal = await stop;
  log.info("stopping", "stopping", { signal, sessions: edge.sessions });
  await edge.stop();
  log.info("stopped", "stopped");
  return ExitCode.Ok;
}

function startFailure(error: unknown): number {
  // The access lists are read as the configuration is.
  if (error instanceof ConfigError) return ExitCode.Config;
  const bindFailed = error instanceof ListenError || error instanceof AbsorberBindError;
  return bindFailed && error.inUse ? ExitCode.Temporary : ExitCode.Failure;
}

/** Resolves with the first signal that asks to stop; the next one exits. */
export function stopSignal(): Promise<Deno.Signal> {
  return new Promise((resolve) => {
    let asked = false;
    for (const signal of ["SIGTERM", "SIGINT"] as const) {
      Deno.addSignalListener(signal, () => {
        if (asked) Deno.exit(ExitCode.Interrupted);
        asked = true;
        resolve(signal);
      });
    }
  });
}
