import { BLOCK } from "./block.ts";

/** Where something stands and looks, as it goes over the wire: eye position in 1/32 block, 256 steps to a full turn. */
export interface Position {
  readonly x: number;
  readonly y: number;
  readonly z: number;
  readonly yaw: number;
  readonly pitch: number;
}

/** A block's place: x east, y up, z south. */
export type Place = readonly [x: number, y: number, z: number];

/** How a world looks beyond its blocks. */
export interface Look {
  /** Colours by the numbers of EnvColors: 0 sky, 1 clouds, 2 fog, 3 shadow, 4 sun; -1 -1 -1 is the default. */
  readonly colours: readonly (readonly [red: number, green: number, blue: number])[];
  /** Block below the horizon. */
  readonly sideBlock: number;
  /** Block of the horizon itself. */
  readonly edgeBlock: number;
  /** Height in blocks of the horizon. */
  readonly edgeHeight: number;
  /** 0 sun, 1 rain, 2 snow. */
  readonly weather: number;
}

/** What a {@linkcode World} is made of. */
export interface WorldOptions {
  /** Size in blocks to the east, 1–1024. */
  readonly xSize: number;
  /** Height in blocks, 1–1024. */
  readonly ySize: number;
  /** Size in blocks to the south, 1–1024. */
  readonly zSize: number;
  /**
   * Where players begin.
   *
   * @default the middle of the world, on half its height
   */
  readonly spawn?: Position;
  /**
   * Sky, horizon and weather.
   *
   * @default bright day over water at half the world's height, as clients draw by themselves
   */
  readonly look?: Look;
}

const EYE_HEIGHT = 51;
const DEFAULT_COLOUR = [-1, -1, -1] as const;

/** The position of somebody whose feet are at the given place, in blocks. */
export function standingAt(x: number, y: number, z: number, yaw = 0, pitch = 0): Position {
  return { x: Math.round(x * 32), y: Math.round(y * 32) + EYE_HEIGHT, z: Math.round(z * 32), yaw, pitch };
}

/** The block that somebody at `position` stands on. */
export function placeUnder({ x, y, z }: Position): Place {
  return [x >> 5, ((y - EYE_HEIGHT) >> 5) - 1, z >> 5];
}

/** A world in memory: block ids, where players begin and how the sky looks. */
export class World {
  readonly xSize: number;
  readonly ySize: number;
  readonly zSize: number;
  readonly spawn: Position;
  readonly look: Look;
  /** Block ids, x fastest, then z, then y: the order of the map on the wire. */
  readonly blocks: Uint16Array<ArrayBuffer>;
  #revision = 0;

  constructor({ xSize, ySize, zSize, spawn, look }: WorldOptions) {
    this.xSize = xSize;
    this.ySize = ySize;
    this.zSize = zSize;
    this.spawn = spawn ?? standingAt(xSize / 2, Math.floor(ySize / 2), zSize / 2);
    this.look = look ?? {
      colours: Array.from({ length: 5 }, () => DEFAULT_COLOUR),
      sideBlock: BLOCK.BEDROCK,
      edgeBlock: 8,
      edgeHeight: Math.floor(ySize / 2),
      weather: 0,
    };
    this.blocks = new Uint16Array(xSize * ySize * zSize);
  }

  /** Grows with every change of a block. */
  get revision(): number {
    return this.#revision;
  }

  contains(x: number, y: number, z: number): boolean {
    return x >= 0 && y >= 0 && z >= 0 && x < this.xSize && y < this.ySize && z < this.zSize;
  }

  /** Where a block of this world is in {@linkcode blocks} and in BulkBlockUpdate. */
  index(x: number, y: number, z: number): number {
    return (y * this.zSize + z) * this.xSize + x;
  }

  /** The block at a place; air outside. */
  get(x: number, y: number, z: number): number {
    return this.contains(x, y, z) ? this.blocks[this.index(x, y, z)] ?? BLOCK.AIR : BLOCK.AIR;
  }

  /** Changes one block; places outside are left alone. */
  set(x: number, y: number, z: number, id: number): void {
    if (!this.contains(x, y, z)) return;
    this.blocks[this.index(x, y, z)] = id;
    this.#revision++;
  }

  /** Changes a cuboid, both corners included. */
  fill([x1, y1, z1]: Place, [x2, y2, z2]: Place, id: number): void {
    for (let y = y1; y <= y2; y++) {
      for (let z = z1; z <= z2; z++) {
        for (let x = x1; x <= x2; x++) this.set(x, y, z, id);
      }
    }
  }
}

/** A plain meadow: bedrock, dirt up to half the height, grass on top. */
export function generateFlat(xSize = 32, ySize = 32, zSize = 32): World {
  const world = new World({ xSize, ySize, zSize });
  const surface = Math.floor(ySize / 2) - 1;
  world.fill([0, 0, 0], [xSize - 1, surface - 1, zSize - 1], BLOCK.DIRT);
  world.fill([0, surface, 0], [xSize - 1, surface, zSize - 1], BLOCK.GRASS);
  world.fill([0, 0, 0], [xSize - 1, 0, zSize - 1], BLOCK.BEDROCK);
  return world;
}
