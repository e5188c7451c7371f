import {
  CLOSE_CODE,
  FINAL,
  LENGTH_IN_2,
  LENGTH_IN_8,
  MASKED,
  MAX_CONTROL_PAYLOAD,
  OPCODE,
  type Role,
} from "./frame.ts";

/** Bytes of payload that a frame may carry. */
const MAX_PAYLOAD = 64 << 10;
/** Frames in one window that may bring nothing to read: pings and other control frames, and frames without payload. */
export const MAX_IDLE_FRAMES = 2_000;
/** Milliseconds of a window, which begins with the first chunk after the one before. */
export const IDLE_WINDOW_MS = 1_000;

/** How the peer's frames ended. */
export type FrameEnd =
  /** A close frame came, with its code if it has one. */
  | { readonly kind: "closed"; readonly code: number | undefined }
  /** The peer broke a rule; `code` is what to close with. */
  | { readonly kind: "failed"; readonly code: number; readonly detail: string };

const MAX_HEADER_SIZE = 14;
const RESERVED_BITS = 0x70;
const CONTROL_BIT = 0x08;
const NOTHING = new Uint8Array(0);

/**
 * Takes the frames off a byte stream that arrives in chunks of any size. Text and binary messages are the same stream of bytes, and
 * where one message or frame ends means nothing.
 */
export class FrameReader {
  readonly #expectsMask: boolean;
  readonly #header = new Uint8Array(MAX_HEADER_SIZE);
  #headerLength = 0;
  #headerSize = 2;
  /** Where in the header the mask is, and how many bytes of it have been used modulo 4. */
  #maskAt = 0;
  #maskPhase = 0;
  /** Bytes of the current frame's payload still to come; 0 while a header is awaited. */
  #left = 0;
  #control: Uint8Array = NOTHING;
  #isControl = false;
  #isInMessage = false;
  #ping: Uint8Array | undefined;
  #windowStart = -Infinity;
  #idleFrames = 0;
  #end: FrameEnd | undefined;

  /** @param role Which end reads: a server expects masked frames, a client unmasked ones. */
  constructor(role: Role) {
    this.#expectsMask = role === "server";
  }

  /** Set once nothing more will be read; what comes behind is ignored. */
  get end(): FrameEnd | undefined {
    return this.#end;
  }

  /** Whether another reader could go on behind what was read: no frame, message or answer is under way. */
  get isAtRest(): boolean {
    const isBetween = this.#left === 0 && this.#headerLength === 0 && !this.#isInMessage;
    return isBetween && this.#ping === undefined && this.#end === undefined;
  }

  /** The payload of the latest ping since the last call, if there was one. */
  takePing(): Uint8Array | undefined {
    const ping = this.#ping;
    this.#ping = undefined;
    return ping;
  }

  /**
   * Takes the next chunk, moves the payload in it to its front, unmasked, and returns how many bytes that is.
   *
   * @param now Milliseconds of any clock that never goes back.
   */
  feed(chunk: Uint8Array, now: number): number {
    if (now - this.#windowStart >= IDLE_WINDOW_MS) {
      this.#windowStart = now;
      this.#idleFrames = 0;
    }
    let from = 0;
    let to = 0;
    while (from < chunk.length && this.#end === undefined) {
      if (this.#left === 0) {
        from = this.#readHeader(chunk, from);
        continue;
      }
      const count = Math.min(this.#left, chunk.length - from);
      if (this.#isControl) {
        this.#unmask(chunk, from, this.#control, this.#control.length - this.#left, count);
      } else {
        this.#unmask(chunk, from, chunk, to, count);
        to += count;
      }
      from += count;
      this.#left -= count;
      if (this.#left === 0 && this.#isControl) this.#finishControl();
    }
    return to;
  }

  #readHeader(chunk: Uint8Array, from: number): number {
    let at = from;
    while (at < chunk.length) {
      this.#header[this.#headerLength++] = chunk[at++] ?? 0;
      if (this.#headerLength === 2 && !this.#measureHeader()) break;
      if (this.#headerLength === this.#headerSize) {
        this.#begin();
        break;
      }
    }
    return at;
  }

  /** Checks the first two bytes of a header and learns from them how long it is. */
  #measureHeader(): boolean {
    const [first = 0, second = 0] = this.#header;
    const opcode = first & 0x0f;
    const length = second & 0x7f;
    const isMasked = (second & MASKED) !== 0;
    const isControl = (opcode & CONTROL_BIT) !== 0;
    const isStart = opcode === OPCODE.text || opcode === OPCODE.binary;
    if ((first & RESERVED_BITS) !== 0) return this.#fail("a reserved bit is set");
    if (isMasked !== this.#expectsMask) return this.#fail(`a frame is ${isMasked ? "" : "not "}masked`);
    if (isControl) {
      if (opcode > OPCODE.pong) return this.#fail(`opcode ${opcode} is unknown`);
      if ((first & FINAL) === 0) return this.#fail("a control frame is fragmented");
      if (length > MAX_CONTROL_PAYLOAD) return this.#fail("a control frame is too long");
    } else {
      if (!isStart && opcode !== OPCODE.continuation) return this.#fail(`opcode ${opcode} is unknown`);
      if (isStart && this.#isInMessage) return this.#fail("a message starts inside another one");
      if (!isStart && !this.#isInMessage) return this.#fail("a continuation continues no message");
      this.#isInMessage = (first & FINAL) === 0;
    }
    this.#isControl = isControl;
    this.#maskAt = 2 + (length === LENGTH_IN_2 ? 2 : length === LENGTH_IN_8 ? 8 : 0);
    this.#headerSize = this.#maskAt + (isMasked ? 4 : 0);
    return true;
  }

  /** Begins the frame whose header is whole. */
  #begin(): void {
    this.#headerLength = 0;
    this.#headerSize = 2;
    this.#maskPhase = 0;
    const length = this.#payloadLength();
    if (length === undefined) return;
    // Whoever reads the payload, and so limits what a peer may send, never sees these.
    if ((this.#isControl || length === 0) && ++this.#idleFrames > MAX_IDLE_FRAMES) {
      this.#fail(`more than ${MAX_IDLE_FRAMES} frames a second bring nothing`, CLOSE_CODE.policy);
      return;
    }
    this.#left = length;
    if (!this.#isControl) return;
    this.#control = length === 0 ? NOTHING : new Uint8Array(length);
    if (length === 0) this.#finishControl();
  }

  #payloadLength(): number | undefined {
    const short = (this.#header[1] ?? 0) & 0x7f;
    if (short < LENGTH_IN_2) return short;
    let length = 0;
    for (let at = 2; at < this.#maskAt; at++) length = length * 256 + (this.#header[at] ?? 0);
    if (length < (short === LENGTH_IN_2 ? LENGTH_IN_2 : 0x1_0000)) {
      this.#fail("a length takes more bytes than it needs");
    } else if (length >= 2 ** 63) this.#fail("a length has its highest bit set");
    else if (length > MAX_PAYLOAD) this.#fail(`a frame has ${length} bytes`, CLOSE_CODE.tooLarge);
    else return length;
    return undefined;
  }

  #unmask(source: Uint8Array, from: number, target: Uint8Array, to: number, count: number): void {
    if (!this.#expectsMask) {
      if (source === target) target.copyWithin(to, from, from + count);
      else target.set(source.subarray(from, from + count), to);
      return;
    }
    const header = this.#header;
    const maskAt = this.#maskAt;
    const phase = this.#maskPhase;
    for (let i = 0; i < count; i++) {
      target[to + i] = (source[from + i] ?? 0) ^ (header[maskAt + (phase + i & 3)] ?? 0);
    }
    this.#maskPhase = phase + count & 3;
  }

  #finishControl(): void {
    const payload = this.#control;
    this.#control = NOTHING;
    const opcode = (this.#header[0] ?? 0) & 0x0f;
    if (opcode === OPCODE.ping) this.#ping = payload;
    else if (opcode === OPCODE.close) this.#close(payload);
  }

  #close(payload: Uint8Array): void {
    const [high, low] = payload;
    if (high === undefined) {
      this.#end = { kind: "closed", code: undefined };
    } else if (low === undefined) {
      this.#fail("a close code has one byte");
    } else {
      const code = high << 8 | low;
      if (isCloseCode(code)) this.#end = { kind: "closed", code };
      else this.#fail(`close code ${code} must not be sent`);
    }
  }

  #fail(detail: string, code: number = CLOSE_CODE.protocolError): false {
    this.#end = { kind: "failed", code, detail };
    return false;
  }
}

/** Whether a close frame may carry `code`: RFC 6455 §7.4, and what was registered since. */
function isCloseCode(code: number): boolean {
  if (code >= 3000) return code < 5000;
  return code >= 1000 && code <= 1014 && code !== 1004 && code !== 1005 && code !== 1006;
}
