// @ts-types="../../../types/std_bytes_concat.d.ts"
import { concat } from "@std/bytes/concat";
import type { Conn } from "../conn.ts";
import { CLOSE_CODE, type Role } from "./frame.ts";
import { type FrameEnd, FrameReader } from "./frame_reader.ts";
import { closeFrame, dataFrames, type MaskSource, MAX_SENT_PAYLOAD, pongFrame } from "./frame_writer.ts";
import { writeAll } from "../write_all.ts";

/** How a WebSocket goes on. */
export interface DetachedWebSocket {
  readonly reader: FrameReader;
  readonly nextMask: MaskSource;
  /** Payload that was read and given back. */
  readonly unread: Uint8Array;
}

const NOTHING = new Uint8Array(0);
/** Bytes that are framed at once: more than a whole read buffer of a leg, so that one becomes one write. */
const MAX_FRAMED = 2 * MAX_SENT_PAYLOAD;
/** Milliseconds that our close frame may take to reach the peer, and the peer to close the connection, before the end is told. */
const CLOSING_MS = 1000;
/** Bytes that are still read from a peer meanwhile. */
const MAX_DISCARDED = 1 << 20;
const DISCARDED_AT_ONCE = 16 << 10;

/**
 * A WebSocket whose handshake is over, as a connection: what its peer's messages carry is what is read, what is written becomes
 * binary messages (RFC 6455). Pings are answered and never sent: MCGalaxy closes on them (protocol.md §8).
 */
export class WebSocketConn implements Conn {
  /** The connection behind the handshake. */
  readonly inner: Conn;
  readonly #reader: FrameReader;
  readonly #nextMask: MaskSource;
  /** Payload that was given back. */
  #unread: Uint8Array = NOTHING;
  /** Resolves when everything sent so far has left: a frame never starts inside another one. */
  #sending: Promise<void> = Promise.resolve();
  /** Frames on their way. */
  #underWay = 0;
  /** What the pong that waits to be sent answers. */
  #ping: Uint8Array | undefined;
  /** Resolves when our close frame has left, or could not. */
  #closing: Promise<void> | undefined;
  /** Resolves when whoever reads may be told about the end. */
  #windingUp: Promise<void> | undefined;

  /** @param inner Closed by this one. */
  constructor(inner: Conn, role: Role) {
    this.inner = inner;
    this.#reader = new FrameReader(role);
    this.#nextMask = role === "client" ? randomMask : undefined;
  }

  /**
   * Reads what the next messages carry. `null` when the peer closed the WebSocket or the connection.
   *
   * Throws when the peer broke a rule of the protocol, after closing with the code for it. That, and the answer to a close frame, are
   * given about a second to arrive.
   */
  async read(buffer: Uint8Array): Promise<number | null> {
    if (buffer.length === 0) return 0;
    if (this.#unread.length > 0) {
      const taken = this.#unread.subarray(0, buffer.length);
      buffer.set(taken);
      this.#unread = this.#unread.subarray(taken.length);
      return taken.length;
    }
    while (this.#reader.end === undefined) {
      const count = await this.inner.read(buffer);
      if (count === null) return null;
      const payload = this.#reader.feed(buffer.subarray(0, count), performance.now());
      this.#answer();
      if (payload > 0) return payload;
    }
    return await this.#finish(this.#reader.end);
  }

  /** Sends all of `bytes`, which are needed until this resolves. Once the WebSocket is closing, they are lost. */
  async write(bytes: Uint8Array): Promise<number> {
    for (let at = 0; at < bytes.length && this.#closing === undefined; at += MAX_FRAMED) {
      await this.#send(() => dataFrames(bytes.subarray(at, at + MAX_FRAMED), this.#nextMask));
    }
    return bytes.length;
  }

  /** Closes the WebSocket behind what was written, and this direction of the connection. */
  async closeWrite(): Promise<void> {
    await this.#close(CLOSE_CODE.normal);
    await this.inner.closeWrite();
  }

  close(): void {
    this.inner.close();
  }

  unread(bytes: Uint8Array): void {
    this.#unread = concat([bytes, this.#unread]);
  }

  /** Has somebody else go on with {@linkcode inner}; the WebSocket must not be used any more. `undefined` where it is in the middle of saying something. */
  detach(): DetachedWebSocket | undefined {
    if (this.#underWay > 0 || this.#closing !== undefined) return undefined;
    return { reader: this.#reader, nextMask: this.#nextMask, unread: this.#unread };
  }

  setNoDelay(on?: boolean): void {
    this.inner.setNoDelay?.(on);
  }

  setKeepAlive(on?: boolean): void {
    this.inner.setKeepAlive?.(on);
  }

  /** Answers what the reader found besides payload. */
  #answer(): void {
    const ping = this.#reader.takePing();
    if (ping !== undefined) this.#pong(ping);
    const { end } = this.#reader;
    if (end !== undefined) this.#close(end.code);
  }

  /** Sends a pong. Of several that wait only the last is sent (RFC 6455 §5.5.3), so that a peer that does not read costs nothing. */
  #pong(ping: Uint8Array): void {
    if (this.#closing !== undefined) return;
    const isWaiting = this.#ping !== undefined;
    this.#ping = ping;
    if (isWaiting) return;
    this.#send(() => {
      const latest = this.#ping ?? ping;
      this.#ping = undefined;
      return pongFrame(latest, this.#nextMask);
    }).catch(ignoreFailure);
  }

  #close(code: number | undefined): Promise<void> {
    this.#closing ??= this.#send(() => closeFrame(code, this.#nextMask)).catch(ignoreFailure);
    return this.#closing;
  }

  /** Writes frames behind all that is being sent; they are made when it is their turn. */
  #send(frames: () => Uint8Array): Promise<void> {
    this.#underWay++;
    const sent = this.#sending.then(() => writeAll(this.inner, frames())).finally(() => this.#underWay--);
    this.#sending = sent.catch(ignoreFailure);
    return sent;
  }

  async #finish(end: FrameEnd): Promise<null> {
    this.#windingUp ??= within(CLOSING_MS, this.#windUp().catch(ignoreFailure));
    await this.#windingUp;
    if (end.kind === "failed") throw new Error(`Cannot read the WebSocket: ${end.detail}`);
    return null;
  }

  /**
   * Waits until the peer has closed the connection behind our close frame. Whoever is told about the end may close it at once, which
   * resets it where bytes are unread, and then the frame is lost.
   */
  async #windUp(): Promise<void> {
    await this.#closing;
    await this.inner.closeWrite();
    // Not the caller's buffer, which has another use as soon as time is up.
    const buffer = new Uint8Array(DISCARDED_AT_ONCE);
    for (let discarded = 0; discarded < MAX_DISCARDED;) {
      const count = await this.inner.read(buffer);
      if (count === null) return;
      discarded += count;
    }
  }
}

/** Resolves with `done`, or when it takes longer than `ms`. */
async function within(ms: number, done: Promise<void>): Promise<void> {
  const late = Promise.withResolvers<void>();
  const timer = setTimeout(late.resolve, ms);
  await Promise.race([done, late.promise]);
  clearTimeout(timer);
}

function randomMask(): number {
  return Math.random() * 2 ** 32 >>> 0;
}

/** The next read or write of the connection fails too, and tells. */
function ignoreFailure(): void {}
