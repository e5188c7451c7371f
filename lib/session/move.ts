/**
 * A move from one place to a backend, without the client noticing more than a new map (protocol.md §3.3):
 *
 *     queued → standby → ready → fence → settled
 *        └────────┴─────────┴──→ abandoned: the player stays
 *
 * Until the fence is up, the player plays on where they are.
 */
import type { Alarm } from "./alarm.ts";
import { Attempt, type AttemptOutcome, causeOf } from "./attempt.ts";
import type { BackendLogin } from "./backend_login.ts";
import type { ClientSide } from "./client_side.ts";
import type { SessionCore } from "./core.ts";
import { fenceFor } from "./fence.ts";
import type { Phase } from "./phase.ts";
import type { Place, PlaceEvents } from "./place.ts";
import { Play, sideOf } from "./play.ts";
import { CLIENT, type Leg, type SignalKind } from "./port.ts";
import type { Stage } from "./reasons.ts";
import type { Wish } from "./routes.ts";
import { Search } from "./search.ts";
import type { WaitStatus } from "./waiting_room.ts";

const NOTHING = new Uint8Array(0);

/** What is asked for. */
export interface MoveRequest {
  readonly wish: Wish;
  readonly signal: SignalKind;
  /** What the destination is called to the player; empty where it is any backend that takes them. */
  readonly to: string;
}

/** Where a move stands. */
type MoveState =
  /** In line for a backend. */
  | { readonly kind: "queued" }
  /** The backend logs the player in. */
  | { readonly kind: "standby"; readonly attempt: Attempt; readonly dialledAt: number }
  /** Its map begins, and waits for the end of the one that is on its way to the client. */
  | {
    readonly kind: "ready";
    readonly attempt: Attempt;
    readonly dialledAt: number;
    readonly leg: Leg;
    readonly login: BackendLogin;
  }
  /** The client sees the new world; what it sends may still belong to the old one. */
  | { readonly kind: "fence"; readonly play: Play; readonly dialMs: number; readonly committedAt: number }
  | { readonly kind: "over" };

/** A move that stands in line, as written down. */
export interface QueuedMove {
  readonly request: MoveRequest;
  /** What became of the last attempt; empty before the first. */
  readonly last: string;
  /** Whether the player was told their place in line. */
  readonly toldPlace: boolean;
  /** Milliseconds until it is given up; `undefined` where the player waits as long as it takes. */
  readonly msLeft: number | undefined;
}

/** What a move leads to; told once, except for {@linkcode cornered}, which goes on. */
export interface MoveEvents extends PlaceEvents {
  /** The player is at `place` for good. */
  arrived(place: Play): void;
  /** Nothing came of it and the player stays where they are; `cause` says why. */
  stayed(move: Move, cause: string): void;
  /** The client is leaving: nothing will come of it. */
  withdrawn(move: Move): void;
  /** Nothing has come of it so far, and the player has no place: `cause` says why. */
  cornered(move: Move, cause: string): void;
  /**
   * A backend that was tried has kicked the player, who has no place: `kick` is what it said. Returns whether that leads elsewhere; the
   * move is over then.
   */
  sentOn(move: Move, kick: string): boolean;
  /** A number for a fence, never the same twice in a row. */
  nextFence(): number;
}

/** See the file's first lines. */
export class Move implements Phase {
  readonly kickable = true;
  readonly request: MoveRequest;
  readonly #session: SessionCore;
  readonly #client: ClientSide;
  readonly #events: MoveEvents;
  readonly #search: Search;
  readonly #queueEnd: Alarm;
  readonly #limboEnd: Alarm;
  readonly #mapEnd: Alarm;
  #origin: Place;
  #state: MoveState = { kind: "queued" };
  #last = "";
  #toldPlace = false;

  constructor(
    session: SessionCore,
    client: ClientSide,
    origin: Place,
    request: MoveRequest,
    events: MoveEvents,
  ) {
    this.#session = session;
    this.#client = client;
    this.#origin = origin;
    this.request = request;
    this.#events = events;
    this.#search = new Search(session, client.name, request.wish);
    this.#queueEnd = session.alarm(() => this.#abandon(`no turn within ${session.options.limits.queueMs / 1000} s`));
    this.#limboEnd = session.alarm(() => this.#events.cornered(this, this.#search.account));
    this.#mapEnd = session.alarm(() => this.#commit());
  }

  get stage(): Stage {
    return this.destination?.stage ?? this.#origin.stage;
  }

  /** Where the player is as long as the move is not settled. */
  get origin(): Place {
    return this.#origin;
  }

  /** The new place, from the moment the client sees it. */
  get destination(): Play | undefined {
    return this.#state.kind === "fence" ? this.#state.play : undefined;
  }

  /** What became of the attempts so far, for the operator. */
  get account(): string {
    return this.#search.account;
  }

  /** How the wait is going, for the waiting room. */
  get status(): WaitStatus {
    return {
      place: this.#search.promising ? this.#search.place : 0,
      trying: this.#state.kind === "standby" ? this.#state.attempt.backend : "",
      last: this.#last,
    };
  }

  /**
   * Whether the backend that is being tried has heard of the player. If it shares its list of players with the old one, that may
   * throw the player out now as if they had logged in twice.
   */
  get announced(): boolean {
    return (this.#state.kind === "standby" && this.#state.attempt.replayed) || this.#state.kind === "ready";
  }

  /** Whether a backend is being tried. */
  get busy(): boolean {
    return this.#state.kind !== "queued" && this.#state.kind !== "over";
  }

  /** Begins. The move is the session's phase until it is settled or abandoned. */
  start(): void {
    this.#session.enter(this);
    this.#originChanged();
    this.#seek();
  }

  /** What {@linkcode resume} takes; `undefined` unless the move stands in line. */
  writeDown(): QueuedMove | undefined {
    if (this.#state.kind !== "queued") return undefined;
    return {
      request: this.request,
      last: this.#last,
      toldPlace: this.#toldPlace,
      msLeft: this.#queueEnd.leftAt(this.#session.port.now()),
    };
  }

  /** Goes on where a move with the same request has been written down, instead of {@linkcode start}: at the next tick. */
  resume({ last, toldPlace, msLeft }: QueuedMove): void {
    this.#session.enter(this);
    this.#last = last;
    this.#toldPlace = toldPlace;
    const now = this.#session.port.now();
    this.#queueEnd.setIn(msLeft, now);
    this.#session.alarm(() => this.admitted()).set(now);
  }

  /** The player is somewhere else now, without having been moved there: in limbo or in the waiting room. */
  relocate(origin: Place): void {
    this.#origin = origin;
    this.#originChanged();
    if (origin.kind !== "limbo") return;
    if (this.#state.kind === "queued") this.#events.cornered(this, this.#search.account);
    else this.#tryCommit();
  }

  /** Gives the move up without a word. */
  cancel(): void {
    if (this.#state.kind === "standby" || this.#state.kind === "ready") this.#state.attempt.abandon();
    this.#finish();
  }

  fromClient(chunk: Uint8Array): void {
    (this.destination ?? this.#origin).fromClient(chunk);
  }

  fromBackend(leg: Leg, chunk: Uint8Array): void {
    const state = this.#state;
    if (state.kind === "fence") {
      state.play.fromBackend(leg, chunk);
    } else if ((state.kind === "standby" || state.kind === "ready") && state.attempt.fromBackend(leg, chunk)) {
      this.#tryCommit();
    } else {
      this.#origin.fromBackend(leg, chunk);
      this.#tryCommit();
    }
  }

  opened(leg: Leg): void {
    if (this.#state.kind === "standby") this.#state.attempt.opened(leg);
  }

  /** A client that has said its last has no use for another backend. */
  eof(leg: Leg): void {
    if (leg !== CLIENT && this.#attemptLost(leg, "closed the connection")) return;
    const place = this.#present;
    if (leg === CLIENT && place === this.#origin) {
      this.cancel();
      this.#session.enter(place);
      this.#events.withdrawn(this);
    }
    place.eof(leg);
  }

  failed(leg: Leg, cause: string): void {
    if (leg === CLIENT || !this.#attemptLost(leg, cause)) this.#present.failed(leg, cause);
  }

  gone(leg: Leg): void {
    if (this.#state.kind === "standby") this.#state.attempt.gone(leg);
  }

  admitted(): void {
    if (this.#state.kind === "queued") this.#seek();
  }

  dispose(): void {
    this.#origin.dispose();
    this.destination?.dispose();
    this.cancel();
  }

  /** The client has passed the fence: nothing of the old place is needed any more. */
  settle(): void {
    const state = this.#state;
    if (state.kind !== "fence") return;
    const { play, dialMs, committedAt } = state;
    const { from } = this.#origin;
    this.#finish();
    this.#origin.leave("full");
    this.#session.record.moves++;
    const fenceMs = this.#session.port.now() - committedAt;
    this.#session.port.emit({
      kind: "moved",
      move: { from, to: play.backend, signal: this.request.signal, dialMs, fenceMs },
    });
    this.#session.enter(play);
    this.#events.arrived(play);
  }

  /** The new backend was lost before the client had passed the fence; the old one is closed too, its world is gone. */
  miss(): void {
    this.#finish();
    this.#origin.leave("full");
  }

  get #present(): Place {
    return this.destination ?? this.#origin;
  }

  #originChanged(): void {
    const { limits } = this.#session.options;
    if (this.#origin.kind !== "play") this.#queueEnd.clear();
    if (this.#origin.kind === "limbo") this.#limboEnd.set(this.#session.port.now() + limits.limboMs);
    else this.#limboEnd.clear();
  }

  #seek(): void {
    const seat = this.#search.claim();
    if (seat !== undefined) {
      const attempt = new Attempt(this.#session, seat, "map", (outcome) => this.#concluded(attempt, outcome));
      this.#state = { kind: "standby", attempt, dialledAt: this.#session.port.now() };
      this.#queueEnd.clear();
      attempt.begin();
      attempt.introduce(this.#client.guest);
      return;
    }
    this.#state = { kind: "queued" };
    const { wish, to } = this.request;
    if (this.#origin.kind === "limbo") this.#events.cornered(this, this.#search.account);
    else if (wish.kind === "go" && !this.#search.promising) this.#abandon(this.#last || `${to} takes nobody now`);
    else if (this.#origin.kind === "play") this.#standInLine(to);
  }

  /** Whoever is to leave a backend waits as long as it takes. */
  #standInLine(to: string): void {
    if (this.#queueEnd.time !== Infinity || this.request.signal === "drain") return;
    this.#queueEnd.set(this.#session.port.now() + this.#session.options.limits.queueMs);
    if (this.#toldPlace) return;
    this.#toldPlace = true;
    this.#client.say(`&eYou are number ${this.#search.place} in line for ${to}`);
  }

  #concluded(attempt: Attempt, outcome: AttemptOutcome): void {
    const state = this.#state;
    if (state.kind !== "standby" && state.kind !== "ready") return;
    if (outcome.kind === "accepted") {
      const { leg, login } = outcome;
      this.#state = { kind: "ready", attempt, dialledAt: state.dialledAt, leg, login };
      this.#tryCommit();
      return;
    }
    const kicked = outcome.kind === "kicked";
    const cause = causeOf(outcome);
    this.#last = `${attempt.backend}: ${kicked ? outcome.text : outcome.cause}`;
    this.#mapEnd.clear();
    this.#state = { kind: "queued" };
    if (kicked && this.#origin.kind !== "play" && this.#events.sentOn(this, outcome.text)) return;
    this.#search.refused(attempt.backend, cause, kicked);
    this.#seek();
  }

  #attemptLost(leg: Leg, cause: string): boolean {
    const state = this.#state;
    return (state.kind === "standby" || state.kind === "ready") && state.attempt.lost(leg, cause);
  }

  /** Shows the client its new world, unless a map of the old one is still on its way and may come to its end. */
  #tryCommit(): void {
    const state = this.#state;
    if (state.kind !== "ready") return;
    const { standbyBytes, mapEndMs } = this.#session.options.limits;
    const mayEnd = this.#client.loading && this.#origin.kind === "play";
    if (!mayEnd || state.login.held.length >= standbyBytes / 2) {
      this.#commit();
      return;
    }
    // What is left of the chunk is held too: it will not be there any more when the time has come.
    state.attempt.fromBackend(state.leg, NOTHING);
    if (this.#mapEnd.time === Infinity) this.#mapEnd.set(this.#session.port.now() + mapEndMs);
  }

  #commit(): void {
    const state = this.#state;
    if (state.kind !== "ready") return;
    const { attempt, leg, login } = state;
    const now = this.#session.port.now();
    const fence = fenceFor(this.#client, this.#events.nextFence());
    const side = sideOf(attempt.backend, leg, login);
    attempt.release();
    this.#clearAlarms();
    this.#search.close();
    this.#origin.suspend();
    this.#client.leaveWorld();
    const play = new Play(this.#session, this.#client, side, this.#events, fence);
    this.#state = { kind: "fence", play, dialMs: now - state.dialledAt, committedAt: now };
    this.#session.joined(side.name);
    this.#session.options.routes.arrived(this.#client.name, side.name, this.request.wish);
    play.start(login.held.view(), NOTHING);
    // What nobody has got goes to whoever is next, if this backend was lost over what it had said already.
    if (this.destination === play) play.deliver(this.#client.takeUnsent());
  }

  #abandon(cause: string): void {
    const { from } = this.#origin;
    const { to, signal } = this.request;
    this.cancel();
    this.#session.port.emit({ kind: "move-failed", from, to, signal, cause });
    this.#session.enter(this.#origin);
    this.#events.stayed(this, cause);
  }

  #finish(): void {
    this.#clearAlarms();
    this.#search.close();
    this.#state = { kind: "over" };
  }

  #clearAlarms(): void {
    for (const alarm of [this.#queueEnd, this.#limboEnd, this.#mapEnd]) alarm.clear();
  }
}
