import type { ExtensionSet } from "../protocol/extensions.ts";

/** The block ids that the demo worlds are built of: Classic's own, those of CustomBlocks, and two that the server defines. */
export const BLOCK = {
  AIR: 0,
  STONE: 1,
  GRASS: 2,
  DIRT: 3,
  COBBLESTONE: 4,
  PLANKS: 5,
  BEDROCK: 7,
  WATER: 9,
  LAVA: 11,
  SAND: 12,
  GRAVEL: 13,
  LOG: 17,
  LEAVES: 18,
  RED_WOOL: 21,
  DARK_WOOL: 34,
  WHITE_WOOL: 36,
  DANDELION: 37,
  ROSE: 38,
  RED_MUSHROOM: 40,
  GOLD: 41,
  SLAB: 44,
  MOSSY_COBBLESTONE: 48,
  OBSIDIAN: 49,
  SANDSTONE: 52,
  MAGMA: 62,
  PILLAR: 63,
  CRATE: 64,
  STONE_BRICK: 65,
  /** Defined by the server: a cube that shines. */
  LANTERN: 66,
  /** Defined by the server: half as high as a block. */
  BENCH: 67,
} as const;

/** The colours of wool in the order of the rainbow, red to pink. */
export const RAINBOW: readonly number[] = Array.from({ length: 13 }, (_, index) => BLOCK.RED_WOOL + index);

/** One more than the highest id there is with ExtendedBlocks. */
export const BLOCK_LIMIT = 768;

const FIRST_OF_CUSTOM_BLOCKS = 50;

/** What the blocks 50–65 look like to a client without CustomBlocks (CPE, CustomBlocks). */
const CUSTOM_BLOCK_FALLBACKS = [44, 39, 12, 0, 10, 33, 25, 3, 29, 28, 20, 42, 49, 36, 5, 1];

/** What the defined blocks look like to a client without BlockDefinitions. */
const DEFINED_FALLBACKS = [BLOCK.GOLD, BLOCK.SLAB];

/** The block that stands for `id` before a client with `extensions`: ids it cannot know become the nearest it knows. */
export function visibleBlock(id: number, extensions: ExtensionSet): number {
  if (id < FIRST_OF_CUSTOM_BLOCKS) return id;
  if (id < BLOCK.LANTERN) {
    return extensions.has("CustomBlocks") ? id : CUSTOM_BLOCK_FALLBACKS[id - FIRST_OF_CUSTOM_BLOCKS] ?? BLOCK.STONE;
  }
  if (id < 256) {
    return extensions.has("BlockDefinitions") ? id : DEFINED_FALLBACKS[id - BLOCK.LANTERN] ?? BLOCK.STONE;
  }
  return extensions.has("ExtendedBlocks") ? id : BLOCK.STONE;
}

/** Blocks that one walks through. */
export function isPassable(id: number): boolean {
  return id === BLOCK.AIR || (id >= BLOCK.DANDELION && id <= BLOCK.RED_MUSHROOM);
}

/** Blocks that hurt or wet whoever steps on them. */
export function isLiquid(id: number): boolean {
  return id >= 8 && id <= 11;
}

/** Blocks that players may neither place nor break: bedrock and the liquids. */
export function isProtected(id: number): boolean {
  return id === BLOCK.BEDROCK || isLiquid(id);
}
