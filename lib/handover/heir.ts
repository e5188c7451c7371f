import type { Conversation } from "./conversation.ts";
import { type Frozen, type Offered, offerSessions } from "./giving.ts";

/** Milliseconds that sessions may take to go over, whose players wait meanwhile. */
const ROUND_MS = 5_000;

/** What went over. */
export interface Handed extends Offered {
  /** Milliseconds for which the connections stood still, at most. */
  readonly ms: number;
}

/** The process that has taken over. One owner disposes of it. */
export class Heir implements Disposable {
  readonly pid: number;
  readonly #taker: Conversation;

  constructor(pid: number, taker: Conversation) {
    this.pid = pid;
    this.#taker = taker;
  }

  /**
   * Gives sessions that could not go with the others.
   *
   * @throws {Error} where the other process is gone, or broken: all that is here stays here
   */
  async hand(frozen: Frozen): Promise<Handed> {
    const began = performance.now();
    const deadline = AbortSignal.timeout(ROUND_MS);
    let offered: Offered;
    try {
      offered = await offerSessions(this.#taker, frozen, deadline);
      await this.#taker.say({ kind: "commit" }, deadline);
    } catch (error) {
      frozen.thaw();
      throw error;
    }
    // It may have begun by now, whether it can still say so or not.
    frozen.release(new Set(offered.refused.map(({ session }) => session)));
    await this.#taker.expect("running", deadline);
    return { ...offered, ms: performance.now() - began };
  }

  /** Nothing more goes over. */
  [Symbol.dispose](): void {
    this.#taker.close();
  }
}
