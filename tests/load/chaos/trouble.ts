import type { Random } from "../../harness/chunks.ts";

/** Somebody who makes trouble of one kind, as random numbers want it. */
export interface Trouble {
  /** What was done, and how often. */
  readonly tally: Tally;
  /** Makes trouble until `isOver`. Resolves when all of it is over. */
  rage(isOver: () => boolean): Promise<void>;
}

/** Counts by name. */
export class Tally {
  readonly #counts = new Map<string, number>();

  count(what: string): void {
    this.#counts.set(what, this.of(what) + 1);
  }

  of(what: string): number {
    return this.#counts.get(what) ?? 0;
  }

  toJSON(): Readonly<Record<string, number>> {
    return Object.fromEntries([...this.#counts].toSorted());
  }
}

/** Lets some milliseconds pass, `least` to `most`. */
export async function pass(random: Random, least: number, most: number): Promise<void> {
  const ms = least + random.below(most - least);
  await new Promise((resolve) => setTimeout(resolve, ms));
}
