import type { Conn } from "../../../lib/transport/conn.ts";
import { writeAll } from "../../../lib/transport/write_all.ts";

/** Both ends of a TCP connection; closing either twice does no harm. */
export class TcpPair implements Disposable {
  readonly near: Deno.TcpConn;
  readonly far: Deno.TcpConn;

  private constructor(near: Deno.TcpConn, far: Deno.TcpConn) {
    this.near = near;
    this.far = far;
  }

  static async open(): Promise<TcpPair> {
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const [near, far] = await Promise.all([
      Deno.connect({ hostname: "127.0.0.1", port: listener.addr.port }),
      listener.accept(),
    ]);
    near.setNoDelay(true);
    far.setNoDelay(true);
    return new TcpPair(near, far);
  }

  [Symbol.dispose](): void {
    for (const conn of [this.near, this.far]) {
      try {
        conn.close();
      } catch {
        // The test closed it.
      }
    }
  }
}

/** Writes `bytes` in pieces of `size`, each in a segment of its own. */
export async function writePieces(conn: Conn, bytes: Uint8Array, size: number): Promise<void> {
  for (let at = 0; at < bytes.length; at += size) await writeAll(conn, bytes.subarray(at, at + size));
}

/** Reads exactly `length` bytes, or fewer when the other side ends. */
export async function readBytes(conn: Conn, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  let got = 0;
  while (got < length) {
    const count = await conn.read(bytes.subarray(got));
    if (count === null) break;
    got += count;
  }
  return bytes.subarray(0, got);
}

/** Reads up to the end of the other side. */
export async function readAll(conn: Conn): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  const buffer = new Uint8Array(64 << 10);
  for (let count = await conn.read(buffer); count !== null; count = await conn.read(buffer)) {
    parts.push(buffer.slice(0, count));
  }
  return new Uint8Array(await new Blob(parts.map((part) => part.slice())).arrayBuffer());
}
