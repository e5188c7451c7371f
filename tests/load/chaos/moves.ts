import type { Random } from "../../harness/chunks.ts";
import type { Program } from "../../harness/program.ts";
import { order } from "../admin_calls.ts";
import { pass, Tally, type Trouble } from "./trouble.ts";

/** An operator who moves anybody anywhere. */
export class Moves implements Trouble {
  readonly tally = new Tally();
  readonly #program: Program;
  readonly #backends: readonly string[];
  readonly #players: readonly string[];
  readonly #random: Random;

  constructor(program: Program, backends: readonly string[], players: readonly string[], random: Random) {
    this.#program = program;
    this.#backends = backends;
    this.#players = players;
    this.#random = random;
  }

  async rage(isOver: () => boolean): Promise<void> {
    while (!isOver()) {
      await pass(this.#random, 20, 100);
      const [player, to] = [this.#random.pick(this.#players), this.#random.pick(this.#backends)];
      const { status, body } = await order(this.#program, `/v1/players/${player}/move`, { to });
      if (status !== 200 && status !== 409) throw new Error(`Cannot move ${player}: ${JSON.stringify(body)}`);
      this.tally.count(status === 200 ? "begun" : "refused");
    }
  }
}
