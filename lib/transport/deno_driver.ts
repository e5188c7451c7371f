/** Runs one session on Deno's own sockets: one read loop per leg, and back-pressure between them. */
import { CLIENT, type Closing, type Leg, type SessionEvent, type SessionPort } from "../session/port.ts";
import type { Session } from "../session/session.ts";
import { type Pace, Pacer } from "./pacer.ts";
import { ReadBuffer } from "./read_buffer.ts";
import { type Conn, Socket } from "./socket.ts";
import type { Turnstile } from "./turnstile.ts";

/** What a driver is given for its session. */
export interface DenoDriverOptions {
  /** Connects to the backend of that name; `signal` gives up. */
  dial(backend: string, signal: AbortSignal): Promise<Conn>;
  /** Told about everything the session emits. */
  emit(event: SessionEvent): void;
  /** Told about an error in the session's own code, which ends the session. */
  crashed(error: unknown): void;
  readonly pace: Pace;
  /** Where all backend legs of the process that end go through. */
  readonly exit: Pick<Turnstile, "pass">;
  /** Bytes that may wait for a leg before the other legs are not read any more. */
  readonly softLimit: number;
  /** Bytes that may wait for a leg before the session ends. */
  readonly hardLimit: number;
}

/** The part of a beat that one backend leg takes which ends. */
const END_SHARE = 1 / 8;
/** Bytes a peer may still send to a leg that is closing. */
const MAX_DISCARDED = 1 << 20;

interface OpenLeg {
  readonly socket: Socket;
  reading: Promise<void>;
  discarding: boolean;
  /** Whether it is not read because what it sent before still waits for another leg. */
  heldBack: boolean;
  /** Bytes written when something was last seen to wait, for {@linkcode DenoDriver.checkProgress}. */
  waitingAt: number | undefined;
}

/** A leg whose connection is not there yet; aborting gives it up. */
type Dialling = AbortController;

/** See the file's first line. Create it, create the session with it, then {@linkcode start}. */
export class DenoDriver implements SessionPort {
  readonly #options: DenoDriverOptions;
  readonly #legs = new Map<Leg, OpenLeg | Dialling>();
  #session: Session | undefined;
  #lent: ArrayBufferLike | undefined;
  /** When the chunk was read that the session is looking at: asking the clock again costs more than most packets. */
  #readAt: number | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Counts what came from the client, so that a backend which only answers does not count as quick. */
  #clientReads = 0;

  constructor(options: DenoDriverOptions) {
    this.#options = options;
  }

  /** Takes over the client's connection, and lives until the session's last leg is closed. */
  start(session: Session, conn: Conn): void {
    this.#session = session;
    this.#open(CLIENT, conn);
  }

  now(): number {
    return this.#readAt ?? performance.now();
  }

  write(leg: Leg, bytes: Uint8Array): void {
    const open = this.#legs.get(leg);
    if (open === undefined || open instanceof AbortController) return;
    open.socket.enqueue(bytes, bytes.buffer === this.#lent);
  }

  dial(leg: Leg, backend: string): void {
    const dialling = new AbortController();
    this.#legs.set(leg, dialling);
    this.#options.dial(backend, dialling.signal).then(
      (conn) => this.#dialled(leg, conn),
      (error) => this.#call((session) => this.#fail(session, leg, messageOf(error))),
    );
  }

  close(leg: Leg, how: Closing): void {
    const open = this.#legs.get(leg);
    if (open === undefined) return;
    if (open instanceof AbortController) {
      open.abort();
      this.#gone(leg);
    } else if (how === "half") {
      open.socket.finish();
    } else {
      open.discarding = true;
      if (how === "abort") open.socket.abort();
      const closed = how === "abort" ? open.reading : open.socket.drain(open.reading);
      closed.then(() => this.#gone(leg));
    }
  }

  heldBack(leg: Leg): boolean {
    const open = this.#legs.get(leg);
    return open !== undefined && !(open instanceof AbortController) && open.heldBack;
  }

  wake(time: number): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (time === Infinity) return;
    this.#timer = setTimeout(() => this.#call((session) => session.tick()), Math.max(0, Math.ceil(time - this.now())));
  }

  emit(event: SessionEvent): void {
    this.#options.emit(event);
  }

  /** Bytes that wait to be written, over all legs. */
  get pending(): number {
    let bytes = 0;
    for (const open of this.#legs.values()) if (!(open instanceof AbortController)) bytes += open.socket.pending;
    return bytes;
  }

  /** Tells the session something from outside, and carries out what it makes of it. */
  tell<R>(change: (session: Session) => R): R | undefined {
    let result: R | undefined;
    this.#call((session) => {
      result = change(session);
    });
    return result;
  }

  /** Breaks every leg for which something has been waiting since the last call and whose peer has taken nothing of it. */
  checkProgress(): void {
    for (const [leg, open] of this.#legs) {
      if (open instanceof AbortController) continue;
      const { socket } = open;
      const stuck = socket.pending > 0 && socket.written === open.waitingAt;
      open.waitingAt = socket.pending > 0 ? socket.written : undefined;
      if (stuck && open.discarding) socket.abort();
      else if (stuck) this.#call((session) => this.#fail(session, leg, "the peer takes no more bytes"));
    }
  }

  /** Closes every leg at once, whatever still waits for its peer. */
  abort(): void {
    for (const leg of this.#legs.keys()) this.close(leg, "abort");
  }

  #open(leg: Leg, conn: Conn): void {
    const socket = new Socket(conn, (cause) => {
      // A peer that broke off may have said something before, which is still to be read.
      open.reading.then(() => this.#call((session) => this.#fail(session, leg, cause)));
    });
    const open: OpenLeg = {
      socket,
      reading: Promise.resolve(),
      discarding: false,
      heldBack: false,
      waitingAt: undefined,
    };
    this.#legs.set(leg, open);
    open.reading = this.#read(leg, open);
  }

  #dialled(leg: Leg, conn: Conn): void {
    if (!this.#legs.has(leg)) {
      conn.close();
      return;
    }
    this.#open(leg, conn);
    this.#call((session) => session.opened(leg));
  }

  #fail(session: Session, leg: Leg, cause: string): void {
    const open = this.#legs.get(leg);
    if (open === undefined || (!(open instanceof AbortController) && open.discarding)) return;
    session.failed(leg, cause);
    this.close(leg, "abort");
  }

  #gone(leg: Leg): void {
    if (!this.#legs.delete(leg)) return;
    if (this.#legs.size === 0) this.wake(Infinity);
    this.#call((session) => session.gone(leg));
  }

  async #read(leg: Leg, open: OpenLeg): Promise<void> {
    const buffer = new ReadBuffer();
    const pacer = new Pacer(this.#options.pace);
    let discarded = 0;
    try {
      while (discarded <= MAX_DISCARDED) {
        const count = await open.socket.conn.read(buffer.bytes);
        if (count === null) {
          if (leg !== CLIENT && !open.discarding) await this.#options.exit.pass(END_SHARE);
          if (!open.discarding && !open.socket.broken) this.#call((session) => session.eof(leg));
          return;
        }
        if (open.discarding) {
          discarded += count;
          continue;
        }
        const readAt = performance.now();
        const blocked = this.#deliver(leg, buffer.bytes.subarray(0, count), readAt);
        if (blocked !== undefined) {
          open.heldBack = true;
          await blocked;
          open.heldBack = false;
        }
        const pause = pacer.pauseAfter(count, leg === CLIENT ? undefined : this.#clientReads, readAt);
        if (pause !== undefined) await pause;
        buffer.adapt(count);
      }
    } catch (error) {
      if (leg !== CLIENT && !open.discarding) await this.#options.exit.pass(END_SHARE);
      this.#call((session) => this.#fail(session, leg, messageOf(error)));
    } finally {
      buffer.release();
    }
  }

  /** Hands a chunk to the session. Returns what to wait for before the leg is read again, if anything. */
  #deliver(leg: Leg, chunk: Uint8Array, readAt: number): Promise<void> | undefined {
    if (leg === CLIENT) this.#clientReads++;
    this.#lent = chunk.buffer;
    this.#readAt = readAt;
    try {
      this.#session?.bytes(leg, chunk);
    } catch (error) {
      this.#crash(error);
    }
    this.#lent = undefined;
    this.#readAt = undefined;
    return this.#flush(leg);
  }

  #call(change: (session: Session) => void): void {
    if (this.#session === undefined) return;
    try {
      change(this.#session);
    } catch (error) {
      this.#crash(error);
    }
    this.#flush();
  }

  #crash(error: unknown): void {
    this.#options.crashed(error);
    this.#session?.end("internal-error", messageOf(error));
  }

  /** Writes what the session queued. Returns what `source` must wait for before it is read again. */
  #flush(source?: Leg): Promise<void> | undefined {
    let blocked: Promise<void> | undefined;
    for (const [leg, open] of this.#legs) {
      if (open instanceof AbortController || open.socket.pending === 0) continue;
      const { socket } = open;
      const flushed = socket.flush();
      if (socket.pending > this.#options.hardLimit) {
        this.#session?.overflowed(leg, `${socket.pending} bytes are waiting`);
      }
      if (leg === source || (!socket.holdsLent && socket.pending <= this.#options.softLimit)) continue;
      // During a move there are three legs, and two of them may hold what this one lent.
      blocked = blocked === undefined ? flushed : Promise.all([blocked, flushed]).then(() => {});
    }
    return blocked;
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
