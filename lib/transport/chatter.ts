/** Pieces below this size in quick succession are worth gathering, in bytes. */
const SMALL_READ = 4 << 10;
/** Milliseconds within which one read follows another in quick succession. */
const QUICK_MS = 3;
/** Quick reads in a row after which a backend counts as chatty. */
const QUICK_READS = 2;

/** Tells whether a backend sends small pieces in quick succession, of its own accord. */
export class Chatter {
  #quick = 0;
  /** In whole milliseconds, since V8 keeps any other number as an object. */
  #lastRead = -QUICK_MS;
  #lastAnswered = 0;

  /**
   * Says so after a read of `count` bytes.
   *
   * @param asked How often the client has spoken so far: a backend that only answers is not chatty.
   * @param now When that was, in milliseconds.
   */
  isQuick(count: number, asked: number, now: number): boolean {
    const follows = now - this.#lastRead < QUICK_MS && asked === this.#lastAnswered && count < SMALL_READ;
    this.#quick = follows ? this.#quick + 1 : 0;
    this.#lastRead = Math.ceil(now);
    this.#lastAnswered = asked;
    return this.#quick >= QUICK_READS;
  }
}
