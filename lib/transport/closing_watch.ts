/** An end to waiting for peers of legs that are closing. */
import { CLOSING_MS, type LegSocket } from "./leg.ts";
import { type Sleeper, wakes } from "./wakes.ts";

/** Milliseconds after which a leg is broken that is still closing, even if its peer goes on taking what waits. */
export const LONGEST_CLOSING_MS = 10_000;

/** Breaks a leg that is closing when its peer has taken nothing of what waits for {@linkcode CLOSING_MS}, or takes too long. */
export class ClosingWatch implements Sleeper {
  wakeAt: number | undefined;
  wakeSlot = 0;
  readonly #leg: Pick<LegSocket, "pending" | "written" | "abort">;
  #written: number;
  /** When the leg is broken in any case. */
  #end: number;

  /** @param leg Has begun to close. */
  constructor(leg: Pick<LegSocket, "pending" | "written" | "abort">) {
    const now = performance.now();
    this.#leg = leg;
    this.#written = leg.written;
    this.#end = now + LONGEST_CLOSING_MS;
    this.#sleep(now);
  }

  /** Leaves the peer {@linkcode CLOSING_MS} from now at most. */
  hurry(): void {
    this.#end = Math.min(this.#end, performance.now() + CLOSING_MS);
  }

  woken(): void {
    const { pending, written } = this.#leg;
    const now = performance.now();
    // Where nothing waits any more, the leg itself knows how long the peer may take to close.
    if ((pending > 0 && written === this.#written) || now >= this.#end) return this.#leg.abort();
    this.#written = written;
    this.#sleep(now);
  }

  /** The leg is closed. */
  stop(): void {
    wakes.set(this, Infinity);
  }

  #sleep(now: number): void {
    wakes.set(this, Math.min(now + CLOSING_MS, this.#end));
  }
}
