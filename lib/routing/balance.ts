/** Balancing rules: which of the backends that could take a player gets them. */
import { hash } from "../hash.ts";

/** A backend as the rules see it. Names differ. */
export interface Candidate {
  readonly name: string;
  /** Share of new players, beside those of the others. Above 0. */
  readonly weight: number;
  readonly players: number;
}

/** The one with the fewest players for its weight; of equals the first. */
export function leastPlayers<C extends Candidate>(candidates: readonly C[]): C | undefined {
  return least(candidates, ({ players, weight }) => players / weight);
}

/**
 * The emptier for its weight of two candidates drawn by lot, by weight.
 *
 * @param random Returns a number from 0 up to, not including, 1.
 */
export function randomTwo<C extends Candidate>(candidates: readonly C[], random: () => number): C | undefined {
  const one = draw(candidates, random);
  const other = draw(candidates.filter((candidate) => candidate !== one), random);
  return leastPlayers([one, other].filter((drawn) => drawn !== undefined));
}

/**
 * The same candidate for the same player as long as it is there, whoever else comes or goes: each candidate draws a number from the
 * hash of both names, exponentially distributed by its weight, and the least wins (rendezvous hashing).
 *
 * @param player Any case.
 */
export function hashName<C extends Candidate>(candidates: readonly C[], player: string): C | undefined {
  const key = player.toLowerCase();
  return least(candidates, ({ name, weight }) => -Math.log((hash(`${key}\n${name}`) + 0.5) / 2 ** 32) / weight);
}

/** What candidates are owed, by name; 0 where none is given. */
export type Credit = ReadonlyMap<string, number>;

/**
 * Each in turn by weight, the turns of a heavy candidate spread out among those of the others. Everybody's credit grows by their
 * weight; who is owed most is picked and pays for all. Returns the pick, and the credit for the next turn.
 */
export function roundRobin<C extends Candidate>(
  candidates: readonly C[],
  credit: Credit,
): { readonly pick: C | undefined; readonly credit: Credit } {
  const next = new Map(credit);
  let total = 0;
  for (const { name, weight } of candidates) {
    next.set(name, (next.get(name) ?? 0) + weight);
    total += weight;
  }
  const pick = least(candidates, ({ name }) => -(next.get(name) ?? 0));
  if (pick !== undefined) next.set(pick.name, (next.get(pick.name) ?? 0) - total);
  return { pick, credit: next };
}

/** The item with the least cost; of equals the first. */
function least<C>(items: readonly C[], costOf: (item: C) => number): C | undefined {
  let found: C | undefined;
  let foundCost = Infinity;
  for (const item of items) {
    const cost = costOf(item);
    if (found !== undefined && cost >= foundCost) continue;
    found = item;
    foundCost = cost;
  }
  return found;
}

function draw<C extends Candidate>(candidates: readonly C[], random: () => number): C | undefined {
  let left = random() * candidates.reduce((sum, { weight }) => sum + weight, 0);
  return candidates.find(({ weight }) => (left -= weight) < 0) ?? candidates.at(-1);
}
