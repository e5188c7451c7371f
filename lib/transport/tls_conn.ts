import { closeQuietly } from "./close_on_abort.ts";
import type { Conn } from "./conn.ts";
import { ReadBuffer } from "./read_buffer.ts";

/** Milliseconds that what was written before a connection was closed has to reach the peer. */
const CLOSING_MS = 2_000;

/**
 * What is inside a peer's TLS. Bytes of the peer are carried, still encrypted, to and from the near end of a connection whose far end
 * takes TLS off them.
 */
export class TlsConn implements Conn {
  /** Resolves when the peer's connection is closed. */
  readonly done: Promise<void>;
  readonly #peer: Conn;
  readonly #near: Deno.TcpConn;
  readonly #inside: Deno.TlsConn;
  /** What broke the peer's connection. */
  #failure: unknown;
  #closed = false;
  #closing: ReturnType<typeof setTimeout> | undefined;

  /** Owns all three from now on. */
  constructor(peer: Conn, near: Deno.TcpConn, inside: Deno.TlsConn) {
    this.#peer = peer;
    this.#near = near;
    this.#inside = inside;
    near.setNoDelay(true);
    this.done = this.#carryAll();
  }

  async handshake(): Promise<void> {
    try {
      await this.#inside.handshake();
    } catch (error) {
      throw this.#failure ?? error;
    }
  }

  async read(buffer: Uint8Array): Promise<number | null> {
    try {
      const count = await this.#inside.read(buffer);
      if (count !== null || this.#failure === undefined) return count;
    } catch (error) {
      // Many a peer ends without saying so in TLS; what is inside knows for itself where it is complete.
      if (this.#failure === undefined && error instanceof Deno.errors.UnexpectedEof) return null;
      throw this.#failure ?? error;
    }
    throw this.#failure;
  }

  write(bytes: Uint8Array): Promise<number> {
    return this.#inside.write(bytes);
  }

  closeWrite(): Promise<void> {
    return this.#inside.closeWrite();
  }

  /** What was written before still has two seconds to reach the peer. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#inside.close();
    this.#closing = setTimeout(() => this.#breakOff(), CLOSING_MS);
    this.done.then(() => clearTimeout(this.#closing));
  }

  /** Closes the peer's connection at once; reading what is inside rejects with `reason`. {@linkcode close} is called nevertheless. */
  abort(reason: unknown): void {
    this.#failure ??= reason;
    this.#breakOff();
  }

  setNoDelay(on?: boolean): void {
    this.#peer.setNoDelay?.(on);
  }

  setKeepAlive(on?: boolean): void {
    this.#peer.setKeepAlive?.(on);
  }

  async #carryAll(): Promise<void> {
    await Promise.all([this.#carryIn(), this.#carryOut()]);
    this.#breakOff();
  }

  async #carryIn(): Promise<void> {
    try {
      await this.#carry(this.#peer, this.#near);
    } catch (error) {
      this.abort(error);
    }
  }

  async #carryOut(): Promise<void> {
    try {
      await this.#carry(this.#near, this.#peer);
    } catch (error) {
      this.abort(error);
    }
    if (this.#closed) this.#breakOff();
  }

  async #carry(from: Conn, to: Conn): Promise<void> {
    const buffer = new ReadBuffer();
    try {
      for (let count = await from.read(buffer.bytes); count !== null; count = await from.read(buffer.bytes)) {
        const bytes = buffer.bytes.subarray(0, count);
        for (let at = 0; at < count;) at += await to.write(bytes.subarray(at));
        buffer.adapt(count);
      }
      await to.closeWrite();
    } finally {
      buffer.release();
    }
  }

  #breakOff(): void {
    for (const conn of [this.#peer, this.#near]) closeQuietly(conn);
  }
}
