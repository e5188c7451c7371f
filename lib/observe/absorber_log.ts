/** What the log says about the heartbeats of backends. */
import type { Log } from "./log.ts";

/** What a heartbeat said, as far as the log shows it. */
export interface LoggedBeat {
  readonly backend: string;
  readonly players: number;
  readonly maxPlayers: number;
  readonly software: string;
}

/** A heartbeat that was refused. */
export interface LoggedRefusal {
  readonly peer: string;
  /** `undefined` where it named none. */
  readonly backend: string | undefined;
  /** HTTP status. */
  readonly status: number;
  readonly why: string;
}

interface Beating {
  at: number;
  isSilent: boolean;
}

interface Refusals {
  at: number;
  /** Those since then that were not logged. */
  unsaid: number;
}

/** How often refusals of one backend with one status are logged. */
const REFUSAL_MS = 60_000;

/**
 * Logs which backends send heartbeats and which stop, and refusals: those of one backend with one status once a minute. `now` is
 * always milliseconds that never go back.
 */
export class AbsorberLog {
  readonly #log: Log;
  readonly #silenceMs: number;
  /** By backend. */
  readonly #beating = new Map<string, Beating>();
  /** By backend and status: a few for each backend. */
  readonly #refusals = new Map<string, Refusals>();

  /** @param silenceMs How old the last heartbeat of a backend may become before the log says so. */
  constructor(log: Log, silenceMs: number) {
    this.#log = log;
    this.#silenceMs = silenceMs;
  }

  /** Forgets all backends but these. */
  keep(backends: readonly string[]): void {
    for (const backend of this.#beating.keys()) if (!backends.includes(backend)) this.#beating.delete(backend);
    for (const key of this.#refusals.keys()) {
      const [backend = ""] = key.split(" ");
      if (backend !== "" && !backends.includes(backend)) this.#refusals.delete(key);
    }
  }

  /** A good heartbeat came; `salt` says whether the backend's salt is a new one. */
  beat({ backend, players, maxPlayers, software }: LoggedBeat, salt: "new" | "same" | "configured", now: number): void {
    const known = this.#beating.get(backend);
    this.#beating.set(backend, { at: now, isSilent: false });
    if (known === undefined || known.isSilent) {
      const message = known === undefined ? "backend sends heartbeats" : "backend sends heartbeats again";
      this.#log.info("beating", message, { server: backend, players, max_players: maxPlayers, software });
    }
    if (salt === "new") this.#log.info("salt-learned", "backend has a new salt", { server: backend });
  }

  /** A heartbeat was refused. */
  refused({ peer, backend, status, why }: LoggedRefusal, now: number): void {
    const key = `${backend ?? ""} ${status}`;
    const logged = this.#refusals.get(key);
    if (logged !== undefined && now - logged.at < REFUSAL_MS) {
      logged.unsaid++;
      return;
    }
    this.#refusals.set(key, { at: now, unsaid: 0 });
    const unsaid = logged?.unsaid || undefined;
    this.#log.warn("beat-refused", "heartbeat refused", { server: backend, peer, status, cause: why, unsaid });
  }

  /** Looks for backends that have become silent; to be called every few seconds. */
  check(now: number): void {
    for (const [backend, beating] of this.#beating) {
      if (beating.isSilent || now - beating.at <= this.#silenceMs) continue;
      beating.isSilent = true;
      this.#log.warn("beats-missing", "backend sends no heartbeats any more", { server: backend });
    }
  }
}
