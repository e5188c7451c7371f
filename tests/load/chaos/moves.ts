import type { Random } from "../../harness/chunks.ts";
import type { Edge } from "./edge.ts";
import { pass, Tally, type Trouble } from "./trouble.ts";

/** An operator who moves anybody anywhere. */
export class Moves implements Trouble {
  readonly tally = new Tally();
  readonly #edge: Edge;
  readonly #backends: readonly string[];
  readonly #players: readonly string[];
  readonly #random: Random;

  constructor(edge: Edge, backends: readonly string[], players: readonly string[], random: Random) {
    this.#edge = edge;
    this.#backends = backends;
    this.#players = players;
    this.#random = random;
  }

  async rage(isOver: () => boolean): Promise<void> {
    while (!isOver()) {
      await pass(this.#random, 20, 100);
      const [player, to] = [this.#random.pick(this.#players), this.#random.pick(this.#backends)];
      const { status, body } = await this.#edge.order(`/v1/players/${player}/move`, { to });
      // Not everybody has come over at once where another process has taken over.
      if (![200, 404, 409].includes(status)) throw new Error(`Cannot move ${player}: ${JSON.stringify(body)}`);
      this.tally.count(status === 200 ? "begun" : "refused");
    }
  }
}
