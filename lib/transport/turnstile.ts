import type { Beat } from "./beat.ts";

/** How many go through in one beat. */
const PER_BEAT = 8;

/**
 * Lets a few through at a time, for what comes in crowds and takes long: when a backend dies, all its players need another world, and
 * those of other backends have to wait for none of it.
 */
export class Turnstile {
  readonly #beat: Pick<Beat, "count" | "next">;
  #passed = 0;
  #passedAt = 0;

  constructor(beat: Pick<Beat, "count" | "next">) {
    this.#beat = beat;
  }

  /** Resolves when it is the caller's turn, in the order of the calls. */
  async pass(): Promise<void> {
    while (this.#isFull) await this.#beat.next();
    this.#passed++;
  }

  get #isFull(): boolean {
    if (this.#passedAt !== this.#beat.count) this.#passed = 0;
    this.#passedAt = this.#beat.count;
    return this.#passed >= PER_BEAT;
  }
}
