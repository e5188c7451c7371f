/** From signals to moves: everything that may take a player elsewhere meets here, one move at a time. */
import type { ExtensionSet } from "../../protocol/extensions.ts";
import type { ClientSide, ClientState } from "../client_side.ts";
import type { SessionCore } from "../core.ts";
import { Limbo } from "../limbo.ts";
import { Move, type MoveEvents, type MoveRequest, type QueuedMove } from "../move.ts";
import type { Loss, Place, PlaceState } from "../place.ts";
import { Play } from "../play.ts";
import type { SignalKind, Whereabouts } from "../port.ts";
import { reasonText } from "../reasons.ts";
import type { Asker, Destination, Wish } from "../routes.ts";
import { WaitingRoom, type WaitStatus } from "../waiting_room.ts";
import { readSentinel } from "./chat_sentinel.ts";
import { remedyFor } from "./failure.ts";
import { type SendingRules, sentTo } from "./kick_text.ts";
import { LoopGuard } from "./loop_guard.ts";
import { type MoveAnswer, refusalOf } from "./operator.ts";
import { listing, readCommand, refusal } from "./player_command.ts";
import { readPluginRequest } from "./plugin_message.ts";

const JOIN: Wish = { kind: "join" };
const NOT_WAITING: WaitStatus = { place: 0, trying: "", last: "" };

/** A player in parse mode, as written down: who and where they are, and where they want to go. */
export interface RedirectsState {
  readonly kind: "parse";
  readonly client: ClientState;
  readonly place: PlaceState;
  readonly move: QueuedMove | undefined;
  /** What the player waits for in the waiting room. */
  readonly waitingFor: Wish;
  /** What the player reads there. */
  readonly why: string;
  /** How long ago, in milliseconds, the last moves were granted that servers asked for. */
  readonly grantedMsAgo: readonly number[];
  /** Fences that were put up. */
  readonly fences: number;
}

/** Keeps where a player is and where they are going. */
export class Redirects implements MoveEvents {
  readonly #session: SessionCore;
  readonly #client: ClientSide;
  // Most players are never sent anywhere by a server.
  #loopGuard: LoopGuard | undefined;
  #place: Place;
  #move: Move | undefined;
  /** What the player waits for in the waiting room. */
  #waitingFor = JOIN;
  /** What the player reads there. */
  #why = "";
  /** A kick that counts unless the move under way succeeds: the words of the backend. */
  #kick: string | undefined;
  /** Where a backend's kick has sent the player, while the move under way goes elsewhere: where they go if nothing comes of it. */
  #sentTo: string | undefined;
  #fences = 0;

  /** @param loopGuard Counts what servers have asked for during the login, where they have. */
  constructor(session: SessionCore, client: ClientSide, loopGuard?: LoopGuard) {
    this.#session = session;
    this.#client = client;
    this.#loopGuard = loopGuard;
    this.#place = new Limbo(session, client, this, { backend: "", stage: "D" });
  }

  /** The login has brought the player to a backend. */
  begin(play: Play): void {
    this.#place = play;
    this.#session.enter(play);
    this.reconsider();
  }

  /** The login has brought the player nowhere; `why` is what the player reads. */
  wait(why: string): void {
    this.#why = why;
    this.#waitingFor = JOIN;
    this.#enterWaitingRoom();
    this.#waitOn();
  }

  /** What {@linkcode resume} takes; `undefined` while the player is on their way. */
  writeDown(): RedirectsState | undefined {
    const client = this.#client.writeDown();
    const place = this.#present.writeDown();
    const move = this.#move?.writeDown();
    const isUnderWay = this.#move !== undefined && move === undefined;
    const isKicked = this.#kick !== undefined || this.#sentTo !== undefined;
    if (client === undefined || place === undefined || isUnderWay || isKicked) return undefined;
    return {
      kind: "parse",
      client,
      place,
      move,
      waitingFor: this.#waitingFor,
      why: this.#why,
      grantedMsAgo: this.#loopGuard?.writeDown(this.#session.port.now()) ?? [],
      fences: this.#fences,
    };
  }

  /** Goes on where a player has been written down, whose side {@linkcode ClientSide} has taken up already. */
  resume(state: RedirectsState): void {
    this.#waitingFor = state.waitingFor;
    this.#why = state.why;
    if (state.grantedMsAgo.length > 0) this.#guard.resume(state.grantedMsAgo, this.#session.port.now());
    this.#fences = state.fences;
    this.#place = this.#resumed(state.place);
    this.#session.enter(this.#place);
    if (state.move === undefined) return;
    this.#move = new Move(this.#session, this.#client, this.#place, state.move.request, this);
    this.#move.resume(state.move);
  }

  /**
   * Leaves a backend that is to be emptied, and no other. Never in the way of any other move, though one that has nobody left to wait
   * for ends.
   */
  reconsider(): void {
    const move = this.#move;
    const { backend, kind } = this.#place;
    const leaves = kind === "play" && this.#session.options.routes.emptied(backend);
    if (move === undefined && leaves) {
      this.#client.say(`&e${backend} closes now, you are taken elsewhere`);
      this.#start(this.#place, {
        wish: { kind: "fallback", from: backend, kicked: false },
        signal: "drain",
        to: "",
      });
    } else if (move?.request.signal === "drain" && kind === "play" && !leaves && !move.busy) {
      move.cancel();
      this.#move = undefined;
      this.#session.enter(this.#place);
    } else if (move?.request.wish.kind === "go") {
      move.admitted();
    }
  }

  /** Moves the player to a backend or pool, if nothing speaks against it. */
  operatorAsks(to: string): MoveAnswer {
    return this.#ask(to, "operator", "operator");
  }

  /** What the client knows. */
  get extensions(): ExtensionSet {
    return this.#client.dialect.extensions;
  }

  /** Says a line to the player, wherever they are. */
  say(line: string): void {
    this.#client.say(line);
  }

  /** Where the player is, and whether they are on their way elsewhere. */
  get whereabouts(): Whereabouts {
    const { kind, backend } = this.#present;
    if (kind === "waiting-room") return { state: "waiting", backend };
    return { state: this.#move?.busy === true ? "moving" : "playing", backend };
  }

  isCommand(text: string): boolean {
    return readCommand(text, this.#session.options.redirect.command) !== undefined;
  }

  command(text: string): void {
    const { redirect: { command }, routes } = this.#session.options;
    const request = readCommand(text, command);
    if (request?.kind === "list") {
      for (const line of listing(routes.list(), this.#present.backend, command)) this.#client.say(line);
    } else if (request?.kind === "move") {
      this.#playerAsks(request.to);
    }
  }

  pluginMessage(place: Place, data: Uint8Array, answer: (text: string) => void): void {
    const request = readPluginRequest(data);
    if (request === undefined) {
      this.#refuseSignal(place.backend, "plugin-message", "not understood");
    } else if (request.kind === "who") {
      answer(`who ${this.#client.name} ${place.backend}`);
    } else {
      const outcome = this.#ask(request.to, "plugin-message", "backend");
      if (outcome.kind === "refused") answer(`failed ${request.to} ${outcome.why}`);
    }
  }

  chatSentinel(place: Place, line: string): boolean {
    const sentinel = readSentinel(line, this.#session.options.routes.token(place.backend));
    if (sentinel.kind === "wrong-token") this.#refuseSignal(place.backend, "chat-sentinel", "wrong token");
    if (sentinel.kind === "move") this.#ask(sentinel.to, "chat-sentinel", "backend");
    return sentinel.kind === "move";
  }

  lost(place: Place, loss: Loss): void {
    const { backend } = place;
    this.#session.port.emit({ kind: "lost", backend, reason: loss.reason, detail: loss.detail });
    const move = this.#move;
    if (move !== undefined && move.destination !== place) {
      this.#lostBehind(move, place, loss);
      return;
    }
    if (move !== undefined) {
      this.#move = undefined;
      move.miss();
    }
    this.#remedy(place, loss);
  }

  fenceOpened(place: Place): void {
    if (this.#move?.destination === place) this.#move.settle();
  }

  arrived(play: Play): void {
    this.#place = play;
    this.#move = undefined;
    this.#kick = undefined;
    this.#sentTo = undefined;
    this.reconsider();
  }

  stayed(move: Move, cause: string): void {
    this.#move = undefined;
    const { to } = move.request;
    this.#client.say(`&cYou cannot go to &f${to}&c now: &f${cause}`);
    this.#place = move.origin;
    if (this.#place.kind === "waiting-room") this.#waitOn();
    else this.reconsider();
  }

  withdrawn(move: Move): void {
    this.#move = undefined;
    this.#place = move.origin;
  }

  cornered(move: Move, cause: string): void {
    if (this.#kick !== undefined) {
      this.#session.end("backend-kick", `kicked: ${this.#kick}; ${cause}`, this.#kick);
    } else if ((move.request.wish.kind === "go" || this.#sentTo !== undefined) && !move.busy) {
      move.cancel();
      this.#start(move.origin, this.#nextRequest("failure"));
    } else {
      this.#enterWaitingRoom();
      move.relocate(this.#place);
    }
  }

  sentOn(move: Move, kick: string): boolean {
    const to = sentTo(kick, this.#sendingRules);
    if (to === undefined) return false;
    move.cancel();
    this.#start(move.origin, sentBy(to));
    return true;
  }

  nextFence(): number {
    return this.#fences++;
  }

  get #guard(): LoopGuard {
    return this.#loopGuard ??= new LoopGuard();
  }

  get #present(): Place {
    return this.#move?.destination ?? this.#move?.origin ?? this.#place;
  }

  #playerAsks(to: string): void {
    const destination = this.#lookUp(to, "player");
    const refused = refusal(destination, to);
    if (refused !== undefined) {
      this.#client.say(refused);
    } else if (this.#move?.request.to === destination.name) {
      this.#client.say("&eYou are on your way there already");
    } else {
      const answer = this.#ask(to, "player", "player");
      if (answer.kind === "refused") this.#client.say(`&c${answer.why}`);
    }
  }

  #lookUp(to: string, by: Asker): Destination {
    return this.#session.options.routes.lookup(to, by, this.#present.backend);
  }

  /** Repeated requests for the same destination are one. */
  #ask(to: string, signal: SignalKind, by: Asker): MoveAnswer {
    const destination = this.#lookUp(to, by);
    if (destination.kind === "open" && this.#move?.request.to === destination.name) return { kind: "begun", to };
    const why = destination.kind === "open" ? this.#obstacle(by) : refusalOf(destination);
    if (why === undefined) return this.#go(destination.name, signal, by);
    if (by === "backend") this.#refuseSignal(this.#present.backend, signal, `${to}: ${why}`);
    return { kind: "refused", why };
  }

  /** What stands in the way of a move, if anything. Whoever only waits, or sees a new world already, may always choose. */
  #obstacle(by: Asker): string | undefined {
    const waits = this.#present.kind === "waiting-room";
    const mayStay = this.#move?.request.signal === "drain" && !this.#move.busy;
    const isUnderWay = this.#move !== undefined && this.#move.destination === undefined && !mayStay;
    if (isUnderWay && !waits) return "Another move is under way";
    return by === "backend" && !this.#guard.allows(this.#session.port.now()) ? "too many moves" : undefined;
  }

  #go(to: string, signal: SignalKind, by: Asker): MoveAnswer {
    // The fence of the world that is left again keeps its place there.
    this.#move?.settle();
    const origin = this.#present;
    this.#move?.cancel();
    this.#start(origin, { wish: { kind: "go", to, by }, signal, to });
    return { kind: "begun", to };
  }

  #start(origin: Place, request: MoveRequest): void {
    const move = new Move(this.#session, this.#client, origin, request, this);
    this.#move = move;
    move.start();
  }

  /** The old backend was lost while another one is being tried. */
  #lostBehind(move: Move, place: Place, loss: Loss): void {
    const remedy = this.#remedyFor(place, loss);
    if (remedy.kind === "kick" && !move.announced) {
      this.#session.end("backend-kick", loss.detail, remedy.text);
      return;
    }
    place.leave(loss.closing);
    this.#remember(place, loss);
    if (remedy.kind === "kick") this.#kick = remedy.text;
    else if (remedy.kind === "go") this.#sentTo = remedy.to;
    move.relocate(this.#limbo(place));
  }

  #remedy(place: Place, loss: Loss): void {
    const remedy = this.#remedyFor(place, loss);
    if (remedy.kind === "kick") {
      this.#session.end("backend-kick", loss.detail, remedy.text);
      return;
    }
    place.leave(loss.closing);
    this.#remember(place, loss);
    if (remedy.kind === "go") this.#sentTo = remedy.to;
    this.#start(this.#limbo(place), this.#nextRequest("failure"));
  }

  #remedyFor(place: Place, loss: Loss): ReturnType<typeof remedyFor> {
    return remedyFor(loss, { onKick: this.#onKick(place), ...this.#sendingRules });
  }

  get #sendingRules(): SendingRules {
    return {
      isKnown: (name) => this.#lookUp(name, "backend").kind !== "unknown",
      allows: () => this.#guard.allows(this.#session.port.now()),
    };
  }

  #onKick({ backend }: Place): "disconnect" | "fallback" {
    return this.#session.options.routes.onKick(backend);
  }

  #remember({ backend }: Place, { reason, kick }: Loss): void {
    this.#waitingFor = { kind: "fallback", from: backend, kicked: kick !== undefined };
    this.#why = kick === undefined ? `${backend}: ${reasonText(reason)}` : `${backend} has kicked you: &f${kick}`;
  }

  #limbo(lost: Place): Limbo {
    return new Limbo(this.#session, this.#client, this, lost);
  }

  #resumed(state: PlaceState): Place {
    if (state.kind === "play") return Play.resume(this.#session, this.#client, this, state);
    const room = this.#waitingRoom();
    room.resume(state);
    return room;
  }

  #waitingRoom(): WaitingRoom {
    return new WaitingRoom(this.#session, this.#client, this, () => this.#move?.status ?? NOT_WAITING);
  }

  #enterWaitingRoom(): void {
    const room = this.#waitingRoom();
    this.#place = room;
    this.#session.enter(room);
    room.enter(this.#why);
    if (this.#move !== undefined) this.#session.enter(this.#move);
  }

  /** Stands in line, as long as the player is in the waiting room. */
  #waitOn(): void {
    this.#start(this.#place, this.#nextRequest("waiting"));
  }

  /** Where a player goes who has no place: where a kick has sent them, once, or wherever they are taken. */
  #nextRequest(signal: "failure" | "waiting"): MoveRequest {
    const to = this.#sentTo;
    this.#sentTo = undefined;
    return to === undefined ? { wish: this.#waitingFor, signal, to: "" } : sentBy(to);
  }

  #refuseSignal(backend: string, signal: SignalKind, cause: string): void {
    this.#session.port.emit({ kind: "signal-refused", backend, signal, cause });
  }
}

/** What a kick asks for that names `to`. */
function sentBy(to: string): MoveRequest {
  return { wish: { kind: "go", to, by: "backend" }, signal: "kick-text", to };
}
