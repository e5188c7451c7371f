import { LRUCache } from "lru-cache";
import type { Rate } from "../config/units.ts";

/** Part of an event's time that is let pass: absorbs what is lost in divisions. */
const ROUNDING = 0.001;

export interface RateLimitOptions {
  /** Keys that are remembered; beyond that the one asked for least recently is forgotten. @default 65536 */
  readonly maxKeys?: number;
}

/**
 * A rate for each of many keys (GCRA): `count` events may come at once, after which one more is due each `windowMs / count`. Refused
 * events cost nothing. One number is kept for each key: when all that it did will have been forgiven.
 */
export class RateLimit {
  readonly #forgivenAt: LRUCache<string, number>;
  #rate: Rate;

  constructor(rate: Rate, { maxKeys = 65_536 }: RateLimitOptions = {}) {
    this.#rate = rate;
    // With `max` it would make room for all of them at once, 1.5 MiB for the default.
    this.#forgivenAt = new LRUCache({ maxSize: maxKeys, sizeCalculation: () => 1 });
  }

  /** Keys that are remembered. */
  get size(): number {
    return this.#forgivenAt.size;
  }

  /** Goes on with another rate; what the keys did before still counts. */
  configure(rate: Rate): void {
    this.#rate = rate;
  }

  /** Whether `key` may do one more at the time `now`, in milliseconds of any clock that never goes back; counts it if so. */
  take(key: string, now: number): boolean {
    const { count, windowMs } = this.#rate;
    const costMs = windowMs / count;
    // More than a whole window is owed only where the rate was another one before.
    const owedMs = Math.min(Math.max((this.#forgivenAt.get(key) ?? now) - now, 0), windowMs);
    const passes = owedMs + costMs * (1 - ROUNDING) <= windowMs;
    this.#forgivenAt.set(key, now + owedMs + (passes ? costMs : 0));
    return passes;
  }
}
