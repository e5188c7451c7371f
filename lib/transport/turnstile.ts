import type { Beat } from "./beat.ts";

/**
 * Lets a few through at a time, for what comes in crowds and takes long: when a backend dies, all its players need another world, and
 * those of other backends have to wait for none of it.
 */
export class Turnstile {
  readonly #beat: Pick<Beat, "count" | "next">;
  readonly #perBeat: number;
  #passed = 0;
  #passedAt = 0;

  /** @param perBeat How many go through in one beat. */
  constructor(beat: Pick<Beat, "count" | "next">, perBeat: number) {
    this.#beat = beat;
    this.#perBeat = perBeat;
  }

  /** Resolves when it is the caller's turn, in the order of the calls. */
  async pass(): Promise<void> {
    while (this.#isFull) await this.#beat.next();
    this.#passed++;
  }

  get #isFull(): boolean {
    if (this.#passedAt !== this.#beat.count) this.#passed = 0;
    this.#passedAt = this.#beat.count;
    return this.#passed >= this.#perBeat;
  }
}
