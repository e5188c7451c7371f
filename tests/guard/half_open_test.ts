import { HalfOpen } from "../../lib/guard/half_open.ts";
import { assertEquals } from "../harness/assert.ts";

Deno.test("the oldest connection is closed to make room for the newest", () => {
  const halfOpen = new HalfOpen(3);
  const closed: number[] = [];
  for (let index = 0; index < 5; index++) halfOpen.enter(() => closed.push(index));
  assertEquals([closed, halfOpen.size], [[0, 1], 3]);
});

Deno.test("a connection that is known or gone is never closed, and makes room", () => {
  const halfOpen = new HalfOpen(2);
  const closed: string[] = [];
  const first = halfOpen.enter(() => closed.push("first"));
  halfOpen.enter(() => closed.push("second"));
  first.release();
  first.release();
  halfOpen.enter(() => closed.push("third"));
  assertEquals([closed, halfOpen.size], [[], 2]);
  halfOpen.enter(() => closed.push("fourth"));
  assertEquals([closed, halfOpen.size], [["second"], 2]);
});

Deno.test("a connection may be released while it is closed", () => {
  const halfOpen = new HalfOpen(1);
  let closed = 0;
  const first = halfOpen.enter(() => {
    closed++;
    first.release();
  });
  halfOpen.enter(() => closed++);
  assertEquals([closed, halfOpen.size], [1, 1]);
});

Deno.test("a lower limit closes the oldest as the next one comes", () => {
  const halfOpen = new HalfOpen(5);
  const closed: number[] = [];
  for (let index = 0; index < 5; index++) halfOpen.enter(() => closed.push(index));
  halfOpen.configure(2);
  assertEquals(halfOpen.size, 5);
  halfOpen.enter(() => closed.push(5));
  assertEquals([closed, halfOpen.size], [[0, 1, 2, 3], 2]);
});
