import { BUDGET_NAMES, type Budgets, type Figures, judge, verdictLine } from "../../../bench/soak/budgets.ts";
import { assert, assertEquals } from "../../harness/assert.ts";

const FIGURES: Figures = { lost: 0, wrong: 0, refused: 0, miscounted: 0, p99: 5, lag: 10, rss: 100, growth: 1.25 };

Deno.test("every budget is kept at its figure and exceeded by a figure above it", () => {
  assert(judge(FIGURES, FIGURES).every(({ kept }) => kept));
  for (const name of BUDGET_NAMES) {
    const worse: Figures = { ...FIGURES, [name]: FIGURES[name] + 0.5 };
    assertEquals(judge(worse, FIGURES).filter(({ kept }) => !kept).map((verdict) => verdict.name), [name]);
  }
});

Deno.test("a figure that could not be had keeps no budget", () => {
  const budgets: Budgets = { ...FIGURES, p99: Infinity };
  assertEquals(judge({ ...FIGURES, p99: NaN }, budgets).find(({ name }) => name === "p99")?.kept, false);
});

Deno.test("a verdict names its budget and the figure", () => {
  const [lost, p99] = judge({ ...FIGURES, lost: 2, p99: 250.12 }, FIGURES).filter(({ kept }) => !kept);
  assert(lost !== undefined && p99 !== undefined);
  assertEquals(verdictLine(lost), "EXCEEDED  lost       2 of at most 0: sessions lost");
  assertEquals(verdictLine(p99), "EXCEEDED  p99        250.1 ms of at most 5 ms: one-way p99");
});
