/** Short sleeps of the whole process. */

/** Milliseconds of one nap. */
const LENGTH_MS = 0.8;
/** Milliseconds awake between two naps, at least: time to handle what has gathered. */
const AWAKE_MS = 1.2;

/**
 * While the process sleeps, the pieces that backends write one by one gather in the kernel, and are then taken up with one
 * wake-up and few reads instead of one each. Waiting for a timer instead would save nothing: every piece would still wake the
 * event loop.
 */
export class Nap {
  readonly #cell = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  readonly #awakeMs: number;
  #wokeAt = -Infinity;

  /** @param awakeMs Milliseconds awake between two naps, at least; 0 where a nap is only taken once everybody had a turn. */
  constructor(awakeMs: number = AWAKE_MS) {
    this.#awakeMs = awakeMs;
  }

  /** Sleeps, unless the last nap is too recent. */
  take(): void {
    if (performance.now() - this.#wokeAt < this.#awakeMs) return;
    Atomics.wait(this.#cell, 0, 0, LENGTH_MS);
    this.#wokeAt = performance.now();
  }
}
