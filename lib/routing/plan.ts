import type { Backend } from "./backend.ts";

/** Backends among which one rule chooses. */
export interface Stage {
  /** The rule, for operators. */
  readonly rule: string;
  readonly backends: readonly Backend[];
  /** Which of `open`, some of {@linkcode backends}, is to take `player`. */
  pick(open: readonly Backend[], player: string, now: number): Backend | undefined;
}

/** A backend that was chosen, and what chose it. */
export interface Choice {
  readonly backend: Backend;
  readonly rule: string;
}

/** Where a wish may lead: stages, of which a later one counts only where no earlier one can take the player. */
export class Plan {
  /** The wish, for operators. */
  readonly wish: string;
  readonly #stages: readonly Stage[];
  /** The backends of all stages. */
  readonly backends: ReadonlySet<Backend>;

  constructor(wish: string, stages: readonly Stage[]) {
    this.wish = wish;
    this.#stages = stages;
    this.backends = new Set(stages.flatMap((stage) => stage.backends));
  }

  /** Which of `open`, backends that can take a player now, is to take `player`. */
  pick(open: ReadonlySet<Backend>, player: string, now: number): Choice | undefined {
    for (const { rule, backends, pick } of this.#stages) {
      const reachable = backends.filter((backend) => open.has(backend));
      const backend = reachable.length === 0 ? undefined : pick(reachable, player, now);
      if (backend !== undefined) return { backend, rule };
    }
    return undefined;
  }

  /** Whether some backend is in both plans. */
  overlaps(other: Plan): boolean {
    return this === other || !this.backends.isDisjointFrom(other.backends);
  }
}
