import type { Asker, Destination, ListedBackend, SessionRoutes, Ticket, Wish } from "../session/routes.ts";
import type { Backend } from "./backend.ts";
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

/** What all sessions share. */
export interface Shared {
  readonly directory: Directory;
  readonly plans: Plans;
  readonly line: WaitingLine;
  readonly recent: Recent;
}

/** A session's view of the network, with the pool its player belongs to. */
export class PlayerRoutes implements SessionRoutes {
  readonly #shared: Shared;
  readonly #listener: Pool;
  readonly #admitted: () => void;
  /** The pool whose fallbacks count. */
  #pool: Pool;
  #ticket: LineTicket | undefined;

  /**
   * @param listener The pool of the listener the player came through.
   * @param admitted Called when the session's ticket is worth claiming again.
   */
  constructor(shared: Shared, listener: Pool, admitted: () => void) {
    this.#shared = shared;
    this.#listener = listener;
    this.#pool = listener;
    this.#admitted = admitted;
  }

  enlist(player: string, wish: Wish): Ticket {
    this.#ticket?.close();
    const plan = this.#shared.plans.for(wish, this.#listener, this.#pool);
    const ticket = this.#shared.line.enlist({
      player,
      plan,
      preferred: wish.kind === "join" ? this.#recentBackend(player, plan) : undefined,
      tier: wish.kind === "fallback" ? "crowd" : "ordinary",
      admitted: this.#admitted,
    });
    if (wish.kind === "fallback") ticket.leaveOut(wish.from, wish.kicked ? KICKED_MS : LOST_MS);
    this.#ticket = ticket;
    return ticket;
  }

  lookup(name: string, by: Asker, here: string): Destination {
    return lookUp(this.#shared.directory, name, by, here);
  }

  list(): readonly ListedBackend[] {
    return this.#shared.directory.backends.filter(({ settings }) => settings.joinable).map((backend) => ({
      name: backend.name,
      players: backend.players,
      maxPlayers: backend.maxPlayers,
      state: backend.state,
    }));
  }

  arrived(player: string, backend: string, wish: Wish): void {
    const { directory, recent } = this.#shared;
    const asked = wish.kind === "go" ? directory.find(wish.to, wish.by) : undefined;
    this.#pool = asked?.pool ?? this.#poolWith(backend);
    for (const pool of directory.pools) {
      if (pool.settings.recent && lists(pool, backend)) recent.remember(player, pool.name, backend);
    }
  }

  onKick(backend: string): "disconnect" | "fallback" {
    return this.#poolWith(backend).settings.onKick;
  }

  token(backend: string): string {
    return this.#shared.directory.backends.find(({ name }) => name === backend)?.settings.token ?? "";
  }

  #recentBackend(player: string, plan: Plan): Backend | undefined {
    if (!this.#listener.settings.recent) return undefined;
    const name = this.#shared.recent.last(player, this.#listener.name);
    return plan.backends.values().find((backend) => backend.name === name);
  }

  /** The pool that a player on `backend` belongs to: the one they are in, if that lists it, else the first that does. */
  #poolWith(backend: string): Pool {
    if (lists(this.#pool, backend)) return this.#pool;
    return this.#shared.directory.pools.find((pool) => lists(pool, backend)) ?? this.#pool;
  }
}

function lists(pool: Pool, backend: string): boolean {
  return pool.backends.some(({ name }) => name === backend);
}
