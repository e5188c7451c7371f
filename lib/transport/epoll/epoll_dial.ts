/** Connecting to backends over epoll. */
import { lookup } from "node:dns/promises";
import { pause } from "../../pause.ts";
import type { Address } from "../dial.ts";
import { EpollConn } from "./epoll_conn.ts";
import { AF_UNIX, EAGAIN, EINPROGRESS, EPOLLERR, EPOLLHUP, type Libc, SOCK_STREAM } from "./libc.ts";
import type { EpollLoop, Watcher } from "./loop.ts";
import { familyOf, socketAddress, unixAddress } from "./socket_address.ts";
import { EpollStream } from "./stream.ts";
import { checked, systemError } from "./system_error.ts";

/** Where backends are whose addresses need no look-up, as the kernel has it. */
const targets = new WeakMap<Address, Uint8Array<ArrayBuffer>>();

/** Milliseconds until a Unix socket whose queue is full is tried again. */
const QUEUE_FULL_MS = 10;

/** How epoll tells that a connection has failed. */
const BROKEN = EPOLLERR | EPOLLHUP;

/** See `Sockets.dial`. */
export async function dialByEpoll(
  libc: Libc,
  loop: EpollLoop,
  address: Address,
  signal: AbortSignal,
  from: string | undefined,
): Promise<EpollConn> {
  signal.throwIfAborted();
  if (address.kind === "unix") return await connect(libc, loop, unixAddress(address.path), signal, undefined);
  const { host, port } = address;
  const target = targets.get(address) ?? socketAddress(host, port);
  if (target !== undefined) {
    targets.set(address, target);
    return await connect(libc, loop, target, signal, from);
  }
  let failure: unknown;
  for (const ip of await resolve(host, from === undefined ? 0 : 4, signal)) {
    const target = socketAddress(ip, port);
    if (target === undefined) continue;
    try {
      return await connect(libc, loop, target, signal, from);
    } catch (error) {
      signal.throwIfAborted();
      failure = error;
    }
  }
  throw failure ?? nameNotKnown();
}

/** The addresses of a name, as the system looks them up: of that family, or of any where it is 0. */
async function resolve(host: string, family: 0 | 4, signal: AbortSignal): Promise<readonly string[]> {
  const { promise: given, reject } = Promise.withResolvers<never>();
  const giveUp = (): void => reject(signal.reason);
  signal.addEventListener("abort", giveUp);
  try {
    const found = await Promise.race([lookup(host, { all: true, family }), given]);
    return found.map(({ address }) => address);
  } catch (error) {
    throw error instanceof Error && "code" in error && error.code === "ENOTFOUND" ? nameNotKnown() : error;
  } finally {
    signal.removeEventListener("abort", giveUp);
  }
}

/** What Deno says. */
function nameNotKnown(): Error {
  return new Error("failed to lookup address information: Name or service not known");
}

async function connect(
  libc: Libc,
  loop: EpollLoop,
  address: Uint8Array<ArrayBuffer>,
  signal: AbortSignal,
  from: string | undefined,
): Promise<EpollConn> {
  const family = familyOf(address);
  const descriptor = checked(libc, libc.socket(family, SOCK_STREAM));
  const stream = new EpollStream(loop, descriptor);
  const connecting = new Connecting(stream);
  const giveUp = (): void => {
    stream.close();
    connecting.giveUp(signal.reason);
  };
  signal.addEventListener("abort", giveUp);
  try {
    const source = from === undefined ? undefined : socketAddress(from, 0);
    if (source !== undefined) checked(libc, libc.bind(descriptor, source));
    let begun = libc.connect(descriptor, address);
    while (begun === -EAGAIN) {
      await pause(QUEUE_FULL_MS, signal);
      signal.throwIfAborted();
      begun = libc.connect(descriptor, address);
    }
    if (begun === -EINPROGRESS) await connecting.connected();
    else if (begun !== 0) throw systemError(-begun, libc.describe(-begun));
    // The descriptor may be another's by now.
    signal.throwIfAborted();
    const failure = (connecting.told & BROKEN) === 0 ? 0 : libc.failure(descriptor);
    if (failure !== 0) throw systemError(failure, libc.describe(failure));
    if (family !== AF_UNIX) libc.tune(descriptor);
    const conn = new EpollConn(stream);
    conn.ready(connecting.told);
    return conn;
  } catch (error) {
    stream.close();
    throw error;
  } finally {
    signal.removeEventListener("abort", giveUp);
  }
}

/** Waits for a connection that has begun. */
class Connecting implements Watcher {
  readonly #stream: EpollStream;
  #waiting: PromiseWithResolvers<void> | undefined;
  /** Which events were told so far. */
  told = 0;

  constructor(stream: EpollStream) {
    this.#stream = stream;
  }

  /** Resolves once the kernel tells how it went. */
  connected(): Promise<void> {
    this.#waiting = Promise.withResolvers();
    this.#stream.watch(this);
    return this.#waiting.promise;
  }

  giveUp(reason: unknown): void {
    this.#waiting?.reject(reason);
  }

  ready(events: number): void {
    this.told |= events;
    this.#stream.loop.stir();
    this.#waiting?.resolve();
  }

  turn(): void {}
}
