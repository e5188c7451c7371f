import type { PoolConfig } from "../config/schema.ts";
import type { Backend } from "./backend.ts";
import { type Candidate, type Credit, hashName, leastPlayers, randomTwo, roundRobin } from "./balance.ts";

/** What routing has to know of a pool's configuration, beyond its backends. */
export type PoolSettings = Pick<PoolConfig, "name" | "balance" | "recent" | "fallback" | "onKick">;

/** A backend and what the rules look at. */
interface Choice extends Candidate {
  readonly backend: Backend;
}

/** An ordered set of backends with the rule that spreads players over them. */
export class Pool {
  readonly settings: PoolSettings;
  readonly backends: readonly Backend[];
  readonly #random: () => number;
  #credit: Credit = new Map();

  /**
   * @param random Returns a number from 0 up to, not including, 1.
   * @param before The pool of that name so far, whose turns go on.
   */
  constructor(settings: PoolSettings, backends: readonly Backend[], random: () => number, before?: Pool) {
    this.settings = settings;
    this.backends = backends;
    this.#random = random;
    const names = new Set(backends.map(({ name }) => name));
    if (before !== undefined) this.#credit = new Map(before.#credit.entries().filter(([name]) => names.has(name)));
  }

  get name(): string {
    return this.settings.name;
  }

  /** Which of `open`, backends of this pool that can take a player now, is to take `player`. */
  pick(open: readonly Backend[], player: string, now: number): Backend | undefined {
    const choices = open.map((backend) => ({
      backend,
      name: backend.name,
      weight: backend.settings.weight * backend.health.share(now),
      players: backend.players,
    }));
    return this.#choose(choices, player)?.backend;
  }

  #choose(choices: readonly Choice[], player: string): Choice | undefined {
    switch (this.settings.balance) {
      case "first":
        return choices[0];
      case "round-robin": {
        const { pick, credit } = roundRobin(choices, this.#credit);
        this.#credit = credit;
        return pick;
      }
      case "least-players":
        return leastPlayers(choices);
      case "random-two":
        return randomTwo(choices, this.#random);
      case "hash-name":
        return hashName(choices, player);
    }
  }
}
