/** Keeps backends from sending a player round in circles. */

const MOST = 5;
const SPAN_MS = 10_000;
const NONE: readonly number[] = [];

/** Counts the moves that servers ask for: five in ten seconds, for one session. */
export class LoopGuard {
  /** When the last ones were granted, oldest first. */
  #times = NONE;

  /** Whether one more is granted at `now`, which then counts. */
  allows(now: number): boolean {
    const oldest = this.#times[0] ?? -Infinity;
    if (this.#times.length === MOST && now - oldest < SPAN_MS) return false;
    this.#times = [...this.#times, now].slice(-MOST);
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
