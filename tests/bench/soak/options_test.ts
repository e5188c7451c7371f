import { UsageError } from "../../../bench/options.ts";
import { parseSoakOptions } from "../../../bench/soak/options.ts";
import { assertEquals, assertThrows } from "../../harness/assert.ts";

Deno.test("a soak takes minutes or hours, a seed and budgets", () => {
  const options = parseSoakOptions(["--bots", "3000", "--hours", "2", "--seed", "9", "--budget-p99", "12.5"]);
  assertEquals([options.bots, options.seconds, options.seed, options.interval], [3_000, 7_200, 9, 60]);
  assertEquals([options.budgets.p99, options.budgets.lost, options.budgets.growth], [12.5, 0, 16]);
  assertEquals(parseSoakOptions(["--minutes", "0.5"]).seconds, 30);
});

Deno.test("growth of memory is not held against a soak of seconds, unless somebody asks for it", () => {
  assertEquals(parseSoakOptions(["--seconds", "20"]).budgets.growth, Infinity);
  assertEquals(parseSoakOptions(["--seconds", "20", "--budget-growth", "3"]).budgets.growth, 3);
});

Deno.test("a soak refuses what it cannot use, and names the option", () => {
  for (const args of [["--bots", "0"], ["--seconds", "-1"], ["--seed", "x"], ["--budget-lag", ""], ["--every", "0"]]) {
    assertThrows(() => parseSoakOptions(args), UsageError, args[0]);
  }
});
