/** Metrics of sessions: how they begin and how they end. */
import { Counter, Histogram, type Registry } from "./prometheus.ts";
import type { SessionEvent, SessionSummary } from "../session/port.ts";
import { type Reason, REASONS, TURNED_AWAY, type TurnedAway } from "../session/reasons.ts";
import { everyReason, isLost, LOSSES, REJECTIONS, wasLetIn } from "./endings.ts";
import type { MoveMetrics } from "./metrics_moves.ts";

/** Why somebody was rejected: as a connection, or as a session. */
export type Rejection = TurnedAway | Reason;

/**
 * What came of a login. `joined`: a backend took the player; `waiting`: none could, and the player was shown the waiting room;
 * `refused`: the edge did not let the client in or threw it out; `failed`: no backend took it, or the edge stopped; `left`: the
 * client went away before any of these.
 */
const LOGIN_RESULTS = ["joined", "waiting", "refused", "failed", "left"] as const;
type LoginResult = typeof LOGIN_RESULTS[number];

const TO_PLAYABLE_S = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];
const MINUTE_S = 60;
const HOUR_S = 3_600;
const SESSION_S = [
  10,
  MINUTE_S,
  5 * MINUTE_S,
  15 * MINUTE_S,
  30 * MINUTE_S,
  HOUR_S,
  2 * HOUR_S,
  4 * HOUR_S,
  8 * HOUR_S,
  24 * HOUR_S,
];

/** Counts what happens in one session. */
export interface SessionMeter {
  /** Another process has counted the login. */
  resume(): void;
  /** @param ageMs Milliseconds since the connection was accepted. */
  event(event: SessionEvent, ageMs: number): void;
}

/** See the file's first line. */
export class SessionMetrics {
  /** What is counted of moves. */
  readonly moves: MoveMetrics;
  readonly #sessions: Counter<"result">;
  readonly #lost: Counter<"cause">;
  readonly #logins: Counter<"result">;
  readonly #rejected: Counter<"reason">;
  readonly #timeToPlayable: Histogram;
  readonly #duration: Histogram;

  constructor(registry: Registry, moves: MoveMetrics) {
    const registers = [registry];
    this.moves = moves;
    this.#sessions = new Counter({
      name: "kurafuto_sessions_total",
      help: "Sessions that are over, by the reason of their end.",
      labelNames: ["result"],
      registers,
    });
    this.#lost = new Counter({
      name: "kurafuto_players_lost_total",
      help:
        "Players who were let in and lost their connection through no doing of theirs, of their own line or of an operator.",
      labelNames: ["cause"],
      registers,
    });
    this.#logins = new Counter({
      name: "kurafuto_logins_total",
      help:
        "Logins by what came of them: joined, waiting (for a backend), refused (by the edge), failed (no backend), left.",
      labelNames: ["result"],
      registers,
    });
    this.#rejected = new Counter({
      name: "kurafuto_rejected_total",
      help: "Connections that became no session, and sessions that the edge ended for what the client is or did.",
      labelNames: ["reason"],
      registers,
    });
    this.#timeToPlayable = new Histogram({
      name: "kurafuto_time_to_playable_seconds",
      help: "From accepting a connection until the first map was complete, a stay in the waiting room included.",
      buckets: TO_PLAYABLE_S,
      registers,
    });
    this.#duration = new Histogram({
      name: "kurafuto_session_duration_seconds",
      help: "From accepting a connection to the end of the session, of players who were let in.",
      buckets: SESSION_S,
      registers,
    });
    for (const result of everyReason()) this.#sessions.inc({ result }, 0);
    for (const cause of LOSSES) this.#lost.inc({ cause }, 0);
    for (const result of LOGIN_RESULTS) this.#logins.inc({ result }, 0);
    for (const reason of [...TURNED_AWAY, ...REJECTIONS]) this.#rejected.inc({ reason }, 0);
  }

  /** A session begins. */
  begin(): SessionMeter {
    return new StartedMeter(this);
  }

  /** This came of a session's login. */
  loggedIn(result: LoginResult): void {
    this.#logins.inc({ result });
  }

  /** A player's first map was complete, `ageMs` milliseconds after the connection was accepted. */
  playable(ageMs: number): void {
    this.#timeToPlayable.observe(ageMs / 1_000);
  }

  /** A connection was turned away before it was a session. */
  rejected(reason: Rejection): void {
    this.#rejected.inc({ reason });
  }

  /** A session is over. */
  ended(summary: SessionSummary): void {
    const { reason, timers } = summary;
    this.#sessions.inc({ result: reason });
    if (REJECTIONS.includes(reason)) this.#rejected.inc({ reason });
    if (isLost(summary)) this.#lost.inc({ cause: reason });
    if (wasLetIn(timers)) this.#duration.observe(timers.total / 1_000);
  }
}

/** One session, which needs no more than to know whether its login was counted. */
class StartedMeter implements SessionMeter {
  readonly #sessions: SessionMetrics;
  #isLoggedIn = false;

  constructor(sessions: SessionMetrics) {
    this.#sessions = sessions;
  }

  resume(): void {
    this.#isLoggedIn = true;
  }

  event(event: SessionEvent, ageMs: number): void {
    switch (event.kind) {
      case "joined":
      case "waiting":
        this.#login(event.kind);
        break;
      case "playable":
        this.#sessions.playable(ageMs);
        break;
      case "moved":
        this.#sessions.moves.moved(event.move);
        break;
      case "move-failed":
        this.#sessions.moves.failed(event.from, event.to);
        break;
      case "ended":
        this.#login(loginEndedBy(event.summary.reason));
        this.#sessions.ended(event.summary);
    }
  }

  #login(result: LoginResult): void {
    if (!this.#isLoggedIn) this.#sessions.loggedIn(result);
    this.#isLoggedIn = true;
  }
}

/** What became of a login that a session's end broke off. */
function loginEndedBy(reason: Reason): LoginResult {
  if (REJECTIONS.includes(reason)) return "refused";
  return REASONS[reason].by === "C" ? "left" : "failed";
}
