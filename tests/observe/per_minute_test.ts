import { PerMinute } from "../../lib/observe/per_minute.ts";
import { assertEquals } from "../harness/assert.ts";

Deno.test("each minute has a count of its own, and only the last ones are kept", () => {
  const counts = new PerMinute(3);
  counts.add(5_000);
  counts.add(59_999);
  counts.add(60_000);
  assertEquals(counts.counts(61_000), [0, 2, 1]);
  assertEquals(counts.counts(180_000), [1, 0, 0]);
  counts.add(181_000);
  assertEquals(counts.counts(181_000), [1, 0, 1]);
  assertEquals(counts.counts(3_600_000), [0, 0, 0]);
});

Deno.test("a clock that has run for long before the first time counts nothing twice", () => {
  const counts = new PerMinute(2);
  counts.add(10_000_000);
  assertEquals(counts.counts(10_000_001), [0, 1]);
});
