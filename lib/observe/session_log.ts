/** What the log says about sessions. */
import type { SessionEvent, SessionSummary } from "../session/port.ts";
import { kickCode } from "../session/reasons.ts";
import type { Log, LogFields } from "./log.ts";

/** Which session an event belongs to. */
export interface SessionContext {
  readonly session: string;
  readonly listener: string;
  /** The player's address. */
  readonly ip: string;
  readonly transport: "tcp" | "websocket";
  /** Whether the connection is encrypted. */
  readonly secure: boolean;
  /** Who was let in; `undefined` as long as nobody was. */
  readonly player: string | undefined;
}

/** Logs one event of a session: steps at `debug`, a backend's refusal at `warn`, and one line at the session's end. */
export function logSessionEvent(log: Log, context: SessionContext, event: SessionEvent): void {
  const who = { session: context.session, player: context.player };
  switch (event.kind) {
    case "identified":
      log.debug("identified", "client identified", {
        ...who,
        player: event.player,
        protocol: event.protocol,
        client: event.client,
      });
      break;
    case "offered":
      log.debug("offered", "backend listed its extensions", {
        ...who,
        server: event.backend,
        extensions: event.extensions.size,
      });
      break;
    case "list-refused":
      log.warn("list-refused", "backend broke off over a list of extensions", {
        ...who,
        server: event.backend,
        cause: event.cause,
      });
      break;
    case "refused":
      log.warn("refused", "backend did not take a player", {
        ...who,
        server: event.backend,
        cause: event.cause,
      });
      break;
    case "joined":
      log.debug("joined", "backend took the player", { ...who, server: event.backend });
      break;
    case "playable":
      log.debug("playable", "first map is complete", { ...who, server: event.backend });
      break;
    case "lost":
      log.warn("lost", "backend lost a player", {
        ...who,
        server: event.backend,
        reason: event.reason,
        detail: event.detail,
      });
      break;
    case "waiting":
      log.info("waiting", "player is in the waiting room", { ...who, cause: event.cause });
      break;
    case "moved": {
      const { from, to, signal, dialMs, fenceMs } = event.move;
      const times = { dial_ms: rounded(dialMs), fence_ms: rounded(fenceMs) };
      log.info("moved", "player moved", { ...who, from, to, signal, ...times });
      break;
    }
    case "move-failed": {
      const { from, to, signal, cause } = event;
      log.warn("move-failed", "player stays", { ...who, from, to, signal, cause });
      break;
    }
    case "signal-refused": {
      const { backend, signal, cause } = event;
      log.warn("signal-refused", "backend asked for what cannot be", {
        ...who,
        server: backend,
        signal,
        cause,
      });
      break;
    }
    case "fence-unanswered":
      log.warn("fence-unanswered", "client did not say that it sees its new world", {
        ...who,
        server: event.backend,
      });
      break;
    case "over-limit":
      log.warn("over-limit", "limit would have ended the session", {
        ...who,
        reason: event.reason,
        detail: event.detail,
      });
      break;
    case "ended":
      log.info("ended", "session ended", { ...context, ...summaryFields(event.summary) });
  }
}

function summaryFields(
  { session, player, backend, visited, moves, code, reason, detail, timers, bytes }: SessionSummary,
): LogFields {
  return {
    player,
    server: backend,
    servers: visited,
    moves,
    code,
    reason,
    detail,
    handshake_ms: rounded(timers.handshake),
    login_ms: rounded(timers.login),
    map_ms: rounded(timers.map),
    total_ms: rounded(timers.total),
    bytes_from_client: bytes.fromClient,
    bytes_to_client: bytes.toClient,
    bytes_from_server: bytes.fromBackend,
    bytes_to_server: bytes.toBackend,
    end: kickCode(code, session),
  };
}

/** -1 stands for a stage that was not reached, as in HAProxy's log. */
function rounded(ms: number | undefined): number {
  return ms === undefined ? -1 : Math.round(ms);
}
