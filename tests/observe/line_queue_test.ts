import { LineQueue } from "../../lib/observe/line_queue.ts";
import { assertEquals } from "../harness/assert.ts";

/** Takes everything there is, without line feeds. */
function takeAll(queue: LineQueue): readonly string[] {
  const taken: string[] = [];
  for (let lines = queue.next(3); lines.length > 0; lines = queue.next(3)) {
    taken.push(...lines.map((line) => line.trim()));
    queue.remove(lines.length);
  }
  return taken;
}

function add(queue: LineQueue, from: number, to: number): void {
  for (let i = from; i <= to; i++) queue.add(`${i}\n`);
}

Deno.test("lines are handed on in order, and stay until they were", () => {
  const queue = new LineQueue();
  add(queue, 1, 7);
  assertEquals(queue.next(2), ["1\n", "2\n"]);
  assertEquals(queue.next(2), ["1\n", "2\n"]);
  queue.remove(1);
  assertEquals(queue.missing, 6);
  assertEquals(takeAll(queue), ["2", "3", "4", "5", "6", "7"]);
  assertEquals([queue.missing, queue.next(9)], [0, []]);
});

Deno.test("what does not fit is dropped, and the number stands in its place", () => {
  let full = 0;
  const queue = new LineQueue({ limit: 4, onFull: () => full++ });
  add(queue, 1, 9);
  assertEquals([full, queue.missing], [1, 9]);
  assertEquals(takeAll(queue), ["1", "2", "3", "4", '{"event":"dropped","count":5}']);
  add(queue, 10, 10);
  assertEquals([...takeAll(queue), queue.missing, full], ["10", 0, 1]);
});

Deno.test("lines are taken again only when half of what waits is gone, so that gaps are few", () => {
  let full = 0;
  const queue = new LineQueue({ limit: 4, onFull: () => full++ });
  add(queue, 1, 5);
  queue.remove(1);
  add(queue, 6, 6);
  queue.remove(1);
  add(queue, 7, 7);
  assertEquals(takeAll(queue), ["3", "4", '{"event":"dropped","count":2}', "7"]);
  add(queue, 8, 13);
  assertEquals(full, 2);
  assertEquals(takeAll(queue), ["8", "9", "10", "11", '{"event":"dropped","count":2}']);
});
