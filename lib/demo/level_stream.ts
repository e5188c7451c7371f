import { deflateRawSync, gzipSync } from "node:zlib";
import type { Dialect } from "../protocol/packet_table.ts";
import { encodePacket } from "../protocol/packets.ts";
import { BLOCK_LIMIT, visibleBlock } from "./block.ts";
import type { World } from "./world.ts";

/** Bytes of map data that one LevelDataChunk carries. */
export const CHUNK_SIZE = 1024;

type Packet = Uint8Array<ArrayBuffer>;

/** The packets of a world's map, compressed once for each kind of client and kept until a block changes. */
export class LevelStream {
  readonly #world: World;
  /** At most one entry for each combination of the extensions in {@linkcode mapKind}. */
  readonly #packets = new Map<string, readonly Packet[]>();
  #revision = -1;

  constructor(world: World) {
    this.#world = world;
  }

  /** LevelInitialize, all LevelDataChunk and LevelFinalize, one packet each, for a client that speaks `dialect`. */
  packets(dialect: Dialect): readonly Packet[] {
    if (this.#revision !== this.#world.revision) {
      this.#revision = this.#world.revision;
      this.#packets.clear();
    }
    const kind = mapKind(dialect);
    const packets = this.#packets.get(kind) ?? levelPackets(this.#world, dialect);
    this.#packets.set(kind, packets);
    return packets;
  }
}

function mapKind({ extensions }: Dialect): string {
  const relevant = ["FastMap", "ExtendedBlocks", "CustomBlocks", "BlockDefinitions"] as const;
  return relevant.map((name) => extensions.version(name)).join();
}

function levelPackets(world: World, dialect: Dialect): readonly Packet[] {
  const { xSize, ySize, zSize } = world;
  const ids = visibleBlocks(world, dialect);
  const low = Uint8Array.from(ids);
  const upper = ids.some((id) => id > 0xff) ? ids.map((id) => id >> 8) : undefined;
  const extended = dialect.extensions.has("ExtendedBlocks");
  return [
    encodePacket("LevelInitialize", dialect, { volume: ids.length }),
    ...chunks(low, dialect, (share) => extended ? 0 : Math.floor(100 * share)),
    ...(upper === undefined ? [] : chunks(Uint8Array.from(upper), dialect, () => 1)),
    encodePacket("LevelFinalize", dialect, { xSize, ySize, zSize }),
  ];
}

function visibleBlocks(world: World, { extensions }: Dialect): Uint16Array {
  const visible = Uint16Array.from({ length: BLOCK_LIMIT }, (_, id) => visibleBlock(id, extensions));
  return world.blocks.map((id) => visible[id] ?? 0);
}

function* chunks(blocks: Uint8Array, dialect: Dialect, percent: (share: number) => number): Generator<Packet> {
  const data = compress(blocks, dialect);
  for (let start = 0; start < data.length; start += CHUNK_SIZE) {
    const end = Math.min(start + CHUNK_SIZE, data.length);
    yield encodePacket("LevelDataChunk", dialect, {
      length: end - start,
      data: data.subarray(start, end),
      percent: percent(end / data.length),
    });
  }
}

/** Raw deflate with FastMap, else gzip of the volume and the blocks. */
function compress(blocks: Uint8Array, { extensions }: Dialect): Uint8Array {
  if (extensions.has("FastMap")) return deflateRawSync(blocks, { level: 6 });
  const prefixed = new Uint8Array(4 + blocks.length);
  new DataView(prefixed.buffer).setUint32(0, blocks.length);
  prefixed.set(blocks, 4);
  return gzipSync(prefixed, { level: 6 });
}

/** A map that never ends: LevelInitialize, then chunks for as long as they are asked for. */
export function* endlessLevel(dialect: Dialect): Generator<Packet> {
  const gzipHeader = Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3);
  const storedHeader = 5;
  const length = CHUNK_SIZE - storedHeader;
  // One stored deflate block of zeros that says more blocks follow.
  const block = Uint8Array.of(0, length & 0xff, length >> 8, ~length & 0xff, (~length >> 8) & 0xff);
  yield encodePacket("LevelInitialize", dialect, { volume: 0x4000_0000 });
  if (!dialect.extensions.has("FastMap")) {
    yield encodePacket("LevelDataChunk", dialect, { length: gzipHeader.length, data: gzipHeader, percent: 0 });
  }
  const chunk = encodePacket("LevelDataChunk", dialect, { length: CHUNK_SIZE, data: block, percent: 0 });
  for (;;) yield chunk;
}
