import { Histogram } from "../../bench/histogram.ts";
import { assert, assertEquals } from "../harness/assert.ts";

Deno.test("Histogram tells small values exactly", () => {
  const histogram = new Histogram();
  for (const value of [5, 1, 4, 2, 3]) histogram.add(value);
  const cases: readonly (readonly [number, number])[] = [[0, 1], [0.2, 1], [0.21, 2], [0.5, 3], [0.8, 4], [1, 5]];
  for (const [q, expected] of cases) assertEquals(histogram.quantile(q), expected, `quantile ${q}`);
  assertEquals([histogram.count, histogram.max], [5, 5]);
});

Deno.test("Histogram tells large values at most 1/64 too low", () => {
  for (const value of [63, 64, 127, 128, 1_000, 65_535, 1_000_003, 2 ** 31, 2 ** 32 - 1]) {
    const histogram = new Histogram();
    histogram.add(value);
    const told = histogram.quantile(0.5);
    assert(told <= value && told >= value * 63 / 64, `${value} is told as ${told}`);
    assertEquals(histogram.max, value);
  }
});

Deno.test("Histogram keeps the order of values across the edges of its buckets", () => {
  const values = Array.from({ length: 32 * 8 }, (_, step) => Math.floor(2 ** (step / 8)));
  const told = values.map((value) => {
    const histogram = new Histogram();
    histogram.add(value);
    return histogram.quantile(1);
  });
  assertEquals(told, told.toSorted((a, b) => a - b));
});

Deno.test("Histogram finds the rare large value in the last percent", () => {
  const histogram = new Histogram();
  for (let index = 0; index < 985; index++) histogram.add(10);
  for (let index = 0; index < 15; index++) histogram.add(60);
  assertEquals([histogram.quantile(0.98), histogram.quantile(0.99)], [10, 60]);
});

Deno.test("Histogram has no quantile when it is empty or cleared", () => {
  const histogram = new Histogram();
  assertEquals(histogram.quantile(0.5), NaN);
  histogram.add(7);
  histogram.clear();
  assertEquals([histogram.quantile(0.5), histogram.count, histogram.max], [NaN, 0, 0]);
});
