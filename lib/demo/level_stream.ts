import { LEVEL_CHUNK_SIZE, levelPackets } from "../protocol/level_packets.ts";
import type { Dialect } from "../protocol/packet_table.ts";
import { encodePacket } from "../protocol/packets.ts";
import { BLOCK_LIMIT, visibleBlock } from "./block.ts";
import type { World } from "./world.ts";

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
    const packets = this.#packets.get(kind) ?? this.#make(dialect);
    this.#packets.set(kind, packets);
    return packets;
  }

  #make(dialect: Dialect): readonly Packet[] {
    const { xSize, ySize, zSize } = this.#world;
    return levelPackets({ xSize, ySize, zSize, blocks: visibleBlocks(this.#world, dialect) }, dialect);
  }
}

function mapKind({ extensions }: Dialect): string {
  const relevant = ["FastMap", "ExtendedBlocks", "CustomBlocks", "BlockDefinitions"] as const;
  return relevant.map((name) => extensions.version(name)).join();
}

function visibleBlocks(world: World, { extensions }: Dialect): Uint16Array {
  const visible = Uint16Array.from({ length: BLOCK_LIMIT }, (_, id) => visibleBlock(id, extensions));
  return world.blocks.map((id) => visible[id] ?? 0);
}

/** A map that never ends: LevelInitialize, then chunks for as long as they are asked for. */
export function* endlessLevel(dialect: Dialect): Generator<Packet> {
  const gzipHeader = Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3);
  const storedHeader = 5;
  const length = LEVEL_CHUNK_SIZE - storedHeader;
  // One stored deflate block of zeros that says more blocks follow.
  const block = Uint8Array.of(0, length & 0xff, length >> 8, ~length & 0xff, (~length >> 8) & 0xff);
  yield encodePacket("LevelInitialize", dialect, { volume: 0x4000_0000 });
  if (!dialect.extensions.has("FastMap")) {
    yield encodePacket("LevelDataChunk", dialect, { length: gzipHeader.length, data: gzipHeader, percent: 0 });
  }
  const chunk = encodePacket("LevelDataChunk", dialect, { length: LEVEL_CHUNK_SIZE, data: block, percent: 0 });
  for (;;) yield chunk;
}
