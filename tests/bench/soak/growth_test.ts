import { Growth } from "../../../bench/soak/growth.ts";
import { assert, assertEquals } from "../../harness/assert.ts";

Deno.test("Growth is what a line through the samples grows by in an hour", () => {
  const growth = new Growth();
  for (let second = 0; second <= 600; second += 10) {
    growth.add(second, 100 + second / 100 + (second % 20 === 0 ? 1 : -1));
  }
  assert(Math.abs(growth.perHour() - 36) < 0.5, `${growth.perHour()}`);
});

Deno.test("Growth of a number that stays the same, or was seen once, is 0", () => {
  const [steady, once] = [new Growth(), new Growth()];
  for (let second = 0; second < 100; second++) steady.add(second, 5);
  once.add(10, 5);
  assertEquals([steady.perHour(), once.perHour(), new Growth().perHour()], [0, 0, 0]);
});
