/** How fast players may log in to one backend. */

/** Span of the window in which logins are counted, in milliseconds. */
const WINDOW_MS = 1000;
/** Seconds' worth of logins that ordinary arrivals may make at once. */
const BURST_SECONDS = 10;
/** A timer that is late by no more than this, in milliseconds, does not slow down those who come after. */
const LATENESS_MS = 20;
/** Milliseconds that no timer can tell apart: who is due within them is due now. */
const TICK_MS = 1;

/**
 * How an arrival is counted.
 * - `"crowd"`: players who lost their backend, and everyone who stood in line. They are spaced evenly.
 * - `"ordinary"`: players who come by themselves. They pass at once, within reason.
 */
export type Tier = "crowd" | "ordinary";

/** Spaces the logins to one backend, so that many who arrive at once do not bring it down. */
export class JoinRate {
  /** Logins in a second. */
  readonly perSecond: number;
  /** Times of the last logins, a ring that holds as many as one second allows. */
  readonly #times: Float64Array;
  #oldest = 0;
  /** When the next of a crowd is due. */
  #due = -Infinity;
  #tokens: number;
  #filledAt = -Infinity;

  /** @param perSecond Logins in a second, a whole number. */
  constructor(perSecond: number) {
    this.perSecond = perSecond;
    this.#times = new Float64Array(perSecond).fill(-Infinity);
    this.#tokens = BURST_SECONDS * perSecond;
  }

  /**
   * When the next player may log in, if nobody else does before: `now`, or later. A crowd makes at most the rate's logins in any one
   * second, those of ordinary arrivals included; ordinary arrivals may come ten seconds' worth at a time.
   */
  nextAt(tier: Tier, now: number): number {
    if (tier === "crowd") {
      const due = this.#due - now < TICK_MS ? now : this.#due;
      return Math.max(due, (this.#times[this.#oldest] ?? 0) + WINDOW_MS);
    }
    const missing = 1 - this.#tokensAt(now);
    return missing <= 0 ? now : now + missing / this.perSecond * 1000;
  }

  /** Counts a login. */
  count(tier: Tier, now: number): void {
    this.#times[this.#oldest] = now;
    this.#oldest = (this.#oldest + 1) % this.#times.length;
    if (tier === "crowd") {
      this.#due = (now - this.#due <= LATENESS_MS ? this.#due : now) + 1000 / this.perSecond;
    } else {
      this.#tokens = this.#tokensAt(now) - 1;
      this.#filledAt = now;
    }
  }

  #tokensAt(now: number): number {
    return Math.min(BURST_SECONDS * this.perSecond, this.#tokens + (now - this.#filledAt) * this.perSecond / 1000);
  }
}
