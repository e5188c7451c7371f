/** How late the event loop is: what everything else in the process waits at least. */

/** Milliseconds between two samples. A stall shorter than this may fall between two of them. */
const INTERVAL_MS = 250;

/** Samples from its creation on. Does not keep the process alive. */
export class EventLoopLag {
  readonly #observe: (seconds: number) => void;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** @param observe Told how many seconds a timer came too late, four times a second. */
  constructor(observe: (seconds: number) => void) {
    this.#observe = observe;
    this.#wait();
  }

  /** Samples no more. */
  close(): void {
    clearTimeout(this.#timer);
  }

  #wait(): void {
    const due = performance.now() + INTERVAL_MS;
    const timer = setTimeout(() => {
      // A timer may be early by a part of a millisecond.
      this.#observe(Math.max(0, performance.now() - due) / 1_000);
      this.#wait();
    }, INTERVAL_MS);
    Deno.unrefTimer(timer);
    this.#timer = timer;
  }
}
