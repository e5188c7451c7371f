/** Fairness and pacing: when a leg that has just been read has to let the others go first. */
import type { Beat } from "./beat.ts";

/** Bytes one leg moves before it lets the others go first. */
const QUANTUM = 512 << 10;
/** A backend that sends pieces below this size in quick succession is read once per beat, which gathers them. */
const SMALL_READ = 4 << 10;
/** Reads within a millisecond of each other after which a backend counts as quick. */
const QUICK_READS = 2;

/** Decides when a leg has had its share of a beat. */
export class Pacer {
  readonly #beat: Pick<Beat, "count" | "next">;
  readonly #now: () => number;
  #moved = 0;
  #movedAt = 0;
  #quick = 0;
  #lastRead = 0;
  #lastAnswered = 0;

  /** @param now Milliseconds from any start. */
  constructor(beat: Pick<Beat, "count" | "next">, now: () => number = () => performance.now()) {
    this.#beat = beat;
    this.#now = now;
  }

  /**
   * Says what to wait for, if anything, after a read of `count` bytes.
   *
   * @param asked For a backend: how often the client has spoken so far.
   */
  pauseAfter(count: number, asked: number | undefined): Promise<void> | undefined {
    if (this.#movedAt !== this.#beat.count) this.#moved = 0;
    this.#movedAt = this.#beat.count;
    this.#moved += count;
    if (this.#moved >= QUANTUM) return this.#beat.next();
    if (asked === undefined) return undefined;
    const now = this.#now();
    const follows = now - this.#lastRead < 1 && asked === this.#lastAnswered && count < SMALL_READ;
    this.#quick = follows ? this.#quick + 1 : 0;
    this.#lastRead = now;
    this.#lastAnswered = asked;
    return this.#quick >= QUICK_READS ? this.#beat.next() : undefined;
  }
}
