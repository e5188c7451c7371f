import { type Random, seeded, splitAtRandom } from "../harness/chunks.ts";
import { splitPackets } from "../harness/reference_splitter.ts";
import { assertEquals } from "../harness/assert.ts";
import { ALONE, type Frame, Framer, IN_SERIES } from "../../lib/protocol/framer.ts";
import { ExtensionSet } from "../../lib/protocol/extensions.ts";
import { type Dialect, legalSizes, type ProtocolVersion } from "../../lib/protocol/packet_table.ts";
import { PROTOCOLS, resizingSets } from "./dialects.ts";

const DEFAULT_SECONDS = 2;
const MIN_ROUNDS = 200;
const SETS = [ExtensionSet.EMPTY, ...resizingSets(ExtensionSet.ALL)];

/** How packets are reported, by what the stops say about their id. */
const FRAMES: readonly Frame[] = ["run", "packet", "series", "packet"];

/** What a framer must find: every packet in order, and how the stream ends. */
interface Expectation {
  readonly packets: readonly string[];
  readonly outcome: "complete" | "cut" | "unknown";
  /** How many bytes lie in front of what could not be framed. */
  readonly framed: number;
}

function randomDialect(random: Random): Dialect {
  const protocol: ProtocolVersion = random.pick(PROTOCOLS);
  return { protocol, cpe: protocol === 7, extensions: protocol === 7 ? random.pick(SETS) : ExtensionSet.EMPTY };
}

/** A stream of legal packets with random content; now and then a byte of it is anything at all, or its end is cut. */
function randomStream(sizes: Uint16Array, random: Random): Uint8Array {
  const ids = [...sizes.keys()].filter((id) => sizes[id] !== 0);
  const few = Array.from({ length: 1 + random.below(4) }, () => random.pick(ids));
  const bytes: number[] = [];
  for (let count = random.below(60); count > 0; count--) {
    const id = random.pick(random.below(3) === 0 ? ids : few);
    bytes.push(id, ...random.bytes((sizes[id] ?? 1) - 1));
  }
  const stream = Uint8Array.from(bytes);
  if (stream.length > 0 && random.below(4) === 0) stream[random.below(stream.length)] = random.below(256);
  return random.below(3) === 0 ? stream.subarray(0, random.below(stream.length + 1)) : stream;
}

function expect(stream: Uint8Array, sizeAt: (id: number, index: number) => number): Expectation {
  const { packets, end, outcome } = splitPackets(stream, sizeAt);
  return { packets: packets.map(({ start, end }) => stream.subarray(start, end).toHex()), outcome, framed: end };
}

/** Frames a stream in random pieces. With `later`, packets from number `change` on have other sizes. */
function frameInPieces(
  stream: Uint8Array,
  sizes: Uint16Array,
  stops: Uint8Array,
  random: Random,
  change?: { readonly at: number; readonly later: Uint16Array },
): Expectation {
  const framer = new Framer(change?.at === 0 ? change.later : sizes, stops);
  const packets: string[] = [];
  let framed = 0;
  for (const piece of splitAtRandom(stream, random)) {
    framer.feed(piece);
    for (let frame = framer.next(); frame !== "none"; frame = framer.next()) {
      if (frame === "unknown") return { packets, outcome: "unknown", framed };
      const bytes = framer.bytes.subarray(framer.start, framer.end);
      const inside = frame === "packet" ? [bytes.toHex()] : expect(bytes, (id) => framer.sizes[id] ?? 0).packets;
      const ids = new Set(inside.map((packet) => Number.parseInt(packet.slice(0, 2), 16)));
      for (const id of ids) assertEquals(frame, FRAMES[stops[id] ?? 0], `packets of id ${id}`);
      if (frame === "series") assertEquals(ids.size, 1);
      packets.push(...inside);
      framed += bytes.length;
      if (change !== undefined && packets.length === change.at) framer.sizes = change.later;
    }
  }
  return { packets, outcome: framer.partialLength > 0 ? "cut" : "complete", framed };
}

function round(seed: number): void {
  const random = seeded(seed);
  const direction = random.pick(["c2s", "s2c"] as const);
  const sizes = legalSizes(direction, randomDialect(random));
  const later = legalSizes(direction, randomDialect(random));
  const stream = randomStream(random.below(2) === 0 ? sizes : later, random);
  const stops = Uint8Array.from({ length: 256 }, () => random.pick([0, 0, ALONE, IN_SERIES, ALONE | IN_SERIES]));
  const message = `seed ${seed}, ${direction}, ${stream.length} bytes`;
  assertEquals(frameInPieces(stream, sizes, stops, random), expect(stream, (id) => sizes[id] ?? 0), message);
  // Only a framer that reports each packet can have its sizes changed at a packet of one's choice.
  const at = random.below(10);
  const sizeAt = (id: number, index: number): number => (index < at ? sizes : later)[id] ?? 0;
  const one = new Uint8Array(256).fill(1);
  assertEquals(
    frameInPieces(stream, sizes, one, random, { at, later }),
    expect(stream, sizeAt),
    `${message}, change at ${at}`,
  );
}

Deno.test("Framer agrees with the reference splitter on random streams in random pieces", () => {
  const seconds = Number(Deno.env.get("KURAFUTO_FUZZ_SECONDS") ?? DEFAULT_SECONDS);
  const end = performance.now() + 1000 * seconds;
  for (let seed = 1; seed <= MIN_ROUNDS || performance.now() < end; seed++) round(seed);
});
