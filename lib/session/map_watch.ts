/** Noticing a map that never ends. */
import type { Alarm } from "./alarm.ts";
import type { SessionCore } from "./core.ts";
import type { Leg } from "./port.ts";

/** What a map has to come with, in bytes a second. */
const LEAST_RATE = 1 << 10;

/** A map on its way, as written down. */
export interface MapState {
  /** Bytes of it so far. */
  readonly bytes: number;
  readonly msLeft: number | undefined;
}

/** Bounds the map that is on its way from a backend, by size and by how slowly it comes. */
export class MapWatch {
  readonly #session: SessionCore;
  readonly #leg: Leg;
  readonly #endless: (detail: string) => void;
  readonly #deadline: Alarm;
  #bytes: number;
  /** Bytes that were there at the last look. */
  #seen: number;

  /**
   * @param leg The backend's.
   * @param map How far it is.
   * @param endless Told that it is beyond all bounds.
   */
  constructor(session: SessionCore, leg: Leg, { bytes, msLeft }: MapState, endless: (detail: string) => void) {
    this.#session = session;
    this.#leg = leg;
    this.#endless = endless;
    this.#bytes = bytes;
    this.#seen = bytes;
    this.#deadline = session.alarm((now) => this.#look(now));
    this.#deadline.setIn(msLeft, session.port.now());
  }

  /** The backend has sent `count` bytes. */
  count(count: number): void {
    this.#bytes += count;
    const { mapBytes } = this.#session.options.limits;
    if (this.#bytes > mapBytes) this.#endless(`a map of more than ${mapBytes} bytes`);
  }

  /** What another one goes on with. */
  writeDown(): MapState {
    return { bytes: this.#bytes, msLeft: this.#deadline.leftAt(this.#session.port.now()) };
  }

  /** A large map takes a slow client long, which is nothing against the backend. */
  #look(now: number): void {
    const { options: { limits: { mapMs } }, port } = this.#session;
    const isSlow = this.#bytes - this.#seen < LEAST_RATE * mapMs / 1_000;
    if (isSlow && !port.heldBack(this.#leg)) {
      return this.#endless(`less than ${LEAST_RATE} bytes of a map a second, for ${mapMs} ms`);
    }
    this.#seen = this.#bytes;
    this.#deadline.setIn(mapMs, now);
  }

  /** The map is complete, or nobody wants it any more. */
  end(): void {
    this.#deadline.clear();
  }
}
