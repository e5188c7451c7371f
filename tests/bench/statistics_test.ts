import { believable, differences, ratios, summarize } from "../../bench/statistics.ts";
import { assertEquals } from "../harness/assert.ts";

Deno.test("summarize() finds median, smallest and largest", () => {
  assertEquals(summarize([3, 1, 2]), { median: 2, min: 1, max: 3 });
  assertEquals(summarize([10, 9, 1, 4]), { median: 6.5, min: 1, max: 10 });
  assertEquals(summarize([7]), { median: 7, min: 7, max: 7 });
  assertEquals(summarize([]), undefined);
});

Deno.test("believable() leaves noisy samples out as long as one is calm", () => {
  const calm = { round: 0, value: 1, noisy: false };
  const noisy = { round: 1, value: 9, noisy: true };
  assertEquals(believable([noisy, calm]), [calm]);
  assertEquals(believable([noisy]), [noisy]);
  assertEquals(believable([]), []);
});

Deno.test("ratios() divides within each round only", () => {
  const samples = [
    { round: 0, value: 3, noisy: false },
    { round: 1, value: 8, noisy: false },
    { round: 2, value: 5, noisy: false },
    { round: 3, value: 5, noisy: false },
  ];
  const reference = [
    { round: 3, value: 0, noisy: false },
    { round: 1, value: 2, noisy: true },
    { round: 0, value: 2, noisy: false },
  ];
  assertEquals(ratios(samples, reference), [
    { round: 0, value: 1.5, noisy: false },
    { round: 1, value: 4, noisy: true },
  ]);
});

Deno.test("differences() takes the reference of the same round off", () => {
  const samples = [{ round: 0, value: 3, noisy: false }, { round: 1, value: 8, noisy: false }];
  const reference = [{ round: 1, value: 0, noisy: true }];
  assertEquals(differences(samples, reference), [{ round: 1, value: 8, noisy: true }]);
});
