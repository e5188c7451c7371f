import { Beat } from "../../lib/transport/beat.ts";
import { Turnstile } from "../../lib/transport/turnstile.ts";
import { assertEquals } from "../harness/assert.ts";

Deno.test("a crowd goes through a few at a time, in order", async () => {
  const beat = new Beat();
  const turnstile = new Turnstile(beat);
  const passed: (readonly [number, number])[] = [];
  await Promise.all(Array.from({ length: 20 }, async (_, number) => {
    await turnstile.pass(1 / 8);
    passed.push([number, beat.count]);
  }));
  assertEquals(passed, Array.from({ length: 20 }, (_, number) => [number, Math.floor(number / 8)] as const));
});

Deno.test("a few go through without waiting for a beat", async () => {
  const beat = new Beat();
  const turnstile = new Turnstile(beat);
  for (let i = 0; i < 8; i++) await turnstile.pass(1 / 8);
  assertEquals(beat.count, 0);
});
