/** Running the edge as a process: from start to the signal that stops it. */
import { messageOf } from "../error_message.ts";
import type { LoadedConfig } from "../config/load.ts";
import type { ConfigSource } from "../config/source.ts";
import { type Edge, startEdge } from "../edge.ts";
import { ExitCode } from "./exit_code.ts";
import type { Conversation } from "../handover/conversation.ts";
import { findPredecessor } from "../handover/predecessor.ts";
import type { OpenLog } from "../observe/log.ts";
import { escapeUnsafe } from "../observe/log_format.ts";
import { writeStderr } from "../observe/standard_streams.ts";
import { ServiceManager } from "../observe/systemd.ts";
import { type Orders, StopRequests } from "./signals.ts";
import { SpareMemory } from "./spare_memory.ts";
import { startFailureCode, tellPredecessor } from "./start_failure.ts";

/** Milliseconds between two looks at what the service manager is told. */
const STATUS_MS = 1_000;
/** Milliseconds between two looks whether there is memory to spare. */
const SPARE_MS = 1_000;
/** Milliseconds beyond `edge.drain_timeout` that the service manager is asked for. */
const CLOSING_MS = 5_000;
/** Who asks the edge to stop once another process has taken over. */
const UPGRADE = "upgrade";

/**
 * Runs the edge until it is told to stop, and returns the exit code. TERM and INT give players the time that the configuration says, QUIT
 * gives them none; a second one of them ends the process at once. Of `orders`, HUP reloads, USR1 opens log files anew, USR2 has another
 * process take over.
 */
export async function runEdge(
  source: ConfigSource,
  loaded: LoadedConfig,
  log: OpenLog,
  orders: Orders,
): Promise<number> {
  // A signal that comes while the edge starts stops it as soon as it has.
  const stop = new StopRequests();
  const manager = ServiceManager.open(
    Deno.env.toObject(),
    (message) => log.warn("service-manager", message),
  );
  for (const { file, line, path, message } of loaded.warnings) log.warn("config", message, { file, line, path });
  let predecessor: Conversation | undefined;
  let edge: Edge;
  try {
    predecessor = findPredecessor();
    edge = await startEdge(loaded.config, log, source, predecessor);
  } catch (error) {
    const message = messageOf(error);
    log.error("start-failed", message);
    // Whoever has started it looks there first.
    if (loaded.config.log.file !== "") writeStderr(`kurafuto: ${escapeUnsafe(message)}\n`);
    await tellPredecessor(() => predecessor, error);
    await manager.close();
    return startFailureCode(error);
  }
  orders.obey({
    SIGHUP: () => void reload(edge, manager),
    SIGUSR1: () => edge.reopenLogs(),
    SIGUSR2: () => void edge.control.upgrade(undefined),
  });
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
