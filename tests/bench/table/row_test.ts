import type { Row } from "../../../bench/measure.ts";
import { type Bounds, markdownRow, outcome, type TableRow } from "../../../bench/table/row.ts";
import { ROWS } from "../../../bench/table/rows.ts";
import { assert, assertEquals } from "../../harness/assert.ts";

const AT_MOST: Bounds = { sense: "at-most", bound: 0.8, aim: 0.5, unit: "×", digits: 2 };
const AT_LEAST: Bounds = { sense: "at-least", bound: 200, aim: 1_000, unit: "moves/s", digits: 0 };
const readings = (...values: readonly number[]): readonly { of: string; value: number }[] =>
  values.map((value) => ({ of: "", value }));

function row(name: string): TableRow {
  const found = ROWS.find((one) => one.name === name);
  assert(found !== undefined);
  return found;
}

function bench(scenario: string, peer: string, values: Readonly<Record<string, number>>, round = 0): Row {
  return { scenario, peer, round, values, cores: { peer: 1, generator: 0.5, others: 0 } };
}

Deno.test("the worst reading of a row decides whether bound and aim are kept", () => {
  assertEquals(outcome(AT_MOST, readings(0.3, 0.5)), "aim met");
  assertEquals(outcome(AT_MOST, readings(0.3, 0.51)), "met");
  assertEquals(outcome(AT_MOST, readings(0.3, 0.81)), "missed");
  assertEquals(outcome(AT_LEAST, readings(1_000)), "aim met");
  assertEquals(outcome(AT_LEAST, readings(200)), "met");
  assertEquals(outcome(AT_LEAST, readings(199)), "missed");
  assertEquals(outcome(AT_LEAST, readings()), "not measured");
  assertEquals(outcome(AT_MOST, readings(0.3, NaN)), "not measured");
});

Deno.test("a row of ratios is read from the rounds of the bench", () => {
  const lines = [0, 1, 2].flatMap((round) => [
    bench("fanout-unbatched", "edge", { cpuPerMillion: 2 + round }, round),
    bench("fanout-unbatched", "edge-raw", { cpuPerMillion: 1 }, round),
    bench("fanout-unbatched", "haproxy", { cpuPerMillion: 4 }, round),
  ]);
  assertEquals(row("unbatched").read(lines).map(({ value }) => value), [0.75, 0.25]);
});

Deno.test("what a peer adds to the path is read less the path of the same round", () => {
  const lines = [
    bench("crowd", "direct", { p99: 1 }),
    bench("crowd", "edge", { p99: 4 }),
    bench("crowd", "haproxy", { p99: 3 }),
  ];
  assertEquals(row("crowd").read(lines).map(({ value }) => value), [1.5]);
});

Deno.test("logins are held against HAProxy's connections", () => {
  const lines = ["edge", "edge-translate"].map((peer) => bench("login", peer, { logins: 500, connections: 900 }));
  const haproxy = bench("login", "haproxy", { logins: 800, connections: 1_000 });
  assertEquals(row("login").read([...lines, haproxy]).map(({ value }) => value), [0.5, 0.5]);
});

Deno.test("a row that was never measured is no number, whatever its kind", () => {
  for (const one of ROWS.filter(({ name }) => name !== "chaos")) {
    assertEquals(outcome(one.bounds, one.read([])), "not measured", one.name);
  }
});

Deno.test("a row shows readings, bounds, outcome and the command that measures it", () => {
  const line = markdownRow({ ...row("moves"), measure: "moves" }, readings(412.4));
  const cells = ["moves", "412 moves/s", "≥ 200 moves/s", "≥ 1000 moves/s", "met"];
  assertEquals(line, `| ${cells.join(" | ")} | \`deno run --allow-all bench/moves.ts\` |`);
  assert(markdownRow(row("moves"), [], "failed: port busy").includes("| failed: port busy | "));
});
