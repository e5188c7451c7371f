/** `deno task soak`: lets players live on the edge for minutes or hours, and fails when a budget is exceeded. */
import { runCommand } from "./command.ts";
import { Meter } from "./meter.ts";
import { judge, verdictLine } from "./soak/budgets.ts";
import { Growth } from "./soak/growth.ts";
import { USUAL } from "./soak/habits.ts";
import { InhabitedEdge } from "./soak/inhabited_edge.ts";
import { total } from "./soak/ledger.ts";
import { HELP, parseSoakOptions, type SoakOptions } from "./soak/options.ts";
import { coresText, progressLine, summary } from "./soak/progress.ts";
import { type LagBuckets, lagP99 } from "./soak/watch.ts";
import { pin } from "./pin.ts";

const EXIT_FAILURE = 1;
/** The first part of the time, in which the edge takes the memory that it keeps for its work, says nothing about an hour. */
const WARM_UP = 0.2;
const MILLISECONDS = 1_000;

async function main(args: readonly string[]): Promise<void> {
  const options = parseSoakOptions(args);
  if (options.help) {
    console.log(HELP);
    return;
  }
  const { bots, seconds, seed } = options;
  console.log(`${bots} bots for ${seconds} s, --seed ${seed}`);
  const cpu = await pin();
  await using edge = await InhabitedEdge.start({ ...options, weights: USUAL, cpu });
  edge.inhabit();
  const meter = new Meter(() => edge.processes());
  meter.start();
  const { growth, rss, lag } = live(edge, options);
  const usage = meter.stop();
  const miscounted = edge.empty();
  const { ledger } = edge.town;
  const figures = {
    lost: total(ledger.lost),
    wrong: total(ledger.faults),
    refused: ledger.counted("refused"),
    miscounted,
    p99: ledger.latency()?.p99 ?? NaN,
    lag,
    rss,
    growth,
  };
  console.log(`${summary(ledger)}\n${coresText(usage)}`);
  const verdicts = judge(figures, options.budgets);
  for (const verdict of verdicts) console.log(verdictLine(verdict));
  if (edge.output() !== "") console.log(`the edge says: ${edge.output()}`);
  if (verdicts.some(({ kept }) => !kept)) Deno.exitCode = EXIT_FAILURE;
}

/** Lets everybody live, with a line of figures now and then. */
function live(
  edge: InhabitedEdge,
  { seconds, interval }: SoakOptions,
): { readonly growth: number; readonly rss: number; readonly lag: number } {
  const { town } = edge;
  const growth = new Growth();
  const start = performance.now();
  let rss = 0;
  const first: LagBuckets = edge.look()?.lag ?? new Map();
  let last = first;
  town.ledger.forgetTimes();
  for (let passed = 0; passed < seconds;) {
    town.run(Math.min(interval, seconds - passed) * MILLISECONDS);
    passed = (performance.now() - start) / MILLISECONDS;
    const seen = edge.look();
    if (seen === undefined) {
      town.ledger.fault("the edge does not tell its metrics");
      continue;
    }
    rss = Math.max(rss, seen.residentMiB);
    if (passed > seconds * WARM_UP) growth.add(passed, seen.residentMiB);
    const lag = lagP99(last, seen.lag);
    console.log(progressLine(
      {
        seconds: passed,
        playing: town.playing,
        players: seen.players,
        residentMiB: seen.residentMiB,
        lag: lag === undefined ? undefined : lag * MILLISECONDS,
        latency: town.ledger.latencySince(),
      },
      town.ledger,
    ));
    last = seen.lag;
  }
  return { growth: growth.perHour(), rss, lag: (lagP99(first, last) ?? NaN) * MILLISECONDS };
}

await runCommand(main);
