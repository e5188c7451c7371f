/** What the last heartbeat of each backend said, and when. */
import type { AbsorbedBeat } from "./absorbed_beat.ts";

/** A backend that beats every 30 seconds, as all do, has missed three beats and a bit after that many milliseconds. */
export const FRESH_MS = 95_000;

/** The last heartbeat of a backend, less its salt. */
export interface LastBeat extends Omit<AbsorbedBeat, "salt"> {
  /** Milliseconds since it came. */
  readonly ageMs: number;
  /** Whether it is young enough to be believed. */
  readonly isFresh: boolean;
}

/** Keeps one heartbeat for each backend. `now` is always milliseconds that never go back. */
export class Absorbed {
  readonly #beats = new Map<string, { readonly at: number; readonly said: Omit<AbsorbedBeat, "salt"> }>();

  /** Forgets all backends but these. */
  keep(backends: readonly string[]): void {
    for (const backend of this.#beats.keys()) if (!backends.includes(backend)) this.#beats.delete(backend);
  }

  /** A heartbeat of `backend`, which must be one of the configuration, came. */
  note(backend: string, { salt: _, ...said }: AbsorbedBeat, now: number): void {
    this.#beats.set(backend, { at: now, said });
  }

  /** The last heartbeat of `backend`; `undefined` where none has come. */
  last(backend: string, now: number): LastBeat | undefined {
    const beat = this.#beats.get(backend);
    if (beat === undefined) return undefined;
    const ageMs = now - beat.at;
    return { ...beat.said, ageMs, isFresh: ageMs <= FRESH_MS };
  }
}
