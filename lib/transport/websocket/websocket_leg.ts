import { type LegEvents, type LegSocket, MAX_DISCARDED, type SuspendedLeg } from "../leg.ts";
import { Deadline, wakes } from "../wakes.ts";
import { CLOSE_CODE } from "./frame.ts";
import type { FrameEnd, FrameReader } from "./frame_reader.ts";
import { closeFrame, dataFrames, type MaskSource, pongFrame } from "./frame_writer.ts";
import type { DetachedWebSocket } from "./websocket_conn.ts";

/** Milliseconds that the peer may take to close the connection behind our close frame, before the end is told. */
const CLOSING_MS = 1_000;

/**
 * A leg whose peer speaks in WebSocket frames, over one that knows nothing of them: between the driver and that leg, it is what each of
 * both takes for the other. What is read and written is what messages carry; pings are answered and never sent, as by {@linkcode WebSocketConn}.
 */
export class WebSocketLeg implements LegSocket, LegEvents {
  readonly #below: LegSocket;
  readonly #events: LegEvents;
  readonly #reader: FrameReader;
  readonly #nextMask: MaskSource;
  /** Payload that was read before there was a leg, and is to be told. */
  #unread: Uint8Array;
  /** What the next pong answers, which waits until the peer takes what was written before. */
  #ping: Uint8Array | undefined;
  /** Whether our close frame is written, which nothing may follow. */
  #isFinished = false;
  /** Set once the peer's frames have ended, until that is told. */
  #winding: Deadline | undefined;
  #discarded = 0;

  /** @param open Makes the leg below, which tells what it is given. */
  constructor(
    { reader, nextMask, unread }: DetachedWebSocket,
    events: LegEvents,
    open: (events: LegEvents) => LegSocket,
  ) {
    this.#reader = reader;
    this.#nextMask = nextMask;
    this.#unread = unread;
    this.#events = events;
    this.#below = open(this);
  }

  get pending(): number {
    return this.#below.pending;
  }

  get written(): number {
    return this.#below.written;
  }

  get holdsLent(): boolean {
    return this.#below.holdsLent;
  }

  get closing(): boolean {
    return this.#below.closing;
  }

  get asked(): number | undefined {
    return this.#events.asked;
  }

  start(): void {
    this.#below.start();
    if (this.#unread.length > 0) queueMicrotask(() => this.#tellUnread());
  }

  write(bytes: Uint8Array): void {
    if (bytes.length > 0 && !this.#isFinished) this.#below.write(dataFrames(bytes, this.#nextMask), false);
  }

  flush(): void {
    this.#below.flush();
  }

  hold(): void {
    this.#below.hold();
  }

  resume(): void {
    this.#below.resume();
  }

  finish(): void {
    this.#writeClose(CLOSE_CODE.normal);
    this.#below.finish();
  }

  close(): void {
    this.#writeClose(CLOSE_CODE.normal);
    this.#forgetEnd();
    this.#below.close();
  }

  abort(): void {
    this.#forgetEnd();
    this.#below.abort();
  }

  suspend(): SuspendedLeg | undefined {
    const isAtRest = this.#reader.isAtRest && this.#ping === undefined && this.#unread.length === 0;
    const suspended = isAtRest && !this.#isFinished ? this.#below.suspend?.() : undefined;
    return suspended && { ...suspended, websocket: true };
  }

  bytes(chunk: Uint8Array, readAt: number = performance.now()): void {
    if (this.#reader.end !== undefined) return this.#discard(chunk.length);
    const payload = this.#reader.feed(chunk, readAt);
    const ping = this.#reader.takePing();
    if (ping !== undefined) this.#answer(ping);
    if (payload > 0) this.#events.bytes(chunk.subarray(0, payload), readAt);
    if (this.#reader.end !== undefined && !this.closing) this.#windUp(this.#reader.end);
  }

  ended(): void {
    if (this.#winding === undefined) this.#events.ended();
    else this.#tellEnd();
  }

  failed(cause: string): void {
    if (this.#winding === undefined) this.#events.failed(cause);
    else this.#tellEnd();
  }

  drained(): void {
    const ping = this.#ping;
    this.#ping = undefined;
    if (ping !== undefined) this.#answer(ping);
    this.#events.drained();
  }

  gone(): void {
    this.#events.gone();
  }

  #tellUnread(): void {
    const unread = this.#unread;
    this.#unread = NOTHING;
    if (!this.closing) this.#events.bytes(unread);
  }

  /** Sends a pong. Of several that wait only the last is sent (RFC 6455 §5.5.3), so that a peer that does not read costs nothing. */
  #answer(ping: Uint8Array): void {
    if (this.#isFinished) return;
    if (this.pending > 0) {
      this.#ping = ping;
      return;
    }
    this.#below.write(pongFrame(ping, this.#nextMask), false);
    this.#below.flush();
  }

  #writeClose(code: number | undefined): void {
    if (!this.#isFinished) this.#below.write(closeFrame(code, this.#nextMask), false);
    this.#isFinished = true;
  }

  /**
   * Answers the end of the peer's frames, and waits until the peer has closed the connection behind that. Whoever is told about the end
   * may close it at once, which resets it where bytes are unread, and then the answer is lost.
   */
  #windUp({ code }: FrameEnd): void {
    this.#writeClose(code);
    this.#below.finish();
    this.#winding = new Deadline(() => this.#tellEnd());
    wakes.set(this.#winding, performance.now() + CLOSING_MS);
  }

  #discard(count: number): void {
    this.#discarded += count;
    if (this.#winding !== undefined && this.#discarded > MAX_DISCARDED) this.#tellEnd();
  }

  #tellEnd(): void {
    this.#forgetEnd();
    const { end } = this.#reader;
    if (end?.kind === "failed") this.#events.failed(`Cannot read the WebSocket: ${end.detail}`);
    else this.#events.ended();
  }

  #forgetEnd(): void {
    if (this.#winding !== undefined) wakes.set(this.#winding, Infinity);
    this.#winding = undefined;
  }
}

const NOTHING = new Uint8Array(0);
