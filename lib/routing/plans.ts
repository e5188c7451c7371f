import type { Wish } from "../session/routes.ts";
import type { Backend } from "./backend.ts";
import type { Directory } from "./directory.ts";
import { Plan, type Stage } from "./plan.ts";
import type { Pool } from "./pool.ts";

/** Turns wishes into plans. Equal wishes share one plan. */
export class Plans {
  readonly #directory: Directory;
  /** By what they depend on: names of backends and pools, not what players type. */
  readonly #plans = new Map<string, Plan>();

  constructor(directory: Directory) {
    this.#directory = directory;
  }

  /**
   * Where `wish` may lead.
   *
   * @param listener The pool of the listener the player came through.
   * @param current The pool the player belongs to now.
   */
  for(wish: Wish, listener: Pool, current: Pool): Plan {
    switch (wish.kind) {
      case "join":
        return this.#plan(`join "${listener.name}"`, () => [stageOf(listener, listener.backends)]);
      case "fallback":
        return this.#plan(
          `fallback of "${current.name}"`,
          () => [...this.#fallbacks(current), current].map((pool) => stageOf(pool, pool.backends)),
        );
      case "go": {
        const named = this.#directory.find(wish.to, wish.by);
        if (named === undefined) return new Plan(`go "${wish.to}", which there is not`, []);
        const { name, pool, reachable } = named;
        return this.#plan(`go "${name}", asked by ${wish.by}`, () => [stageOf(pool, reachable)]);
      }
    }
  }

  #fallbacks({ settings }: Pool): readonly Pool[] {
    return settings.fallback.flatMap((name) => this.#directory.pools.filter((pool) => pool.name === name));
  }

  #plan(wish: string, stages: () => readonly Stage[]): Plan {
    const known = this.#plans.get(wish);
    if (known !== undefined) return known;
    const plan = new Plan(wish, stages());
    this.#plans.set(wish, plan);
    return plan;
  }
}

/** The backends of a pool, or just the one that was named where `pool` is `undefined`. */
function stageOf(pool: Pool | undefined, backends: readonly Backend[]): Stage {
  if (pool === undefined) return { rule: "name", backends, pick: ([first]) => first };
  return {
    rule: `pool "${pool.name}", ${pool.settings.balance}`,
    backends,
    pick: (open, player, now) => pool.pick(open, player, now),
  };
}
