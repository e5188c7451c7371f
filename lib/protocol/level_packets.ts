/** A whole map made into the packets that carry it to a client. */
import { deflateRawSync, gzipSync } from "node:zlib";
import { type Dialect, packetNamed } from "./packet_table.ts";
import { encodePacket } from "./packets.ts";

/** Bytes of map data that one LevelDataChunk carries at most. */
export const LEVEL_CHUNK_SIZE: number = packetNamed("LevelDataChunk").fields.find(({ name }) => name === "data")
  ?.count ?? 0;

/** A map to be sent. */
export interface Level {
  /** Size in blocks to the east. */
  readonly xSize: number;
  /** Height in blocks. */
  readonly ySize: number;
  /** Size in blocks to the south. */
  readonly zSize: number;
  /** Block ids that the client knows, x fastest, then z, then y: the order of the map on the wire. */
  readonly blocks: Uint16Array;
}

type LevelPacket = Uint8Array<ArrayBuffer>;

/**
 * LevelInitialize, every LevelDataChunk and LevelFinalize, one packet each, for a client that speaks `dialect`. With ExtendedBlocks
 * the upper bits of the ids follow in a compressed stream of their own, if any id has some; without, only the lower 8 bits are sent
 * (CPE, FastMap and ExtendedBlocks).
 */
export function levelPackets({ xSize, ySize, zSize, blocks }: Level, dialect: Dialect): readonly LevelPacket[] {
  const extended = dialect.extensions.has("ExtendedBlocks");
  const upper = extended && blocks.some((id) => id > 0xff) ? blocks.map((id) => id >> 8) : undefined;
  return [
    encodePacket("LevelInitialize", dialect, { volume: blocks.length }),
    ...chunks(new Uint8Array(blocks), dialect, (share) => extended ? 0 : Math.floor(100 * share)),
    ...(upper === undefined ? [] : chunks(new Uint8Array(upper), dialect, () => 1)),
    encodePacket("LevelFinalize", dialect, { xSize, ySize, zSize }),
  ];
}

/** With ExtendedBlocks the percent byte tells the streams apart: 0 for the lower bits, anything else for the upper ones. */
function* chunks(bytes: Uint8Array, dialect: Dialect, percent: (share: number) => number): Generator<LevelPacket> {
  const data = compress(bytes, dialect);
  for (let start = 0; start < data.length; start += LEVEL_CHUNK_SIZE) {
    const end = Math.min(start + LEVEL_CHUNK_SIZE, data.length);
    yield encodePacket("LevelDataChunk", dialect, {
      length: end - start,
      data: data.subarray(start, end),
      percent: percent(end / data.length),
    });
  }
}

/** Raw deflate with FastMap, else gzip of the volume and the blocks. */
function compress(bytes: Uint8Array, { extensions }: Dialect): Uint8Array {
  if (extensions.has("FastMap")) return deflateRawSync(bytes, { level: 6 });
  const prefixed = new Uint8Array(4 + bytes.length);
  new DataView(prefixed.buffer).setUint32(0, bytes.length);
  prefixed.set(bytes, 4);
  return gzipSync(prefixed, { level: 6 });
}
