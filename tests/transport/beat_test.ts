import { Beat } from "../../lib/transport/beat.ts";
import { assertEquals } from "../harness/assert.ts";

Deno.test("a beat resumes everybody who waits for it, and counts once", async () => {
  const beat = new Beat();
  const order: number[] = [];
  const waits = [1, 2, 3].map(async (leg) => {
    await beat.next();
    order.push(leg, beat.count);
  });
  assertEquals([beat.count, order], [0, []]);
  await Promise.all(waits);
  assertEquals(order, [1, 1, 2, 1, 3, 1]);
});

Deno.test("who asks for a beat while it strikes gets the next one", async () => {
  const beat = new Beat();
  const counts: number[] = [];
  await Promise.all([1, 2].map(async () => {
    for (let i = 0; i < 3; i++) {
      await beat.next();
      counts.push(beat.count);
    }
  }));
  assertEquals(counts, [1, 1, 2, 2, 3, 3]);
});

Deno.test("a beat nobody waits for does not strike", async () => {
  const beat = new Beat();
  await beat.next();
  await new Promise((resolve) => setTimeout(resolve, 5));
  assertEquals(beat.count, 1);
});
