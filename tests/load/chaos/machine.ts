const STEP_MS = 50;

/** How long this machine, which has other things to do, lets a process wait that wants to go on. */
export class Machine implements Disposable {
  readonly #timer: ReturnType<typeof setInterval>;
  #last = performance.now();
  #worstMs = 0;

  constructor() {
    this.#timer = setInterval(() => {
      const now = performance.now();
      this.#worstMs = Math.max(this.#worstMs, now - this.#last - STEP_MS);
      this.#last = now;
    }, STEP_MS);
  }

  /** Milliseconds of the longest such wait so far. */
  get worstMs(): number {
    return this.#worstMs;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}
