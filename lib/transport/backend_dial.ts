/** Connecting to backends, so that they learn on whose behalf. */
import type { Address } from "./dial.ts";
import type { LoopbackAddresses } from "./loopback_addresses.ts";
import { type Endpoint, writeProxyHeader } from "./proxy_protocol.ts";
import type { Conn } from "./conn.ts";
import { closeOnAbort, closeQuietly } from "./close_on_abort.ts";
import type { Sockets } from "./sockets.ts";
import { dialWebSocket } from "./websocket/client_handshake.ts";
import { writeAll } from "./write_all.ts";

/** Where a backend is, and how it hears of a player's address. */
export interface BackendTarget {
  readonly address: Address;
  readonly forwardIp: "off" | "websocket" | "loopback" | "proxy-v2";
}

/** A player on whose behalf backends are dialled. Their loopback address stays the same until they are gone. */
export class Caller {
  readonly name: string;
  /** Both ends of the player's connection to the edge, as far as the edge knows. */
  readonly source: Endpoint;
  readonly destination: Endpoint;
  readonly #loopbacks: LoopbackAddresses;
  #lease: ReturnType<LoopbackAddresses["take"]>;

  constructor(name: string, source: Endpoint, destination: Endpoint, loopbacks: LoopbackAddresses) {
    this.name = name;
    this.source = source;
    this.destination = destination;
    this.#loopbacks = loopbacks;
  }

  /** The address 127.x.y.z that stands for the player; `undefined` where there are more players than such addresses. */
  get loopback(): string | undefined {
    this.#lease ??= this.#loopbacks.take(this.name);
    return this.#lease?.address;
  }

  /** Gives the loopback address back. */
  leave(): void {
    this.#lease?.release();
  }
}

/**
 * Connects to a backend and says who calls. The caller of this function holds the deadline; `signal` gives up.
 *
 * @param caller `undefined` for the edge's own checks.
 */
export async function dialBackend(
  sockets: Pick<Sockets, "dial">,
  { address, forwardIp }: BackendTarget,
  caller: Caller | undefined,
  signal: AbortSignal,
): Promise<Conn> {
  switch (forwardIp) {
    case "off":
      return await sockets.dial(address, signal);
    case "websocket": {
      const host = address.kind === "unix" ? "localhost" : hostHeader(address);
      const conn = await sockets.dial(address, signal);
      return await dialWebSocket(conn, { host, ...caller && { realIp: caller.source.address } }, signal);
    }
    case "loopback": {
      return await sockets.dial(address, signal, address.kind === "unix" ? undefined : caller?.loopback);
    }
    case "proxy-v2": {
      const conn = await sockets.dial(address, signal);
      try {
        await closeOnAbort(conn, signal, () => writeAll(conn, writeProxyHeader(caller)));
      } catch (error) {
        closeQuietly(conn);
        signal.throwIfAborted();
        throw error;
      }
      return conn;
    }
  }
}

function hostHeader({ host, port }: Address & { readonly kind: "tcp" }): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}
