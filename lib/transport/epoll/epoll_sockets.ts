import type { Conn } from "../conn.ts";
import type { Address } from "../dial.ts";
import type { LegEvents, LegSocket } from "../leg.ts";
import type { Pace } from "../pacer.ts";
import type { Acceptor, Sockets } from "../sockets.ts";
import { AwaitedLeg } from "./awaited_leg.ts";
import { EpollAcceptor } from "./epoll_acceptor.ts";
import { EpollConn } from "./epoll_conn.ts";
import { dialByEpoll } from "./epoll_dial.ts";
import { EpollLeg } from "./epoll_leg.ts";
import { Libc } from "./libc.ts";
import { EpollLoop } from "./loop.ts";
import { InheritedStream } from "./stream.ts";
import { WebSocketConn } from "../websocket/websocket_conn.ts";
import { WebSocketLeg } from "../websocket/websocket_leg.ts";

/** Sockets by system calls, one epoll loop for all of them. What comes through TLS is read and written by asking, as in Deno's. */
export class EpollSockets implements Sockets {
  readonly driver = "epoll";
  readonly #libc: Libc;
  readonly #loop: EpollLoop;
  readonly inherited: NonNullable<Sockets["inherited"]> = {
    acceptor: (descriptor) => new EpollAcceptor(this.#libc, this.#loop, descriptor),
    conn: (descriptor) => new EpollConn(new InheritedStream(this.#loop, descriptor)),
    close: (descriptor) => this.#libc.close(descriptor),
  };

  /**
   * @param crashed Told about an error in what is told by the loop.
   * @throws {Error} where libc cannot be loaded, or the kernel refuses
   */
  constructor(crashed: (error: unknown) => void) {
    this.#libc = new Libc();
    this.#loop = new EpollLoop(this.#libc, crashed);
  }

  listen(hostname: string, port: number): Acceptor {
    return EpollAcceptor.listen(this.#libc, this.#loop, hostname, port);
  }

  dial(address: Address, signal: AbortSignal, from?: string): Promise<Conn> {
    return dialByEpoll(this.#libc, this.#loop, address, signal, from);
  }

  readonly openLeg = (conn: Conn, events: LegEvents, pace: Pace): LegSocket => {
    if (conn instanceof EpollConn) return new EpollLeg(conn.detach(), events);
    return openWebSocket(conn, events) ?? new AwaitedLeg(conn, events, pace, this.#loop);
  };

  close(): Promise<void> {
    return this.#loop.close();
  }
}

/** `undefined` for what is no WebSocket, or one over something else. */
function openWebSocket(conn: Conn, events: LegEvents): WebSocketLeg | undefined {
  if (!(conn instanceof WebSocketConn)) return undefined;
  const { inner } = conn;
  if (!(inner instanceof EpollConn)) return undefined;
  const websocket = conn.detach();
  return websocket && new WebSocketLeg(websocket, events, (events) => new EpollLeg(inner.detach(), events));
}
