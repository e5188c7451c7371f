import { Outbox } from "../../lib/session/outbox.ts";
import { assertEquals, assertStrictEquals } from "../harness/assert.ts";

const BYTES = Uint8Array.of(1, 2, 3, 4, 5, 6);

Deno.test("an outbox gives back the very chunk where all of it is passed", () => {
  const outbox = new Outbox();
  outbox.pass(BYTES, 0, 2);
  outbox.pass(BYTES, 2, 6);
  assertStrictEquals(outbox.take(), BYTES);
  assertEquals(outbox.take().length, 0);
});

Deno.test("an outbox gives back a view where one stretch of a chunk is passed", () => {
  const outbox = new Outbox();
  outbox.pass(BYTES, 1, 3);
  outbox.pass(BYTES, 3, 4);
  const taken = outbox.take();
  assertEquals(taken, Uint8Array.of(2, 3, 4));
  assertStrictEquals(taken.buffer, BYTES.buffer);
});

Deno.test("an outbox keeps the order of what is passed, left out and rewritten", () => {
  const outbox = new Outbox();
  outbox.pass(BYTES, 0, 1);
  outbox.pass(BYTES, 2, 3);
  outbox.packets().append(Uint8Array.of(9));
  outbox.pass(BYTES, 4, 6);
  assertEquals(outbox.take(), Uint8Array.of(1, 3, 9, 5, 6));
});

Deno.test("an outbox that only asked for room forgets nothing it passed", () => {
  const outbox = new Outbox();
  outbox.pass(BYTES, 0, 2);
  outbox.packets();
  assertEquals(outbox.take(), Uint8Array.of(1, 2));
});
