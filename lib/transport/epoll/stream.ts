/** One connected socket that never blocks: what the epoll driver's legs and connections are made of. */
import { ADDRESS_SIZE, EAGAIN, EPIPE } from "./libc.ts";
import type { EpollLoop, Watcher } from "./loop.ts";
import { readSocketAddress } from "./socket_address.ts";
import { systemError } from "./system_error.ts";

/** Bytes that are read at once. */
export const READ_SIZE = 64 << 10;
const READ_COUNT = BigInt(READ_SIZE);
/** What the kernel writes addresses into. */
const address = new Uint8Array(ADDRESS_SIZE);

/** What came of reading: a number of bytes, the end of the stream, nothing for now, or what broke the connection. */
export type ReadResult = number | "ended" | "later" | Error;

/** A descriptor that is closed once, and used by nobody afterwards. */
export class EpollStream {
  readonly loop: EpollLoop;
  #descriptor: number;
  #isWatched = false;

  /** @param descriptor Belongs to the stream from now on. */
  constructor(loop: EpollLoop, descriptor: number) {
    this.loop = loop;
    this.#descriptor = descriptor;
  }

  get isOpen(): boolean {
    return this.#descriptor >= 0;
  }

  /** The descriptor, to be passed to another process. */
  get descriptor(): number {
    return this.#descriptor;
  }

  /** Its own end; without an address where it has none. */
  get localAddress(): Deno.NetAddr {
    address.fill(0);
    this.loop.libc.ownAddress(this.#descriptor, address);
    return readSocketAddress(address);
  }

  /** The peer's end; without an address where it has none, or is gone. */
  get peerAddress(): Deno.NetAddr {
    address.fill(0);
    this.loop.libc.peerAddress(this.#descriptor, address);
    return readSocketAddress(address);
  }

  /**
   * Has `watcher` told what happens from now on, instead of who was before; what has happened already may be told or not.
   *
   * @throws {Error} where the kernel can watch no more
   */
  watch(watcher: Watcher): void {
    if (!this.isOpen) return;
    if (this.#isWatched) this.loop.reassign(this.#descriptor, watcher);
    else this.loop.watch(this.#descriptor, watcher);
    this.#isWatched = true;
  }

  /** Has nobody told any more. */
  unwatch(): void {
    if (this.isOpen && this.#isWatched) this.loop.unwatch(this.#descriptor);
    this.#isWatched = false;
  }

  /** Reads into the first {@linkcode READ_SIZE} bytes of `into`, or `size` bytes. */
  read(into: Uint8Array<ArrayBuffer>, size: bigint = READ_COUNT): ReadResult {
    if (!this.isOpen) return "ended";
    const count = this.loop.libc.receive(this.#descriptor, into, size);
    if (count > 0) return count;
    if (count === 0) return "ended";
    return count === -EAGAIN ? "later" : this.#error(-count);
  }

  /** Writes the first `count` bytes. Returns how many of them the kernel took. */
  write(bytes: Uint8Array<ArrayBuffer>, count: number): number | Error {
    if (!this.isOpen) return this.#error(EPIPE);
    const sent = this.loop.libc.send(this.#descriptor, bytes, count);
    if (sent >= 0) return sent;
    return sent === -EAGAIN ? 0 : this.#error(-sent);
  }

  /** Has the peer read the end of the stream. Returns what is in the way, if anything. */
  finish(): Error | undefined {
    if (!this.isOpen) return this.#error(EPIPE);
    const result = this.loop.libc.finish(this.#descriptor);
    return result < 0 ? this.#error(-result) : undefined;
  }

  /** Closes at once. */
  close(): void {
    if (!this.isOpen) return;
    const descriptor = this.#descriptor;
    this.#descriptor = -1;
    this.loop.forget(descriptor);
    this.loop.libc.close(descriptor);
  }

  #error(errno: number): Error {
    return systemError(errno, this.loop.libc.describe(errno));
  }
}

/** One whose socket another process may have too: closing it here would not end that epoll tells of it, under a number that may come again. */
export class InheritedStream extends EpollStream {
  override close(): void {
    this.unwatch();
    super.close();
  }
}
