/** One attempt to log a player in to one backend. */
import { PacketBuffer } from "../protocol/packet_buffer.ts";
import type { Alarm } from "./alarm.ts";
import { BackendLogin, type LoginGoal } from "./backend_login.ts";
import type { Guest } from "./client_side.ts";
import type { SessionCore } from "./core.ts";
import { introduction } from "./identification.ts";
import { blamesList } from "./list_blame.ts";
import type { Leg } from "./port.ts";
import type { Seat } from "./routes.ts";

// Sessions never run inside each other, so they share the buffer.
const handshake = new PacketBuffer();

/** What came of an attempt. */
export type AttemptOutcome =
  /** The leg is the caller's from now on, as is what `login` holds. */
  | { readonly kind: "accepted"; readonly leg: Leg; readonly login: BackendLogin }
  /** The backend said why not. */
  | { readonly kind: "kicked"; readonly text: string }
  /** It could not be reached, broke off, was silent or made no sense; `logged` is what the log tells instead, where that is more. */
  | { readonly kind: "refused"; readonly cause: string; readonly logged?: string | undefined };

/** Why an attempt came to nothing, for the log. */
export function causeOf(outcome: Exclude<AttemptOutcome, { readonly kind: "accepted" }>): string {
  return outcome.kind === "kicked" ? `kicked: ${outcome.text}` : outcome.logged ?? outcome.cause;
}

/**
 * Dials, replays the handshake and reads until the goal is reached. The backend may be dialled before the client is known. A
 * backend that breaks off over the client's list is dialled once more without it. The same backend is never dialled while the
 * session has another leg to it: the player's ghost would still stand there.
 */
export class Attempt {
  readonly seat: Seat;
  readonly #session: SessionCore;
  readonly #goal: LoginGoal;
  readonly #report: (outcome: AttemptOutcome) => void;
  readonly #deadline: Alarm;
  /** When a backend that took the player with doubts is believed. */
  readonly #trial: Alarm;
  #guest: Guest | undefined;
  #leg: Leg | undefined;
  #connected = false;
  /** Set once the handshake was replayed. */
  #login: BackendLogin | undefined;
  /** The leg that must be gone before the backend is dialled. */
  #ghost: Leg | undefined;
  #wanted = true;
  #accepted = false;
  /** Whether the backend broke off over the list: it is not sent it again. */
  #listRefused = false;
  #over = false;

  /** @param report Told the outcome, once; behind `"accepted"` also that the backend has changed its mind. */
  constructor(session: SessionCore, seat: Seat, goal: LoginGoal, report: (outcome: AttemptOutcome) => void) {
    this.seat = seat;
    this.#session = session;
    this.#goal = goal;
    this.#report = report;
    this.#deadline = session.alarm(() => this.#late());
    this.#trial = session.alarm(() => this.#believe());
  }

  /** Name of the backend. */
  get backend(): string {
    return this.seat.backend;
  }

  /** Whether the backend may have told others of the player: it was sent the handshake. */
  get replayed(): boolean {
    return this.#login !== undefined;
  }

  /** Dials as soon as that may be. */
  begin(): void {
    this.#ghost = this.#session.legTo(this.backend);
    this.#extend();
    this.#dial();
  }

  /** The client is known: the backend may be sent its handshake. */
  introduce(guest: Guest): void {
    this.#guest = guest;
    this.#wanted = true;
    this.#dial();
    this.#replay();
  }

  /** Bytes were read from a leg. Returns whether it was this attempt's. */
  fromBackend(leg: Leg, chunk: Uint8Array): boolean {
    if (leg !== this.#leg) return false;
    const login = this.#login;
    if (login === undefined) return true;
    const { welcomed } = login;
    const step = login.push(chunk, (bytes) => this.#session.send(leg, bytes));
    switch (step.kind) {
      case "more":
        if (login.welcomed && !welcomed) this.#extend();
        break;
      case "doubtful":
        this.#doubt();
        break;
      case "accepted":
        this.#accept(leg, login);
        break;
      case "kicked":
        if (login.doubtful || (login.listUnanswered && blamesList(step.text))) {
          this.#withoutList(`kicked: ${step.text}`);
        } else this.#end(step);
        break;
      case "broken":
        this.#end({ kind: "refused", cause: step.detail, logged: step.logged });
    }
    return true;
  }

  opened(leg: Leg): void {
    if (leg !== this.#leg) return;
    this.#connected = true;
    // From now on it waits for the client, which does not count against the backend.
    this.#deadline.clear();
    this.#replay();
  }

  /** The leg is over. Returns whether it was this attempt's. */
  lost(leg: Leg, cause: string): boolean {
    if (leg !== this.#leg) return false;
    // A backend that loses patience with a slow client before it has heard of it has not refused anybody.
    if (this.#connected && this.#guest === undefined) this.#hangUp(false);
    else if (this.#login?.welcomed && this.#login.listUnanswered) this.#withoutList(cause);
    else this.#end({ kind: "refused", cause });
    return true;
  }

  gone(leg: Leg): void {
    if (leg !== this.#ghost) return;
    this.#ghost = undefined;
    this.#dial();
  }

  /** Gives the attempt up and its seat back. */
  abandon(): void {
    if (this.#over) return;
    this.#settle();
    const leg = this.#leg;
    this.#leg = undefined;
    if (leg === undefined) this.seat.release();
    else this.#session.close(leg, "full");
  }

  /** The leg is its new owner's. */
  release(): void {
    this.#settle();
    this.#leg = undefined;
  }

  #settle(): void {
    this.#over = true;
    this.#deadline.clear();
    this.#trial.clear();
  }

  #dial(): void {
    if (this.#over || !this.#wanted || this.#ghost !== undefined || this.#leg !== undefined) return;
    this.#leg = this.#session.dial(this.seat);
    this.#extend();
  }

  /** Sends the handshake, in one write, once both sides are ready for it. */
  #replay(): void {
    if (!this.#connected || this.#guest === undefined || this.#leg === undefined || this.#login !== undefined) return;
    const { identity, dialect, list } = this.#guest;
    const { options } = this.#session;
    const { limits } = options;
    const delivery = this.#listRefused ? "on request" : options.listDelivery(this.backend);
    handshake.clear();
    handshake.append(introduction(identity, options.keyFor(this.backend, identity.name) ?? identity.key));
    if (delivery !== "on request") handshake.append(list);
    const maxHeld = this.#goal === "map" ? limits.standbyBytes : limits.earlyBytes;
    this.#login = new BackendLogin(dialect, delivery, list, maxHeld, this.#goal);
    this.#session.send(this.#leg, handshake.view());
    this.#extend();
  }

  #accept(leg: Leg, login: BackendLogin): void {
    this.#deadline.clear();
    this.#trial.clear();
    if (login.offer !== undefined) {
      this.#session.port.emit({ kind: "offered", backend: this.backend, extensions: login.offer });
    }
    this.#accepted = true;
    this.#report({ kind: "accepted", leg, login });
  }

  /** The backend knows no CPE, it seems. If it is too old to pass over the client's list, it will say so at once. */
  #doubt(): void {
    if (this.#trial.time !== Infinity) return;
    this.#deadline.clear();
    this.#trial.set(this.#session.port.now() + this.#session.options.limits.trialMs);
  }

  #believe(): void {
    if (this.#login === undefined || this.#leg === undefined) return;
    if (this.#login.believe()) this.#accept(this.#leg, this.#login);
    else this.#extend();
  }

  /** The backend broke off, most likely over the list: once more, without it, unless somebody counts on its answer already. */
  #withoutList(cause: string): void {
    this.#listRefused = true;
    this.#session.port.emit({ kind: "list-refused", backend: this.backend, cause });
    if (this.#accepted) this.#end({ kind: "refused", cause: "broke off over the extensions", logged: cause });
    else this.#hangUp(true);
  }

  /** Closes the leg and keeps the seat, to dial again now or when the client is known. */
  #hangUp(wanted: boolean): void {
    const leg = this.#leg;
    if (leg === undefined) return;
    this.#ghost = leg;
    this.#leg = undefined;
    this.#wanted = wanted;
    this.#login = undefined;
    this.#connected = false;
    this.#deadline.clear();
    this.#trial.clear();
    this.#session.keepSeat(leg);
    this.#session.close(leg, "full");
  }

  /** A backend that has taken the player may have to make a world for them first, as it may for whoever logs in there. */
  #extend(): void {
    const { attemptMs, backendIdleMs } = this.#session.options.limits;
    this.#deadline.set(this.#session.port.now() + (this.#login?.welcomed ? backendIdleMs : attemptMs));
  }

  #late(): void {
    this.#end({ kind: "refused", cause: this.#login?.welcomed ? "no map in time" : "no answer in time" });
  }

  #end(outcome: AttemptOutcome): void {
    if (this.#over) return;
    this.abandon();
    this.#report(outcome);
  }
}
