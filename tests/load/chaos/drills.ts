import type { DrillReport } from "../../../lib/admin/control.ts";
import { FAULTS } from "../../../lib/drill/fault.ts";
import type { Random } from "../../harness/chunks.ts";
import type { Program } from "../../harness/program.ts";
import { ask, order } from "../admin_calls.ts";
import { pass, Tally, type Trouble } from "./trouble.ts";

/** One drill in so many is for everybody on its backend. */
const FOR_ALL = 4;
const MOST_CHOSEN = 20;

/** Drills of every kind, one after the other, and often several at a time. */
export class Drills implements Trouble {
  readonly tally = new Tally();
  /** Players whom drills have lost. */
  lost = 0;
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
    const chosen = Array.from({ length: 1 + random.below(MOST_CHOSEN) }, () => random.pick(this.#players));
    const { status, body } = await order<{ readonly drill: string }>(this.#program, "/v1/drills", {
      ...{ fault, backend: random.pick(this.#backends), for: `${ms}ms` },
      ...{ delay_ms: 1 + random.below(400), seed: random.below(2 ** 31) },
      ...random.below(FOR_ALL) === 0 ? {} : { players: chosen },
    });
    // One runs there already.
    if (status === 409) return this.tally.count("refused");
    if (status !== 200) throw new Error(`Cannot drill: status is ${status}, ${JSON.stringify(body)}`);
    this.tally.count(fault);
    let report: DrillReport;
    do {
      await new Promise((resolve) => setTimeout(resolve, ms / 2));
      report = (await ask<DrillReport>(this.#program, `/v1/drills/${body.drill}`)).body;
    } while (report.state !== "over");
    this.lost += report.lost;
  }
}
