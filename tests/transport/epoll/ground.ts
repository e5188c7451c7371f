/** What tests of the epoll driver stand on. */
import { dialByEpoll } from "../../../lib/transport/epoll/epoll_dial.ts";
import type { EpollConn } from "../../../lib/transport/epoll/epoll_conn.ts";
import { EpollStream } from "../../../lib/transport/epoll/stream.ts";
import { Libc } from "../../../lib/transport/epoll/libc.ts";
import { EpollLoop } from "../../../lib/transport/epoll/loop.ts";

/** A loop, and connections between it and Deno's own sockets; all of them are closed with it. */
export class Ground implements AsyncDisposable {
  readonly libc = new Libc();
  /** What watchers have thrown. */
  readonly crashes: unknown[] = [];
  readonly loop = new EpollLoop(this.libc, (error) => this.crashes.push(error));
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #stack = new AsyncDisposableStack();

  constructor() {
    this.#stack.defer(() => this.loop.close());
    this.#stack.use(this.#listener);
  }

  /** Has `resource` closed before the loop. */
  use<T extends { close(): void }>(resource: T): T {
    this.#stack.defer(() => {
      try {
        resource.close();
      } catch {
        // The test has closed it.
      }
    });
    return resource;
  }

  /** A connection of the driver, and its peer. */
  async connect(): Promise<{ readonly conn: EpollConn; readonly peer: Deno.TcpConn }> {
    const { hostname: host, port } = this.#listener.addr;
    const address = { kind: "tcp", host, port } as const;
    const [conn, peer] = await Promise.all([
      dialByEpoll(this.libc, this.loop, address, new AbortController().signal, undefined),
      this.#listener.accept(),
    ]);
    return { conn: this.use(conn), peer: this.use(peer) };
  }

  /** As {@linkcode connect}, with the stream that the connection is made of. */
  async stream(): Promise<{ readonly stream: EpollStream; readonly peer: Deno.TcpConn }> {
    const { conn, peer } = await this.connect();
    return { stream: conn.detach().stream, peer };
  }

  /** Resolves when everything has been told that has happened by now. */
  async allTold(): Promise<void> {
    const { conn, peer } = await this.connect();
    await peer.write(Uint8Array.of(1));
    await conn.read(new Uint8Array(1));
    await new Promise<void>((resolve) => this.loop.schedule({ ready: () => {}, turn: resolve }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}

/** A watcher that does what the test wants. */
export function watcher(
  { ready = () => {}, turn = () => {} }: { ready?: (events: number) => void; turn?: () => void },
): { ready(events: number): void; turn(): void } {
  return { ready, turn };
}

/** Reads `count` bytes, or fewer where the stream ends before. */
export async function readBytes(conn: Pick<Deno.Conn, "read">, count: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(count);
  let at = 0;
  while (at < count) {
    const read = await conn.read(bytes.subarray(at));
    if (read === null) break;
    at += read;
  }
  return bytes.subarray(0, at);
}

/** `count` bytes of which no two pieces look the same. */
export function pattern(count: number, from = 0): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(count);
  for (let index = 0; index < count; index++) bytes[index] = Math.imul(from + index, 0x9e3779b1) >>> 24;
  return bytes;
}
