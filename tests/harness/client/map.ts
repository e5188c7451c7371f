import { gunzipSync, inflateRawSync } from "node:zlib";
import type { ClientContext, PacketHandlers, StatePart } from "./part.ts";

/** Blocks a client can tell apart. */
export const BLOCK_COUNT = 768;

const MAX_CHUNK_LENGTH = 1024;
const LENGTH_PREFIX_SIZE = 4;

/** Size of a map in blocks; y is up. */
export interface MapSize {
  readonly x: number;
  readonly y: number;
  readonly z: number;
}

interface Loading {
  /** Known before the blocks with FastMap only. */
  readonly volume: number | undefined;
  readonly lower: Uint8Array[];
  readonly upper: Uint8Array[];
}

/** The world a client stands in. */
export class ClientMap implements StatePart {
  readonly #context: ClientContext;
  #loading: Loading | undefined;
  #blocks: Uint16Array | undefined;
  #size: MapSize = { x: 0, y: 0, z: 0 };
  #loaded = 0;

  readonly handlers: PacketHandlers = {
    LevelInitialize: ({ volume }) => {
      if (this.#loading !== undefined) return this.#context.violation("LevelInitialize while a map is loading");
      this.#blocks = undefined;
      this.#size = { x: 0, y: 0, z: 0 };
      this.#loading = { volume, lower: [], upper: [] };
    },
    LevelDataChunk: ({ length, data, percent }) => {
      if (this.#loading === undefined) return this.#context.violation("LevelDataChunk before LevelInitialize");
      if (length > MAX_CHUNK_LENGTH) return this.#context.violation(`LevelDataChunk of ${length} bytes`);
      const { lower, upper } = this.#loading;
      const isUpper = percent !== 0 && this.#context.wideBlocks;
      (isUpper ? upper : lower).push(data.subarray(0, length));
    },
    LevelFinalize: ({ xSize, ySize, zSize }) => {
      const loading = this.#loading;
      if (loading === undefined) return this.#context.violation("LevelFinalize before LevelInitialize");
      this.#loading = undefined;
      if (xSize * ySize * zSize > 0) this.#finish(loading, { x: xSize, y: ySize, z: zSize });
    },
    SetBlock: ({ x, y, z, block }) => this.set(x, y, z, block),
    BulkBlockUpdate: ({ lastIndex, indices, blocks, upperBits }) => {
      const view = new DataView(indices.buffer, indices.byteOffset);
      for (let i = 0; i <= lastIndex; i++) {
        const high = (upperBits?.[i >> 2] ?? 0) >> (2 * (i & 3)) & 3;
        this.#setAt(view.getInt32(4 * i), (blocks[i] ?? 0) | high << 8);
      }
    },
  };

  constructor(context: ClientContext) {
    this.#context = context;
  }

  /** Whether a map is being received. */
  get loading(): boolean {
    return this.#loading !== undefined;
  }

  /** How many maps were received completely. */
  get loaded(): number {
    return this.#loaded;
  }

  /** Size of the map; all zero while there is none. */
  get size(): MapSize {
    return this.#size;
  }

  /** The block at a position; `undefined` outside of the map, or without one. */
  at(x: number, y: number, z: number): number | undefined {
    return this.#contains(x, y, z) ? this.#blocks?.[this.#index(x, y, z)] : undefined;
  }

  /** Changes a block; positions outside of the map are ignored, as the client does. */
  set(x: number, y: number, z: number, block: number): void {
    if (this.#contains(x, y, z)) this.#setAt(this.#index(x, y, z), block);
  }

  snapshot(): unknown {
    return { size: this.#size, loading: this.loading, blocks: this.#blocks && digest(this.#blocks) };
  }

  #contains(x: number, y: number, z: number): boolean {
    const size = this.#size;
    return x >= 0 && y >= 0 && z >= 0 && x < size.x && y < size.y && z < size.z;
  }

  #index(x: number, y: number, z: number): number {
    return x + this.#size.x * (z + this.#size.z * y);
  }

  #setAt(index: number, block: number): void {
    if (this.#blocks !== undefined && index >= 0 && index < this.#blocks.length) {
      this.#blocks[index] = block % BLOCK_COUNT;
    }
  }

  #finish({ volume, lower, upper }: Loading, size: MapSize): void {
    const cells = size.x * size.y * size.z;
    if (volume !== undefined && volume !== cells) {
      return this.#context.violation(`map of ${cells} blocks was announced with ${volume}`);
    }
    if (lower.length === 0) return this.#context.violation("map without a stream of the blocks' low bytes");
    const low = this.#inflate(lower, cells, "low");
    if (low === undefined) return;
    const high = upper.length === 0 ? new Uint8Array(cells) : this.#inflate(upper, cells, "high");
    if (high === undefined) return;
    const blocks = new Uint16Array(cells);
    for (let i = 0; i < cells; i++) blocks[i] = ((low[i] ?? 0) | (high[i] ?? 0) << 8) % BLOCK_COUNT;
    this.#blocks = blocks;
    this.#size = size;
    this.#loaded++;
  }

  #inflate(chunks: readonly Uint8Array[], cells: number, which: string): Uint8Array | undefined {
    const raw = this.#context.extensions.has("FastMap");
    const prefix = raw ? 0 : LENGTH_PREFIX_SIZE;
    try {
      const compressed = concat(chunks);
      const options = { maxOutputLength: cells + prefix };
      const bytes = raw ? inflateRawSync(compressed, options) : gunzipSync(compressed, options);
      const announced = raw ? cells : new DataView(bytes.buffer, bytes.byteOffset).getInt32(0);
      if (bytes.length - prefix === cells && announced === cells) return bytes.subarray(prefix);
      this.#context.violation(
        `map of ${cells} blocks has ${bytes.length - prefix} ${which} bytes, prefixed ${announced}`,
      );
    } catch (error) {
      this.#context.violation(`map of ${cells} blocks has ${which} bytes that do not inflate: ${error}`);
    }
    return undefined;
  }
}

function concat(chunks: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(chunks.reduce((length, chunk) => length + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.length;
  }
  return all;
}

/** FNV-1a of the blocks: equal maps compare equal without being written out. */
function digest(blocks: Uint16Array): string {
  let hash = 0x811c9dc5;
  for (const block of blocks) hash = Math.imul(Math.imul(hash ^ (block & 0xff), 0x01000193) ^ block >> 8, 0x01000193);
  return (hash >>> 0).toString(16);
}
