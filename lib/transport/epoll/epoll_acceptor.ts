import type { Acceptor } from "../sockets.ts";
import { EpollConn } from "./epoll_conn.ts";
import { ADDRESS_SIZE, EAGAIN, type Libc, SOCK_STREAM } from "./libc.ts";
import type { EpollLoop, Watcher } from "./loop.ts";
import { familyOf, readSocketAddress, socketAddress } from "./socket_address.ts";
import { EpollStream } from "./stream.ts";
import { checked, systemError } from "./system_error.ts";

/** Connections that the kernel takes before they are accepted; it may lower this. */
const BACKLOG = 4096;
/** Connections accepted one after the other before everybody else has a turn. */
const MOST_AT_ONCE = 16;
const ANY_ADDRESS: ReadonlySet<string> = new Set(["0.0.0.0", "::"]);

/** Accepts TCP connections, one by one as they are asked for; one is asked for at a time. */
export class EpollAcceptor implements Acceptor, Watcher {
  readonly addr: Deno.NetAddr;
  /** What everybody connects to; `undefined` where that may be any address of the machine. */
  readonly #local: Deno.NetAddr | undefined;
  readonly #libc: Libc;
  readonly #loop: EpollLoop;
  #descriptor: number;
  readonly #peer = new Uint8Array(ADDRESS_SIZE);
  #waiting: PromiseWithResolvers<void> | undefined;
  #isWatched = false;
  #isPaused = false;
  /** How many may still be accepted in this turn. */
  #left = MOST_AT_ONCE;

  /**
   * @param descriptor A socket that listens; belongs to the acceptor from now on.
   * @throws {Error} where it is none
   */
  constructor(libc: Libc, loop: EpollLoop, descriptor: number) {
    this.#libc = libc;
    this.#loop = loop;
    this.#descriptor = descriptor;
    libc.tune(descriptor);
    const address = new Uint8Array(ADDRESS_SIZE);
    checked(libc, libc.ownAddress(descriptor, address));
    this.addr = readSocketAddress(address);
    this.#local = ANY_ADDRESS.has(this.addr.hostname) ? undefined : this.addr;
  }

  /** Binds at once; throws what {@linkcode Deno.listen} throws. */
  static listen(libc: Libc, loop: EpollLoop, hostname: string, port: number): EpollAcceptor {
    const address = socketAddress(hostname, port) ?? socketAddress(addressOf(hostname), port);
    if (address === undefined) throw new TypeError(`Cannot listen: current value is "${hostname}"`);
    const descriptor = checked(libc, libc.socket(familyOf(address), SOCK_STREAM));
    try {
      checked(libc, libc.reuseAddress(descriptor));
      checked(libc, libc.bind(descriptor, address));
      checked(libc, libc.listen(descriptor, BACKLOG));
      return new EpollAcceptor(libc, loop, descriptor);
    } catch (error) {
      libc.close(descriptor);
      throw error;
    }
  }

  /** The descriptor, to be passed to another process. */
  get descriptor(): number {
    return this.#descriptor;
  }

  async accept(): Promise<EpollConn> {
    while (true) {
      if (this.#descriptor < 0) throw new Deno.errors.BadResource("Cannot accept: the listener is closed");
      const mayAccept = !this.#isPaused && this.#left-- > 0;
      const accepted = mayAccept ? this.#libc.accept(this.#descriptor, this.#peer) : -EAGAIN;
      if (accepted >= 0) return this.#connection(accepted);
      if (accepted !== -EAGAIN) throw systemError(-accepted, this.#libc.describe(-accepted));
      this.#waiting = Promise.withResolvers();
      if (!this.#isPaused) this.#watch();
      await this.#waiting.promise;
    }
  }

  close(): void {
    if (this.#descriptor < 0) return;
    // Not only forgotten: another process may have the socket too, which epoll goes by.
    this.#unwatch();
    this.#libc.close(this.#descriptor);
    this.#descriptor = -1;
    this.#wake();
  }

  pause(): void {
    if (this.#descriptor < 0) return;
    this.#isPaused = true;
    this.#unwatch();
  }

  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#wake();
  }

  ready(): void {
    this.#unwatch();
    this.#left = MOST_AT_ONCE;
    this.#wake();
  }

  turn(): void {}

  /** Only while somebody waits, since it is told for as long as it lasts. */
  #watch(): void {
    this.#loop.watch(this.#descriptor, this, "level");
    this.#isWatched = true;
  }

  #unwatch(): void {
    if (this.#isWatched) this.#loop.unwatch(this.#descriptor);
    this.#isWatched = false;
  }

  #wake(): void {
    this.#loop.stir();
    this.#waiting?.resolve();
    this.#waiting = undefined;
  }

  #connection(descriptor: number): EpollConn {
    // The kernel knows no peer any more where that has reset the connection already.
    const stream = new EpollStream(this.#loop, descriptor);
    return new EpollConn(stream, readSocketAddress(this.#peer), this.#local);
  }
}

/** The address that Deno would listen at for a name: only it asks for one without a promise. */
function addressOf(hostname: string): string {
  using listener = Deno.listen({ hostname, port: 0 });
  return listener.addr.hostname;
}
