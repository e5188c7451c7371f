/** What sessions tell the world outside: the log, events, decision trails and metrics hear of each step of every session. */
import type { Config } from "../config/schema.ts";
import { isLost } from "../observe/endings.ts";
import type { EventLog } from "../observe/event_log.ts";
import type { Log } from "../observe/log.ts";
import type { Metrics } from "../observe/metrics.ts";
import type { SessionMeter } from "../observe/metrics_sessions.ts";
import { PerMinute } from "../observe/per_minute.ts";
import { type NewsContext, SessionNews } from "../observe/session_events.ts";
import { logSessionEvent } from "../observe/session_log.ts";
import type { Trails, TrailStart } from "../observe/trails.ts";
import type { Arrival } from "./reception.ts";
import type { Decision } from "../routing/decision.ts";
import type { SessionEvent } from "../session/port.ts";

/** Minutes for which moves are counted. */
const MINUTES = 30;

/** Where reports go. */
export interface SessionReportsOptions {
  readonly log: Log;
  readonly events: EventLog;
  readonly trails: Trails;
  readonly metrics: Metrics;
  /** The configuration of now. */
  readonly config: () => Pick<Config, "events" | "log">;
}

/** Reports about one session. */
export interface SessionReport {
  /** Something happened. `player` is who was let in; `undefined` before. */
  event(event: SessionEvent, player: string | undefined): void;
  /** Routing has decided about the player. */
  decided(decision: Decision): void;
}

/** Reports about one session that another process had before. */
export interface ResumedReport {
  readonly report: SessionReport;
  /** The session goes on here. Until then nothing is kept of it, since it may be another process's still. */
  readonly goOn: () => void;
}

/** See the file's first line. */
export class SessionReports {
  readonly #options: SessionReportsOptions;
  readonly #tally = new Tally();

  constructor(options: SessionReportsOptions) {
    this.#options = options;
  }

  /** Players who have lost their connection so far, see {@linkcode isLost}. */
  get lost(): number {
    return this.#tally.lost;
  }

  /** Moves that were carried out so far. */
  get moves(): number {
    return this.#tally.moves;
  }

  /** Moves in each of the last 30 minutes, the current one last. */
  movesPerMinute(now: number): readonly number[] {
    return this.#tally.movesPerMinute.counts(now);
  }

  /** A session begins. */
  begin(session: string, listener: string, arrival: Arrival): SessionReport {
    const start = startOf(session, listener, arrival, false);
    this.#options.trails.begin(start);
    return new StartedReport(this.#options, this.#tally, start);
  }

  /** A session may go on that another process had before: that of `player`, on `backend`. */
  resume(session: string, listener: string, arrival: Arrival, where: Occupant): ResumedReport {
    const start = startOf(session, listener, arrival, true);
    const report = new StartedReport(this.#options, this.#tally, start);
    report.resume(where);
    return { report, goOn: () => this.#options.trails.resume(start, where.player) };
  }
}

/** Who plays, and where. */
export interface Occupant {
  readonly player: string;
  /** Empty for no backend. */
  readonly backend: string;
}

type SessionStart = NewsContext & TrailStart;

function startOf(session: string, listener: string, arrival: Arrival, isResumed: boolean): SessionStart {
  const { source: { address: ip }, acceptedAt, transport, secure } = arrival;
  return { session, listener, ip, transport, secure, acceptedAt, isResumed };
}

/** Counts over all sessions. */
class Tally {
  lost = 0;
  moves = 0;
  readonly movesPerMinute = new PerMinute(MINUTES);

  count(event: SessionEvent, now: number): void {
    if (event.kind === "moved") {
      this.moves++;
      this.movesPerMinute.add(now);
    }
    if (event.kind === "ended" && isLost(event.summary)) this.lost++;
  }
}

/** There is one for each player: what it does not share with the others is kept small. */
class StartedReport implements SessionReport {
  readonly #options: SessionReportsOptions;
  readonly #tally: Tally;
  readonly #start: SessionStart;
  readonly #news: SessionNews;
  readonly #meter: SessionMeter;

  constructor(options: SessionReportsOptions, tally: Tally, start: SessionStart) {
    this.#options = options;
    this.#tally = tally;
    this.#start = start;
    this.#news = new SessionNews(start);
    this.#meter = options.metrics.session();
  }

  resume({ player, backend }: Occupant): void {
    this.#news.resume(player, backend);
    this.#meter.resume();
  }

  event(event: SessionEvent, player: string | undefined): void {
    const { log, events, trails, config } = this.#options;
    const { session, listener, ip, transport, secure, acceptedAt } = this.#start;
    const now = performance.now();
    const { events: { chat }, log: { maskAddresses } } = config();
    logSessionEvent(log, { session, listener, ip, transport, secure, player }, event);
    for (const told of this.#news.tell(event, { chat, maskAddresses })) events.publish(told);
    trails.event(session, event, now);
    this.#meter.event(event, now - acceptedAt);
    this.#tally.count(event, now);
  }

  decided(decision: Decision): void {
    this.#options.trails.decided(this.#start.session, decision, performance.now());
  }
}
