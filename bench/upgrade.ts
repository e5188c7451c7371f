/** What players notice when one process of the edge takes over from another, again and again. */
import { isAlive } from "./accounting.ts";
import { Histogram } from "./histogram.ts";
import { MeasurementError } from "./leg.ts";
import { TICKS_PER_MILLISECOND } from "./position.ts";
import type { InhabitedEdge } from "./soak/inhabited_edge.ts";
import { runTrial } from "./soak/trial.ts";
import type { Town } from "./soak/town.ts";

/** Milliseconds until the old process must be gone. */
const DEADLINE = 60_000;
/** Milliseconds of undisturbed play before each upgrade. */
const CALM = 1_000;

/** Asks for an upgrade and returns how many milliseconds it took until the old process was gone. */
function upgrade(edge: InhabitedEdge): number {
  const processes = edge.mains();
  const [old] = processes;
  if (old === undefined || processes.length > 1) {
    throw new MeasurementError(`Cannot upgrade: the edge has ${processes.length} processes`);
  }
  const start = performance.now();
  Deno.kill(old, "SIGUSR2");
  if (!edge.town.run(DEADLINE, () => !isAlive(old))) {
    throw new MeasurementError(`Cannot upgrade: process ${old} still lives after ${DEADLINE} ms`);
  }
  return performance.now() - start;
}

/** Adds each player's longest silence since the last call. */
function addSilences({ bots }: Town, to: Histogram): void {
  for (const bot of bots) to.add(Math.round(bot.takeLongestSilence() * TICKS_PER_MILLISECOND));
}

function milliseconds(histogram: Histogram, quantile: number): number {
  return histogram.quantile(quantile) / TICKS_PER_MILLISECOND;
}

await runTrial({
  command: "bench/upgrade.ts",
  about:
    `Everybody walks while the edge is told to upgrade to itself (USR2), and once more when the old process is gone. Silence: the longest
time a player was told nothing by a world that speaks every 50 ms.`,
  usual: { bots: 500, rounds: 1, amount: 20 },
  amount: { option: "upgrades", about: "how many, one after the other" },
  metrics: [
    { name: "upgrades", unit: "upgrades", digits: 0 },
    { name: "p50", unit: "ms silence p50", digits: 0 },
    { name: "p99", unit: "ms p99", digits: 0 },
    { name: "max", unit: "ms max", digits: 0 },
    { name: "calm", unit: "ms p99 without an upgrade", digits: 0 },
    { name: "took", unit: "ms until the old process was gone, at most", digits: 0 },
  ],
  run: (edge, upgrades) => {
    const { town } = edge;
    const [calm, silences] = [new Histogram(), new Histogram()];
    let took = 0;
    for (let done = 0; done < upgrades; done++) {
      addSilences(town, new Histogram());
      town.run(CALM);
      addSilences(town, calm);
      took = Math.max(took, upgrade(edge));
      town.run(CALM);
      addSilences(town, silences);
    }
    return {
      upgrades,
      p50: milliseconds(silences, 0.5),
      p99: milliseconds(silences, 0.99),
      max: silences.max / TICKS_PER_MILLISECOND,
      calm: milliseconds(calm, 0.99),
      took,
    };
  },
}, Deno.args);
