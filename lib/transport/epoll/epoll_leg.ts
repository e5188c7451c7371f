import { messageOf } from "../../error_message.ts";
import { CLOSING_MS, type LegEvents, type LegSocket, MAX_DISCARDED, type SuspendedLeg } from "../leg.ts";
import { Chatter } from "../chatter.ts";
import type { DetachedConn } from "./epoll_conn.ts";
import { HANGUP, READABLE, WRITABLE } from "./libc.ts";
import type { Watcher } from "./loop.ts";
import { Outflow } from "./outflow.ts";
import { Deadline, wakes } from "../wakes.ts";
import { type EpollStream, READ_SIZE } from "./stream.ts";

const NOTHING = new Uint8Array(0);
/** What all legs read into: whoever is told a chunk is done with it when the call returns. */
const buffer = new Uint8Array(READ_SIZE);
/** Views of the beginning of {@linkcode buffer} by their length, once each was needed. */
const chunks = new Array<Uint8Array | undefined>(4 << 10);

/** How far a leg has come with its end. */
class Ending {
  /** Whether the peer has been told that nothing more comes. */
  isTold = false;
  /** Whether what the peer still sends is discarded. */
  isClosing = false;
  /** Bytes. */
  discarded = 0;
  deadline: Deadline | undefined;
}

/** A leg over an {@linkcode EpollStream}: read when the kernel says so, written at once, without a promise or a copy where the peer keeps up. */
export class EpollLeg implements LegSocket, Watcher {
  readonly #stream: EpollStream;
  readonly #events: LegEvents;
  /** There while something waits to be written, or nothing can be any more. */
  #out: Outflow | undefined;
  /** By outflows before that. */
  #written = 0;
  #chatter: Chatter | undefined;
  /** What was read before there was a leg. */
  #unread: Uint8Array | undefined;
  /** Whether the kernel may have something to read, the end of the stream included. */
  #isReadable = false;
  /** Whether there may be more than what a short read took: the end, of which the kernel tells only once. */
  #isEndNear = false;
  #isScheduled = false;
  #isHeld = false;
  #isSuspended = false;
  /** Whether nothing is read any more. */
  #isOver = false;
  #isGone = false;
  /** There once nothing more is to be sent. */
  #ending: Ending | undefined;

  constructor({ stream, unread, isReadable }: DetachedConn, events: LegEvents) {
    this.#stream = stream;
    this.#unread = unread;
    this.#isReadable = isReadable;
    this.#events = events;
  }

  get holdsLent(): boolean {
    return false;
  }

  get pending(): number {
    return this.#out?.pending ?? 0;
  }

  get written(): number {
    return this.#written + (this.#out?.written ?? 0);
  }

  /** Whether nothing can be written any more. */
  get broken(): boolean {
    return this.#failure !== undefined || this.#isGone;
  }

  get closing(): boolean {
    return this.#ending !== undefined && this.#ending.isClosing;
  }

  start(): void {
    this.#stream.watch(this);
    if (this.#isReadable) this.#readToTheEnd();
    else if (this.#unread !== undefined) this.#schedule();
  }

  write(bytes: Uint8Array, lent: boolean): void {
    if (this.#ending !== undefined || this.broken) return;
    this.#out ??= Outflow.for(this.#stream);
    this.#out.add(bytes as Uint8Array<ArrayBuffer>, lent);
  }

  flush(): void {
    this.#writeOut();
    this.#afterWriting();
  }

  hold(): void {
    this.#isHeld = true;
  }

  resume(): void {
    this.#isHeld = false;
    if (this.#isReadable || this.#unread !== undefined) this.#schedule();
  }

  finish(): void {
    this.#ending ??= new Ending();
    this.flush();
  }

  close(): void {
    this.#discardRest();
    this.#unread = undefined;
    this.#isHeld = false;
    this.finish();
    if (this.#isReadable) this.#schedule();
  }

  abort(): void {
    this.#discardRest();
    this.#tellGone();
  }

  suspend(): SuspendedLeg | undefined {
    if (this.#isOver || this.#ending !== undefined || this.#unread !== undefined || this.broken) return undefined;
    const unsent = this.#out?.takeWaiting() ?? NOTHING;
    // Whatever was found broken is told as soon as it has been read to its end.
    if (this.broken) return undefined;
    this.#isSuspended = true;
    this.#stream.unwatch();
    return {
      descriptor: this.#stream.descriptor,
      websocket: false,
      unsent,
      resume: () => {
        this.#isSuspended = false;
        this.#isReadable = true;
        this.write(unsent, false);
        this.start();
      },
      release: () => {
        this.#isGone = true;
        this.#stream.close();
      },
    };
  }

  ready(events: number): void {
    if ((events & WRITABLE) !== 0 && this.pending > 0) {
      this.#writeOut();
      this.#afterWriting();
      if (this.pending === 0) this.#events.drained();
    }
    if ((events & READABLE) === 0) return;
    this.#isReadable = true;
    if ((events & HANGUP) !== 0) this.#isEndNear = true;
    if (!this.#isScheduled) this.#read();
  }

  turn(): void {
    this.#isScheduled = false;
    if (this.#unread !== undefined && !this.#isHeld && !this.closing) {
      const unread = this.#unread;
      this.#unread = undefined;
      this.#tell(unread, this.#stream.loop.now);
    }
    if (this.#isReadable) this.#read();
  }

  #discardRest(): void {
    this.#ending ??= new Ending();
    this.#ending.isClosing = true;
  }

  /** Why nothing can be written any more; `undefined` as long as it can. */
  get #failure(): string | undefined {
    return this.#out?.failure;
  }

  /** Writes as much as the kernel takes now. */
  #writeOut(): void {
    const out = this.#out;
    if (out === undefined) return;
    out.flush();
    if (out.pending > 0 || out.failure !== undefined) return;
    this.#written += out.written;
    this.#out = undefined;
    out.leave();
  }

  /** Reads once; where more may be there, the others have a turn first. */
  #read(): void {
    if (this.#isOver || this.#isGone || this.#isSuspended || (this.#isHeld && !this.closing)) return;
    if (this.#unread !== undefined) return this.#schedule();
    const result = this.#stream.read(buffer);
    if (typeof result !== "number") return this.#readNothing(result);
    // A short read empties the kernel's buffer: whatever comes later is told anew.
    if (result < READ_SIZE && !this.#isEndNear) this.#isReadable = false;
    else this.#schedule();
    if (this.#ending !== undefined && this.#ending.isClosing) return this.#discard(this.#ending, result);
    this.#tell(chunkOf(result), this.#stream.loop.now);
    this.#paceAfter(result);
  }

  #discard(ending: Ending, count: number): void {
    ending.discarded += count;
    if (ending.discarded > MAX_DISCARDED) this.#end(undefined);
  }

  #readNothing(result: "ended" | "later" | Error): void {
    if (result !== "later") this.#end(result === "ended" ? undefined : result.message);
    else if (this.#failure !== undefined) this.#end(undefined);
    else this.#isReadable = this.#isEndNear = false;
  }

  /** An error in what is told costs this connection and no other. */
  #tell(chunk: Uint8Array, readAt: number): void {
    try {
      this.#events.bytes(chunk, readAt);
    } catch (error) {
      this.#end(messageOf(error));
    }
  }

  #readToTheEnd(): void {
    this.#isReadable = true;
    this.#isEndNear = true;
    this.#schedule();
  }

  /** Nothing comes any more. What the peer had said before it broke the connection was read first. */
  #end(failure: string | undefined): void {
    this.#isOver = true;
    this.#isReadable = false;
    this.#stream.loop.stir();
    const cause = failure ?? this.#failure;
    if (this.closing) this.#afterWriting();
    else if (cause === undefined) this.#events.ended();
    else this.#events.failed(cause);
  }

  /** Many small pieces in quick succession are worth waiting for more of them. */
  #paceAfter(count: number): void {
    const { asked } = this.#events;
    if (asked === undefined) return;
    this.#chatter ??= new Chatter();
    if (this.#chatter.isQuick(count, asked, this.#stream.loop.now)) this.#stream.loop.doze();
  }

  /** Goes on with closing as far as the peer has taken what waited. */
  #afterWriting(): void {
    const ending = this.#ending;
    if (this.#failure !== undefined) this.#writeFailed(this.#failure);
    else if (ending !== undefined && !ending.isTold && this.pending === 0) {
      ending.isTold = true;
      // Where the peer has ended too, closing says it.
      if (!ending.isClosing || !this.#isOver) this.#stream.finish();
    }
    if (ending === undefined || !ending.isClosing) return;
    if (this.#failure !== undefined || (ending.isTold && this.#isOver)) this.#tellGone();
    else if (ending.isTold) this.#setDeadline(ending);
  }

  #setDeadline(ending: Ending): void {
    if (ending.deadline !== undefined) return;
    ending.deadline = new Deadline(() => this.#tellGone());
    wakes.set(ending.deadline, performance.now() + CLOSING_MS);
  }

  /** A peer that broke off may have said something before, which is read first. */
  #writeFailed(cause: string): void {
    if (this.closing || this.#isGone) return;
    if (!this.#isOver) return this.#readToTheEnd();
    this.#stream.loop.stir();
    queueMicrotask(() => {
      if (!this.closing) this.#events.failed(cause);
    });
  }

  #tellGone(): void {
    if (this.#isGone) return;
    this.#isGone = true;
    const deadline = this.#ending?.deadline;
    if (deadline !== undefined) wakes.set(deadline, Infinity);
    this.#stream.close();
    this.#out?.clear();
    this.#stream.loop.stir();
    queueMicrotask(() => this.#events.gone());
  }

  #schedule(): void {
    if (this.#isScheduled || this.#isGone) return;
    this.#isScheduled = true;
    this.#stream.loop.schedule(this);
  }
}

function chunkOf(size: number): Uint8Array {
  if (size >= chunks.length) return buffer.subarray(0, size);
  return chunks[size] ??= buffer.subarray(0, size);
}
