/** Lines that wait for somebody slow: at most so many, and never a gap that is not told. */

export interface LineQueueOptions {
  /**
   * Lines that may wait.
   *
   * @default 10_000
   */
  readonly limit?: number;
  /** Told when it is full: from here on lines are dropped, until half of what waits is gone. */
  readonly onFull?: () => void;
}

/** See the file's first line. In place of lines that were dropped there is one that says how many. */
export class LineQueue {
  readonly #limit: number;
  readonly #onFull: () => void;
  #lines: string[] = [];
  /** Lines dropped since the last that was taken. */
  #dropped = 0;

  constructor({ limit = 10_000, onFull = () => {} }: LineQueueOptions = {}) {
    this.#limit = limit;
    this.#onFull = onFull;
  }

  /** Lines that are or were to be handed on and are not. */
  get missing(): number {
    return this.#lines.length + this.#dropped;
  }

  /** Adds a line, with its line feed, or drops it. */
  add(line: string): void {
    const isOpen = this.#dropped === 0 ? this.#lines.length < this.#limit : this.#lines.length <= this.#limit / 2;
    if (isOpen) {
      this.#tellGap();
      this.#lines.push(line);
    } else if (this.#dropped++ === 0) {
      this.#onFull();
    }
  }

  /** The oldest lines, at most `count`; they stay until they are {@linkcode remove}d. */
  next(count: number): readonly string[] {
    if (this.#lines.length === 0) this.#tellGap();
    return this.#lines.slice(0, count);
  }

  /** The oldest `count` lines were handed on. */
  remove(count: number): void {
    this.#lines = this.#lines.slice(count);
  }

  #tellGap(): void {
    if (this.#dropped > 0) this.#lines.push(droppedLine(this.#dropped));
    this.#dropped = 0;
  }
}

/** What stands in a stream of events in place of `count` that are not in it. */
export function droppedLine(count: number): string {
  return `${JSON.stringify({ event: "dropped", count })}\n`;
}
