import { type Balance, tryOrder } from "./balance.ts";

/** An ordered set of backends, by name, with the rule that spreads players over them. */
export class Pool {
  readonly name: string;
  readonly #backends: readonly string[];
  readonly #rule: Balance;
  #turn = 0;

  constructor(name: string, backends: readonly string[], rule: Balance) {
    this.name = name;
    this.#backends = backends;
    this.#rule = rule;
  }

  /** The backends to try for the next player, best first. */
  candidates(): readonly string[] {
    return tryOrder(this.#rule, this.#backends, this.#turn++);
  }
}
