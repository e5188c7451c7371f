import type { DrillReport } from "../../../lib/admin/control.ts";
import { FAULTS } from "../../../lib/drill/fault.ts";
import type { Random } from "../../harness/chunks.ts";
import type { Edge } from "./edge.ts";
import { pass, Tally, type Trouble } from "./trouble.ts";

/** One drill in so many is for everybody on its backend. */
const FOR_ALL = 4;
const MOST_CHOSEN = 20;

/** Drills of every kind, one after the other, and often several at a time. */
export class Drills implements Trouble {
  readonly tally = new Tally();
  /** Players whom drills have lost. */
  lost = 0;
  readonly #edge: Edge;
  readonly #backends: readonly string[];
  readonly #players: readonly string[];
  /** Those who do not judge what they are told. */
  readonly #canaries: readonly string[];
  readonly #random: Random;

  constructor(
    edge: Edge,
    backends: readonly string[],
    players: readonly string[],
    canaries: readonly string[],
    random: Random,
  ) {
    this.#edge = edge;
    this.#backends = backends;
    this.#players = players;
    this.#canaries = canaries;
    this.#random = random;
  }

  async rage(isOver: () => boolean): Promise<void> {
    const running: Promise<void>[] = [];
    while (!isOver()) {
      await pass(this.#random, 100, 700);
      running.push(this.#drill());
    }
    await Promise.all(running);
  }

  async #drill(): Promise<void> {
    const random = this.#random;
    const [fault, ms] = [random.pick(FAULTS), 200 + random.below(2_500)];
    // Some garbage is a packet or two before it shows what it is, and those are handed on.
    const eligible = fault === "garbage" ? this.#canaries : this.#players;
    const chosen = Array.from({ length: 1 + random.below(MOST_CHOSEN) }, () => random.pick(eligible));
    const isForAll = fault !== "garbage" && random.below(FOR_ALL) === 0;
    const { status, body } = await this.#edge.order<{ readonly drill: string }>("/v1/drills", {
      ...{ fault, backend: random.pick(this.#backends), for: `${ms}ms` },
      ...{ delay_ms: 1 + random.below(400), seed: random.below(2 ** 31) },
      ...isForAll ? {} : { players: chosen },
    });
    // One runs there already; or a player has not come over yet where another process has taken over.
    if (status === 409 || status === 404) return this.tally.count("refused");
    if (status !== 200) throw new Error(`Cannot drill: status is ${status}, ${JSON.stringify(body)}`);
    this.tally.count(fault);
    while (true) {
      await new Promise((resolve) => setTimeout(resolve, ms / 2));
      const { status, body: report } = await this.#edge.ask<DrillReport>(`/v1/drills/${body.drill}`);
      // Another process has taken over meanwhile, which ends all drills.
      if (status === 404) return;
      if (report.state !== "over") continue;
      this.lost += report.lost;
      return;
    }
  }
}
