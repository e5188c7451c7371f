import { gunzipSync, inflateRawSync } from "node:zlib";
import { type ExtensionName, ExtensionSet } from "../../lib/protocol/extensions.ts";
import { type Level, LEVEL_CHUNK_SIZE, levelPackets } from "../../lib/protocol/level_packets.ts";
import { type Dialect, packetNamed, packetSize, type ProtocolVersion } from "../../lib/protocol/packet_table.ts";
import { type PacketValues, readPacket } from "../../lib/protocol/packets.ts";
import { assert, assertEquals } from "../harness/assert.ts";
import { seeded } from "../harness/chunks.ts";
import { concat } from "../demo/client.ts";

const SIZES = { xSize: 20, ySize: 12, zSize: 16 };
const VOLUME = SIZES.xSize * SIZES.ySize * SIZES.zSize;
const INITIALIZE = packetNamed("LevelInitialize");
const CHUNK = packetNamed("LevelDataChunk");
const FINALIZE = packetNamed("LevelFinalize");

function speaking(...extensions: ExtensionName[]): Dialect {
  return { protocol: 7, cpe: true, extensions: ExtensionSet.of(...extensions) };
}

function vanilla(protocol: ProtocolVersion): Dialect {
  return { protocol, cpe: false, extensions: ExtensionSet.EMPTY };
}

/** A level of random ids below `limit`, which fills several chunks. */
function noise(limit: number): Level {
  const random = seeded(limit);
  return { ...SIZES, blocks: Uint16Array.from({ length: VOLUME }, () => random.below(limit)) };
}

function chunksOf(packets: readonly Uint8Array[], dialect: Dialect): PacketValues<"LevelDataChunk">[] {
  return packets.slice(1, -1).map((bytes) => readPacket("LevelDataChunk", dialect, bytes));
}

function inflated(chunks: readonly PacketValues<"LevelDataChunk">[], dialect: Dialect): Uint8Array {
  const data = concat(chunks.map(({ data, length }) => data.subarray(0, length)));
  if (dialect.extensions.has("FastMap")) return new Uint8Array(inflateRawSync(data));
  const bytes = new Uint8Array(gunzipSync(data));
  assertEquals(new DataView(bytes.buffer).getUint32(0), VOLUME);
  return bytes.subarray(4);
}

for (
  const dialect of [
    vanilla(3),
    vanilla(7),
    speaking(),
    speaking("FastMap"),
    speaking("ExtendedBlocks"),
    speaking("ExtendedBlocks", "FastMap"),
  ]
) {
  const extensions = [...dialect.extensions.entries()].map(({ name }) => name).join(" and ") || "no extensions";
  Deno.test(`a level in protocol ${dialect.protocol} with ${extensions} is whole, in packets of the right sizes`, () => {
    const extended = dialect.extensions.has("ExtendedBlocks");
    const level = noise(extended ? 768 : 256);
    const packets = levelPackets(level, dialect);
    assertEquals(packets.map(([id]) => id), [
      INITIALIZE.id,
      ...packets.slice(2).map(() => CHUNK.id),
      FINALIZE.id,
    ]);
    const wanted = [INITIALIZE, ...packets.slice(2).map(() => CHUNK), FINALIZE];
    assertEquals(packets.map(({ length }) => length), wanted.map((packet) => packetSize(packet, dialect)));
    const [first, last] = [packets.at(0), packets.at(-1)];
    assert(first !== undefined && last !== undefined);
    const volume = dialect.extensions.has("FastMap") ? VOLUME : undefined;
    assertEquals(readPacket("LevelInitialize", dialect, first).volume, volume);
    assertEquals(readPacket("LevelFinalize", dialect, last), SIZES);
    const chunks = chunksOf(packets, dialect);
    const low = inflated(chunks.filter(({ percent }) => !extended || percent === 0), dialect);
    const upper = extended ? inflated(chunks.filter(({ percent }) => percent > 0), dialect) : new Uint8Array(VOLUME);
    assertEquals(Uint16Array.from(low, (byte, at) => byte | ((upper[at] ?? 0) << 8)), level.blocks);
  });
}

Deno.test("chunks are full but for the last of a stream, padded with zeros, and count up to 100 percent", () => {
  const chunks = chunksOf(levelPackets(noise(256), vanilla(7)), vanilla(7));
  assert(chunks.length > 2);
  assertEquals(chunks.slice(0, -1).every(({ length }) => length === LEVEL_CHUNK_SIZE), true);
  const last = chunks.at(-1);
  assert(last !== undefined && last.length < LEVEL_CHUNK_SIZE);
  assertEquals(last.data.subarray(last.length).every((byte) => byte === 0), true);
  const percents = chunks.map(({ percent }) => percent);
  assertEquals(percents, [...percents].sort((a, b) => a - b));
  assertEquals(percents.at(-1), 100);
});

Deno.test("with ExtendedBlocks a level of small ids has no stream of upper bits", () => {
  const dialect = speaking("ExtendedBlocks");
  const chunks = chunksOf(levelPackets(noise(256), dialect), dialect);
  assertEquals(chunks.every(({ percent }) => percent === 0), true);
});

Deno.test("without ExtendedBlocks only the lower 8 bits of an id are sent", () => {
  const dialect = speaking("FastMap");
  const level = { ...SIZES, blocks: new Uint16Array(VOLUME).fill(0x102) };
  assertEquals(inflated(chunksOf(levelPackets(level, dialect), dialect), dialect), new Uint8Array(VOLUME).fill(2));
});
