import { ReadBuffer } from "../../lib/transport/read_buffer.ts";
import { assert, assertEquals, assertStrictEquals } from "../harness/assert.ts";

const SMALL = 512;
const NEXT = 2 << 10;
const MIDDLE = 16 << 10;
const LARGE = 64 << 10;
/** Large buffers that the pool keeps of each size. */
const MAX_KEPT = 16;

/** A buffer as it is after reads of those sizes. */
function readInto(buffer: ReadBuffer, ...counts: readonly number[]): ReadBuffer {
  for (const count of counts) buffer.adapt(count);
  return buffer;
}

/** Takes everything out of the pool, so that what a test finds there is its own. */
function emptyPool(): void {
  for (let i = 0; i < MAX_KEPT; i++) readInto(new ReadBuffer(), LARGE);
}

for (
  const [counts, size] of [
    [[], SMALL],
    [[1], SMALL],
    [[SMALL - 1], SMALL],
    [[SMALL], NEXT],
    [[SMALL, SMALL / 2], NEXT],
    [[SMALL, SMALL / 2 - 1], SMALL],
    [[SMALL, NEXT - 1], NEXT],
    [[SMALL, NEXT], MIDDLE],
    [[SMALL, NEXT, MIDDLE - 1], MIDDLE],
    [[SMALL, MIDDLE], LARGE],
    [[LARGE], LARGE],
    [[LARGE, MIDDLE / 2 - 1], MIDDLE],
    [[LARGE, 1], SMALL],
    [[LARGE, 1, LARGE], LARGE],
  ] as const
) {
  Deno.test(`a read buffer has ${size} bytes after reads of ${counts.join(", ") || "nothing"}`, () => {
    assertEquals(readInto(new ReadBuffer(), ...counts).bytes.length, size);
  });
}

Deno.test("a read buffer that stays as large as it is stays the same", () => {
  const buffer = readInto(new ReadBuffer(), LARGE);
  const { bytes } = buffer;
  buffer.adapt(LARGE);
  assertStrictEquals(buffer.bytes, bytes);
});

Deno.test("a large read buffer goes to the next leg when it is released, and when it shrinks", () => {
  for (const giveBack of [(one: ReadBuffer) => one.release(), (one: ReadBuffer) => one.adapt(1)]) {
    const one = readInto(new ReadBuffer(), LARGE);
    const { bytes } = one;
    giveBack(one);
    assertEquals(one.bytes.length, SMALL);
    const next = readInto(new ReadBuffer(), LARGE);
    assertStrictEquals(next.bytes, bytes);
    assert(readInto(new ReadBuffer(), LARGE).bytes !== bytes);
  }
});

Deno.test("a read buffer released twice is in the pool once", () => {
  emptyPool();
  const one = readInto(new ReadBuffer(), LARGE);
  one.release();
  one.release();
  const [first, second] = [readInto(new ReadBuffer(), LARGE), readInto(new ReadBuffer(), LARGE)];
  assert(first.bytes !== second.bytes);
});

Deno.test("the small form of a read buffer is its own and never goes to the pool", () => {
  const one = new ReadBuffer();
  const { bytes } = one;
  one.release();
  assertStrictEquals(one.bytes, bytes);
  assert(new ReadBuffer().bytes !== bytes);
});

Deno.test("the pool keeps no more than sixteen buffers of a size", () => {
  emptyPool();
  const grow = (): ReadBuffer[] => Array.from({ length: MAX_KEPT + 4 }, () => readInto(new ReadBuffer(), LARGE));
  const first = grow();
  const known = new Set(first.map(({ bytes }) => bytes));
  for (const buffer of first) buffer.release();
  assertEquals(grow().filter(({ bytes }) => known.has(bytes)).length, MAX_KEPT);
});
