import type { Row } from "../../bench/measure.ts";
import { isNoisy, report } from "../../bench/report.ts";
import type { Scenario } from "../../bench/scenario.ts";
import { assert, assertEquals, assertStringIncludes } from "../harness/assert.ts";

const SCENARIO: Scenario = {
  name: "sample",
  about: "what happens",
  sessions: 1,
  metrics: [
    { name: "cpu", unit: "CPU s", digits: 2, of: "peer" },
    { name: "p99", unit: "ms p99", digits: 1, of: "path" },
  ],
  run: () => ({}),
};

function row(peer: string, round: number, cpu: number, p99: number, others = 0, generator = 0.5): Row {
  return { scenario: "sample", peer, round, values: { cpu, p99 }, cores: { peer: 0.25, generator, others } };
}

function cells(text: string, peer: string): readonly string[] {
  const line = text.split("\n").find((line) => line.startsWith(`${peer} `));
  return line?.split(/ {2,}/) ?? [];
}

Deno.test("report() shows medians, ranges and the median of the ratios within rounds", () => {
  const text = report(SCENARIO, [
    row("haproxy", 0, 1, 1),
    row("edge", 0, 2, 3),
    row("haproxy", 1, 2, 2),
    row("edge", 1, 2, 4),
    row("haproxy", 2, 4, 1),
    row("edge", 2, 2, 5),
  ]);
  assertEquals(cells(text, "edge"), ["edge", "2.00 (2.00–2.00) 1.00×", "4.0 (3.0–5.0) 3.00×", "3/3", "25 %", "50 %"]);
  assertEquals(cells(text, "haproxy")[1], "2.00 (1.00–4.00) 1.00×");
});

Deno.test("report() leaves noisy rounds out and marks a peer that has no other", () => {
  const text = report(SCENARIO, [
    row("haproxy", 0, 1, 1),
    row("haproxy", 1, 9, 9, 0.8),
    row("nginx", 0, 3, 1, 0.8),
    row("nginx", 1, 9, 1, 0.8),
  ]);
  assertEquals(cells(text, "haproxy").slice(1, 4), ["1.00 1.00×", "1.0 1.00×", "1/2"]);
  assertEquals(cells(text, "nginx").slice(1, 4), ["6.00 (3.00–9.00) 2.00×", "1.0 (1.0–1.0) 0.56×", "0/2 ~"]);
});

Deno.test("report() tells of the generator alone only what concerns the path, and marks where it was busy", () => {
  const text = report(SCENARIO, [row("direct", 0, 0, 0.5, 0, 0.97), row("haproxy", 0, 1, 1)]);
  assertEquals(cells(text, "direct"), ["direct", "–", "0.5", "1/1", "–", "97 % !"]);
});

Deno.test("report() shows a measurement that failed as an error, never as a number", () => {
  const text = report(SCENARIO, [
    row("haproxy", 0, 1, 1),
    { scenario: "sample", peer: "edge", round: 0, error: "Cannot go on: it broke" },
  ]);
  assertEquals(cells(text, "edge").slice(1, 4), ["–", "–", "0/0"]);
  assertStringIncludes(text, "edge, round 1: Cannot go on: it broke");
});

Deno.test("isNoisy() looks at what the rest of the machine used", () => {
  assert(isNoisy(row("edge", 0, 1, 1, 0.3)));
  assert(!isNoisy(row("edge", 0, 1, 1, 0.2)));
});

Deno.test("report() shows what a peer adds to the path of the same round, and ratios to another metric of HAProxy", () => {
  const scenario: Scenario = {
    ...SCENARIO,
    metrics: [
      { name: "p99", unit: "ms p99 added", digits: 1, of: "path", added: true },
      { name: "cpu", unit: "CPU s", digits: 0, of: "peer", against: "p99" },
    ],
  };
  const text = report(scenario, [row("direct", 0, 0, 2), row("haproxy", 0, 6, 4), row("edge", 0, 2, 5)]);
  assertEquals(cells(text, "edge").slice(1, 3), ["3.0 1.50×", "2 0.50×"]);
  assertEquals(cells(text, "direct").slice(1, 3), ["–", "–"]);
});
