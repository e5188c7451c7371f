/** Passing bytes on between two connections, so that what stands between a player and a server can be looked at. */
import { closeQuietly } from "../../lib/transport/close_on_abort.ts";
import { Listener } from "../../lib/transport/listener.ts";
import type { AcceptedConn, Conn } from "../../lib/transport/conn.ts";
import { writeAll } from "../../lib/transport/write_all.ts";

const READ_SIZE = 64 << 10;

/** A TCP connection to this process whose bytes go to `conn` and come from it. */
export async function tcpThrough(conn: Conn): Promise<Deno.TcpConn> {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const [near, far] = await Promise.all([Deno.connect({ port: listener.addr.port }), listener.accept()]);
  void splice(far, conn);
  return near;
}

/** Takes off what stands in front of Classic on an accepted connection; `undefined` where the peer ends before. */
export type TakeOff = (conn: AcceptedConn) => Promise<Conn | undefined>;

/** In front of a server: takes something off each connection and passes the rest on. */
export class Relay implements AsyncDisposable {
  /** Where it listens: `127.0.0.1:port`. */
  readonly address: string;
  readonly #listener: Listener;
  readonly #open = new Set<Conn>();
  readonly #passing = new Set<Promise<void>>();

  /** @param server Port of the server on 127.0.0.1. */
  constructor(server: number, takeOff: TakeOff) {
    this.#listener = new Listener("127.0.0.1", 0, {
      accepted: (conn) => {
        this.#accept(conn, server, takeOff);
        return 0;
      },
      missed: () => {},
      failed: (error) => {
        throw error;
      },
    }, { turn: () => Promise.resolve(), take: () => {} });
    this.address = `127.0.0.1:${this.#listener.address.port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#listener.close();
    for (const conn of this.#open) closeQuietly(conn);
    await Promise.all(this.#passing);
  }

  #accept(conn: AcceptedConn, server: number, takeOff: TakeOff): void {
    this.#open.add(conn);
    const passing = this.#pass(conn, server, takeOff).finally(() => {
      this.#passing.delete(passing);
      this.#open.delete(conn);
      closeQuietly(conn);
    });
    this.#passing.add(passing);
  }

  async #pass(conn: AcceptedConn, port: number, takeOff: TakeOff): Promise<void> {
    conn.setNoDelay?.();
    const rest = await takeOff(conn);
    if (rest !== undefined) await splice(rest, await Deno.connect({ port }));
  }
}

/** Passes everything on in both directions, and closes both connections when both have ended or one breaks. */
async function splice(one: Conn, other: Conn): Promise<void> {
  await Promise.all([pump(one, other), pump(other, one)]);
  closeQuietly(one);
  closeQuietly(other);
}

async function pump(from: Conn, to: Conn): Promise<void> {
  const buffer = new Uint8Array(READ_SIZE);
  try {
    for (let count = await from.read(buffer); count !== null; count = await from.read(buffer)) {
      await writeAll(to, buffer.subarray(0, count));
    }
    await to.closeWrite();
  } catch {
    closeQuietly(from);
    closeQuietly(to);
  }
}
