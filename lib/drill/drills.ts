/** All drills: what runs, what is remembered, and the switch that lets none run. */
import type { Clock } from "../clock.ts";
import type { SessionEvent } from "../session/port.ts";
import { Drill, type DrillOrder, type DrillReport } from "./drill.ts";

/** Drills that are remembered, those that run included. */
const KEPT = 32;
/** Drills that may run at a time. */
const MOST_RUNNING = 8;

export interface DrillsOptions {
  readonly clock: Clock;
  readonly enabled: boolean;
  /** What ids of drills begin with: no other process has the same, so that nobody takes a drill of one for that of another. */
  readonly prefix: string;
  readonly begun: (drill: Drill) => void;
  /** Told when a fault is over; `why` is the reason. */
  readonly ended: (drill: Drill, why: string) => void;
}

/** A drill that runs, or why it does not. */
export type DrillAnswer =
  | { readonly kind: "begun"; readonly drill: Drill }
  | { readonly kind: "refused"; readonly why: string };

/** See the file's first line. */
export class Drills {
  readonly #options: DrillsOptions;
  /** Why none may begin. */
  #refusal: string | undefined;
  /** The number of the last one. */
  #last = 0;
  /** By id, the oldest first. */
  readonly #kept = new Map<string, Drill>();
  /** Those that are not over. */
  #watching: readonly Drill[] = [];

  constructor(options: DrillsOptions) {
    this.#options = options;
    this.#refusal = refusalWhere(options.enabled);
  }

  /** Goes by another configuration. What it does not allow ends, and so do drills of `backends` that it does not have. */
  configure(enabled: boolean, backends: readonly string[]): void {
    this.#refusal = refusalWhere(enabled);
    if (!enabled) this.#endAll("drills are not enabled any more");
    for (const drill of this.#running) {
      if (!backends.includes(drill.order.backend)) drill.end("the backend was removed");
    }
  }

  /** Begins a drill; who is there already is still to be disturbed. */
  begin(order: DrillOrder): DrillAnswer {
    if (this.#refusal !== undefined) return { kind: "refused", why: this.#refusal };
    const running = this.#running;
    const rival = running.find(({ order: { backend } }) => backend === order.backend);
    if (rival !== undefined) return { kind: "refused", why: `drill ${rival.id} runs there already` };
    if (running.length >= MOST_RUNNING) return { kind: "refused", why: `${MOST_RUNNING} drills run already` };
    const id = `${this.#options.prefix}-${++this.#last}`;
    const drill: Drill = new Drill(order, {
      id,
      clock: this.#options.clock,
      ended: (why) => this.#options.ended(drill, why),
    });
    this.#remember(drill);
    this.#options.begun(drill);
    return { kind: "begun", drill };
  }

  /** The drill that a connection of `player` to `backend` suffers. */
  on(backend: string, player: string): Drill | undefined {
    if (this.#watching.length === 0) return undefined;
    return this.#watching.find((drill) => drill.concerns(backend, player));
  }

  /** Something happened in a session. */
  event(session: string, event: SessionEvent): void {
    if (this.#watching.length === 0) return;
    for (const drill of this.#watching) drill.event(session, event);
    this.#watching = this.#watching.filter(({ state }) => state !== "over");
  }

  /** What was seen in a drill; `undefined` where none has that id, or it was long ago. */
  report(id: string): DrillReport | undefined {
    return this.#kept.get(id)?.report();
  }

  /** Ends a drill, because an operator wants it. Returns whether there is one of that id. */
  end(id: string): boolean {
    const drill = this.#kept.get(id);
    drill?.end("an operator ended it");
    return drill !== undefined;
  }

  /** Ends all of them, and lets none begin any more. @param why The reason, as `"the edge is stopping"`. */
  close(why: string): void {
    this.#refusal = why;
    this.#endAll(why);
  }

  get #running(): readonly Drill[] {
    return this.#watching.filter(({ state }) => state === "running");
  }

  #endAll(why: string): void {
    for (const drill of this.#running) drill.end(why);
  }

  #remember(drill: Drill): void {
    this.#watching = [...this.#watching.filter(({ state }) => state !== "over"), drill];
    this.#kept.set(drill.id, drill);
    if (this.#kept.size <= KEPT) return;
    const oldest = this.#kept.values().find(({ state }) => state === "over");
    if (oldest !== undefined) this.#kept.delete(oldest.id);
  }
}

function refusalWhere(enabled: boolean): string | undefined {
  return enabled ? undefined : "the configuration does not allow any (set enabled = true in [drill], then reload)";
}
