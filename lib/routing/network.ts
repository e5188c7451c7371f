/** The network behind the edge: its backends and pools, how they are, and who may go where. */
import type { BackendConfig, Config } from "../config/schema.ts";
import type { SessionRoutes } from "../session/routes.ts";
import { Backend } from "./backend.ts";
import type { CheckOutcome } from "./checks.ts";
import type { Clock } from "./clock.ts";
import { Directory } from "./directory.ts";
import { Health } from "./health.ts";
import { JoinRate } from "./join_rate.ts";
import { isLastUp } from "./last_up.ts";
import { Plans } from "./plans.ts";
import { Pool } from "./pool.ts";
import type { Recent } from "./recent.ts";
import { PlayerRoutes, type Shared } from "./session_routes.ts";
import { WaitingLine } from "./waiting_line.ts";

/** Logins per second to a backend that no pool lists. */
const USUAL_JOIN_RATE = 10;

/** What the network is made of. */
export type NetworkConfig = Pick<Config, "backends" | "pools"> & {
  readonly health: Pick<Config["health"], "rise" | "fall">;
};

/** What a network works with. */
export interface NetworkOptions {
  readonly clock: Clock;
  /** Returns a number from 0 up to, not including, 1. */
  readonly random: () => number;
  /** Closed by its owner, after the network. */
  readonly recent: Recent;
  /** Told whenever a backend goes up or down. */
  readonly onChange: (change: BackendChange) => void;
}

/** A backend went up or down. */
export interface BackendChange {
  readonly backend: string;
  readonly state: "up" | "down";
  /** What failed last. */
  readonly cause: string;
  /** When the state before had begun. */
  readonly since: number;
}

/** How a backend is. */
export interface BackendStatus {
  readonly name: string;
  readonly state: "up" | "down";
  /** When that state began. */
  readonly since: number;
  /** Whether it is given no more players. */
  readonly drained: boolean;
  /** Players who are there or on their way. */
  readonly players: number;
  /** What failed last; empty where nothing ever has. */
  readonly cause: string;
}

/** See the file's first line. Names of backends that do not exist are passed over. */
export class Network {
  readonly #options: NetworkOptions;
  readonly #backends: ReadonlyMap<string, Backend>;
  readonly #shared: Shared;

  constructor(config: NetworkConfig, options: NetworkOptions) {
    const { clock, random, recent } = options;
    const now = clock.now();
    const backends = config.backends.map((backend) =>
      new Backend(backend, new Health(config.health, now), new JoinRate(joinRateOf(backend, config)))
    );
    const pools = config.pools.map((pool) =>
      new Pool(pool, pool.backends.flatMap((name) => backends.filter((backend) => backend.name === name)), random)
    );
    const directory = new Directory(backends, pools);
    this.#options = options;
    this.#backends = new Map(backends.map((backend) => [backend.name, backend]));
    this.#shared = { directory, plans: new Plans(directory), line: new WaitingLine(clock), recent };
  }

  /**
   * The view of a new session.
   *
   * @param pool Name of the listener's pool.
   * @param admitted Called when the session's ticket is worth claiming again, from a timer. Must not throw.
   * @throws {RangeError} where there is no such pool
   */
  routesFor(pool: string, admitted: () => void): SessionRoutes {
    const listener = this.#shared.directory.pools.find(({ name }) => name === pool);
    if (listener === undefined) throw new RangeError(`Cannot find pool: current value is "${pool}"`);
    return new PlayerRoutes(this.#shared, listener, admitted);
  }

  /** Seats taken on `backend`: players who are there or on their way. */
  players(backend: string): number {
    return this.#backends.get(backend)?.players ?? 0;
  }

  /** A player's dial of `backend` failed, or it broke off before it had taken the player. */
  dialFailed(backend: string, cause: string): void {
    this.#judge(backend, (found, now) => {
      const spared = isLastUp(found, this.#shared.directory.pools);
      return found.health.dialFailed(now, cause, spared);
    });
  }

  /** A player's dial of `backend` went well. */
  dialSucceeded(backend: string): void {
    this.#judge(backend, ({ health }, now) => health.succeeded(now));
  }

  /** A check of `backend` was made. */
  checked(backend: string, outcome: CheckOutcome): void {
    this.#judge(
      backend,
      ({ health }, now) => outcome.ok ? health.succeeded(now) : health.checkFailed(now, outcome.cause),
    );
  }

  /**
   * `backend` says itself that it is there.
   *
   * @param maxPlayers Players it takes, which counts where the configuration has no limit; 0 for none.
   */
  announced(backend: string, maxPlayers: number): void {
    const found = this.#backends.get(backend);
    if (found === undefined) return;
    const before = found.maxPlayers;
    found.toldMaxPlayers = maxPlayers;
    this.#judge(backend, ({ health }, now) => health.succeeded(now));
    if (found.maxPlayers !== before) this.#shared.line.changed(found);
  }

  /** Gives `backend` no more players; those who are there stay. Returns whether there is such a backend. */
  drain(backend: string): boolean {
    const found = this.#backends.get(backend);
    found?.drain();
    return found !== undefined;
  }

  /** Ends {@linkcode drain}. Returns whether there is such a backend. */
  enable(backend: string): boolean {
    const found = this.#backends.get(backend);
    if (found === undefined) return false;
    found.enable();
    this.#shared.line.changed(found);
    return true;
  }

  /** How each backend is, in the configuration's order. */
  status(): readonly BackendStatus[] {
    return this.#shared.directory.backends.map(({ name, health, drained, players }) => ({
      name,
      state: health.up ? "up" : "down",
      since: health.since,
      drained,
      players,
      cause: health.cause,
    }));
  }

  /** Calls nobody in line any more. */
  close(): void {
    this.#shared.line.close();
  }

  #judge(name: string, judge: (backend: Backend, now: number) => boolean): void {
    const backend = this.#backends.get(name);
    if (backend === undefined) return;
    const { since } = backend.health;
    if (!judge(backend, this.#options.clock.now())) return;
    const { up, cause } = backend.health;
    this.#options.onChange({ backend: name, state: up ? "up" : "down", cause, since });
    if (up) this.#shared.line.changed(backend);
  }
}

/** The lowest rate of the pools that list a backend. */
function joinRateOf({ name }: BackendConfig, { pools }: NetworkConfig): number {
  const rates = pools.filter(({ backends }) => backends.includes(name)).map(({ joinRate }) => joinRate);
  return rates.length === 0 ? USUAL_JOIN_RATE : Math.min(...rates);
}
