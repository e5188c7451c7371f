/** Noticing a map that never ends. */
import type { Alarm } from "./alarm.ts";
import type { SessionCore } from "./core.ts";

/** Bounds the map that is on its way from a backend, by time and by size. */
export class MapWatch {
  readonly #session: SessionCore;
  readonly #endless: (detail: string) => void;
  readonly #deadline: Alarm;
  /** Bytes of the map so far; `undefined` while none is on its way. */
  #bytes: number | undefined;

  /** @param endless Told that a map is beyond all bounds. */
  constructor(session: SessionCore, endless: (detail: string) => void) {
    this.#session = session;
    this.#endless = endless;
    this.#deadline = session.alarm(() => endless(`no complete map in ${session.options.limits.mapMs} ms`));
  }

  /** A map is to come. */
  begin(): void {
    this.#bytes = 0;
    this.#deadline.set(this.#session.port.now() + this.#session.options.limits.mapMs);
  }

  /** The backend has sent `count` bytes. */
  count(count: number): void {
    if (this.#bytes === undefined) return;
    this.#bytes += count;
    const { mapBytes } = this.#session.options.limits;
    if (this.#bytes > mapBytes) this.#endless(`a map of more than ${mapBytes} bytes`);
  }

  /** The map is complete, or nobody wants it any more. */
  end(): void {
    this.#bytes = undefined;
    this.#deadline.clear();
  }
}
