/** A beat of one millisecond that all legs share: who has had its share waits for the next one. */
export class Beat {
  #waiting: (() => void)[] = [];
  /** Counts up at every beat somebody waited for. */
  count = 0;

  /** Resolves at the next beat. */
  next(): Promise<void> {
    if (this.#waiting.length === 0) setTimeout(() => this.#strike(), 1);
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #strike(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    this.count++;
    for (const resume of waiting) resume();
  }
}
