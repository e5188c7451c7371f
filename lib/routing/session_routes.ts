import type { Asker, Destination, ListedBackend, Seat, SessionRoutes, Ticket, Wish } from "../session/routes.ts";
import type { Backend } from "./backend.ts";
import type { Decision } from "./decision.ts";
import type { Directory } from "./directory.ts";
import { lookUp } from "./lookup.ts";
import type { Plan } from "./plan.ts";
import type { Plans } from "./plans.ts";
import type { Pool } from "./pool.ts";
import type { Recent } from "./recent.ts";
import type { LineTicket } from "./ticket.ts";
import type { WaitingLine } from "./waiting_line.ts";

/** Milliseconds before a player is offered the backend again that they were just lost to. */
const LOST_MS = 2_000;
/** Milliseconds before a player is offered the backend again that has just kicked them. */
const KICKED_MS = 10_000;

/** The network as one configuration describes it. */
export interface NetworkMap {
  readonly directory: Directory;
  readonly plans: Plans;
}

/** What all sessions share. */
export interface Shared {
  /** The map of now. */
  readonly map: () => NetworkMap;
  readonly line: WaitingLine;
  readonly recent: () => Recent;
}

/** What a session's view of the network needs. */
export interface RoutesOptions {
  /** Name of the pool that the session's listener leads to now. */
  pool(): string;
  /** Called when the session's ticket is worth claiming again, from a timer. Must not throw. */
  admitted(): void;
  /** Told what was decided about the player. @default nobody is */
  decided?(decision: Decision): void;
}

/** A session's view of the network, with the pool its player belongs to. */
export class PlayerRoutes implements SessionRoutes {
  readonly #shared: Shared;
  readonly #options: RoutesOptions;
  /** Name of the pool whose fallbacks count. */
  #poolName: string;
  #ticket: LineTicket | undefined;

  constructor(shared: Shared, options: RoutesOptions) {
    this.#shared = shared;
    this.#options = options;
    this.#poolName = options.pool();
  }

  enlist(player: string, wish: Wish): Ticket {
    this.#ticket?.close();
    // The pool may have another name by now, or have lost that backend to another one.
    const pool = (): Pool => wish.kind === "fallback" ? this.#poolWith(wish.from) : this.#pool;
    const options = this.#options;
    const ticket = this.#shared.line.enlist({
      player,
      plan: () => this.#map.plans.for(wish, this.#listener, pool()),
      preferred: (plan) => wish.kind === "join" ? this.#recentBackend(player, plan) : undefined,
      tier: wish.kind === "fallback" ? "crowd" : "ordinary",
      admitted: () => options.admitted(),
      decided: (decision) => options.decided?.(decision),
    });
    if (wish.kind === "fallback") ticket.leaveOut(wish.from, wish.kicked ? KICKED_MS : LOST_MS);
    this.#ticket = ticket;
    return ticket;
  }

  lookup(name: string, by: Asker, here: string): Destination {
    return lookUp(this.#map.directory, name, by, here);
  }

  list(): readonly ListedBackend[] {
    return this.#map.directory.backends.filter(({ settings }) => settings.joinable).map((backend) => ({
      name: backend.name,
      players: backend.players,
      maxPlayers: backend.maxPlayers,
      state: backend.state,
    }));
  }

  arrived(player: string, backend: string, wish: Wish): void {
    this.#ticket?.close();
    this.#ticket = undefined;
    const recent = this.#shared.recent();
    const { directory } = this.#map;
    const asked = wish.kind === "go" ? directory.find(wish.to, wish.by) : undefined;
    this.#poolName = (asked?.pool ?? this.#poolWith(backend)).name;
    for (const pool of directory.pools) {
      if (pool.settings.recent && lists(pool, backend)) recent.remember(player, pool.name, backend);
    }
  }

  onKick(backend: string): "disconnect" | "fallback" {
    return this.#poolWith(backend).settings.onKick;
  }

  get pool(): string {
    return this.#poolName;
  }

  resume(pool: string): void {
    if (this.#poolNamed(pool) !== undefined) this.#poolName = pool;
  }

  seat(backend: string): Seat {
    const found = this.#backendNamed(backend);
    return found === undefined ? { backend, release: () => {} } : this.#shared.line.retake(found);
  }

  token(backend: string): string {
    return this.#backendNamed(backend)?.settings.token ?? "";
  }

  emptied(backend: string): boolean {
    return this.#backendNamed(backend)?.emptied ?? true;
  }

  get #map(): NetworkMap {
    return this.#shared.map();
  }

  /** The pool of the listener, or the first where that is not there any more. */
  get #listener(): Pool {
    const [first] = this.#map.directory.pools;
    const pool = this.#poolNamed(this.#options.pool()) ?? first;
    if (pool === undefined) throw new RangeError("Cannot find pool: there is none");
    return pool;
  }

  get #pool(): Pool {
    return this.#poolNamed(this.#poolName) ?? this.#listener;
  }

  #poolNamed(name: string): Pool | undefined {
    return this.#map.directory.pools.find((pool) => pool.name === name);
  }

  #backendNamed(name: string): Backend | undefined {
    return this.#map.directory.backends.find((backend) => backend.name === name);
  }

  #recentBackend(player: string, plan: Plan): Backend | undefined {
    if (!this.#listener.settings.recent || plan.backends.size === 1) return undefined;
    const name = this.#shared.recent().last(player, this.#listener.name);
    return plan.backends.values().find((backend) => backend.name === name);
  }

  /** The pool that a player on `backend` belongs to: the one they are in, if that lists it, else the first that does. */
  #poolWith(backend: string): Pool {
    if (lists(this.#pool, backend)) return this.#pool;
    return this.#map.directory.pools.find((pool) => lists(pool, backend)) ?? this.#pool;
  }
}

function lists(pool: Pool, backend: string): boolean {
  return pool.backends.some(({ name }) => name === backend);
}
