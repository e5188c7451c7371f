/** One leg's socket: what waits to be written to it, and how it is closed. */
import { messageOf } from "../error_message.ts";
import { closeQuietly } from "./close_on_abort.ts";
import type { Conn } from "./conn.ts";
import { CLOSING_MS } from "./leg.ts";

/** Bytes that one write carries at most when several pieces wait. */
const MAX_WRITE = 64 << 10;
/** Pieces up to this size are joined into one write; copying a larger one would cost more than a write. */
const SMALL_PIECE = 4 << 10;

const NOTHING = new Uint8Array(0);

/**
 * Writes in order, one write at a time. Nothing throws: a failed write ends the queue and is told to `onFailure` once; what the
 * peer had sent before may still be read. `onDrained` is told whenever nothing waits any more.
 */
export class Socket {
  readonly conn: Conn;
  readonly #onFailure: (cause: string) => void;
  readonly #onDrained: () => void;
  #queue: Uint8Array[] = [];
  #pending = 0;
  #written = 0;
  #lent = false;
  #flushing: Promise<void> | undefined;
  #finishing = false;
  #broken = false;

  constructor(conn: Conn, onFailure: (cause: string) => void, onDrained: () => void = () => {}) {
    this.conn = conn;
    this.#onFailure = onFailure;
    this.#onDrained = onDrained;
    tune(conn);
  }

  /** Bytes that wait to be written, those of the write under way included. */
  get pending(): number {
    return this.#pending;
  }

  /** Bytes written so far: grows as long as the peer reads. */
  get written(): number {
    return this.#written;
  }

  /** Whether the queue holds bytes of a read buffer, which must not be read into again before {@linkcode flush} is done. */
  get holdsLent(): boolean {
    return this.#lent;
  }

  /**
   * Queues `bytes`; {@linkcode flush} writes them.
   *
   * @param lent The bytes stay as they are until flushed; otherwise they are copied.
   */
  enqueue(bytes: Uint8Array, lent: boolean): void {
    if (this.#finishing || this.#broken) return;
    this.#queue.push(lent ? bytes : bytes.slice());
    this.#pending += bytes.length;
    this.#lent ||= lent;
  }

  /** Resolves when all that is queued is written or lost. */
  flush(): Promise<void> {
    if (this.#queue.length > 0 && !this.#broken) this.#flushing ??= this.#run();
    return this.#flushing ?? Promise.resolve();
  }

  /** Sends no more after what is queued. */
  async finish(): Promise<void> {
    this.#finishing = true;
    await this.flush();
    if (this.#broken) return;
    try {
      await this.conn.closeWrite();
    } catch {
      // The peer was faster.
    }
  }

  /**
   * Finishes, which lasts until the peer has taken what is queued or {@linkcode abort} is called, then closes once the peer has closed
   * too or two seconds later.
   *
   * @param reading Resolves when nothing more can be read.
   */
  async drain(reading: Promise<void>): Promise<void> {
    this.#finishing = true;
    await this.flush();
    // A WebSocket says its end behind its answers, which the peer may not take either.
    const deadline = setTimeout(() => this.abort(), CLOSING_MS);
    await this.finish();
    await reading;
    clearTimeout(deadline);
    this.abort();
  }

  /** Closes at once. */
  abort(): void {
    this.#broken = true;
    closeQuietly(this.conn);
  }

  async #run(): Promise<void> {
    while (this.#queue.length > 0 && !this.#broken) {
      const bytes = this.#next();
      try {
        for (let at = 0; at < bytes.length;) {
          const count = await this.conn.write(at === 0 ? bytes : bytes.subarray(at));
          at += count;
          this.#pending -= count;
          this.#written += count;
        }
      } catch (error) {
        if (!this.#broken) this.#onFailure(messageOf(error));
        this.#broken = true;
      }
    }
    this.#queue = [];
    this.#pending = 0;
    this.#lent = false;
    this.#flushing = undefined;
    this.#onDrained();
  }

  /** The next piece, together with the small ones behind it if it is small too. */
  #next(): Uint8Array {
    const queue = this.#queue;
    let count = 0;
    let size = 0;
    for (let piece = queue[0]; piece !== undefined && piece.length <= SMALL_PIECE; piece = queue[count]) {
      if (size + piece.length > MAX_WRITE) break;
      size += piece.length;
      count++;
    }
    if (count <= 1) return queue.shift() ?? NOTHING;
    const joined = new Uint8Array(size);
    let at = 0;
    for (const piece of queue.splice(0, count)) {
      joined.set(piece, at);
      at += piece.length;
    }
    return joined;
  }
}

function tune(conn: Conn): void {
  try {
    conn.setNoDelay?.(true);
    conn.setKeepAlive?.(true);
  } catch {
    // The peer has reset the connection already; reading from it will tell.
  }
}
