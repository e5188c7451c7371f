import type { Beat } from "./beat.ts";

/**
 * Lets a few through at a time, for what comes in crowds and takes long: when a backend dies, all its players need another world, and
 * those of other backends have to wait for none of it.
 */
export class Turnstile {
  readonly #beat: Pick<Beat, "count" | "next">;
  #taken = 0;
  #takenAt = 0;

  constructor(beat: Pick<Beat, "count" | "next">) {
    this.#beat = beat;
  }

  /**
   * Resolves when it is the caller's turn, in the order of the calls.
   *
   * @param share What part of a beat the caller takes, from 0 to 1.
   */
  async pass(share: number): Promise<void> {
    while (this.#isFull) await this.#beat.next();
    this.take(share);
  }

  /** As {@linkcode pass}, for the few who learn only then what they need and {@linkcode take} it. */
  async turn(): Promise<void> {
    while (this.#isFull) await this.#beat.next();
  }

  /** Takes part of the beat of now. */
  take(share: number): void {
    this.#taken += share;
  }

  get #isFull(): boolean {
    if (this.#takenAt !== this.#beat.count) this.#taken = 0;
    this.#takenAt = this.#beat.count;
    return this.#taken >= 1;
  }
}
