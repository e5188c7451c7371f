import type { Clock } from "../clock.ts";

interface Waiting<T> {
  readonly item: T;
  readonly due: number;
}

/** Keeps things for a time and then lets them out, one after the other, in the order in which they came. */
export class DelayLine<T> {
  readonly #clock: Clock;
  readonly #out: (item: T) => void;
  #ms: number;
  #queue: Waiting<T>[] = [];
  #isHeld = false;
  #cancel: (() => void) | undefined;

  /**
   * @param ms Milliseconds that each is kept; `Infinity` for as long as {@linkcode release} is not called.
   * @param out Takes each; never called within a method other than {@linkcode release}.
   */
  constructor(clock: Clock, ms: number, out: (item: T) => void) {
    this.#clock = clock;
    this.#ms = ms;
    this.#out = out;
  }

  /** Whether nothing is in it. */
  get isEmpty(): boolean {
    return this.#queue.length === 0;
  }

  push(item: T): void {
    this.#queue.push({ item, due: this.#clock.now() + this.#ms });
    this.#schedule();
  }

  /** Lets nothing out until {@linkcode resume}. */
  hold(): void {
    this.#isHeld = true;
    this.#stopTimer();
  }

  resume(): void {
    this.#isHeld = false;
    this.#schedule();
  }

  /** From now on things are not kept any longer than it takes to let them out in order. */
  release(): void {
    this.#ms = 0;
    this.#queue = this.#queue.map(({ item }) => ({ item, due: 0 }));
    this.#stopTimer();
    this.#letOut();
  }

  /** Forgets everything in it. */
  clear(): void {
    this.#queue = [];
    this.#stopTimer();
  }

  #letOut(): void {
    this.#cancel = undefined;
    const now = this.#clock.now();
    while (!this.#isHeld) {
      const [first] = this.#queue;
      if (first === undefined || first.due > now) break;
      this.#queue.shift();
      this.#out(first.item);
    }
    this.#schedule();
  }

  #schedule(): void {
    const [first] = this.#queue;
    if (this.#isHeld || this.#cancel !== undefined || first === undefined || first.due === Infinity) return;
    this.#cancel = this.#clock.after(Math.max(0, first.due - this.#clock.now()), () => this.#letOut());
  }

  #stopTimer(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }
}
