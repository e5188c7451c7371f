/** Keeps backends from sending a player round in circles. */

const MOST = 5;
const SPAN_MS = 10_000;

/** Counts the moves that servers ask for: five in ten seconds, for one session. */
export class LoopGuard {
  /** When the last ones were granted, oldest first. */
  #times: number[] = [];

  /** Whether one more is granted at `now`, which then counts. */
  allows(now: number): boolean {
    const oldest = this.#times[0] ?? -Infinity;
    if (this.#times.length === MOST && now - oldest < SPAN_MS) return false;
    if (this.#times.length === MOST) this.#times.shift();
    this.#times.push(now);
    return true;
  }

  /** How long ago, in milliseconds, the last moves were granted, oldest first. */
  writeDown(now: number): readonly number[] {
    return this.#times.map((time) => now - time);
  }

  /** Goes on where a guard has been written down. */
  resume(grantedMsAgo: readonly number[], now: number): void {
    this.#times = grantedMsAgo.slice(-MOST).map((ms) => now - ms);
  }
}
