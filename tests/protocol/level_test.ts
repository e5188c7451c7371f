import { Buffer } from "node:buffer";
import { constants, createGzip, deflateRawSync, gzipSync, inflateRawSync, type ZlibOptions } from "node:zlib";
import { DeflateWriter } from "../../lib/protocol/deflate_prefix.ts";
import { FastMapSplicer, type FastMapSplicerOptions, type LevelFailure } from "../../lib/protocol/level.ts";
import { assert, assertEquals, assertLessOrEqual } from "../harness/assert.ts";

const KIB = 1024;
const FUZZ_SECONDS = Number(Deno.env.get("KURAFUTO_FUZZ_SECONDS") ?? 2);
const TRAILER_SIZE = 8;
const PLAIN_HEADER = Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255);

/** Pseudo-random numbers in [0, 1), the same for the same seed (mulberry32). */
class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }

  /** An integer in [0, limit). */
  below(limit: number): number {
    return Math.floor(this.next() * limit);
  }

  pick<T>(values: readonly T[]): T {
    const value = values[this.below(values.length)];
    if (value === undefined) throw new RangeError("Cannot pick from nothing");
    return value;
  }
}

interface Outcome {
  readonly failure: LevelFailure | undefined;
  readonly output: Buffer;
  readonly volume: number | undefined;
  /** Bytes pushed when the volume became known. */
  readonly volumeAfter: number | undefined;
  readonly largestPiece: number;
}

function splice(input: Uint8Array, pieceSize: () => number, options?: FastMapSplicerOptions): Outcome {
  const splicer = new FastMapSplicer(options);
  const pieces: Uint8Array[] = [];
  let failure: LevelFailure | undefined;
  let volumeAfter: number | undefined;
  let largestPiece = 0;
  let at = 0;
  while (at < input.length && failure === undefined) {
    const size = pieceSize();
    // A copy that is overwritten afterwards shows whether the splicer kept a view of it.
    const piece = Uint8Array.from(input.subarray(at, at + size));
    failure = splicer.push(piece, (bytes) => {
      pieces.push(Uint8Array.from(bytes));
      largestPiece = Math.max(largestPiece, bytes.length);
    });
    piece.fill(0xee);
    at += size;
    if (splicer.volume !== undefined) volumeAfter ??= at;
  }
  failure ??= splicer.finish();
  return { failure, output: Buffer.concat(pieces), volume: splicer.volume, volumeAfter, largestPiece };
}

/** Inflates raw DEFLATE; `used` is how many bytes of it that took. */
function inflate(bytes: Uint8Array): { readonly blocks: Uint8Array; readonly used: number } {
  // With `info` the result is an object, which the signature does not say.
  const result = inflateRawSync(bytes, { info: true }) as unknown as {
    buffer: Uint8Array;
    engine: { bytesWritten: number };
  };
  return { blocks: result.buffer, used: result.engine.bytesWritten };
}

function inflateOrUndefined(bytes: Uint8Array): Uint8Array | undefined {
  try {
    return inflate(bytes).blocks;
  } catch {
    return undefined;
  }
}

function withVolume(blocks: Uint8Array, volume = blocks.length): Uint8Array<ArrayBuffer> {
  const map = new Uint8Array(4 + blocks.length);
  new DataView(map.buffer).setInt32(0, volume);
  map.set(blocks, 4);
  return map;
}

/** `raw` between a plain gzip header and a trailer, which nobody checks. */
function asGzip(raw: Uint8Array, header: Uint8Array = PLAIN_HEADER): Uint8Array {
  return Buffer.concat([header, raw, new Uint8Array(TRAILER_SIZE).fill(0xcc)]);
}

type Step = (to: DeflateWriter) => void;

/** A raw DEFLATE stream made by hand. */
function stream(...steps: Step[]): Uint8Array {
  const writer = new DeflateWriter();
  const pieces = [...steps, (to: DeflateWriter) => to.alignToByte()].map((step) => {
    step(writer);
    return writer.take().slice();
  });
  return Buffer.concat(pieces);
}

function fixedBlock(final: boolean, ...tokens: Step[]): Step[] {
  return [(to) => to.openFixed(final), ...tokens, (to) => to.closeFixed()];
}

function literals(bytes: Iterable<number>): Step[] {
  return Array.from(bytes, (byte) => (to) => to.literal(byte));
}

function storedBlock(final: boolean, bytes: Uint8Array): Step[] {
  return [(to) => to.openStored(final, bytes.length), ...Array.from(bytes, (byte): Step => (to) => to.write(byte, 8))];
}

/** The `[value, count]` pairs as bits, one after the other. */
function bits(...fields: (readonly [value: number, count: number])[]): Step[] {
  return fields.map(([value, count]) => (to) => to.write(value, count));
}

/** The beginning of a dynamic block: how many codes, and the lengths of the code length code; `fields` follow. */
function dynamicBlock(
  final: boolean,
  literalCount: number,
  distanceCount: number,
  codeLengths: Readonly<Record<number, number>>,
  ...fields: (readonly [value: number, count: number])[]
): Step[] {
  const order = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
  const lengths = order.map((symbol) => [codeLengths[symbol] ?? 0, 3] as const);
  return bits(
    [final ? 0b101 : 0b100, 3],
    [literalCount - 257, 5],
    [distanceCount - 1, 5],
    [15, 4],
    ...lengths,
    ...fields,
  );
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}

function assertSpliced(
  input: Uint8Array,
  blocks: Uint8Array,
  pieceSize: () => number,
  volume = blocks.length,
): Outcome {
  const outcome = splice(input, pieceSize);
  assertEquals(outcome.failure, undefined);
  assertEquals(outcome.volume, volume);
  const inflated = inflate(outcome.output);
  assert(sameBytes(inflated.blocks, blocks), "the blocks differ");
  assertEquals(inflated.used, outcome.output.length);
  assertLessOrEqual(outcome.output.length, input.length + 37 * KIB);
  return outcome;
}

const MAP_KINDS: Readonly<Record<string, (size: number, random: Random) => Uint8Array>> = {
  zero: (size) => new Uint8Array(size),
  flat: (size) => new Uint8Array(size).map((_, at) => at < size / 2 ? 3 : at < size * 0.6 ? 2 : 0),
  ids: (size, random) => new Uint8Array(size).map(() => random.below(66)),
  noise: (size, random) => new Uint8Array(size).map(() => random.below(256)),
  rare: (size, random) => new Uint8Array(size).map(() => random.below(40) === 0 ? random.below(256) : 1),
  mixed: (size, random) => {
    const map = new Uint8Array(size);
    for (let at = 0; at < size;) {
      const end = Math.min(size, at + 1 + random.below(random.pick([4, 40, 400, 20_000])));
      const shape = random.below(3);
      if (shape === 0) map.fill(random.below(256), at, end);
      else if (shape === 1) { for (let to = at; to < end; to++) map[to] = random.below(256); }
      else map.copyWithin(at, Math.max(0, at - 1 - random.below(32 * KIB)), Math.max(0, at - 1));
      at = end;
    }
    return map;
  },
  // Repeats itself at the largest distance there is, so that the window's edge is used.
  far: (size, random) => {
    const map = new Uint8Array(size).map(() => random.below(256));
    for (let at = 32 * KIB; at < size; at += 1000) map.copyWithin(at, at - 32 * KIB, at - 32 * KIB + 500);
    return map;
  },
};

const SETTINGS: readonly ZlibOptions[] = [
  { level: 0 },
  { level: 0, memLevel: 1 },
  { level: 1 },
  { level: 6 },
  { level: 9 },
  { level: 9, memLevel: 1 },
  { memLevel: 4 },
  { strategy: constants.Z_HUFFMAN_ONLY },
  { strategy: constants.Z_HUFFMAN_ONLY, memLevel: 1 },
  { strategy: constants.Z_RLE },
  { strategy: constants.Z_FIXED },
  { strategy: constants.Z_FILTERED, memLevel: 2 },
];

for (const [kind, make] of Object.entries(MAP_KINDS)) {
  Deno.test(`splicer keeps the blocks of ${kind} maps of any size at any compression setting`, () => {
    const random = new Random(1);
    for (const size of [0, 1, 3, 1000, 32 * KIB - 1, 32 * KIB, 32 * KIB + 1, 33_026, 100 * KIB]) {
      const blocks = make(size, random);
      for (const settings of SETTINGS) {
        const input = gzipSync(withVolume(blocks), settings);
        const pieceSize = random.pick([1, 7, 1024, input.length]);
        assertSpliced(input, blocks, random.below(2) === 0 ? () => pieceSize : () => 1 + random.below(1500));
      }
    }
  });
}

Deno.test("splicer keeps the blocks of a large map", () => {
  const random = new Random(2);
  for (const kind of ["flat", "mixed", "ids"]) {
    const blocks = MAP_KINDS[kind]?.(2 * KIB * KIB, random) ?? new Uint8Array();
    for (const settings of [{ level: 0 }, { level: 1 }, { level: 9, memLevel: 1 }]) {
      const outcome = assertSpliced(gzipSync(withVolume(blocks), settings), blocks, () => 1024);
      assertLessOrEqual(outcome.largestPiece, 2 * KIB);
    }
  }
});

Deno.test("splicer gives the same output however the input is cut", () => {
  const random = new Random(3);
  const input = gzipSync(withVolume(MAP_KINDS.mixed?.(100 * KIB, random) ?? new Uint8Array()));
  const whole = splice(input, () => input.length).output;
  for (const size of [1, 2, 3, 7, 8, 9, 1024]) assert(sameBytes(splice(input, () => size).output, whole));
});

Deno.test("splicer copies the stream behind the first 32 KiB as it is", () => {
  const random = new Random(4);
  const blocks = MAP_KINDS.ids?.(500 * KIB, random) ?? new Uint8Array();
  const input = gzipSync(withVolume(blocks), { level: 6 });
  const { output } = splice(input, () => 1024);
  const rest = input.subarray(40 * KIB, -TRAILER_SIZE);
  assert(sameBytes(output.subarray(-rest.length), rest));
});

Deno.test("splicer knows the volume within the first chunk", () => {
  const random = new Random(5);
  for (const make of Object.values(MAP_KINDS)) {
    for (const settings of SETTINGS) {
      const chunk = gzipSync(withVolume(make(64 * KIB, random)), settings).subarray(0, 1024);
      assertLessOrEqual(splice(chunk, () => 1).volumeAfter ?? Infinity, 320);
    }
  }
});

Deno.test("splicer knows the volume as soon as its four bytes are there", () => {
  const input = gzipSync(withVolume(new Uint8Array(1000), 0x01020304), { level: 0 });
  const outcome = splice(input, () => 1);
  assertEquals(outcome.volume, 0x01020304);
  assertEquals(outcome.volumeAfter, PLAIN_HEADER.length + 5 + 4);
});

Deno.test("splicer keeps stored blocks aligned wherever flushes put them", async () => {
  const random = new Random(6);
  const flushes = [constants.Z_FULL_FLUSH, constants.Z_SYNC_FLUSH, constants.Z_PARTIAL_FLUSH, constants.Z_BLOCK];
  for (let round = 0; round < 60; round++) {
    const blocks = random.pick(Object.values(MAP_KINDS))(30 * KIB + random.below(100 * KIB), random);
    const input = await gzipWithFlushes(withVolume(blocks), random.pick(SETTINGS), random, flushes);
    assertSpliced(input, blocks, () => 1 + random.below(3000));
  }
});

async function gzipWithFlushes(
  map: Uint8Array,
  settings: ZlibOptions,
  random: Random,
  flushes: readonly number[],
): Promise<Uint8Array> {
  const gzip = createGzip(settings);
  const pieces: Uint8Array[] = [];
  gzip.on("data", (piece: Uint8Array) => pieces.push(piece));
  const ended = new Promise<void>((resolve, reject) => gzip.on("end", resolve).on("error", reject));
  const step = 1 + random.below(40 * KIB);
  for (let at = 0; at < map.length; at += step) {
    gzip.write(map.subarray(at, at + step));
    await new Promise<void>((resolve) => gzip.flush(random.pick(flushes), resolve));
  }
  gzip.end();
  await ended;
  return Buffer.concat(pieces);
}

Deno.test("splicer joins at every bit of a byte", () => {
  const random = new Random(7);
  const head = new Uint8Array(32 * KIB).map(() => random.below(256));
  const tail = new Uint8Array(5000).map(() => random.below(256));
  const blocks = Buffer.concat([head, tail]);
  for (let position = 0; position < 8; position++) {
    const raw = stream(
      (to) => to.padTo(position),
      ...fixedBlock(false, ...literals(withVolume(head, blocks.length))),
      ...storedBlock(true, tail),
    );
    assertSpliced(asGzip(raw), blocks, () => 1024);
  }
});

Deno.test("splicer resolves matches that reach into the volume", () => {
  for (const volume of [0, 1, 0x00404040, 0x01010101]) {
    const map = withVolume(new Uint8Array(70 * KIB).fill(volume & 0xff), volume);
    for (const settings of SETTINGS) assertSpliced(gzipSync(map, settings), map.subarray(4), () => 100, volume);
  }
});

Deno.test("splicer resolves any tokens around the end of the volume", () => {
  const random = new Random(8);
  for (let round = 0; round < 3000; round++) {
    const tokens = literals([random.below(3)]);
    for (let produced = 1; produced < 16;) {
      if (random.below(3) === 0) {
        tokens.push(...literals([random.below(256)]));
        produced++;
      } else {
        const length = 3 + random.below(8);
        const distance = 1 + random.below(produced);
        tokens.push((to) => to.match(length, distance));
        produced += length;
      }
    }
    const raw = stream(...fixedBlock(true, ...tokens));
    const map = inflate(raw).blocks;
    const volume = new DataView(map.buffer, map.byteOffset).getInt32(0);
    assertSpliced(asGzip(raw), map.subarray(4), () => 1 + random.below(9), volume);
  }
});

Deno.test("splicer resolves matches that reach across the whole window into the volume", () => {
  for (let size = 32 * KIB - 4; size < 32 * KIB + 4; size++) {
    const tokens = literals(withVolume(new Uint8Array(size), 0x01020304));
    const raw = stream(...fixedBlock(true, ...tokens, (to) => to.match(3, 32 * KIB)));
    assertSpliced(asGzip(raw), inflate(raw).blocks.subarray(4), () => 1024, 0x01020304);
  }
});

Deno.test("splicer skips every field a gzip header can have", () => {
  const blocks = new Uint8Array(50 * KIB).fill(9);
  const raw = deflateRawSync(withVolume(blocks));
  const random = new Random(9);
  for (let flags = 0; flags < 0x20; flags++) {
    const header = [...PLAIN_HEADER];
    header[3] = flags;
    if (flags & 0x04) header.push(0x2c, 0x01, ...new Uint8Array(300).map(() => random.below(256)));
    if (flags & 0x08) header.push(...Buffer.from("level.dat"), 0);
    if (flags & 0x10) header.push(...Buffer.from("a comment"), 0);
    if (flags & 0x02) header.push(0, 0x1f);
    assertSpliced(asGzip(raw, Uint8Array.from(header)), blocks, () => 1 + random.below(40));
  }
});

Deno.test("splicer ignores bytes behind a map that ended in its first 32 KiB", () => {
  const input = Buffer.concat([gzipSync(withVolume(new Uint8Array(100))), new Uint8Array(3000)]);
  const { failure, output } = splice(input, () => 64);
  assertEquals(failure, undefined);
  assertEquals(inflate(output).used, output.length);
});

Deno.test("splicer accepts codes that are incomplete because a block needs no more", () => {
  // End of block has the only literal code, distances have none.
  const sparse = dynamicBlock(false, 257, 1, { 0: 2, 1: 2, 18: 1 }, ...zeros(256), [0b11, 2], [0b01, 2], [0, 1]);
  // Ones, so that a splicer that reads on in old input where new has not come sees bits that are no code.
  const ones = new Uint8Array(500).fill(255);
  for (let position = 0; position < 8; position++) {
    const first = storedBlock(false, withVolume(ones));
    const raw = stream(...first, (to) => to.padTo(position), ...sparse, ...fixedBlock(true));
    let size = PLAIN_HEADER.length + ones.length;
    assertSpliced(asGzip(raw), ones, () => {
      const pieceSize = size;
      size = 1;
      return pieceSize;
    });
  }
});

/** `count` (149–276) code lengths of zero where symbol 18 has the code `0`. */
function zeros(count: number): [value: number, count: number][] {
  return [[0, 1], [138 - 11, 7], [0, 1], [count - 138 - 11, 7]];
}

const START = literals([0, 0, 0, 9]);

const HOSTILE: Readonly<Record<string, readonly [LevelFailure, Step[]]>> = {
  "a reserved block type": ["block-type-reserved", bits([0b111, 3])],
  "a stored block with a wrong complement": ["stored-length-mismatch", bits([1, 8], [5, 16], [5, 16])],
  "a literal code without meaning": ["code-invalid", fixedBlock(true, ...START, (to) => to.literal(286))],
  "a distance code without meaning": [
    "code-invalid",
    fixedBlock(true, ...START, (to) => to.literal(257), (to) => to.write(0b01111, 5)),
  ],
  "bits that are no code": [
    "code-invalid",
    dynamicBlock(true, 257, 1, { 0: 2, 1: 2, 18: 1 }, ...zeros(256), [0b11, 2], [0b01, 2], [1, 16]),
  ],
  "a match beyond the first byte": ["distance-too-far", fixedBlock(true, ...START, (to) => to.match(3, 5))],
  "a match before the first byte": ["distance-too-far", fixedBlock(true, (to) => to.match(3, 1))],
  "an over-subscribed code length code": ["code-lengths-invalid", dynamicBlock(true, 257, 1, { 0: 1, 1: 1, 18: 1 })],
  "an incomplete code length code": ["code-lengths-invalid", dynamicBlock(true, 257, 1, { 0: 2, 1: 2 })],
  "no code length code": ["code-lengths-invalid", dynamicBlock(true, 257, 1, {})],
  "a repetition of nothing": ["code-lengths-invalid", dynamicBlock(true, 257, 1, { 0: 1, 16: 1 }, [1, 1], [0, 2])],
  "a repetition beyond the last code": [
    "code-lengths-invalid",
    dynamicBlock(true, 257, 1, { 0: 2, 1: 2, 18: 1 }, ...zeros(256), [0b11, 2], [0, 1], [0, 7], [0, 1]),
  ],
  "too many literal codes": ["code-lengths-invalid", dynamicBlock(true, 287, 1, { 0: 1, 18: 1 })],
  "too many distance codes": ["code-lengths-invalid", dynamicBlock(true, 257, 31, { 0: 1, 18: 1 })],
  "no code to end the block": [
    "code-lengths-invalid",
    dynamicBlock(true, 257, 1, { 0: 2, 1: 2, 18: 1 }, [0b11, 2], ...zeros(257)),
  ],
  "over-subscribed literal codes": [
    "code-lengths-invalid",
    dynamicBlock(true, 257, 1, { 0: 2, 1: 2, 18: 1 }, [0b11, 2], [0b11, 2], ...zeros(254), [0b11, 2], [0b01, 2]),
  ],
  "incomplete literal codes": [
    "code-lengths-invalid",
    dynamicBlock(true, 257, 1, { 2: 2, 0: 2, 18: 1 }, [0b11, 2], ...zeros(255), [0b11, 2], [0b01, 2]),
  ],
  "an end before the volume": ["truncated", fixedBlock(true, ...literals([0, 0, 0]))],
  "a negative volume": ["volume-out-of-range", fixedBlock(true, ...literals([0x80, 0, 0, 0]))],
  "a volume above the limit": ["volume-out-of-range", fixedBlock(true, ...literals([0x20, 0, 0, 1]))],
};

for (const [name, [reason, steps]] of Object.entries(HOSTILE)) {
  Deno.test(`splicer refuses ${name}`, () => {
    const input = asGzip(stream(...steps));
    for (const size of [1, 1024]) assertEquals(splice(input, () => size).failure, reason);
  });
}

Deno.test("splicer accepts volumes up to the limit it is given", () => {
  const input = gzipSync(withVolume(new Uint8Array(10), 1001));
  assertEquals(splice(input, () => 64, { maxVolume: 1001 }).failure, undefined);
  assertEquals(splice(input, () => 64, { maxVolume: 1000 }).failure, "volume-out-of-range");
});

Deno.test("splicer refuses what is not gzip with DEFLATE", () => {
  const good = gzipSync(withVolume(new Uint8Array(10)));
  const refusal = (at: number, value: number): LevelFailure | undefined => {
    const input = Uint8Array.from(good);
    input[at] = value;
    return splice(input, () => 1).failure;
  };
  assertEquals(refusal(0, 0x1e), "not-gzip");
  assertEquals(refusal(1, 0x8a), "not-gzip");
  assertEquals(refusal(2, 7), "compression-unknown");
  assertEquals(refusal(3, 0x20), "not-gzip");
});

Deno.test("splicer refuses a head that does not end", () => {
  const endlessName = Buffer.concat([PLAIN_HEADER, new Uint8Array(200 * KIB).fill(65)]);
  endlessName[3] = 0x08;
  const emptyBlocks = Buffer.concat([PLAIN_HEADER, new Uint8Array(200 * KIB)]);
  for (let at = PLAIN_HEADER.length; at < emptyBlocks.length; at += 5) emptyBlocks.set([0, 0, 0, 255, 255], at);
  for (const input of [endlessName, emptyBlocks]) {
    const { failure, output } = splice(input, () => 1024);
    assertEquals(failure, "head-too-long");
    assertEquals(output.length, 0);
  }
});

Deno.test("splicer stays failed", () => {
  const splicer = new FastMapSplicer();
  const ignore = (): void => {};
  assertEquals(splicer.push(Uint8Array.of(1), ignore), "not-gzip");
  assertEquals(splicer.push(gzipSync(withVolume(new Uint8Array(10))), ignore), "not-gzip");
  assertEquals(splicer.finish(), "not-gzip");
  assertEquals(splicer.volume, undefined);
});

Deno.test("splicer says that a map is cut short as long as it has not ended", () => {
  const random = new Random(10);
  for (const settings of SETTINGS) {
    const input = gzipSync(withVolume(MAP_KINDS.mixed?.(300, random) ?? new Uint8Array()), settings);
    for (let size = 0; size < input.length - TRAILER_SIZE; size++) {
      assertEquals(splice(input.subarray(0, size), () => 16).failure, "truncated");
    }
    assertEquals(splice(input.subarray(0, -TRAILER_SIZE), () => 16).failure, undefined);
  }
  const stored = gzipSync(withVolume(new Uint8Array(32 * KIB + 7)), { level: 0 });
  assertEquals(splice(stored.subarray(0, -TRAILER_SIZE), () => 1024).failure, "truncated");
});

/**
 * Holds the splicer against zlib on a stream that may be broken: what zlib inflates comes out right, and what zlib refuses is refused
 * either by the splicer or by whoever inflates its output.
 */
function assertAgreesWithZlib(raw: Uint8Array, random: Random): void {
  const input = asGzip(raw);
  const { failure, output } = splice(input, () => 1 + random.below(1500));
  assertLessOrEqual(output.length, input.length + 37 * KIB);
  const map = inflateOrUndefined(raw);
  if (map === undefined) {
    // Without the end of the stream the trailer may have been taken for it.
    if (inflateOrUndefined(input.subarray(PLAIN_HEADER.length)) !== undefined) return;
    assert(failure !== undefined || inflateOrUndefined(output) === undefined, "passes what zlib refuses");
  } else if (map.length < 4) {
    assertEquals(failure, "truncated");
  } else {
    const volume = new DataView(map.buffer, map.byteOffset).getInt32(0);
    const accepted = volume >= 0 && volume <= 2 ** 29;
    assertEquals(failure, accepted ? undefined : "volume-out-of-range");
    if (accepted) assert(sameBytes(inflate(output).blocks, map.subarray(4)), "the blocks differ");
  }
}

/** Deno frees the memory of a failed zlib call, 32 KiB or more, only when the event loop turns. */
function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

Deno.test("splicer agrees with zlib on every flipped bit near the start", async () => {
  const random = new Random(11);
  for (const settings of [{ level: 0 }, { level: 9 }, { strategy: constants.Z_FIXED }]) {
    const raw = deflateRawSync(withVolume(MAP_KINDS.mixed?.(5000, random) ?? new Uint8Array()), settings);
    for (let bit = 0; bit < 8 * Math.min(300, raw.length); bit++) {
      const flipped = Uint8Array.from(raw);
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      assertAgreesWithZlib(flipped, random);
      if (bit % 200 === 0) await turn();
    }
  }
});

Deno.test("splicer agrees with zlib on broken streams", async () => {
  const end = performance.now() + 1000 * FUZZ_SECONDS;
  for (let seed = 1; performance.now() < end; seed++) {
    const random = new Random(seed);
    try {
      assertAgreesWithZlib(brokenStream(random), random);
    } catch (error) {
      throw new Error(`Cannot agree with zlib on the stream of seed ${seed}`, { cause: error });
    }
    if (seed % 200 === 0) await turn();
  }
});

function brokenStream(random: Random): Uint8Array {
  if (random.below(8) === 0) return new Uint8Array(random.below(500)).map(() => random.below(256));
  const map = withVolume(
    random.pick(Object.values(MAP_KINDS))(random.below(random.pick([100, 5000, 60 * KIB])), random),
  );
  const raw = Uint8Array.from(deflateRawSync(map, random.pick(SETTINGS)));
  const reach = random.pick([20, 200, raw.length]);
  switch (random.below(4)) {
    case 0:
      return raw.subarray(0, random.below(raw.length));
    case 1:
      return raw.map((byte, at) => at < reach && random.below(30) === 0 ? random.below(256) : byte);
    case 2: {
      const from = random.below(raw.length);
      return Uint8Array.from([...raw.subarray(0, from), ...raw.subarray(from + random.below(4))]);
    }
    default:
      for (let flips = random.below(4); flips >= 0; flips--) {
        const at = random.below(Math.min(reach, raw.length));
        raw[at] = (raw[at] ?? 0) ^ (1 << random.below(8));
      }
      return raw;
  }
}
