/** How often something happened in each of the last minutes. */

const MINUTE_MS = 60_000;

/** Counts by minutes, each of which begins at a multiple of 60 s of the clock. `now` is milliseconds that never go back. */
export class PerMinute {
  readonly #counts: number[];
  #minute = 0;

  /** @param minutes Minutes that are kept. */
  constructor(minutes: number) {
    this.#counts = new Array<number>(minutes).fill(0);
  }

  add(now: number): void {
    this.#turnTo(now);
    this.#counts.push((this.#counts.pop() ?? 0) + 1);
  }

  /** The counts, that of the current minute last. */
  counts(now: number): readonly number[] {
    this.#turnTo(now);
    return [...this.#counts];
  }

  #turnTo(now: number): void {
    const minute = Math.floor(now / MINUTE_MS);
    const passed = Math.min(minute - this.#minute, this.#counts.length);
    for (let i = 0; i < passed; i++) {
      this.#counts.shift();
      this.#counts.push(0);
    }
    this.#minute = minute;
  }
}
