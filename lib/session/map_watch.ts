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
  /** Not there while no map is on its way. */
  #deadline: Alarm | undefined;
  /** Bytes of the map so far; `undefined` while none is on its way. */
  #bytes: number | undefined;

  /** @param endless Told that a map is beyond all bounds. */
  constructor(session: SessionCore, endless: (detail: string) => void) {
    this.#session = session;
    this.#endless = endless;
  }

  /** A map is to come. */
  begin(): void {
    this.#bytes = 0;
    this.#endsBy(this.#session.port.now() + this.#session.options.limits.mapMs);
  }

  /** The backend has sent `count` bytes. */
  count(count: number): void {
    if (this.#bytes === undefined) return;
    this.#bytes += count;
    const { mapBytes } = this.#session.options.limits;
    if (this.#bytes > mapBytes) this.#endless(`a map of more than ${mapBytes} bytes`);
  }

  /** What {@linkcode resume} takes; `undefined` while no map is on its way. */
  writeDown(): MapState | undefined {
    if (this.#bytes === undefined) return undefined;
    return { bytes: this.#bytes, msLeft: this.#deadline?.leftAt(this.#session.port.now()) };
  }

  /** Goes on where a watch has been written down. */
  resume(map: MapState | undefined): void {
    this.#bytes = map?.bytes;
    if (map?.msLeft !== undefined) this.#endsBy(this.#session.port.now() + map.msLeft);
  }

  /** The map is complete, or nobody wants it any more. */
  end(): void {
    this.#bytes = undefined;
    this.#deadline?.clear();
    this.#deadline = undefined;
  }

  #endsBy(time: number): void {
    const { mapMs } = this.#session.options.limits;
    this.#deadline ??= this.#session.alarm(() => this.#endless(`no complete map in ${mapMs} ms`));
    this.#deadline.set(time);
  }
}
