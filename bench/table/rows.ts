/** The table: what is measured, what it must keep, and how to measure it. */
import type { Row } from "../measure.ts";
import { figureOf } from "../report.ts";
import { SCENARIOS } from "../scenarios/all.ts";
import type { TrialRow } from "../soak/trial.ts";
import { summarize } from "../statistics.ts";
import type { Bounds, Reading, TableRow } from "./row.ts";

/** Stands in a command for the compiled executable. */
export const COMPILED = "dist/kurafuto";

const SECONDS_PER_MINUTE = 60;

/** How long and how wild the run of chaos_test.ts is: what the environment says, else ten minutes of 500 bots. */
export function chaosEnvironment(): Readonly<Record<"KURAFUTO_CHAOS_SECONDS" | "KURAFUTO_CHAOS_BOTS", string>> {
  return {
    KURAFUTO_CHAOS_SECONDS: Deno.env.get("KURAFUTO_CHAOS_SECONDS") ?? "600",
    KURAFUTO_CHAOS_BOTS: Deno.env.get("KURAFUTO_CHAOS_BOTS") ?? "500",
  };
}

/** One number of the bench. */
interface Wanted {
  readonly scenario: string;
  /** Name of a metric of it. */
  readonly metric: string;
  /** What the peer adds to the path. */
  readonly added?: true;
  readonly peer: string;
}

const ratio = (bound: number, aim: number): Bounds => ({ sense: "at-most", bound, aim, unit: "×", digits: 2 });
const atMost = (bound: number, aim: number, unit: string, digits = 0): Bounds => ({
  sense: "at-most",
  ...{ bound, aim, unit, digits },
});
const cpuOf = (scenario: string, ...peers: string[]): readonly Wanted[] =>
  peers.map((peer) => ({ scenario, metric: "cpuPerMillion", peer }));

/** Every row, in order. */
export const ROWS: readonly TableRow[] = [
  benchRow(
    "unbatched",
    "CPU per forwarded packet, fan-out of 50 players, many small writes at each tick",
    ratio(0.8, 0.5),
    cpuOf("fanout-unbatched", "edge", "edge-raw"),
  ),
  benchRow("batched", "the same, batched per player, and ping-pong", ratio(1.1, 0.95), [
    ...cpuOf("fanout-batched", "edge", "edge-raw"),
    ...cpuOf("pingpong", "edge", "edge-raw"),
  ]),
  benchRow("translate", "the same, translating ExtendedBlocks and ExtEntityPositions", ratio(1.6, 1.1), [
    ...cpuOf("fanout-unbatched", "edge-translate"),
    ...cpuOf("fanout-batched", "edge-translate"),
    ...cpuOf("pingpong", "edge-translate"),
  ]),
  benchRow("bulk", "CPU per GB of map download, 1 KiB writes", ratio(0.6, 0.4), [
    { scenario: "bulk-1k", metric: "cpuPerGigabyte", peer: "edge" },
    { scenario: "bulk-1k", metric: "cpuPerGigabyte", peer: "edge-raw" },
  ]),
  benchRow("mixed", "positions' p99 beside four map streams at full speed", ratio(1, 0.2), [
    { scenario: "mixed", metric: "p99", peer: "edge" },
  ]),
  benchRow("crowd", "added latency p99 at 1,000 players × 20 Hz, one core", ratio(1.5, 1), [
    { scenario: "crowd", metric: "p99", added: true, peer: "edge" },
  ]),
  benchRow(
    "login",
    "full logins (to spawn) per second, to HAProxy's connections; edge-translate: with the extension lists of a CPE client",
    { sense: "at-least", bound: 0.5, aim: 0.8, unit: "×", digits: 2 },
    [
      { scenario: "login", metric: "logins", peer: "edge" },
      { scenario: "login", metric: "logins", peer: "edge-translate" },
    ],
  ),
  benchRow("idle-deno", "KiB per idle session at 5,000, `deno` driver", atMost(20, 10, "KiB", 1), [
    { scenario: "idle-5000", metric: "perSession", peer: "edge-deno" },
  ], COMPILED),
  benchRow("idle-epoll", "KiB per idle session at 5,000, `epoll` driver", atMost(5, 3, "KiB", 1), [
    { scenario: "idle-5000", metric: "perSession", peer: "edge-epoll" },
  ], COMPILED),
  benchRow("rss", "base RSS of the compiled executable", atMost(80, 60, "MiB", 1), [
    { scenario: "start", metric: "base", peer: "edge" },
  ], COMPILED),
  benchRow("start", "start to accepting, compiled", atMost(100, 50, "ms"), [
    { scenario: "start", metric: "accepting", peer: "edge" },
  ], COMPILED),
  trialRow(
    "moves",
    "moves per second with 1,000 playing, 0 lost",
    { sense: "at-least", bound: 200, aim: 1_000, unit: "moves/s", digits: 0 },
    ["bench/moves.ts"],
    "perSecond",
  ),
  {
    name: "chaos",
    measure: "chaos run, 500 bots, everything at once, 0 lost by the edge",
    bounds: { sense: "at-least", bound: 10, aim: 120, unit: "min", digits: 0 },
    command: ["test", "--allow-all", "tests/load/chaos_test.ts"],
    read: () => [{ of: "", value: Number(chaosEnvironment().KURAFUTO_CHAOS_SECONDS) / SECONDS_PER_MINUTE }],
  },
  trialRow(
    "upgrade",
    "upgrade with 500 playing, 20 times in a row, 0 lost, 0 bytes wrong: silence p99",
    atMost(500, 100, "ms"),
    ["bench/upgrade.ts"],
    "p99",
  ),
];

function benchRow(
  name: string,
  measure: string,
  bounds: Bounds,
  wanted: readonly Wanted[],
  edgeCommand?: string,
): TableRow {
  const distinct = (words: readonly string[]): string => [...new Set(words)].join(",");
  const isRatio = bounds.unit === "×";
  return {
    name,
    measure,
    bounds,
    command: [
      ...["run", "--allow-all", "bench/run.ts"],
      ...["--scenario", distinct(wanted.map(({ scenario }) => scenario))],
      ...["--peers", distinct([...wanted.map(({ peer }) => peer), ...(isRatio ? ["haproxy"] : [])])],
      ...(edgeCommand === undefined ? [] : ["--edge-command", edgeCommand]),
    ],
    read: (lines) => wanted.flatMap((one) => readingOf(one, lines as readonly Row[], isRatio)),
  };
}

function readingOf(
  { scenario, metric, added, peer }: Wanted,
  lines: readonly Row[],
  isRatio: boolean,
): readonly Reading[] {
  const found = SCENARIOS.find(({ name }) => name === scenario)?.metrics
    .find((candidate) => candidate.name === metric && candidate.added === added);
  if (found === undefined) throw new RangeError(`Cannot find a metric of ${scenario}: current value is "${metric}"`);
  const figure = figureOf(found, peer, lines.filter((row) => row.scenario === scenario));
  return [{ of: `${scenario} ${peer}`, value: (isRatio ? figure?.ratio : figure?.median) ?? NaN }];
}

function trialRow(
  name: string,
  measure: string,
  bounds: Bounds,
  command: readonly string[],
  metric: string,
): TableRow {
  return {
    name,
    measure,
    bounds,
    command: ["run", "--allow-all", ...command],
    read: (lines) => {
      const values = (lines as readonly TrialRow[]).flatMap(({ values }) => values[metric] ?? []);
      return [{ of: "", value: summarize(values)?.median ?? NaN }];
    },
  };
}
