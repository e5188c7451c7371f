/** The network behind the edge: its backends and pools, how they are, and who may go where. */
import type { BackendConfig, Config } from "../config/schema.ts";
import type { Destination, ListedBackend, SessionRoutes } from "../session/routes.ts";
import { Backend } from "./backend.ts";
import type { CheckOutcome } from "./checks.ts";
import type { Clock } from "../clock.ts";
import { Directory } from "./directory.ts";
import { Health } from "./health.ts";
import { isLastUp } from "./last_up.ts";
import { lookUp } from "./lookup.ts";
import { Plans } from "./plans.ts";
import { Pool } from "./pool.ts";
import type { Recent } from "./recent.ts";
import { type NetworkMap, PlayerRoutes, type RoutesOptions, type Shared } from "./session_routes.ts";
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
  /** The memory of now; closed by its owner, after the network. */
  readonly recent: () => Recent;
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
  /** What keeps players away, if anything. */
  readonly condition: ListedBackend["state"];
  /** When {@linkcode state} began. */
  readonly since: number;
  /** Whether it is given no more players. */
  readonly drained: boolean;
  /** Players who are there or on their way. */
  readonly players: number;
  /** Players it may have; 0 is no limit. */
  readonly maxPlayers: number;
  /** What failed last; empty where nothing ever has. */
  readonly cause: string;
}

/** See the file's first line. Names of backends that do not exist are passed over. */
export class Network {
  readonly #options: NetworkOptions;
  readonly #line: WaitingLine;
  readonly #shared: Shared;
  #backends: ReadonlyMap<string, Backend>;
  #map: NetworkMap;
  /** Backends that the configuration does not name any more, as long as players are there, by name. */
  readonly #removed = new Map<string, Backend>();

  constructor(config: NetworkConfig, options: NetworkOptions) {
    this.#options = options;
    this.#line = new WaitingLine(options.clock);
    this.#shared = { map: () => this.#map, line: this.#line, recent: options.recent };
    this.#backends = new Map();
    this.#map = mapOf([], []);
    this.configure(config);
  }

  /** The view of a new session. */
  routesFor(options: RoutesOptions): SessionRoutes {
    return new PlayerRoutes(this.#shared, options);
  }

  /**
   * Is the network that `config` describes from now on. Health, players, logins counted and places in line survive. Players on a
   * backend that it does not name any more stay there until another one takes them, see {@linkcode SessionRoutes.emptied}.
   */
  configure(config: NetworkConfig): void {
    const before = this.#map.directory.pools;
    const backends = config.backends.map((backend) => this.#backend(backend, config));
    const names = new Set(backends.map(({ name }) => name));
    for (const backend of this.#backends.values()) {
      if (!names.has(backend.name)) this.#removed.set(backend.name, backend);
    }
    for (const [name, { players }] of this.#removed) if (names.has(name) || players === 0) this.#removed.delete(name);
    const pools = config.pools.map((pool) =>
      new Pool(
        pool,
        pool.backends.flatMap((name) => backends.filter((backend) => backend.name === name)),
        this.#options.random,
        before.find(({ name }) => name === pool.name),
      )
    );
    this.#backends = new Map(backends.map((backend) => [backend.name, backend]));
    this.#map = mapOf(backends, pools);
    this.#line.replan();
  }

  /** What an operator's `name` for a backend or pool leads to. */
  lookup(name: string): Destination {
    return lookUp(this.#map.directory, name, "operator", "");
  }

  /** Sessions that stand in line for a backend. */
  get waiting(): number {
    return this.#line.waiting;
  }

  /** Seats taken on `backend`: players who are there or on their way. */
  players(backend: string): number {
    return this.#backends.get(backend)?.players ?? 0;
  }

  /** A player's dial of `backend` failed, or it broke off before it had taken the player. */
  dialFailed(backend: string, cause: string): void {
    this.#judge(backend, (found, now) => {
      const spared = isLastUp(found, this.#map.directory.pools);
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
    if (found.maxPlayers !== before) this.#line.changed(found);
  }

  /**
   * Gives `backend` no more players. Returns whether there is such a backend.
   *
   * @param move Whether those who are there are to go elsewhere, see {@linkcode SessionRoutes.emptied}.
   */
  drain(backend: string, move = false): boolean {
    const found = this.#backends.get(backend);
    found?.drain(move);
    return found !== undefined;
  }

  /** Whether those who are on `backend` are to go elsewhere. */
  empties(backend: string): boolean {
    return this.#backends.get(backend)?.emptied === true;
  }

  /** Ends {@linkcode drain}. Returns whether there is such a backend. */
  enable(backend: string): boolean {
    const found = this.#backends.get(backend);
    if (found === undefined) return false;
    found.enable();
    this.#line.changed(found);
    return true;
  }

  /** How each backend is, in the configuration's order. */
  status(): readonly BackendStatus[] {
    return this.#map.directory.backends.map(({ name, state, health, drained, players, maxPlayers }) => ({
      name,
      condition: state,
      state: health.up ? "up" : "down",
      since: health.since,
      drained,
      players,
      maxPlayers,
      cause: health.cause,
    }));
  }

  /** Calls nobody in line any more. */
  close(): void {
    this.#line.close();
  }

  #backend(config: BackendConfig, network: NetworkConfig): Backend {
    const known = this.#backends.get(config.name) ?? this.#removed.get(config.name);
    const perSecond = joinRateOf(config, network);
    if (known === undefined) {
      return new Backend(config, new Health(network.health, this.#options.clock.now()), perSecond);
    }
    known.configure(config, network.health, perSecond);
    return known;
  }

  #judge(name: string, judge: (backend: Backend, now: number) => boolean): void {
    const backend = this.#backends.get(name);
    if (backend === undefined) return;
    const { since } = backend.health;
    if (!judge(backend, this.#options.clock.now())) return;
    const { up, cause } = backend.health;
    this.#options.onChange({ backend: name, state: up ? "up" : "down", cause, since });
    if (up) this.#line.changed(backend);
  }
}

function mapOf(backends: readonly Backend[], pools: readonly Pool[]): NetworkMap {
  const directory = new Directory(backends, pools);
  return { directory, plans: new Plans(directory) };
}

/** The lowest rate of the pools that list a backend. */
function joinRateOf({ name }: BackendConfig, { pools }: NetworkConfig): number {
  const rates = pools.filter(({ backends }) => backends.includes(name)).map(({ joinRate }) => joinRate);
  return rates.length === 0 ? USUAL_JOIN_RATE : Math.min(...rates);
}
