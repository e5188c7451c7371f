/** How many players a second the edge can move between worlds while everybody plays. */
import type { Bot } from "./soak/bot.ts";
import type { InhabitedEdge } from "./soak/inhabited_edge.ts";
import { runTrial } from "./soak/trial.ts";

const AT_ONCE = 64;
const WARM_UP_MS = 1_000;
const MILLISECONDS = 1_000;

/** Keeps {@linkcode AT_ONCE} bots on their way to another world, each in its turn. */
class Carousel {
  readonly #bots: readonly Bot[];
  #next = 0;
  #goesOn = true;

  constructor({ town: { bots, ledger } }: InhabitedEdge) {
    this.#bots = bots;
    ledger.onMoved = () => {
      if (this.#goesOn) this.#send();
    };
    for (let index = 0; index < AT_ONCE; index++) this.#send();
  }

  stop(): void {
    this.#goesOn = false;
  }

  /** The next who is not on the way already. */
  #send(): void {
    for (let tried = 0; tried < this.#bots.length; tried++) {
      const bot = this.#bots[this.#next];
      this.#next = (this.#next + 1) % this.#bots.length;
      if (bot?.settled !== true) continue;
      bot.move(1);
      return;
    }
  }
}

await runTrial({
  command: "bench/moves.ts",
  about: `Everybody walks, ${AT_ONCE} players at a time ask for another world; worlds differ in what they speak.`,
  usual: { bots: 1_000, rounds: 5, amount: 5 },
  amount: { option: "seconds", about: "length of one measurement" },
  metrics: [
    { name: "perSecond", unit: "moves/s", digits: 0 },
    { name: "p50", unit: "ms p50 from asking to being there", digits: 1 },
    { name: "p99", unit: "ms p99", digits: 1 },
  ],
  run: (edge, seconds) => {
    const { town } = edge;
    const carousel = new Carousel(edge);
    town.run(WARM_UP_MS);
    town.ledger.forgetTimes();
    const before = town.ledger.counted("move");
    const start = performance.now();
    town.run(seconds * MILLISECONDS);
    const passed = (performance.now() - start) / MILLISECONDS;
    const moves = town.ledger.counted("move") - before;
    carousel.stop();
    const { p50, p99 } = town.ledger.moveTimes() ?? { p50: NaN, p99: NaN };
    return { perSecond: moves / passed, p50, p99 };
  },
}, Deno.args);
