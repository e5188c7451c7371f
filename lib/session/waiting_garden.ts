/** The landscape of the waiting room: a garden on a small island, with a hedge around it and the sea to the horizon. */

/** Blocks that every client from 0.0.16a on knows: ids above 18 came later. */
const BLOCK = {
  AIR: 0,
  STONE: 1,
  GRASS: 2,
  DIRT: 3,
  COBBLESTONE: 4,
  PLANKS: 5,
  SAPLING: 6,
  BEDROCK: 7,
  WATER: 9,
  SAND: 12,
  GRAVEL: 13,
  LOG: 17,
  LEAVES: 18,
} as const;

const SIZE = 32;
const CENTRE = 15.5;
/** Clients draw the sea outside a map up to half its height; the one inside ends there too. */
const SEA_TOP = SIZE / 2 - 1;
/** Height of the lawn's topmost block. */
const LAWN = 17;
/** The hedge stands between these distances from the middle; from the inner one outwards the island slopes into the sea. */
const HEDGE = { inner: 10.6, outer: 12.1, height: 2 };
const SEA_FLOOR = 9;
/** The knoll that players begin on: high enough to see the sea over the hedge, too far away to jump there. */
const KNOLL = { x: CENTRE, z: 19, top: 1.8, foot: 2.9 };
const POND = { x: 10.5, z: 12.5, xRadius: 3.4, zRadius: 2.6, depth: 2 };
const PAVILION = { west: 17, east: 21, north: 8, south: 12, height: 3 };
const BENCH = [[9, 16], [9, 17]] as const;
const TREES = [[8, 20, 5], [23, 21, 5], [24, 14, 5], [9, 7, 4], [14, 5, 5]] as const;
const SAPLINGS = [[12, 9], [19, 20], [13, 16], [18, 15], [21, 15], [11, 19], [19, 18], [22, 17], [15, 8]] as const;
/** Rocks out in the sea, with their heights over it. */
const ROCKS = [[3, 3, 3], [4, 3, 1], [3, 4, 2], [28, 5, 2], [28, 6, 1], [2, 26, 1], [27, 28, 2], [28, 28, 3]] as const;

/** The garden's size in blocks. */
export const GARDEN_SIZES = { xSize: SIZE, ySize: SIZE, zSize: SIZE } as const;

/** Where the feet of players begin, in blocks: on the knoll. */
export const GARDEN_START = { x: KNOLL.x + 0.5, y: LAWN + 3, z: KNOLL.z + 0.5 } as const;

/** The garden's block ids, the same each time: x fastest, then z, then y. */
export function plantGarden(): Uint16Array {
  const garden = new Garden();
  garden.raiseIsland();
  garden.layPath();
  garden.buildPavilion();
  for (const [x, z] of BENCH) garden.set(x, LAWN + 1, z, BLOCK.PLANKS);
  for (const [x, z, trunk] of TREES) garden.plantTree(x, z, trunk);
  for (const [x, z] of SAPLINGS) garden.set(x, LAWN + 1, z, BLOCK.SAPLING);
  for (const [x, z, height] of ROCKS) garden.fill(x, SEA_FLOOR, SEA_TOP + height, z, BLOCK.STONE);
  return garden.blocks;
}

class Garden {
  readonly blocks = new Uint16Array(SIZE ** 3);

  set(x: number, y: number, z: number, id: number): void {
    this.blocks[(y * SIZE + z) * SIZE + x] = id;
  }

  /** Changes a column, both ends included. */
  fill(x: number, bottom: number, top: number, z: number, id: number): void {
    for (let y = bottom; y <= top; y++) this.set(x, y, z, id);
  }

  raiseIsland(): void {
    for (const [x, z] of square(0, SIZE - 1, 0, SIZE - 1)) {
      const distance = Math.hypot(x - CENTRE, z - CENTRE);
      const ground = groundHeight(x, z, distance);
      const beach = distance > HEDGE.outer;
      this.set(x, 0, z, BLOCK.BEDROCK);
      this.fill(x, 1, ground - 3, z, BLOCK.STONE);
      this.fill(x, ground - 2, ground, z, beach ? BLOCK.SAND : BLOCK.DIRT);
      if (beach) this.fill(x, ground + 1, SEA_TOP, z, BLOCK.WATER);
      else this.set(x, ground, z, BLOCK.GRASS);
      if (distance > HEDGE.inner && !beach) this.fill(x, ground + 1, ground + HEDGE.height, z, BLOCK.LEAVES);
      this.#digPond(x, z);
    }
  }

  #digPond(x: number, z: number): void {
    const distance = Math.hypot((x - POND.x) / POND.xRadius, (z - POND.z) / POND.zRadius);
    if (distance > 1.3) return;
    this.set(x, LAWN, z, BLOCK.SAND);
    if (distance > 1) return;
    const bottom = LAWN - (distance < 0.6 ? POND.depth : 1);
    this.set(x, bottom, z, BLOCK.SAND);
    this.fill(x, bottom + 1, LAWN, z, BLOCK.WATER);
  }

  /** From the knoll to the pavilion, with cobblestone steps where it is steep. */
  layPath(): void {
    for (const [x, z] of square(15, 16, 10, 16)) this.set(x, LAWN, z, BLOCK.GRAVEL);
    for (const x of [15, 16]) {
      this.set(x, LAWN + 1, 17, BLOCK.COBBLESTONE);
      this.fill(x, LAWN + 1, LAWN + 2, 18, BLOCK.COBBLESTONE);
    }
  }

  buildPavilion(): void {
    const { west, east, north, south, height } = PAVILION;
    const roof = LAWN + height + 1;
    for (const [x, z] of square(west, east, north, south)) {
      this.set(x, LAWN, z, BLOCK.PLANKS);
      const corner = (x === west || x === east) && (z === north || z === south);
      if (corner) this.fill(x, LAWN + 1, roof - 1, z, BLOCK.LOG);
      this.set(x, roof, z, BLOCK.PLANKS);
    }
    for (const [x, z] of square(west + 1, east - 1, north + 1, south - 1)) this.set(x, roof + 1, z, BLOCK.PLANKS);
  }

  plantTree(x: number, z: number, trunk: number): void {
    const top = LAWN + trunk;
    for (let y = top - 2; y <= top + 1; y++) {
      const reach = y < top ? 2 : 1;
      for (const [leafX, leafZ] of square(x - reach, x + reach, z - reach, z + reach)) {
        const corner = Math.abs(leafX - x) === reach && Math.abs(leafZ - z) === reach;
        if (!corner) this.set(leafX, y, leafZ, BLOCK.LEAVES);
      }
    }
    this.set(x, LAWN, z, BLOCK.DIRT);
    this.fill(x, LAWN + 1, top, z, BLOCK.LOG);
  }
}

/** Height of the topmost solid block. */
function groundHeight(x: number, z: number, distance: number): number {
  if (distance > HEDGE.outer) return Math.max(Math.round(LAWN - 0.9 * (distance - HEDGE.inner)), SEA_FLOOR);
  const fromKnoll = Math.hypot(x - KNOLL.x, z - KNOLL.z);
  return LAWN + (fromKnoll < KNOLL.top ? 2 : fromKnoll < KNOLL.foot ? 1 : 0);
}

/** Every place of a square, both corners included. */
function* square(west: number, east: number, north: number, south: number): Generator<readonly [number, number]> {
  for (let z = north; z <= south; z++) {
    for (let x = west; x <= east; x++) yield [x, z];
  }
}
