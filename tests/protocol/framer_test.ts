import { assert, assertEquals, assertStrictEquals } from "../harness/assert.ts";
import { seeded, splitAt, splitAtRandom, splitEvery } from "../harness/chunks.ts";
import { splitPackets } from "../harness/reference_splitter.ts";
import { type Trace, traces } from "../harness/traces.ts";
import { ALONE, Framer, IN_SERIES } from "../../lib/protocol/framer.ts";
import { ExtensionSet } from "../../lib/protocol/extensions.ts";
import { type Direction, knownSizes, legalSizes } from "../../lib/protocol/packet_table.ts";
import { encodePacket } from "../../lib/protocol/packets.ts";
import { cpeDialect, plainDialect } from "./dialects.ts";

const NONE = new Uint8Array(256);
const EVERY = new Uint8Array(256).fill(1);
const EXHAUSTIVE_BYTES = 4096;
const RANDOM_CUTS = 500;
const PLAIN = legalSizes("s2c", plainDialect(7));
const PING = encodePacket("Ping", plainDialect(7), {});
const DESPAWN = encodePacket("DespawnPlayer", plainDialect(7), { playerId: 9 });
const FINALIZE = encodePacket("LevelFinalize", plainDialect(7), { xSize: 1, ySize: 2, zSize: 3 });

function stopAt(...ids: readonly number[]): Uint8Array {
  const stops = new Uint8Array(256);
  for (const id of ids) stops[id] = 1;
  return stops;
}

function concat(...parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

/** Everything a framer finds in the chunks, as kind and bytes. */
function found(framer: Framer, ...chunks: readonly Uint8Array[]): string[] {
  const frames: string[] = [];
  for (const chunk of chunks) {
    framer.feed(chunk);
    for (let frame = framer.next(); frame !== "none"; frame = framer.next()) {
      frames.push(`${frame} ${framer.bytes.subarray(framer.start, framer.end).toHex()}`);
      if (frame === "unknown") return frames;
    }
  }
  return frames;
}

/** Feeds a recorded stream in pieces and checks each packet against where it stands in the whole. */
class StreamCheck {
  readonly #stream: Uint8Array;
  readonly #sizes: Uint16Array;
  readonly #ends: readonly number[];

  constructor(trace: Trace, direction: Direction) {
    this.#stream = trace[direction];
    const sizes = knownSizes(direction, trace.dialect);
    this.#sizes = sizes;
    const { packets, outcome } = splitPackets(this.#stream, (id) => sizes[id] ?? 0);
    assertEquals(outcome, "complete");
    this.#ends = packets.map(({ end }) => end);
  }

  /** @param pieces The stream, cut; views of it. */
  run(pieces: readonly Uint8Array[]): void {
    const framer = new Framer(this.#sizes, EVERY);
    let fed = 0;
    let start = 0;
    let index = 0;
    for (const piece of pieces) {
      framer.feed(piece);
      for (let frame = framer.next(); frame !== "none"; frame = framer.next()) {
        const end = this.#ends[index++] ?? -1;
        if (frame !== "packet" || framer.end - framer.start !== end - start) this.#fail(frame, start, end);
        if (start >= fed) {
          if (framer.bytes !== piece || framer.start !== start - fed) this.#fail("copied", start, end);
        } else this.#compare(framer, start, end);
        start = end;
      }
      fed += piece.length;
    }
    assertEquals([index, start, framer.partialLength], [this.#ends.length, this.#stream.length, 0]);
  }

  #compare(framer: Framer, start: number, end: number): void {
    for (let at = start; at < end; at++) {
      if (framer.bytes[framer.start + at - start] !== this.#stream[at]) this.#fail("changed", start, end);
    }
  }

  #fail(how: string, start: number, end: number): never {
    throw new Error(`packet 0x${this.#stream[start]?.toString(16)} from ${start} to ${end} is ${how}`);
  }
}

for (const trace of traces()) {
  for (const direction of ["c2s", "s2c"] as const) {
    const what = `${trace.name}.${direction}`;

    Deno.test(`Framer finds the same packets wherever ${what} is cut in two`, () => {
      const check = new StreamCheck(trace, direction);
      const stream = trace[direction];
      const random = seeded(4096);
      const everywhere = Array.from({ length: Math.min(stream.length, EXHAUSTIVE_BYTES) + 1 }, (_, at) => at);
      const elsewhere = stream.length <= EXHAUSTIVE_BYTES ? 0 : RANDOM_CUTS;
      const anywhere = Array.from({ length: elsewhere }, () => random.below(stream.length));
      for (const at of [...everywhere, ...anywhere]) check.run(splitAt(stream, [at]));
    });

    Deno.test(`Framer finds the same packets in ${what} byte by byte and in random pieces`, () => {
      const check = new StreamCheck(trace, direction);
      for (const size of [1, 2, 3, 63, 64, 1460, 16384]) check.run(splitEvery(trace[direction], size));
      for (let seed = 0; seed < 20; seed++) check.run(splitAtRandom(trace[direction], seeded(seed)));
    });
  }
}

Deno.test("Framer.next() reports packets nobody asked for as one run in the chunk itself", () => {
  const framer = new Framer(PLAIN, NONE);
  const chunk = concat(PING, DESPAWN, FINALIZE, PING);
  framer.feed(chunk);
  assertEquals(framer.next(), "run");
  assertStrictEquals(framer.bytes, chunk);
  assertEquals([framer.start, framer.end, framer.next()], [0, chunk.length, "none"]);
});

Deno.test("Framer.next() ends runs in front of a packet that is asked for", () => {
  const framer = new Framer(PLAIN, stopAt(0x0c));
  const frames = found(framer, concat(PING, PING, DESPAWN, DESPAWN, FINALIZE));
  assertEquals(frames, ["run 0101", "packet 0c09", "packet 0c09", "run 04000100020003"]);
});

Deno.test("Framer.next() reports a packet put together from pieces as what it is asked for", () => {
  const pieces = [concat(PING, DESPAWN.subarray(0, 1)), concat(DESPAWN.subarray(1), PING)];
  assertEquals(found(new Framer(PLAIN, stopAt(0x0c)), ...pieces), ["run 01", "packet 0c09", "run 01"]);
  assertEquals(found(new Framer(PLAIN, NONE), ...pieces), ["run 01", "run 0c09", "run 01"]);
});

Deno.test("Framer.next() reports neighbours of one id together where they are asked for in series", () => {
  const stops = stopAt(0x04);
  stops[0x0c] = IN_SERIES;
  const chunk = concat(PING, DESPAWN, DESPAWN, FINALIZE, DESPAWN, PING, DESPAWN.subarray(0, 1));
  const framer = new Framer(PLAIN, stops);
  assertEquals(found(framer, chunk, concat(DESPAWN.subarray(1), DESPAWN)), [
    "run 01",
    "series 0c090c09",
    "packet 04000100020003",
    "series 0c09",
    "run 01",
    "series 0c09",
    "series 0c09",
  ]);
  assertEquals(framer.packets, 8);
});

Deno.test("Framer.next() reports packets alone that are asked for both ways", () => {
  const stops = stopAt();
  stops[0x0c] = ALONE | IN_SERIES;
  assertEquals(found(new Framer(PLAIN, stops), concat(DESPAWN, DESPAWN)), ["packet 0c09", "packet 0c09"]);
});

Deno.test("Framer.next() finds nothing in an empty chunk", () => {
  const framer = new Framer(PLAIN, NONE);
  framer.feed(new Uint8Array(0));
  assertEquals([framer.next(), framer.partialLength], ["none", 0]);
});

Deno.test("Framer.next() keeps a cut packet for the chunks to come", () => {
  const framer = new Framer(PLAIN, NONE);
  assertEquals(found(framer, FINALIZE.subarray(0, 3)), []);
  assertEquals(framer.partialLength, 3);
  assertEquals(found(framer, FINALIZE.subarray(3, 6)), []);
  assertEquals(framer.partialLength, 6);
  assertEquals(found(framer, FINALIZE.subarray(6)), ["run 04000100020003"]);
  assertEquals(framer.partialLength, 0);
});

Deno.test("Framer.next() keeps a copy of a cut packet, not the chunk", () => {
  const framer = new Framer(PLAIN, NONE);
  const chunk = FINALIZE.slice(0, 3);
  assertEquals(found(framer, chunk), []);
  chunk.fill(0xee);
  assertEquals(found(framer, FINALIZE.subarray(3)), ["run 04000100020003"]);
});

Deno.test("Framer.next() reports an unknown id where it stands, behind the run before it", () => {
  const framer = new Framer(PLAIN, NONE);
  const chunk = concat(PING, DESPAWN, Uint8Array.of(0xf0, 1, 1));
  framer.feed(chunk);
  assertEquals([framer.next(), framer.start, framer.end], ["run", 0, 3]);
  assertEquals([framer.next(), framer.start, framer.bytes === chunk], ["unknown", 3, true]);
});

Deno.test("Framer.next() reports an unknown id again and again", () => {
  const framer = new Framer(PLAIN, NONE);
  framer.feed(Uint8Array.of(0xf0, 1));
  assertEquals([framer.next(), framer.next(), framer.start], ["unknown", "unknown", 0]);
});

Deno.test("Framer.next() reports an unknown id behind a packet that was cut", () => {
  const frames = found(new Framer(PLAIN, NONE), DESPAWN.subarray(0, 1), Uint8Array.of(9, 0xf0, 1));
  assertEquals(frames, ["run 0c09", "unknown "]);
});

Deno.test("Framer.next() reports an id that the dialect does not allow as unknown", () => {
  assertEquals(found(new Framer(PLAIN, NONE), Uint8Array.of(0x2b, 1, 0, 5)), ["unknown "]);
  const sizes = legalSizes("s2c", cpeDialect(ExtensionSet.of("TwoWayPing")));
  assertEquals(found(new Framer(sizes, NONE), Uint8Array.of(0x2b, 1, 0, 5)), ["run 2b010005"]);
});

Deno.test("Framer.next() frames with new sizes from the next packet on", () => {
  const wide = legalSizes("s2c", cpeDialect(ExtensionSet.of("FastMap")));
  const framer = new Framer(PLAIN, EVERY);
  framer.feed(Uint8Array.of(2, 2, 0, 0, 0, 7, 1));
  assertEquals([framer.next(), framer.end], ["packet", 1]);
  framer.sizes = wide;
  assertEquals([framer.next(), framer.start, framer.end], ["packet", 1, 6]);
  assertEquals([framer.next(), framer.start, framer.end], ["packet", 6, 7]);
});

Deno.test("Framer.next() frames a kept packet with the sizes of the moment it is completed", () => {
  const wide = legalSizes("s2c", cpeDialect(ExtensionSet.of("ExtendedBlocks")));
  const framer = new Framer(PLAIN, EVERY);
  assertEquals(found(framer, Uint8Array.of(6, 0, 1, 0, 2)), []);
  framer.sizes = wide;
  assertEquals(found(framer, Uint8Array.of(0, 3, 1, 0x42)), ["packet 060001000200030142"]);
});

Deno.test("Framer.next() reports a kept packet as unknown where new sizes make it shorter than what was kept", () => {
  const wide = legalSizes("s2c", cpeDialect(ExtensionSet.of("FastMap")));
  const framer = new Framer(wide, EVERY);
  assertEquals(found(framer, Uint8Array.of(2, 0, 0)), []);
  framer.sizes = PLAIN;
  assertEquals(found(framer, Uint8Array.of(0, 0)), ["unknown "]);
});

Deno.test("Framer.next() honours stops that were replaced between two packets", () => {
  const framer = new Framer(PLAIN, stopAt(0x01));
  framer.feed(concat(PING, PING, PING));
  assertEquals([framer.next(), framer.end], ["packet", 1]);
  framer.stops = NONE;
  assertEquals([framer.next(), framer.start, framer.end], ["run", 1, 3]);
});

Deno.test("Framer does not reuse the bytes of a packet it put together", () => {
  const framer = new Framer(PLAIN, EVERY);
  framer.feed(DESPAWN.subarray(0, 1));
  assertEquals(framer.next(), "none");
  framer.feed(Uint8Array.of(1, 0x0c));
  assertEquals(framer.next(), "packet");
  const first = framer.bytes.subarray(framer.start, framer.end);
  assertEquals(framer.next(), "none");
  framer.feed(Uint8Array.of(2));
  assert(framer.next() === "packet" && framer.bytes[framer.start + 1] === 2);
  assertEquals([...first], [0x0c, 1]);
});

Deno.test("Framer.resume() goes on with the cut packet of another framer", () => {
  const before = new Framer(PLAIN, NONE);
  found(before, concat(PING, DESPAWN.subarray(0, 1)));
  const after = new Framer(PLAIN, NONE);
  after.resume(before.partial);
  assertEquals([before.partial, after.partial], [DESPAWN.subarray(0, 1), DESPAWN.subarray(0, 1)]);
  assertEquals(found(after, concat(DESPAWN.subarray(1), PING)), [`run ${DESPAWN.toHex()}`, `run ${PING.toHex()}`]);
});
