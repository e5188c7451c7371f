/** Running the edge as a process: from start to the signal that stops it. */
import { TokenFileError } from "./admin/token.ts";
import type { LoadedConfig } from "./config/load.ts";
import { ConfigError } from "./config/problem.ts";
import type { ConfigSource } from "./config/source.ts";
import { type Edge, startEdge } from "./edge.ts";
import { ExitCode } from "./exit_code.ts";
import { findPredecessor } from "./handover/predecessor.ts";
import { AppendFileError } from "./observe/append_file.ts";
import type { OpenLog } from "./observe/log.ts";
import { ServiceManager } from "./observe/systemd.ts";
import { onSignal, StopRequests } from "./signals.ts";
import { SpareMemory } from "./spare_memory.ts";
import { BindError } from "./transport/bind_error.ts";

/** Milliseconds between two looks at what the service manager is told. */
const STATUS_MS = 1_000;
/** Milliseconds between two looks whether there is memory to spare. */
const SPARE_MS = 1_000;
/** Milliseconds beyond `edge.drain_timeout` that the service manager is asked for. */
const CLOSING_MS = 5_000;
/** Who asks the edge to stop once another process has taken over. */
const UPGRADE = "upgrade";
/** What is wrong with the configuration or a file that it names. */
const UNUSABLE = [ConfigError, AppendFileError, TokenFileError];

/**
 * Runs the edge until it is told to stop, and returns the exit code. TERM and INT give players the time that the configuration says, QUIT
 * gives them none; a second one of them ends the process at once. HUP reloads, USR1 opens log files anew, USR2 has another process take
 * over.
 */
export async function runEdge(source: ConfigSource, loaded: LoadedConfig, log: OpenLog): Promise<number> {
  // A signal that comes while the edge starts stops it as soon as it has.
  const stop = new StopRequests();
  const manager = ServiceManager.open(
    Deno.env.toObject(),
    (message) => log.warn("service-manager", message),
  );
  for (const { file, line, path, message } of loaded.warnings) log.warn("config", message, { file, line, path });
  const starting = startWith(source, loaded, log);
  // Without a listener these two would end the process; a reload that is asked for meanwhile is for the edge that comes up.
  const onceStarted = (act: (edge: Edge) => unknown): void => void starting.then(act, () => {});
  onSignal("SIGHUP", () => onceStarted((edge) => reload(edge, manager)));
  onSignal("SIGUSR1", () => onceStarted((edge) => edge.reopenLogs()));
  onSignal("SIGUSR2", () => onceStarted((edge) => edge.control.upgrade(undefined)));
  let edge: Edge;
  try {
    edge = await starting;
  } catch (error) {
    log.error("start-failed", error instanceof Error ? error.message : String(error));
    await manager.close();
    return startFailure(error);
  }
  const tellStatus = (): void => manager.status(statusText(edge));
  const telling = setInterval(tellStatus, STATUS_MS);
  const spare = SpareMemory.open();
  const sparing = setInterval(() => void spare?.look(), SPARE_MS);
  manager.ready();
  tellStatus();
  edge.endAsked.then(() => stop.ask("drain"));
  edge.handedOver.then(({ pid }) => {
    clearInterval(telling);
    manager.handedOver(pid);
    stop.ask(UPGRADE);
  });
  const by = await stop.first;
  log.info("stopping", "stopping", { signal: by, sessions: edge.sessions });
  if (by === UPGRADE) {
    await edge.leave();
  } else {
    manager.stopping();
    manager.extend(edge.drainTimeoutMs + CLOSING_MS);
    await (by === "SIGQUIT" ? edge.stop() : edge.retire());
  }
  clearInterval(telling);
  clearInterval(sparing);
  spare?.close();
  log.info("stopped", "stopped");
  await manager.close();
  return ExitCode.Ok;
}

async function startWith(source: ConfigSource, { config }: LoadedConfig, log: OpenLog): Promise<Edge> {
  return await startEdge(config, log, source, findPredecessor());
}

async function reload(edge: Edge, manager: ServiceManager): Promise<void> {
  manager.reloading();
  try {
    await edge.control.reload();
  } finally {
    manager.ready();
  }
}

function statusText({ players, backends }: Edge): string {
  const up = backends.filter(({ state }) => state === "up").length;
  return `${players} player${players === 1 ? "" : "s"}, ${up} of ${backends.length} backends up`;
}

function startFailure(error: unknown): number {
  // The access lists are read as the configuration is, and files that it names are no better next time.
  if (UNUSABLE.some((kind) => error instanceof kind)) return ExitCode.Config;
  return error instanceof BindError && error.inUse ? ExitCode.Temporary : ExitCode.Failure;
}
