import type { Acceptor } from "../sockets.ts";
import { EpollConn } from "./epoll_conn.ts";
import { ADDRESS_SIZE, AF_INET6, EAGAIN, type Libc, SOCK_STREAM } from "./libc.ts";
import type { EpollLoop, Watcher } from "./loop.ts";
import { familyOf, readSocketAddress, socketAddress } from "./socket_address.ts";
import { EpollStream } from "./stream.ts";
import { systemError } from "./system_error.ts";

/** Connections that the kernel takes before they are accepted; it may lower this. */
const BACKLOG = 4096;

/** Accepts TCP connections, one by one as they are asked for. */
export class EpollAcceptor implements Acceptor, Watcher {
  readonly #libc: Libc;
  readonly #loop: EpollLoop;
  #descriptor: number;
  readonly #address = new Uint8Array(ADDRESS_SIZE);
  #waiting: PromiseWithResolvers<void> | undefined;
  #isPaused = false;

  /** @param descriptor A socket that listens; belongs to the acceptor from now on. */
  constructor(libc: Libc, loop: EpollLoop, descriptor: number) {
    this.#libc = libc;
    this.#loop = loop;
    this.#descriptor = descriptor;
  }

  /** Binds at once; throws what {@linkcode Deno.listen} throws. */
  static listen(libc: Libc, loop: EpollLoop, hostname: string, port: number): EpollAcceptor {
    const address = socketAddress(hostname, port);
    if (address === undefined) throw new TypeError(`Cannot listen: current value is "${hostname}"`);
    const descriptor = checked(libc, libc.socket(familyOf(address), SOCK_STREAM));
    try {
      checked(libc, libc.reuseAddress(descriptor));
      if (familyOf(address) === AF_INET6) checked(libc, libc.only6(descriptor, hostname !== "::"));
      checked(libc, libc.bind(descriptor, address));
      checked(libc, libc.listen(descriptor, BACKLOG));
    } catch (error) {
      libc.close(descriptor);
      throw error;
    }
    return new EpollAcceptor(libc, loop, descriptor);
  }

  get addr(): Deno.NetAddr {
    return this.#ownAddress(this.#descriptor);
  }

  /** The descriptor, to be passed to another process. */
  get descriptor(): number {
    return this.#descriptor;
  }

  async accept(): Promise<EpollConn> {
    while (true) {
      if (this.#descriptor < 0) throw new Deno.errors.BadResource("Cannot accept: the listener is closed");
      const accepted = this.#isPaused ? -EAGAIN : this.#libc.accept(this.#descriptor, this.#address);
      if (accepted >= 0) return this.#connection(accepted);
      if (accepted !== -EAGAIN) throw systemError(-accepted, this.#libc.describe(-accepted));
      this.#waiting = Promise.withResolvers();
      // Watched only while somebody waits, since it is told for as long as it lasts.
      if (!this.#isPaused) this.#loop.watch(this.#descriptor, this, "level");
      await this.#waiting.promise;
    }
  }

  close(): void {
    if (this.#descriptor < 0) return;
    const descriptor = this.#descriptor;
    this.#descriptor = -1;
    this.#loop.forget(descriptor);
    this.#libc.close(descriptor);
    this.#wake();
  }

  pause(): void {
    if (this.#isPaused || this.#descriptor < 0) return;
    this.#isPaused = true;
    if (this.#waiting !== undefined) this.#loop.unwatch(this.#descriptor);
  }

  resume(): void {
    this.#isPaused = false;
    this.#wake();
  }

  ready(): void {
    this.#loop.unwatch(this.#descriptor);
    this.#wake();
  }

  turn(): void {}

  #wake(): void {
    this.#waiting?.resolve();
    this.#waiting = undefined;
  }

  #connection(descriptor: number): EpollConn {
    this.#libc.tune(descriptor);
    const remote = readSocketAddress(this.#address);
    const local = (): Deno.NetAddr => this.#ownAddress(descriptor);
    return new EpollConn(new EpollStream(this.#libc, this.#loop, descriptor), () => ({ local: local(), remote }));
  }

  #ownAddress(descriptor: number): Deno.NetAddr {
    const address = new Uint8Array(ADDRESS_SIZE);
    checked(this.#libc, this.#libc.ownAddress(descriptor, address));
    return readSocketAddress(address);
  }
}

function checked(libc: Libc, result: number): number {
  if (result < 0) throw systemError(-result, libc.describe(-result));
  return result;
}
