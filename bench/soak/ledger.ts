import { Histogram } from "../histogram.ts";
import { TICKS_PER_MILLISECOND } from "../position.ts";

/** Things that happened, by kind. */
export type Happening = "join" | "leave" | "move" | "refused" | "map" | "line" | "block";

/** Causes and faults that are told apart; whatever comes after them is only counted. */
const MOST_KINDS = 50;

/** 50 %, 99 % and 100 % of some times, in milliseconds; `undefined` when there are none. */
export interface Times {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/** What bots and worlds find out, in an amount of memory that does not grow. */
export class Ledger {
  /** Called whenever a bot has got to another world. */
  onMoved: () => void = () => {};
  readonly #counts = new Map<Happening, number>();
  readonly #lost = new Map<string, number>();
  readonly #faults = new Map<string, number>();
  readonly #latency = { whole: new Histogram(), interval: new Histogram() };
  readonly #moves = new Histogram();
  #packets = 0;

  count(happening: Happening): void {
    this.#counts.set(happening, this.counted(happening) + 1);
  }

  counted(happening: Happening): number {
    return this.#counts.get(happening) ?? 0;
  }

  /** A session ended although its bot wanted to go on. */
  lose(cause: string): void {
    increment(this.#lost, cause);
  }

  /** Sessions lost, by cause. */
  get lost(): ReadonlyMap<string, number> {
    return this.#lost;
  }

  /** Something came that must not come, or did not come that must. */
  fault(what: string): void {
    increment(this.#faults, what);
  }

  /** What was wrong, and how often. */
  get faults(): ReadonlyMap<string, number> {
    return this.#faults;
  }

  /** A packet took `ticks` of {@linkcode TICKS_PER_MILLISECOND} one way. */
  arrived(ticks: number): void {
    this.#packets++;
    this.#latency.whole.add(ticks);
    this.#latency.interval.add(ticks);
  }

  /** Stamped packets that have arrived. */
  get packets(): number {
    return this.#packets;
  }

  /** A bot got to another world, so many milliseconds after it asked. */
  moved(milliseconds: number): void {
    this.count("move");
    this.#moves.add(Math.round(milliseconds * TICKS_PER_MILLISECOND));
    this.onMoved();
  }

  /** One-way times of all packets. */
  latency(): Times | undefined {
    return timesOf(this.#latency.whole);
  }

  /** One-way times of packets since the last call. */
  latencySince(): Times | undefined {
    const times = timesOf(this.#latency.interval);
    this.#latency.interval.clear();
    return times;
  }

  /** Forgets the times so far. */
  forgetTimes(): void {
    this.#latency.whole.clear();
    this.#latency.interval.clear();
    this.#moves.clear();
  }

  /** From asking for another world to being in it. */
  moveTimes(): Times | undefined {
    return timesOf(this.#moves);
  }
}

/** All the numbers of `counts` together. */
export function total(counts: ReadonlyMap<string, number>): number {
  return counts.values().reduce((sum, count) => sum + count, 0);
}

function timesOf(histogram: Histogram): Times | undefined {
  if (histogram.count === 0) return undefined;
  return {
    p50: histogram.quantile(0.5) / TICKS_PER_MILLISECOND,
    p99: histogram.quantile(0.99) / TICKS_PER_MILLISECOND,
    max: histogram.max / TICKS_PER_MILLISECOND,
  };
}

function increment(counts: Map<string, number>, key: string): void {
  const kind = counts.has(key) || counts.size < MOST_KINDS ? key : "others";
  counts.set(kind, (counts.get(kind) ?? 0) + 1);
}
