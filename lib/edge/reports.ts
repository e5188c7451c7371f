/** What the edge tells of itself: the log, events and metrics each hear what is for them. What sessions tell is not here. */
import type { ReloadAnswer } from "../admin/control.ts";
import type { Config } from "../config/schema.ts";
import type { Drill } from "../drill/drill.ts";
import { logBackendChange, type LoggedChange } from "../observe/backend_log.ts";
import { logDrillBegun, logDrillEnded, type LoggedDrill } from "../observe/drill_log.ts";
import { logReload } from "../observe/edge_log.ts";
import type { EventLog } from "../observe/event_log.ts";
import { logTurnedAway } from "../observe/guard_log.ts";
import type { Log } from "../observe/log.ts";
import type { Metrics } from "../observe/metrics.ts";
import type { TurnedAwayConnection } from "../players/reception.ts";

/** Where reports go. */
export interface EdgeReportsOptions {
  readonly log: Log;
  readonly events: Pick<EventLog, "publish">;
  readonly metrics: Pick<Metrics, "reloaded" | "rejected">;
}

/** See the file's first line. */
export class EdgeReports {
  readonly #options: EdgeReportsOptions;

  constructor(options: EdgeReportsOptions) {
    this.#options = options;
  }

  /** What became of a reload, a confirmation or a rollback. */
  reloaded(answer: ReloadAnswer): void {
    const { log, events, metrics } = this.#options;
    logReload(log, answer);
    metrics.reloaded(answer.result);
    events.publish({ event: "reload", result: answer.result, detail: answer.lines.join("; ") });
  }

  /** A reload that was not even tried. */
  reloadDeclined(why: string): void {
    this.#options.log.warn("reload-declined", "cannot reload now", { why });
  }

  /** A backend went up or down. */
  backendChanged(change: LoggedChange): void {
    const { log, events } = this.#options;
    const { backend, state, cause } = change;
    logBackendChange(log, change);
    events.publish({ event: "backend", backend, state, cause: state === "down" ? cause : undefined });
  }

  /** The backends of one configuration have given way to those of another. */
  backendsReplaced(before: Config, next: Config): void {
    const publish = (backend: string, state: "added" | "removed"): void =>
      this.#options.events.publish({ event: "backend", backend, state, cause: undefined });
    for (const { name } of next.backends) if (!namesBackend(before, name)) publish(name, "added");
    for (const { name } of before.backends) if (!namesBackend(next, name)) publish(name, "removed");
  }

  /** A connection that became no session. */
  turnedAway(turned: TurnedAwayConnection): void {
    const { log, metrics } = this.#options;
    logTurnedAway(log, turned);
    metrics.rejected(turned.reason);
  }

  drillBegun(drill: Drill): void {
    logDrillBegun(this.#options.log, factsOf(drill), drill.order);
    this.#tellOfDrill(drill, "begun", undefined);
  }

  drillEnded(drill: Drill, why: string): void {
    logDrillEnded(this.#options.log, factsOf(drill), why);
    this.#tellOfDrill(drill, "ended", why);
  }

  #tellOfDrill(drill: Drill, state: "begun" | "ended", cause: string | undefined): void {
    this.#options.events.publish({ event: "drill", ...factsOf(drill), state, cause });
  }
}

function factsOf({ id, order: { fault, backend } }: Drill): LoggedDrill {
  return { drill: id, fault: fault.kind, backend };
}

function namesBackend({ backends }: Config, name: string): boolean {
  return backends.some((backend) => backend.name === name);
}
