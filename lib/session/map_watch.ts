/** Noticing a map that never ends. */
import type { Alarm } from "./alarm.ts";
import type { SessionCore } from "./core.ts";

/** A map on its way, as written down. */
export interface MapState {
  /** Bytes of it so far. */
  readonly bytes: number;
  readonly msLeft: number | undefined;
}

/** Bounds the map that is on its way from a backend, by time and by size. */
export class MapWatch {
  readonly #session: SessionCore;
  readonly #endless: (detail: string) => void;
  readonly #deadline: Alarm;
  #bytes: number;

  /**
   * @param map How far it is.
   * @param endless Told that it is beyond all bounds.
   */
  constructor(session: SessionCore, { bytes, msLeft }: MapState, endless: (detail: string) => void) {
    this.#session = session;
    this.#endless = endless;
    this.#bytes = bytes;
    const { mapMs } = session.options.limits;
    this.#deadline = session.alarm(() => endless(`no complete map in ${mapMs} ms`));
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

  /** The map is complete, or nobody wants it any more. */
  end(): void {
    this.#deadline.clear();
  }
}
