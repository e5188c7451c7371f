/** Fairness and pacing: when a leg that has just been read has to let the others go first, and when it is worth waiting for more. */
import type { Beat } from "./beat.ts";
import { Chatter } from "./chatter.ts";
import type { Nap } from "./nap.ts";

/** Bytes one leg moves before it lets the others go first. */
const QUANTUM = 512 << 10;

/** What all legs of the process share. */
export interface Pace {
  readonly beat: Pick<Beat, "count" | "next">;
  readonly nap: Pick<Nap, "take">;
}

/** Decides when a leg has had its share of a beat. */
export class Pacer {
  readonly #pace: Pace;
  #moved = 0;
  #movedAt = 0;
  /** There once a backend was read. */
  #chatter: Chatter | undefined;

  constructor(pace: Pace) {
    this.#pace = pace;
  }

  /**
   * Says what to wait for, if anything, after a read of `count` bytes.
   *
   * @param asked For a backend: how often the client has spoken so far.
   * @param now When that was, in milliseconds.
   */
  pauseAfter(count: number, asked: number | undefined, now: number): Promise<void> | undefined {
    const { beat, nap } = this.#pace;
    if (this.#movedAt !== beat.count) this.#moved = 0;
    this.#movedAt = beat.count;
    this.#moved += count;
    if (this.#moved >= QUANTUM) return beat.next();
    if (asked === undefined) return undefined;
    this.#chatter ??= new Chatter();
    if (this.#chatter.isQuick(count, asked, now)) nap.take();
    return undefined;
  }
}
