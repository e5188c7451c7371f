import { messageOf } from "../error_message.ts";
import type { Conn } from "./conn.ts";
import { type LegEvents, type LegSocket, MAX_DISCARDED } from "./leg.ts";
import { type Pace, Pacer } from "./pacer.ts";
import { ReadBuffer } from "./read_buffer.ts";
import { Socket } from "./socket.ts";

/** A leg over any {@linkcode Conn}: one read loop, and one write at a time. */
export class DenoLeg implements LegSocket {
  readonly #socket: Socket;
  readonly #events: LegEvents;
  readonly #pacer: Pacer;
  #reading: Promise<void> = Promise.resolve();
  #readingIsOver = false;
  #writeFailure: string | undefined;
  #held = false;
  /** Lets the read loop go on that waits for the end of a hold. */
  #release: (() => void) | undefined;
  #closing = false;
  #gone = false;

  constructor(conn: Conn, events: LegEvents, pace: Pace) {
    this.#events = events;
    this.#pacer = new Pacer(pace);
    this.#socket = new Socket(conn, (cause) => this.#writeFailed(cause), () => events.drained());
  }

  get pending(): number {
    return this.#socket.pending;
  }

  get written(): number {
    return this.#socket.written;
  }

  get holdsLent(): boolean {
    return this.#socket.holdsLent;
  }

  get closing(): boolean {
    return this.#closing;
  }

  start(): void {
    this.#reading = this.#read();
  }

  write(bytes: Uint8Array, lent: boolean): void {
    this.#socket.enqueue(bytes, lent);
  }

  flush(): void {
    void this.#socket.flush();
  }

  hold(): void {
    this.#held = true;
  }

  resume(): void {
    this.#held = false;
    this.#release?.();
    this.#release = undefined;
  }

  finish(): void {
    void this.#socket.finish();
  }

  close(): void {
    this.#closing = true;
    this.resume();
    this.#socket.drain(this.#reading).then(() => this.#tellGone());
  }

  abort(): void {
    this.#closing = true;
    this.#socket.abort();
    this.resume();
    this.#reading.then(() => this.#tellGone());
  }

  /** A peer that broke off may have said something before, which is read first. */
  #writeFailed(cause: string): void {
    this.#writeFailure = cause;
    if (this.#readingIsOver && !this.#closing) this.#events.failed(cause);
  }

  #tellGone(): void {
    if (this.#gone) return;
    this.#gone = true;
    this.#events.gone();
  }

  /** Whoever releases the loop may hold it again before it has come to run. */
  async #released(): Promise<void> {
    while (this.#held) await new Promise<void>((resolve) => this.#release = resolve);
  }

  /** One function, since each that waits takes half a kilobyte for as long as nothing comes. */
  async #read(): Promise<void> {
    const buffer = new ReadBuffer();
    let failure: string | undefined;
    try {
      const { conn } = this.#socket;
      for (let discarded = 0; discarded <= MAX_DISCARDED;) {
        const count = await conn.read(buffer.bytes);
        if (count === null) break;
        if (this.#held) await this.#released();
        if (this.#closing) {
          discarded += count;
          continue;
        }
        const readAt = performance.now();
        this.#events.bytes(buffer.bytes.subarray(0, count), readAt);
        if (this.#held) await this.#released();
        const pause = this.#pacer.pauseAfter(count, this.#events.asked, readAt);
        if (pause !== undefined) await pause;
        buffer.adapt(count);
      }
    } catch (error) {
      failure = messageOf(error);
    }
    buffer.release();
    this.#readingIsOver = true;
    failure ??= this.#writeFailure;
    if (this.#closing) return;
    if (failure !== undefined) this.#events.failed(failure);
    else this.#events.ended();
  }
}
