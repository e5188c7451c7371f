/** Connecting to backends over epoll. */
import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import type { Address } from "../dial.ts";
import { type Ends, EpollConn } from "./epoll_conn.ts";
import { ADDRESS_SIZE, AF_UNIX, EAGAIN, EINPROGRESS, type Libc, SOCK_STREAM } from "./libc.ts";
import type { EpollLoop } from "./loop.ts";
import { familyOf, readSocketAddress, socketAddress, unixAddress } from "./socket_address.ts";
import { EpollStream } from "./stream.ts";
import { systemError } from "./system_error.ts";

/** Milliseconds until a Unix socket whose queue is full is tried again. */
const QUEUE_FULL_MS = 10;
const NO_ADDRESS: Deno.NetAddr = { transport: "tcp", hostname: "", port: 0 };

/** See `Sockets.dial`. */
export async function dialByEpoll(
  libc: Libc,
  loop: EpollLoop,
  address: Address,
  signal: AbortSignal,
  from: string | undefined,
): Promise<EpollConn> {
  if (address.kind === "unix") return await connect(libc, loop, unixAddress(address.path), signal, undefined);
  let failure: unknown;
  for (const ip of await resolve(address.host, signal)) {
    const target = socketAddress(ip, address.port);
    if (target === undefined) continue;
    try {
      return await connect(libc, loop, target, signal, from);
    } catch (error) {
      signal.throwIfAborted();
      failure = error;
    }
  }
  throw failure ?? new Deno.errors.NotFound(`Cannot connect: no address of ${address.host} is known`);
}

/** The addresses of a name, as the system looks them up. */
async function resolve(host: string, signal: AbortSignal): Promise<readonly string[]> {
  if (isIP(host) !== 0) return [host];
  const { promise: given, reject } = Promise.withResolvers<never>();
  const giveUp = (): void => reject(signal.reason);
  signal.throwIfAborted();
  signal.addEventListener("abort", giveUp, { once: true });
  try {
    const found = await Promise.race([lookup(host, { all: true }), given]);
    return found.map(({ address }) => address);
  } finally {
    signal.removeEventListener("abort", giveUp);
  }
}

async function connect(
  libc: Libc,
  loop: EpollLoop,
  address: Uint8Array<ArrayBuffer>,
  signal: AbortSignal,
  from: string | undefined,
): Promise<EpollConn> {
  signal.throwIfAborted();
  const family = familyOf(address);
  const descriptor = checked(libc, libc.socket(family, SOCK_STREAM));
  const stream = new EpollStream(libc, loop, descriptor);
  const close = (): void => stream.close();
  signal.addEventListener("abort", close);
  try {
    const source = from === undefined ? undefined : socketAddress(from, 0);
    if (source !== undefined) checked(libc, libc.bind(descriptor, source));
    await connected(libc, stream, address, signal);
    if (family !== AF_UNIX) libc.tune(descriptor);
    return new EpollConn(stream, () => endsOf(libc, stream.descriptor));
  } catch (error) {
    close();
    signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener("abort", close);
  }
}

async function connected(
  libc: Libc,
  stream: EpollStream,
  address: Uint8Array<ArrayBuffer>,
  signal: AbortSignal,
): Promise<void> {
  let begun = libc.connect(stream.descriptor, address);
  while (begun === -EAGAIN) {
    await new Promise((resolve) => setTimeout(resolve, QUEUE_FULL_MS));
    signal.throwIfAborted();
    begun = libc.connect(stream.descriptor, address);
  }
  if (begun === 0) return;
  if (begun !== -EINPROGRESS) throw systemError(-begun, libc.describe(-begun));
  const { promise, resolve } = Promise.withResolvers<void>();
  signal.addEventListener("abort", () => resolve(), { once: true });
  stream.watch({ ready: () => resolve(), turn: () => {} });
  await promise;
  signal.throwIfAborted();
  const failure = libc.failure(stream.descriptor);
  if (failure !== 0) throw systemError(failure, libc.describe(failure));
}

/** Both ends of a connection; without addresses where it has none. */
export function endsOf(libc: Libc, descriptor: number): Ends {
  const [local, remote] = [new Uint8Array(ADDRESS_SIZE), new Uint8Array(ADDRESS_SIZE)];
  const known = libc.ownAddress(descriptor, local) >= 0 && libc.peerAddress(descriptor, remote) >= 0;
  if (!known) return { local: NO_ADDRESS, remote: NO_ADDRESS };
  return { local: readSocketAddress(local), remote: readSocketAddress(remote) };
}

function checked(libc: Libc, result: number): number {
  if (result < 0) throw systemError(-result, libc.describe(-result));
  return result;
}
