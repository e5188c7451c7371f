/** What sessions tell the world outside: the log, events, decision trails and metrics hear of each step of every session. */
import type { Config } from "../config/schema.ts";
import { isLost } from "../observe/endings.ts";
import type { EventLog } from "../observe/event_log.ts";
import type { Log } from "../observe/log.ts";
import type { Metrics } from "../observe/metrics.ts";
import { PerMinute } from "../observe/per_minute.ts";
import { SessionNews } from "../observe/session_events.ts";
import { logSessionEvent } from "../observe/session_log.ts";
import type { Trails } from "../observe/trails.ts";
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

/** See the file's first line. */
export class SessionReports {
  readonly #options: SessionReportsOptions;
  #lost = 0;
  #moves = 0;
  readonly #movesPerMinute = new PerMinute(MINUTES);

  constructor(options: SessionReportsOptions) {
    this.#options = options;
  }

  /** Players who have lost their connection so far, see {@linkcode isLost}. */
  get lost(): number {
    return this.#lost;
  }

  /** Moves that were carried out so far. */
  get moves(): number {
    return this.#moves;
  }

  /** Moves in each of the last 30 minutes, the current one last. */
  movesPerMinute(now: number): readonly number[] {
    return this.#movesPerMinute.counts(now);
  }

  /** A session begins. */
  begin(session: string, listener: string, arrival: Arrival): SessionReport {
    const { log, events, trails, metrics, config } = this.#options;
    const { source: { address: ip }, acceptedAt, transport, secure } = arrival;
    const startedAt = Date.now() - (performance.now() - acceptedAt);
    trails.begin(session, { listener, ip, transport, secure, startedAt }, acceptedAt);
    const news = new SessionNews({ session, listener, ip });
    const meter = metrics.session();
    return {
      event: (event, player) => {
        const now = performance.now();
        const { events: { chat }, log: { maskAddresses } } = config();
        logSessionEvent(log, { session, listener, ip, transport, secure, player }, event);
        for (const told of news.tell(event, { chat, maskAddresses })) events.publish(told);
        trails.event(session, event, now);
        meter.event(event, now - acceptedAt);
        this.#count(event, now);
      },
      decided: (decision) => trails.decided(session, decision, performance.now()),
    };
  }

  #count(event: SessionEvent, now: number): void {
    if (event.kind === "moved") {
      this.#moves++;
      this.#movesPerMinute.add(now);
    }
    if (event.kind === "ended" && isLost(event.summary)) this.#lost++;
  }
}
