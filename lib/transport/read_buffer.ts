/** The buffer one leg reads into: small while little comes, large while reads fill it, so that idle sessions hold little. */

/** Sizes in bytes, smallest first. Whoever read just as much as there was room for waits with the next larger one. */
const SIZES = [512, 2 << 10, 16 << 10, 64 << 10] as const;
const LARGEST = SIZES[3];
/** Large buffers kept for the next leg that needs one, per size. */
const MAX_KEPT = 16;

const kept: ReadonlyMap<number, Uint8Array<ArrayBuffer>[]> = new Map(SIZES.slice(1).map((size) => [size, []]));

/** A leg's read buffer. Its large forms come from a pool that all legs share. */
export class ReadBuffer {
  #bytes = new Uint8Array(SIZES[0]);
  readonly #small = this.#bytes;

  /** Where the next read goes. */
  get bytes(): Uint8Array {
    return this.#bytes;
  }

  /**
   * Chooses the size for the next read by the size of the last: a larger one only where that was full, so that a leg which has read all
   * there is does not wait with more than it needs. The bytes of the last read are no longer needed.
   */
  adapt(count: number): void {
    const fitting = SIZES.find((size) => size > 2 * count) ?? LARGEST;
    const wanted = count < this.#bytes.length ? Math.min(fitting, this.#bytes.length) : fitting;
    if (wanted === this.#bytes.length) return;
    this.release();
    if (wanted !== this.#small.length) this.#bytes = kept.get(wanted)?.pop() ?? new Uint8Array(wanted);
  }

  /** Gives a large buffer back. No read may be under way. */
  release(): void {
    const pool = kept.get(this.#bytes.length);
    if (pool !== undefined && pool.length < MAX_KEPT) pool.push(this.#bytes);
    this.#bytes = this.#small;
  }
}
