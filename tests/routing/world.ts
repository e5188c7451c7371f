import { type BackendChange, Network, type NetworkConfig } from "../../lib/routing/network.ts";
import { Recent } from "../../lib/routing/recent.ts";
import { type Random, seeded } from "../harness/chunks.ts";
import type { Seat, SessionRoutes, Ticket, Wish } from "../../lib/session/routes.ts";
import { FakeClock } from "./fake_clock.ts";

type BackendConfig = NetworkConfig["backends"][number];
type PoolConfig = NetworkConfig["pools"][number];

/** What a test says of a backend; the rest is as the configuration's defaults. */
export type BackendLine = Partial<BackendConfig> & Pick<BackendConfig, "name">;
/** What a test says of a pool. */
export type PoolLine = Partial<PoolConfig> & Pick<PoolConfig, "name" | "backends">;

/** What a world is made of. */
export interface WorldOptions {
  readonly backends: readonly (string | BackendLine)[];
  readonly pools: readonly PoolLine[];
}

/** The configuration of a network; what `options` leave out is as by default. */
export function networkConfig({ backends, pools }: WorldOptions): NetworkConfig {
  return {
    backends: backends.map((line) => ({
      address: { kind: "tcp", host: "127.0.0.1", port: 25566 },
      weight: 1,
      maxPlayers: 0,
      joinable: true,
      token: "",
      salt: "",
      forwardIp: "off",
      ...(typeof line === "string" ? { name: line } : line),
    })),
    pools: pools.map((line) => ({
      balance: "first",
      recent: false,
      fallback: [],
      onKick: "disconnect",
      joinRate: 10,
      ...line,
    })),
    health: { rise: 2, fall: 3 },
  };
}

/** A network with a clock, a lot and a memory of its own. */
export class World {
  readonly clock = new FakeClock();
  readonly random: Random = seeded(1);
  readonly changes: BackendChange[] = [];
  readonly recent = new Recent(undefined, {
    // So low that nothing waits to be written.
    limit: 100,
    onProblem: (message) => {
      throw new Error(message);
    },
  });
  readonly network: Network;

  constructor(options: WorldOptions) {
    this.network = new Network(networkConfig(options), {
      clock: this.clock,
      random: () => this.random.next(),
      recent: () => this.recent,
      onChange: (change) => this.changes.push(change),
    });
  }

  /** Takes backends down, by checks that fail. */
  kill(...names: readonly string[]): void {
    for (const name of names) {
      for (let i = 0; i < 3; i++) this.network.checked(name, { ok: false, cause: "refused" });
    }
  }

  /** Brings backends up again. */
  revive(...names: readonly string[]): void {
    for (const name of names) for (let i = 0; i < 2; i++) this.network.checked(name, { ok: true });
  }

  /** A session of the listener whose pool is `pool`. */
  session(pool: string): Visitor {
    return new Visitor(this, pool);
  }
}

/** One session, which claims whenever it is called. */
export class Visitor {
  readonly routes: SessionRoutes;
  /** Times at which it was called. */
  readonly calls: number[] = [];
  /** What to do when called. */
  onCall: () => void = () => this.claim();
  ticket: Ticket | undefined;
  seat: Seat | undefined;
  readonly #world: World;

  constructor(world: World, pool: string) {
    this.#world = world;
    this.routes = world.network.routesFor({
      pool: () => pool,
      admitted: () => {
        this.calls.push(world.clock.now());
        this.onCall();
      },
    });
  }

  /** Name of the backend it has a seat on. */
  get on(): string | undefined {
    return this.seat?.backend;
  }

  /** Opens a ticket and claims. Returns the name of the backend it has a seat on then. */
  enter(player: string, wish: Wish = { kind: "join" }): string | undefined {
    this.ticket = this.routes.enlist(player, wish);
    return this.claim();
  }

  /** Claims. Returns the name of the backend it has a seat on then. */
  claim(): string | undefined {
    this.seat = this.ticket?.claim();
    return this.on;
  }

  /** Its backend does not take it. */
  refuse(): void {
    const backend = this.on ?? "";
    this.seat?.release();
    this.ticket?.refused(backend);
    this.seat = undefined;
  }

  /** Takes part in the game. */
  arrive(player: string, wish: Wish = { kind: "join" }): void {
    this.ticket?.close();
    this.routes.arrived(player, this.on ?? "", wish);
  }

  /** Enters and arrives, with the limits on logins out of the way. */
  visit(player: string, wish: Wish = { kind: "join" }): string | undefined {
    this.#world.clock.advance(2_000);
    this.seat?.release();
    const backend = this.enter(player, wish);
    this.arrive(player, wish);
    return backend;
  }
}
