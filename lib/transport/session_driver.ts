/** Runs one session on its legs: hands on what is read, carries out what the session wants, and keeps back-pressure between the legs. */
import { messageOf } from "../error_message.ts";
import { CLIENT, type Closing, type Leg, type SessionEvent, type SessionPort } from "../session/port.ts";
import type { Session } from "../session/session.ts";
import type { Conn } from "./conn.ts";
import { DrivenLeg, type LegMaking, type LegOwner } from "./driven_leg.ts";
import type { Disturbance, SuspendedLeg } from "./leg.ts";
import type { Turnstile } from "./turnstile.ts";
import { type Sleeper, wakes } from "./wakes.ts";

/** What a driver is given for its session. */
export interface SessionDriverOptions extends LegMaking {
  /** Connects to the backend of that name; `signal` gives up. */
  dial(backend: string, signal: AbortSignal): Promise<Conn>;
  /** What stands between the session and a leg to that backend that is to be opened; `undefined` where nothing does. */
  disturbance(backend: string): Disturbance | undefined;
  /** Told about everything the session emits. */
  emit(event: SessionEvent): void;
  /** Told about an error in the session's own code, which ends the session. */
  crashed(error: unknown): void;
  /** Where all backend legs of the process that end go through. */
  readonly exit: Pick<Turnstile, "pass">;
  /** Bytes that may wait for a leg before the other legs are not read any more. */
  readonly softLimit: number;
  /** Bytes that may wait for a leg before the session ends. */
  readonly hardLimit: number;
}

/** A leg of a driver that has stopped. */
export interface LeavingLeg extends Pick<SuspendedLeg, "descriptor" | "websocket" | "unsent"> {
  readonly leg: Leg;
}

/** A driver that has stopped. Exactly one of both methods is called, once. */
export interface SuspendedDriver {
  readonly legs: readonly LeavingLeg[];
  /** Goes on as if nothing had happened. */
  resume(): void;
  /** Another process goes on: the driver has no legs and no session any more, and tells nothing. */
  release(): void;
}

/** A leg of another process's driver. */
export interface ResumedLeg {
  readonly leg: Leg;
  /** Its name; empty for the client. */
  readonly backend: string;
  readonly conn: Conn;
  /** What the other process had not written. */
  readonly unsent: Uint8Array;
}

/** The part of a beat that one backend leg takes which ends. */
const END_SHARE = 1 / 8;

/** See the file's first line. Create it, create the session with it, then {@linkcode start}. */
export class SessionDriver implements SessionPort, Sleeper, LegOwner {
  wakeAt: number | undefined;
  wakeSlot = 0;
  readonly #options: SessionDriverOptions;
  /** The legs that are connected: two, but for the time of a move. */
  #driven: readonly DrivenLeg[] = [];
  /** Gives up legs whose connection is not there yet; absent most of the time. */
  #dialling: Map<Leg, AbortController> | undefined;
  #session: Session | undefined;
  #lent: ArrayBufferLike | undefined;
  /** When the chunk was read that the session is looking at: asking the clock again costs more than most packets. */
  #readAt: number | undefined;
  /** Counts what came from the client, so that a backend which only answers does not count as quick. */
  #clientReads = 0;

  constructor(options: SessionDriverOptions) {
    this.#options = options;
  }

  /** Takes over the client's connection, and lives until the session's last leg is closed. */
  start(session: Session, conn: Conn): void {
    this.#session = session;
    this.#open(CLIENT, "", conn).socket.start();
  }

  now(): number {
    return this.#readAt ?? performance.now();
  }

  write(leg: Leg, bytes: Uint8Array): void {
    for (const driven of this.#driven) {
      if (driven.leg === leg) driven.socket.write(bytes, bytes.buffer === this.#lent);
    }
  }

  dial(leg: Leg, backend: string): void {
    const dialling = new AbortController();
    this.#dialling ??= new Map();
    this.#dialling.set(leg, dialling);
    this.#options.dial(backend, dialling.signal).then(
      (conn) => this.#dialled(leg, backend, conn),
      (error) => this.#call((session) => this.#fail(session, leg, messageOf(error))),
    );
  }

  close(leg: Leg, how: Closing): void {
    const dialling = this.#dialling?.get(leg);
    if (dialling !== undefined) {
      dialling.abort();
      return this.gone(leg);
    }
    const driven = this.#find(leg);
    if (driven === undefined) return;
    if (how === "half") {
      driven.socket.finish();
    } else if (how === "abort") {
      driven.socket.abort();
    } else {
      driven.close();
    }
  }

  /** Leaves the peers of legs that are closing two seconds from now at most, even where they go on taking what waits. */
  hurry(): void {
    for (const driven of this.#driven) driven.hurry();
  }

  heldBack(leg: Leg): boolean {
    return this.#find(leg)?.held ?? false;
  }

  wake(time: number): void {
    wakes.set(this, time);
  }

  woken(): void {
    this.#call((session) => session.tick());
  }

  emit(event: SessionEvent): void {
    this.#options.emit(event);
  }

  /** Bytes that wait to be written, over all legs. */
  get pending(): number {
    let bytes = 0;
    for (const { socket } of this.#driven) bytes += socket.pending;
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

  /** Breaks every open leg for which something has been waiting since the last call and whose peer has taken nothing of it. */
  checkProgress(): void {
    for (const driven of this.#driven) {
      const { leg, socket } = driven;
      if (socket.closing) continue;
      const stuck = socket.pending > 0 && socket.written === driven.waitingAt;
      driven.waitingAt = socket.pending > 0 ? socket.written : undefined;
      if (stuck) this.#call((session) => this.#fail(session, leg, "the peer takes no more bytes"));
    }
  }

  /** Puts something between the session and each leg to `backend` that is open. Never to be called within a call of the session. */
  disturb(backend: string, disturbance: Disturbance): void {
    for (const driven of this.#driven) {
      if (driven.backend === backend && !driven.socket.closing) driven.disturb(disturbance);
    }
  }

  /**
   * Stops all legs, so that another process can go on; the session is fed nothing meanwhile. `undefined`, and nothing has stopped, where
   * that cannot be now.
   */
  suspend(): SuspendedDriver | undefined {
    if (this.#dialling !== undefined) return undefined;
    const stopped: { readonly leg: Leg; readonly suspended: SuspendedLeg }[] = [];
    for (const { leg, socket } of this.#driven) {
      const suspended = socket.suspend?.();
      if (suspended === undefined) {
        for (const { suspended } of stopped) suspended.resume();
        return undefined;
      }
      stopped.push({ leg, suspended });
    }
    const session = this.#session;
    this.#session = undefined;
    return {
      legs: stopped.map(({ leg, suspended: { descriptor, websocket, unsent } }) => ({
        leg,
        descriptor,
        websocket,
        unsent,
      })),
      resume: () => {
        for (const { suspended } of stopped) suspended.resume();
        this.#session = session;
        this.#call((session) => session.tick());
      },
      release: () => {
        for (const { suspended } of stopped) suspended.release();
        this.#driven = [];
        this.wake(Infinity);
      },
    };
  }

  /** Goes on with legs of another process's driver, and with the session that it was for. */
  resume(session: Session, legs: readonly ResumedLeg[]): void {
    this.#session = session;
    for (const { leg, backend, conn, unsent } of legs) {
      const driven = this.#open(leg, backend, conn);
      driven.socket.write(unsent, false);
      driven.socket.start();
    }
    this.#call((session) => session.tick());
  }

  /** Closes every leg at once, whatever still waits for its peer. */
  abort(): void {
    for (const leg of this.#dialling?.keys() ?? []) this.close(leg, "abort");
    for (const { leg } of this.#driven) this.close(leg, "abort");
  }

  /** What a leg told: see {@linkcode LegOwner}. */
  received(leg: Leg, source: DrivenLeg, chunk: Uint8Array, readAt: number = performance.now()): void {
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
    this.#flush();
    if (this.#mustWait(source)) source.hold();
  }

  ended(leg: Leg): void {
    this.#inTurn(leg, (session) => session.eof(leg));
  }

  failed(leg: Leg, cause: string): void {
    this.#inTurn(leg, (session) => this.#fail(session, leg, cause));
  }

  drained(): void {
    for (const driven of this.#driven) if (driven.held && !this.#mustWait(driven)) driven.resume();
  }

  gone(leg: Leg): void {
    if (!this.#isKnown(leg)) return;
    this.#find(leg)?.closed();
    this.#forgetDialling(leg);
    this.#driven = this.#driven.filter((driven) => driven.leg !== leg);
    if (this.#driven.length === 0 && this.#dialling === undefined) this.wake(Infinity);
    this.#call((session) => session.gone(leg));
    this.drained();
  }

  get clientReads(): number {
    return this.#clientReads;
  }

  #open(leg: Leg, backend: string, conn: Conn): DrivenLeg {
    const driven = new DrivenLeg(this, leg, backend, conn, this.#options);
    this.#driven = this.#driven.concat(driven);
    return driven;
  }

  #find(leg: Leg): DrivenLeg | undefined {
    for (const driven of this.#driven) if (driven.leg === leg) return driven;
    return undefined;
  }

  #isKnown(leg: Leg): boolean {
    return this.#dialling?.has(leg) === true || this.#find(leg) !== undefined;
  }

  #forgetDialling(leg: Leg): void {
    this.#dialling?.delete(leg);
    if (this.#dialling?.size === 0) this.#dialling = undefined;
  }

  #dialled(leg: Leg, backend: string, conn: Conn): void {
    if (this.#dialling?.has(leg) !== true) {
      conn.close();
      return;
    }
    this.#forgetDialling(leg);
    const driven = this.#open(leg, backend, conn);
    const disturbance = this.#options.disturbance(backend);
    if (disturbance !== undefined) driven.disturb(disturbance);
    driven.socket.start();
    this.#call((session) => session.opened(leg));
  }

  /**
   * Tells the session about the end of a leg; those of backends whose players need another one have to wait for their turn. The client
   * is not read until then: what it says would go nowhere.
   */
  async #inTurn(leg: Leg, tell: (session: Session) => void): Promise<void> {
    const driven = this.#find(leg);
    if (driven === undefined) return;
    if (leg !== CLIENT && this.#session?.leaving === false) {
      driven.isOver = true;
      this.#find(CLIENT)?.hold();
      await this.#options.exit.pass(END_SHARE);
      driven.isOver = false;
    }
    if (this.#find(leg)?.socket.closing === false) this.#call(tell);
    else this.drained();
  }

  #fail(session: Session, leg: Leg, cause: string): void {
    if (!this.#isKnown(leg) || this.#find(leg)?.socket.closing === true) return;
    session.failed(leg, cause);
    this.close(leg, "abort");
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

  /** Writes what the session queued. */
  #flush(): void {
    for (const { leg, socket } of this.#driven) {
      if (socket.pending === 0) continue;
      socket.flush();
      const { pending } = socket;
      if (pending > this.#options.hardLimit) this.#session?.overflowed(leg, `${pending} bytes are waiting`);
    }
    // Where that took up all that was waiting, nobody will tell.
    this.drained();
  }

  /** Whether `source` is not to be read for now, because of the other legs. During a move there are two of them. */
  #mustWait(source: DrivenLeg): boolean {
    for (const driven of this.#driven) {
      if (driven === source) continue;
      const { socket } = driven;
      if (driven.isOver && source.leg === CLIENT && !socket.closing) return true;
      if (socket.pending > 0 && (socket.holdsLent || socket.pending > this.#options.softLimit)) return true;
    }
    return false;
  }
}
