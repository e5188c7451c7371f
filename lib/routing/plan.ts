import type { Backend } from "./backend.ts";

/** Backends among which one rule chooses. */
export interface Stage {
  readonly backends: readonly Backend[];
  /** Which of `open`, some of {@linkcode backends}, is to take `player`. */
  pick(open: readonly Backend[], player: string, now: number): Backend | undefined;
}

/** Where a wish may lead: stages, of which a later one counts only where no earlier one can take the player. */
export class Plan {
  readonly #stages: readonly Stage[];
  /** The backends of all stages. */
  readonly backends: ReadonlySet<Backend>;

  constructor(stages: readonly Stage[]) {
    this.#stages = stages;
    this.backends = new Set(stages.flatMap((stage) => stage.backends));
  }

  /** Which of `open`, backends that can take a player now, is to take `player`. */
  pick(open: ReadonlySet<Backend>, player: string, now: number): Backend | undefined {
    for (const stage of this.#stages) {
      const reachable = stage.backends.filter((backend) => open.has(backend));
      if (reachable.length > 0) return stage.pick(reachable, player, now);
    }
    return undefined;
  }

  /** Whether some backend is in both plans. */
  overlaps(other: Plan): boolean {
    return this === other || !this.backends.isDisjointFrom(other.backends);
  }
}
