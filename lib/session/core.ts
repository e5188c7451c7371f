/** What all phases of a session work with: its legs, its record, the phase of now and the end. */
import { ExtensionSet } from "../protocol/extensions.ts";
import { memo } from "../protocol/memo.ts";
import { encodePacket } from "../protocol/packets.ts";
import { drawable, TEXT_SIZE } from "../protocol/text.ts";
import { Alarm, Alarms } from "./alarm.ts";
import { Goodbye } from "./goodbye.ts";
import { dialectOf, type Identity } from "./identification.ts";
import type { Phase } from "./phase.ts";
import { CLIENT, type Closing, type Leg, type SessionEvent, type SessionOptions, type SessionPort } from "./port.ts";
import { endCode, kickCode, type Reason, reasonText } from "./reasons.ts";
import { type RecordState, SessionRecord } from "./record.ts";
import type { Redirects } from "./redirect/redirects.ts";
import type { Seat } from "./routes.ts";

/** A kick looks the same in every dialect. */
const PLAIN = dialectOf(7, false);

/** Backends of which events are kept. */
const MOST_BACKENDS = 256;
// Whoever keeps a session's story keeps its events: those of one backend are the same for everybody.
const joinedEvent = memo(MOST_BACKENDS, String, (backend: string): SessionEvent => ({ kind: "joined", backend }));
const playableEvent = memo(MOST_BACKENDS, String, (backend: string): SessionEvent => ({ kind: "playable", backend }));

/** What is known of a leg. */
interface LegRecord {
  readonly leg: Leg;
  /** What is given back when the leg is gone. */
  seat: Seat | undefined;
  /** How it was closed; `undefined` where it is open. */
  closing: Closing | undefined;
}

interface Ending {
  readonly reason: Reason;
  readonly code: string;
  readonly detail: string;
}

/** What outlives a session's phases, as written down. */
export interface CoreState {
  readonly acceptedMsAgo: number;
  /** Contains the player's key. */
  readonly identity: Identity;
  /** The number given last to a leg. */
  readonly lastLeg: Leg;
  /** The pool whose fallbacks count for the player. */
  readonly pool: string;
  readonly record: RecordState;
}

/** The state that outlives a session's phases. */
export class SessionCore {
  readonly options: SessionOptions;
  readonly port: SessionPort;
  readonly record: SessionRecord;
  /** What the client said about itself; `undefined` until its Identification was accepted. */
  identity: Identity | undefined;
  /** Where the player is and goes; `undefined` before the login is over, and in raw mode. */
  redirects: Redirects | undefined;
  /** Its deadlines. */
  readonly alarms: Alarms;
  #phase: Phase = new Goodbye("A");
  #lastLeg: Leg = CLIENT;
  /** Legs that are not gone yet: two, but for the time of a move. */
  #legs: readonly LegRecord[] = [{ leg: CLIENT, seat: undefined, closing: undefined }];
  #end: Ending | undefined;
  #forgotten = false;

  /** @param acceptedAt When the client's connection was accepted, by the port's clock. */
  constructor(port: SessionPort, options: SessionOptions, acceptedAt: number) {
    this.port = port;
    this.options = options;
    this.alarms = new Alarms(port);
    this.record = new SessionRecord(acceptedAt);
  }

  /** When the client's connection was accepted. */
  get acceptedAt(): number {
    return this.record.acceptedAt;
  }

  /** What the session does now. */
  get phase(): Phase {
    return this.#phase;
  }

  /** Whether the session is over, or only its sockets are still to be closed. */
  get ended(): boolean {
    return this.#end !== undefined || this.#forgotten;
  }

  /** What {@linkcode resume} takes; `undefined` before the login is over, and while a leg is closing. */
  writeDown(): CoreState | undefined {
    const { identity } = this;
    const isClosing = this.#legs.some(({ closing }) => closing !== undefined);
    if (identity === undefined || isClosing || this.ended) return undefined;
    const now = this.port.now();
    return {
      acceptedMsAgo: now - this.acceptedAt,
      identity,
      lastLeg: this.#lastLeg,
      pool: this.options.routes.pool,
      record: this.record.writeDown(now),
    };
  }

  /**
   * Goes on where a session has been written down.
   *
   * @param backend The one that the player is on, and the leg to it.
   */
  resume(state: CoreState, backend: { readonly backend: string; readonly leg: Leg } | undefined): void {
    const { routes } = this.options;
    this.identity = state.identity;
    this.#lastLeg = state.lastLeg;
    this.record.resume(state.record, this.port.now());
    routes.resume(state.pool);
    if (backend !== undefined) this.#add(backend.leg, routes.seat(backend.backend));
  }

  /** The session goes on in another process: gives back what it holds here, without a word to anybody. */
  forget(): void {
    if (this.ended) return;
    const phase = this.#phase;
    this.#phase = new Goodbye(phase.stage);
    this.#forgotten = true;
    phase.dispose();
    this.alarms.clear();
    for (const { seat } of this.#legs) seat?.release();
  }

  /** Replaces the phase. The new one must have been handed what the old one still held. */
  enter(phase: Phase): void {
    if (!this.ended) this.#phase = phase;
  }

  /** A deadline that calls `ring`; not set yet. */
  alarm(ring: (now: number) => void): Alarm {
    return new Alarm(this.alarms, ring);
  }

  /** The time asked for with {@linkcode SessionPort.wake} has come. */
  tick(): void {
    this.alarms.ring();
  }

  /** Tells who the client is, now that its whole handshake is known. */
  identified(client: string): void {
    if (this.identity === undefined) return;
    const { name, dialect } = this.identity;
    this.port.emit({ kind: "identified", player: name, protocol: dialect.protocol, client });
    this.record.reach("handshake", this.port.now());
  }

  /** A backend has taken the player. */
  joined(backend: string): void {
    this.record.arrived(backend);
    this.record.reach("login", this.port.now());
    this.port.emit(joinedEvent(backend));
  }

  /** A map is complete: the player can move. */
  playable(backend: string): void {
    if (this.record.reach("map", this.port.now())) this.port.emit(playableEvent(backend));
  }

  /** Sends `bytes`, a view that is valid during the call. */
  send(leg: Leg, bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.record.sent(leg, bytes.length);
    this.port.write(leg, bytes);
  }

  /** Connects a new leg to the backend of `seat`, which is given back when the leg is gone. Returns the leg's number. */
  dial(seat: Seat): Leg {
    const leg = ++this.#lastLeg;
    this.record.dialled(seat.backend);
    this.#add(leg, seat);
    this.port.dial(leg, seat.backend);
    return leg;
  }

  /** Keeps the seat of a leg that is closing, for another leg to the same backend. */
  keepSeat(leg: Leg): void {
    const record = this.#find(leg);
    if (record !== undefined) record.seat = undefined;
  }

  /** The leg to `backend` that is not gone yet, if there is one. */
  legTo(backend: string): Leg | undefined {
    return this.#legs.find(({ seat }) => seat?.backend === backend)?.leg;
  }

  /** Closes a leg, unless it is gone or closed as thoroughly already. */
  close(leg: Leg, how: Closing): void {
    const record = this.#find(leg);
    if (record === undefined || record.closing === how || record.closing === "abort") return;
    record.closing = how;
    this.port.close(leg, how);
  }

  /** A leg is closed and its socket released; with the last one the session is over. */
  gone(leg: Leg): void {
    this.#find(leg)?.seat?.release();
    this.#legs = this.#legs.filter((record) => record.leg !== leg);
    this.#phase.gone(leg);
    if (this.#end !== undefined && this.#legs.length === 0) this.#finish(this.#end);
  }

  /**
   * Ends the session: kicks the client where it can still read that, and closes every leg.
   *
   * @param detail What exactly happened, for the operator.
   * @param text What the player reads instead of the reason's own text; a backend's words are passed on as they are.
   */
  end(reason: Reason, detail: string, text?: string): void {
    if (this.ended) return;
    const phase = this.#phase;
    const code = endCode(reason, phase.stage);
    this.#end = { reason, code, detail };
    if (phase.kickable) {
      const words = reason === "backend-kick" ? text : this.#kickText(text ?? reasonText(reason), code);
      if (words !== undefined) this.send(CLIENT, encodePacket("DisconnectPlayer", PLAIN, { reason: words }));
    }
    this.#phase = new Goodbye(phase.stage);
    phase.dispose();
    this.alarms.clear();
    for (const { leg } of this.#legs) this.close(leg, "full");
  }

  /** What the client can draw of `text`, on the one line that a kick has. */
  #kickText(text: string | undefined, code: string): string | undefined {
    if (text === undefined) return undefined;
    const extensions = this.redirects?.extensions ?? ExtensionSet.EMPTY;
    return withCode(drawable(text.replaceAll(/[\r\n]+/g, " "), extensions), code, this.options.id);
  }

  #add(leg: Leg, seat: Seat | undefined): void {
    this.#legs = this.#legs.concat({ leg, seat, closing: undefined });
  }

  #find(leg: Leg): LegRecord | undefined {
    for (const record of this.#legs) if (record.leg === leg) return record;
    return undefined;
  }

  #finish(ending: Ending): void {
    this.port.emit({
      kind: "ended",
      summary: {
        ...ending,
        session: this.options.id,
        player: this.identity?.name ?? this.record.claimed,
        ...this.record.figures(this.port.now()),
      },
    });
  }
}

/** The code finds the session in the log, so that it is the text that is cut where both are too long for a kick. */
function withCode(text: string, code: string, session: string): string {
  const mark = ` [${kickCode(code, session)}]`;
  if (text.length + mark.length <= TEXT_SIZE) return text + mark;
  return Array.from(text).slice(0, TEXT_SIZE - mark.length).join("") + mark;
}
