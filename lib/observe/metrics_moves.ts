/** Metrics of moves. */
import { Counter, Histogram, type Registry } from "./prometheus.ts";
import type { CompletedMove } from "../session/port.ts";

/** The names of what is behind the edge; a configuration has them. */
export interface NetworkNames {
  readonly backends: readonly { readonly name: string }[];
  readonly pools: readonly { readonly name: string }[];
}

/** Stands for a backend where there is none: the waiting room. No name has brackets. */
const NOWHERE = "(none)";
/** Stands for every backend and pool that a reload has removed. */
const REMOVED = "(removed)";

const RESULTS = ["done", "failed"] as const;
type Result = typeof RESULTS[number];

/**
 * Series that begin at 0, at most. They grow with the square of the backends: beyond about twenty, each begins with the first of its
 * moves.
 */
const MOST_PREPARED = 1_000;

const MOVE_S = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** See the file's first line. */
export class MoveMetrics {
  readonly #moves: Counter<"from" | "to" | "result">;
  readonly #duration: Histogram;
  #from: ReadonlySet<string> = new Set();
  #to: ReadonlySet<string> = new Set();

  constructor(registry: Registry) {
    const registers = [registry];
    this.#moves = new Counter({
      name: "kurafuto_moves_total",
      help:
        `Moves of players to a backend, or of failed ones also to a pool; from ${NOWHERE} is from the waiting room.`,
      labelNames: ["from", "to", "result"],
      registers,
    });
    this.#duration = new Histogram({
      name: "kurafuto_move_duration_seconds",
      help: "From dialling the new backend until the client had answered that it sees its world.",
      buckets: MOVE_S,
      registers,
    });
  }

  /** The network has these backends and pools from now on; the series of others end. */
  configured({ backends, pools }: NetworkNames): void {
    const names = backends.map(({ name }) => name);
    const from = new Set([NOWHERE, REMOVED, ...names]);
    const to = new Set([REMOVED, ...names, ...pools.map(({ name }) => name)]);
    for (const series of allOf(this.#from, this.#to)) {
      if (!from.has(series.from) || !to.has(series.to)) this.#moves.remove(series);
    }
    this.#from = from;
    this.#to = to;
    if (from.size * to.size * RESULTS.length > MOST_PREPARED) return;
    for (const series of allOf(from, to)) this.#moves.inc(series, 0);
  }

  /** A player has moved. */
  moved({ from, to, dialMs, fenceMs }: CompletedMove): void {
    this.#count(from, to, "done");
    this.#duration.observe((dialMs + fenceMs) / 1_000);
  }

  /** A player who should have moved stays. */
  failed(from: string, to: string): void {
    this.#count(from, to, "failed");
  }

  #count(from: string, to: string, result: Result): void {
    const origin = from === "" ? NOWHERE : from;
    this.#moves.inc({
      from: this.#from.has(origin) ? origin : REMOVED,
      to: this.#to.has(to) ? to : REMOVED,
      result,
    });
  }
}

function* allOf(
  origins: ReadonlySet<string>,
  destinations: ReadonlySet<string>,
): Generator<{ from: string; to: string; result: Result }> {
  for (const from of origins) {
    for (const to of destinations) {
      for (const result of RESULTS) yield { from, to, result };
    }
  }
}
