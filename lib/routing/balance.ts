/** Balancing rules: in which order a pool's backends are tried for a player. */

/** Rules that order a pool's backends without knowing more than their order. */
export type Balance = "first" | "round-robin";

/**
 * `backends` in the order in which they are to be tried.
 *
 * @param turn How many players the pool has placed before this one.
 */
export function tryOrder<B>(rule: Balance, backends: readonly B[], turn: number): readonly B[] {
  switch (rule) {
    case "first":
      return backends;
    case "round-robin": {
      const start = turn % backends.length;
      return [...backends.slice(start), ...backends.slice(0, start)];
    }
  }
}
