import { LoopGuard } from "../../../lib/session/redirect/loop_guard.ts";
import { assertEquals } from "../../harness/assert.ts";

Deno.test("five moves are granted in ten seconds, and no sixth", () => {
  const guard = new LoopGuard();
  const granted = [0, 1, 2, 3, 9_998, 9_999].map((time) => guard.allows(time));
  assertEquals(granted, [true, true, true, true, true, false]);
});

Deno.test("a move counts for ten seconds to the millisecond", () => {
  const guard = new LoopGuard();
  for (const time of [100, 200, 300, 400, 500]) guard.allows(time);
  assertEquals([10_099, 10_100, 10_199, 10_200].map((time) => guard.allows(time)), [false, true, false, true]);
});

Deno.test("what was refused does not count", () => {
  const guard = new LoopGuard();
  for (let time = 0; time < 5; time++) guard.allows(time);
  for (let time = 5; time < 10_000; time += 5) assertEquals(guard.allows(time), false, `${time}`);
  for (let time = 10_004; time < 10_009; time++) assertEquals(guard.allows(time), true, `${time}`);
});
