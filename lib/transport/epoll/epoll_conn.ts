// @ts-types="../../../types/std_bytes_concat.d.ts"
import { concat } from "@std/bytes/concat";
import type { AcceptedConn } from "../conn.ts";
import { HANGUP, READABLE, WRITABLE } from "./libc.ts";
import type { Watcher } from "./loop.ts";
import type { EpollStream } from "./stream.ts";

/** What is left of a connection that is handed on. */
export interface DetachedConn {
  readonly stream: EpollStream;
  /** What was read of the stream and is still to be told. */
  readonly unread: Uint8Array | undefined;
  /** Whether the kernel has told of more, which it does only once. */
  readonly isReadable: boolean;
}

/** A {@linkcode Conn} over an {@linkcode EpollStream}, for what is read and said before there is a leg. One read and one write at a time. */
export class EpollConn implements AcceptedConn, Watcher {
  readonly #stream: EpollStream;
  readonly #peer: Deno.NetAddr | undefined;
  readonly #local: Deno.NetAddr | undefined;
  /** Bytes that were given back. */
  #unread: Uint8Array | undefined;
  /** Whether the kernel has told of something that may not be read yet, the end of the stream included. */
  #isReadable = false;
  #isEndNear = false;
  #readable: (() => void) | undefined;
  #writable: (() => void) | undefined;

  /**
   * @param stream Belongs to the connection from now on.
   * @param peer Its other end, where that is known.
   * @param local Its own end, likewise.
   * @throws {Error} where the kernel can watch no more; the stream is closed
   */
  constructor(stream: EpollStream, peer?: Deno.NetAddr, local?: Deno.NetAddr) {
    this.#stream = stream;
    this.#peer = peer;
    this.#local = local;
    try {
      stream.watch(this);
    } catch (error) {
      stream.close();
      throw error;
    }
  }

  get remoteAddr(): Deno.NetAddr {
    return this.#peer ?? this.#stream.peerAddress;
  }

  get localAddr(): Deno.NetAddr {
    return this.#local ?? this.#stream.localAddress;
  }

  async read(buffer: Uint8Array): Promise<number | null> {
    if (this.#unread !== undefined) {
      const taken = this.#unread.subarray(0, buffer.length);
      buffer.set(taken);
      this.#unread = taken.length < this.#unread.length ? this.#unread.subarray(taken.length) : undefined;
      return taken.length;
    }
    while (true) {
      if (!this.#stream.isOpen) throw new Deno.errors.BadResource("Cannot read: the connection is closed");
      const result = this.#stream.read(buffer as Uint8Array<ArrayBuffer>, BigInt(buffer.length));
      if (result instanceof Error) throw result;
      // A short read empties the kernel's buffer: whatever comes later is told anew.
      if (typeof result !== "number" || result < buffer.length) this.#isReadable = this.#isEndNear;
      if (result !== "later") return result === "ended" ? null : result;
      await new Promise<void>((resolve) => this.#readable = resolve);
    }
  }

  async write(bytes: Uint8Array): Promise<number> {
    while (true) {
      if (!this.#stream.isOpen) throw new Deno.errors.BadResource("Cannot write: the connection is closed");
      const result = this.#stream.write(bytes as Uint8Array<ArrayBuffer>, bytes.length);
      if (result instanceof Error) throw result;
      if (result > 0 || bytes.length === 0) return result;
      await new Promise<void>((resolve) => this.#writable = resolve);
    }
  }

  closeWrite(): Promise<void> {
    const failure = this.#stream.finish();
    return failure === undefined ? Promise.resolve() : Promise.reject(failure);
  }

  close(): void {
    this.#stream.close();
    this.#wake(READABLE | WRITABLE);
  }

  unread(bytes: Uint8Array): void {
    this.#unread = this.#unread === undefined ? bytes : concat([bytes, this.#unread]);
  }

  ready(events: number): void {
    if ((events & READABLE) !== 0) this.#isReadable = true;
    if ((events & HANGUP) !== 0) this.#isEndNear = true;
    this.#stream.loop.stir();
    this.#wake(events);
  }

  turn(): void {}

  /** Hands the connection on, which must not be used any more. */
  detach(): DetachedConn {
    return { stream: this.#stream, unread: this.#unread, isReadable: this.#isReadable };
  }

  #wake(events: number): void {
    const [readable, writable] = [this.#readable, this.#writable];
    if ((events & READABLE) !== 0) {
      this.#readable = undefined;
      readable?.();
    }
    if ((events & WRITABLE) !== 0) {
      this.#writable = undefined;
      writable?.();
    }
  }
}
