/** Noticing a backend that has gone silent. */
import { packetNamed } from "../protocol/packet_table.ts";
import type { Dialect } from "../protocol/packet_table.ts";
import { encodePacket, readPacket } from "../protocol/packets.ts";
import { Bell } from "./alarm.ts";
import type { SessionCore } from "./core.ts";
import type { Leg } from "./port.ts";

const TWO_WAY_PING = packetNamed("TwoWayPing").id;
const CLIENT_ORIGIN = 0;
/** Clients count their pings from 0 and are long gone before they come here. */
const PING = 0xffff;

/** Where the backend is watched. */
export interface Stallable {
  /** The backend has been silent for as long as is allowed. Told once. */
  stalled(silentMs: number): void;
}

/** A watch as written down. */
export interface SilenceState {
  readonly heardMsAgo: number;
  /** Whether the backend has been asked for a sign of life and has not answered. */
  readonly asked: boolean;
  /** Milliseconds until the next look. */
  readonly msLeft: number | undefined;
}

/**
 * Watches one backend's leg. Some servers never speak unless they are spoken to (cserver does not ping): where TwoWayPing is
 * there, the backend is asked once at half time, and its answer is a sign of life.
 */
export class SilenceWatch extends Bell {
  readonly #session: SessionCore;
  readonly #leg: Leg;
  readonly #dialect: Dialect;
  readonly #place: Stallable;
  /** In whole milliseconds, since V8 keeps any other number as an object. */
  #heardAt: number;
  #asked = false;

  constructor(session: SessionCore, leg: Leg, dialect: Dialect, place: Stallable) {
    super(session.alarms);
    this.#session = session;
    this.#leg = leg;
    this.#dialect = dialect;
    this.#place = place;
    this.#heardAt = Math.floor(session.port.now());
    this.#wait();
  }

  /** The backend has said something. */
  heard(): void {
    this.#heardAt = Math.floor(this.#session.port.now());
  }

  /** Whether the backend's TwoWayPing at `start` of `bytes` is the answer to a question of the watch. */
  isAnswer(bytes: Uint8Array, start: number): boolean {
    if (!this.#asked || bytes[start] !== TWO_WAY_PING) return false;
    const { origin, data } = readPacket("TwoWayPing", this.#dialect, bytes, start);
    if (origin !== CLIENT_ORIGIN || data !== PING) return false;
    this.#asked = false;
    return true;
  }

  /** What {@linkcode resume} takes. */
  writeDown(): SilenceState {
    const now = this.#session.port.now();
    return { heardMsAgo: now - this.#heardAt, asked: this.#asked, msLeft: this.leftAt(now) };
  }

  /** Goes on where a watch has been written down. */
  resume({ heardMsAgo, asked, msLeft }: SilenceState): void {
    const now = this.#session.port.now();
    this.#heardAt = Math.floor(now - heardMsAgo);
    this.#asked = asked;
    this.setIn(msLeft, now);
  }

  get #limit(): number {
    return this.#session.options.limits.backendIdleMs;
  }

  override rung(now: number): void {
    // Nothing is heard from a backend that is not read.
    if (this.#session.port.heldBack(this.#leg)) this.#heardAt = Math.floor(now);
    const silentMs = now - this.#heardAt;
    if (silentMs >= this.#limit) {
      this.#place.stalled(silentMs);
      return;
    }
    if (silentMs >= this.#limit / 2 && !this.#asked) this.#ask();
    this.#wait();
  }

  #ask(): void {
    if (!this.#dialect.extensions.has("TwoWayPing")) return;
    this.#asked = true;
    this.#session.send(
      this.#leg,
      encodePacket("TwoWayPing", this.#dialect, { origin: CLIENT_ORIGIN, data: PING }),
    );
  }

  #wait(): void {
    const half = this.#heardAt + this.#limit / 2;
    this.set(half > this.#session.port.now() ? half : this.#heardAt + this.#limit);
  }
}
