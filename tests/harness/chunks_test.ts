import { assert, assertEquals, assertNotEquals, assertStrictEquals } from "./assert.ts";
import { seeded, splitAt, splitAtRandom, splitEvery } from "./chunks.ts";
import { splitPackets } from "./reference_splitter.ts";
import { websocketPayload } from "./websocket_payload.ts";

const BYTES = Uint8Array.from({ length: 100 }, (_, index) => index);

function joined(pieces: readonly Uint8Array[]): number[] {
  return pieces.flatMap((piece) => [...piece]);
}

Deno.test("seeded() repeats its numbers for equal seeds only", () => {
  const numbers = (seed: number): number[] => {
    const random = seeded(seed);
    return Array.from({ length: 5 }, () => random.next());
  };
  assertEquals(numbers(1), numbers(1));
  assertNotEquals(numbers(1), numbers(2));
});

Deno.test("seeded() spreads its numbers over the whole range", () => {
  const random = seeded(3);
  const counts = new Array<number>(10).fill(0);
  for (let i = 0; i < 10_000; i++) {
    const number = random.below(10);
    counts[number] = (counts[number] ?? 0) + 1;
  }
  assert(counts.every((count) => count > 850 && count < 1150), counts.join());
});

Deno.test("splitAt() cuts in front of each position", () => {
  assertEquals(splitAt(BYTES.subarray(0, 5), [0, 2, 5]).map((piece) => [...piece]), [[], [0, 1], [2, 3, 4], []]);
});

Deno.test("splitAt() returns views", () => {
  assertStrictEquals(splitAt(BYTES, [7])[1]?.buffer, BYTES.buffer);
});

Deno.test("splitEvery() cuts pieces of one size and a rest", () => {
  assertEquals(splitEvery(BYTES, 30).map((piece) => piece.length), [30, 30, 30, 10]);
  assertEquals(joined(splitEvery(BYTES, 7)), [...BYTES]);
});

Deno.test("splitAtRandom() loses nothing and repeats itself", () => {
  const sizes = (seed: number): number[] => splitAtRandom(BYTES, seeded(seed)).map((piece) => piece.length);
  assertEquals(joined(splitAtRandom(BYTES, seeded(5))), [...BYTES]);
  assertEquals(sizes(5), sizes(5));
  assertNotEquals(sizes(5), sizes(6));
});

Deno.test("splitPackets() splits a whole stream", () => {
  const split = splitPackets(Uint8Array.of(2, 0, 1, 3, 0, 0), (id) => id);
  assertEquals(split, {
    packets: [{ start: 0, end: 2 }, { start: 2, end: 3 }, { start: 3, end: 6 }],
    end: 6,
    outcome: "complete",
  });
});

Deno.test("splitPackets() stops at a cut packet and at an unknown one", () => {
  assertEquals(splitPackets(Uint8Array.of(1, 3, 0), (id) => id), {
    packets: [{ start: 0, end: 1 }],
    end: 1,
    outcome: "cut",
  });
  assertEquals(splitPackets(Uint8Array.of(1, 0), (id) => id), {
    packets: [{ start: 0, end: 1 }],
    end: 1,
    outcome: "unknown",
  });
});

Deno.test("websocketPayload() joins data frames and drops masks, headers and control frames", () => {
  const header = new TextEncoder().encode("GET / HTTP/1.1\r\nUpgrade: websocket\r\n\r\n");
  const masked = [0x82, 0x83, 1, 2, 3, 4, 10 ^ 1, 11 ^ 2, 12 ^ 3];
  const ping = [0x89, 1, 0xee];
  const long = [0x82, 126, 0, 2, 13, 14];
  assertEquals([...websocketPayload(Uint8Array.from([...header, ...masked, ...ping, ...long]))], [10, 11, 12, 13, 14]);
});
