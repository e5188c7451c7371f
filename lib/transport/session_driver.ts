/** Runs one session on its legs: hands on what is read, carries out what the session wants, and keeps back-pressure between the legs. */
import { CLIENT, type Closing, type Leg, type SessionEvent, type SessionPort } from "../session/port.ts";
import type { Session } from "../session/session.ts";
import type { Conn } from "./conn.ts";
import type { LegEvents, LegSocket, OpenLeg } from "./leg.ts";
import type { Pace } from "./pacer.ts";
import type { Turnstile } from "./turnstile.ts";

/** What a driver is given for its session. */
export interface SessionDriverOptions {
  /** Connects to the backend of that name; `signal` gives up. */
  dial(backend: string, signal: AbortSignal): Promise<Conn>;
  /** Makes a leg of a connection. */
  readonly openLeg: OpenLeg;
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

/** A leg whose connection is not there yet; aborting gives it up. */
type Dialling = AbortController;

/** See the file's first line. Create it, create the session with it, then {@linkcode start}. */
export class SessionDriver implements SessionPort {
  readonly #options: SessionDriverOptions;
  readonly #legs = new Map<Leg, DrivenLeg | Dialling>();
  #session: Session | undefined;
  #lent: ArrayBufferLike | undefined;
  /** When the chunk was read that the session is looking at: asking the clock again costs more than most packets. */
  #readAt: number | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Counts what came from the client, so that a backend which only answers does not count as quick. */
  #clientReads = 0;

  constructor(options: SessionDriverOptions) {
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
    const driven = this.#legs.get(leg);
    if (driven instanceof DrivenLeg) driven.socket.write(bytes, bytes.buffer === this.#lent);
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
    const driven = this.#legs.get(leg);
    if (driven === undefined) return;
    if (driven instanceof AbortController) {
      driven.abort();
      this.gone(leg);
    } else if (how === "half") {
      driven.socket.finish();
    } else if (how === "abort") {
      driven.socket.abort();
    } else {
      driven.socket.close();
    }
  }

  heldBack(leg: Leg): boolean {
    const driven = this.#legs.get(leg);
    return driven instanceof DrivenLeg && driven.held;
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
    for (const driven of this.#legs.values()) if (driven instanceof DrivenLeg) bytes += driven.socket.pending;
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
    for (const [leg, driven] of this.#legs) {
      if (driven instanceof AbortController) continue;
      const { socket } = driven;
      const stuck = socket.pending > 0 && socket.written === driven.waitingAt;
      driven.waitingAt = socket.pending > 0 ? socket.written : undefined;
      if (stuck && socket.closing) socket.abort();
      else if (stuck) this.#call((session) => this.#fail(session, leg, "the peer takes no more bytes"));
    }
  }

  /** Closes every leg at once, whatever still waits for its peer. */
  abort(): void {
    for (const leg of this.#legs.keys()) this.close(leg, "abort");
  }

  /** What a leg told: see {@linkcode LegEvents}. */
  received(leg: Leg, source: DrivenLeg, chunk: Uint8Array): void {
    if (leg === CLIENT) this.#clientReads++;
    this.#lent = chunk.buffer;
    this.#readAt = performance.now();
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
    for (const driven of this.#legs.values()) {
      if (driven instanceof DrivenLeg && driven.held && !this.#mustWait(driven)) driven.resume();
    }
  }

  gone(leg: Leg): void {
    if (!this.#legs.delete(leg)) return;
    if (this.#legs.size === 0) this.wake(Infinity);
    this.#call((session) => session.gone(leg));
    this.drained();
  }

  get clientReads(): number {
    return this.#clientReads;
  }

  #open(leg: Leg, conn: Conn): void {
    const driven = new DrivenLeg(this, leg, conn, this.#options);
    this.#legs.set(leg, driven);
    driven.socket.start();
  }

  #dialled(leg: Leg, conn: Conn): void {
    if (!this.#legs.has(leg)) {
      conn.close();
      return;
    }
    this.#open(leg, conn);
    this.#call((session) => session.opened(leg));
  }

  /** Tells the session about the end of a leg; those of backends have to wait for their turn. */
  async #inTurn(leg: Leg, tell: (session: Session) => void): Promise<void> {
    if (leg !== CLIENT) await this.#options.exit.pass(END_SHARE);
    const driven = this.#legs.get(leg);
    if (driven instanceof DrivenLeg && !driven.socket.closing) this.#call(tell);
  }

  #fail(session: Session, leg: Leg, cause: string): void {
    const driven = this.#legs.get(leg);
    if (driven === undefined || (driven instanceof DrivenLeg && driven.socket.closing)) return;
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
    for (const [leg, driven] of this.#legs) {
      if (driven instanceof AbortController || driven.socket.pending === 0) continue;
      driven.socket.flush();
      const { pending } = driven.socket;
      if (pending > this.#options.hardLimit) this.#session?.overflowed(leg, `${pending} bytes are waiting`);
    }
  }

  /** Whether `source` is not to be read for now, because of what waits for the other legs. During a move there are two of them. */
  #mustWait(source: DrivenLeg): boolean {
    for (const driven of this.#legs.values()) {
      if (driven === source || driven instanceof AbortController) continue;
      if (driven.socket.holdsLent || driven.socket.pending > this.#options.softLimit) return true;
    }
    return false;
  }
}

/** A leg that is connected. */
class DrivenLeg implements LegEvents {
  readonly socket: LegSocket;
  /** Whether it is not read because what it sent before still waits for another leg. */
  held = false;
  /** Bytes written when something was last seen to wait, for {@linkcode SessionDriver.checkProgress}. */
  waitingAt: number | undefined;
  readonly #driver: SessionDriver;
  readonly #leg: Leg;

  constructor(driver: SessionDriver, leg: Leg, conn: Conn, { openLeg, pace }: SessionDriverOptions) {
    this.#driver = driver;
    this.#leg = leg;
    this.socket = openLeg(conn, this, pace);
  }

  get asked(): number | undefined {
    return this.#leg === CLIENT ? undefined : this.#driver.clientReads;
  }

  hold(): void {
    this.held = true;
    this.socket.hold();
  }

  resume(): void {
    this.held = false;
    this.socket.resume();
  }

  bytes(chunk: Uint8Array): void {
    this.#driver.received(this.#leg, this, chunk);
  }

  ended(): void {
    this.#driver.ended(this.#leg);
  }

  failed(cause: string): void {
    this.#driver.failed(this.#leg, cause);
  }

  drained(): void {
    this.#driver.drained();
  }

  gone(): void {
    this.#driver.gone(this.#leg);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
