import type { Wish } from "../session/routes.ts";
import type { Directory, Named } from "./directory.ts";
import { Plan, type Stage } from "./plan.ts";
import type { Pool } from "./pool.ts";

const NOWHERE = new Plan([]);

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
        return this.#plan(`join ${listener.name}`, () => [listener]);
      case "fallback":
        return this.#plan(`fallback ${current.name}`, () => [...this.#fallbacks(current), current]);
      case "go": {
        const named = this.#directory.find(wish.to, wish.by);
        if (named === undefined) return NOWHERE;
        return this.#plan(`go ${named.name} ${wish.by}`, () => [stageOf(named)]);
      }
    }
  }

  #fallbacks({ settings }: Pool): readonly Pool[] {
    return settings.fallback.flatMap((name) => this.#directory.pools.filter((pool) => pool.name === name));
  }

  #plan(key: string, stages: () => readonly Stage[]): Plan {
    const known = this.#plans.get(key);
    if (known !== undefined) return known;
    const plan = new Plan(stages());
    this.#plans.set(key, plan);
    return plan;
  }
}

function stageOf({ pool, reachable }: Named): Stage {
  return {
    backends: reachable,
    pick: (open, player, now) => pool === undefined ? open[0] : pool.pick(open, player, now),
  };
}
