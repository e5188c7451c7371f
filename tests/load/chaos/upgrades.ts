import { assertEquals } from "../../harness/assert.ts";
import type { Random } from "../../harness/chunks.ts";
import { eventually } from "../../harness/kernel.ts";
import type { Edge } from "./edge.ts";
import type { Reloads } from "./reloads.ts";
import { pass, Tally, type Trouble } from "./trouble.ts";

const PATIENCE = { timeoutMs: 60_000 };
/** The one reason for which an upgrade may be refused here. */
const TOO_SOON = "the process before still hands over its last players";

/** Upgrades while everybody plays, by a signal and by the API, to the same program. None comes while files are being reloaded. */
export class Upgrades implements Trouble {
  readonly tally = new Tally();
  readonly #edge: Edge;
  readonly #reloads: Reloads;
  readonly #random: Random;

  constructor(edge: Edge, reloads: Reloads, random: Random) {
    this.#edge = edge;
    this.#reloads = reloads;
    this.#random = random;
  }

  async rage(isOver: () => boolean): Promise<void> {
    while (!isOver()) {
      await pass(this.#random, 2_000, 5_000);
      await this.#reloads.between(() => this.#upgrade());
    }
  }

  async #upgrade(): Promise<void> {
    const { diary, pid } = this.#edge;
    const { upgrades } = diary.read();
    if (this.#random.below(2) === 0) await this.#edge.order("/v1/upgrade");
    else Deno.kill(pid, "SIGUSR2");
    await eventually(() => diary.read().upgrades > upgrades, "an upgrade", PATIENCE);
    if (this.#edge.pid !== pid) return this.tally.count("done");
    assertEquals(diary.upgradeRefusal, TOO_SOON);
    this.tally.count("refused");
  }
}
