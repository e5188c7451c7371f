import type { Conn } from "./conn.ts";

/** A connection of which too much was read: gives `prefix` again, then goes on with what `inner` reads. */
export class PrefixedConn implements Conn {
  readonly #inner: Conn;
  #prefix: Uint8Array;

  /** @param prefix The bytes that were read from `inner` and not used; held until they are read. */
  constructor(inner: Conn, prefix: Uint8Array) {
    this.#inner = inner;
    this.#prefix = prefix;
  }

  read(buffer: Uint8Array): Promise<number | null> {
    if (this.#prefix.length === 0) return this.#inner.read(buffer);
    const taken = this.#prefix.subarray(0, buffer.length);
    buffer.set(taken);
    const rest = this.#prefix.subarray(taken.length);
    this.#prefix = rest.length === 0 ? NOTHING : rest;
    return Promise.resolve(taken.length);
  }

  write(bytes: Uint8Array): Promise<number> {
    return this.#inner.write(bytes);
  }

  closeWrite(): Promise<void> {
    return this.#inner.closeWrite();
  }

  close(): void {
    this.#inner.close();
  }

  setNoDelay(on?: boolean): void {
    this.#inner.setNoDelay?.(on);
  }

  setKeepAlive(on?: boolean): void {
    this.#inner.setKeepAlive?.(on);
  }
}

/** `conn` as it was before `bytes` were read from it. */
export function withPrefix(conn: Conn, bytes: Uint8Array): Conn {
  if (bytes.length === 0) return conn;
  if (conn.unread === undefined) return new PrefixedConn(conn, bytes);
  conn.unread(bytes);
  return conn;
}

/** Stands for a used-up prefix, whose buffer must not be kept for as long as the connection lives. */
const NOTHING = new Uint8Array(0);
