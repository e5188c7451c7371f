/** One player's life on the edge: a synchronous state machine that knows no socket and no clock. */
import { SessionCore } from "./core.ts";
import { Handshake } from "./handshake.ts";
import { resume, writeDown } from "./write_down.ts";
import {
  CLIENT,
  type Leg,
  type SessionOptions,
  type SessionPort,
  type SessionTraffic,
  type Whereabouts,
} from "./port.ts";
import type { Reason } from "./reasons.ts";
import type { MoveAnswer } from "./redirect/operator.ts";
import type { SessionState } from "./state.ts";

/** What a driver feeds: everything that happens to the session's legs, and the time. */
export class Session {
  readonly #core: SessionCore;
  #clientEnded = false;

  /**
   * The client's leg is open; nothing was read from it yet.
   *
   * @param state Where another process has left off, see {@linkcode Session.resume}.
   */
  constructor(port: SessionPort, options: SessionOptions, state?: SessionState) {
    const acceptedAt = state === undefined
      ? options.acceptedAt ?? port.now()
      : Math.floor(port.now() - state.acceptedMsAgo);
    this.#core = new SessionCore(port, options, acceptedAt);
    if (state === undefined) this.#core.enter(new Handshake(this.#core));
    else resume(this.#core, state);
  }

  /**
   * A session that goes on where one was written down, perhaps in another process. Its legs are open: the client's and, with its old
   * number, that of the backend that {@linkcode placeOf} names. Until it is fed, it does nothing but ask for a tick, and take its seat
   * on the backend.
   *
   * @param options As the session had them, in particular its id; {@linkcode SessionOptions.acceptedAt} is not looked at.
   */
  static resume(port: SessionPort, options: SessionOptions, state: SessionState): Session {
    return new Session(port, options, state);
  }

  /**
   * What another process needs to go on with the session; `undefined` where that cannot be said just now: during the login, on the
   * way from one place to another, at the beginning of a map that is rewritten, and while a leg closes. Whoever means to resume the
   * session elsewhere must not feed it any more; otherwise it goes on as if it had not been asked.
   */
  writeDown(): SessionState | undefined {
    return this.leaving ? undefined : writeDown(this.#core);
  }

  /** The session was resumed in another process: gives back what it holds here, without a word to anybody. It has ended then. */
  forget(): void {
    this.#core.forget();
  }

  /** Whether the session is over, or only its sockets are still to be closed. */
  get ended(): boolean {
    return this.#core.ended;
  }

  /** Whether the client has closed its connection, or is being closed: nobody plays here any more. */
  get leaving(): boolean {
    return this.#clientEnded || this.ended;
  }

  /** Bytes were read from a leg. `chunk` is a view that is valid during the call; what it holds may be changed. */
  bytes(leg: Leg, chunk: Uint8Array): void {
    this.#core.record.received(leg, chunk.length);
    if (leg === CLIENT) this.#core.phase.fromClient(chunk);
    else this.#core.phase.fromBackend(leg, chunk);
  }

  /** A dialled leg is connected. */
  opened(leg: Leg): void {
    this.#core.phase.opened(leg);
  }

  /** The peer of `leg` sends no more. */
  eof(leg: Leg): void {
    if (leg === CLIENT) this.#clientEnded = true;
    this.#core.phase.eof(leg);
  }

  /** A leg could not be connected, or broke. {@linkcode gone} follows. */
  failed(leg: Leg, cause: string): void {
    this.#core.phase.failed(leg, cause);
  }

  /** A leg is closed and its socket released. */
  gone(leg: Leg): void {
    this.#core.gone(leg);
  }

  /** More waits to be written to `leg` than the driver may keep. */
  overflowed(leg: Leg, detail: string): void {
    if (leg === CLIENT) this.#core.end("client-too-slow", detail);
    else this.#core.phase.failed(leg, `the backend does not keep up: ${detail}`);
  }

  /** What the player was waiting for may be there now: a place on a backend, see {@linkcode Ticket}, or their own name. */
  admitted(): void {
    this.#core.phase.admitted();
  }

  /** Moves the player to a backend or pool, for the operator's own code. Raw sessions stay where they are. */
  move(to: string): MoveAnswer {
    const { redirects } = this.#core;
    if (redirects !== undefined && !this.ended) return redirects.operatorAsks(to);
    const isRaw = this.whereabouts.state === "playing";
    return {
      kind: "refused",
      why: isRaw ? "players of a raw listener stay where they are" : "the player is not in play",
    };
  }

  /** The network has changed: a player on a backend that is to be emptied goes elsewhere. Raw sessions stay where they are. */
  reconsider(): void {
    if (!this.leaving) this.#core.redirects?.reconsider();
  }

  /** Says something to the player in chat, in as many lines as it takes. Returns whether they could be told: not in raw mode. */
  say(text: string): boolean {
    const { redirects } = this.#core;
    if (redirects === undefined || this.leaving) return false;
    redirects.say(text);
    return true;
  }

  /** Where the player is. */
  get whereabouts(): Whereabouts {
    if (this.leaving) return { state: "leaving", backend: this.#core.record.backend };
    if (this.#core.redirects !== undefined) return this.#core.redirects.whereabouts;
    const { backend } = this.#core.record;
    return { state: backend === "" ? "joining" : "playing", backend };
  }

  /** What went through so far. */
  get traffic(): SessionTraffic {
    return this.#core.record.traffic;
  }

  /** Moves between backends that were carried out. */
  get moves(): number {
    return this.#core.record.moves;
  }

  /** The time asked for with {@linkcode SessionPort.wake} has come. */
  tick(): void {
    this.#core.tick();
  }

  /** Ends the session from outside: the player is told `text` or else the reason's own, the operator `detail`. */
  end(reason: Reason, detail: string, text?: string): void {
    this.#core.end(reason, detail, text);
  }
}
