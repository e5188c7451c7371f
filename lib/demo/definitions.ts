/** The things a server describes to its clients: blocks, a model and a particle effect. */
import type { PacketInput } from "../protocol/packets.ts";
import { BLOCK } from "./block.ts";

const SOLID = {
  solidity: 2,
  speed: 128,
  transmitsLight: 0,
  walkSound: 4,
  blockDraw: 0,
  fogDensity: 0,
  fogRed: 0,
  fogGreen: 0,
  fogBlue: 0,
};

const STONE_SIDE = 5;

/** A shining cube with the textures of gold. */
export const LANTERN = {
  ...SOLID,
  block: BLOCK.LANTERN,
  name: "Lantern",
  topTexture: 24,
  sideTexture: 40,
  bottomTexture: 56,
  fullBright: 1,
  shape: 16,
} satisfies PacketInput<"DefineBlock">;

/** Half a block of stone. */
export const BENCH = {
  ...SOLID,
  block: BLOCK.BENCH,
  name: "Bench",
  topTexture: 6,
  sideTexture: STONE_SIDE,
  bottomTexture: 6,
  fullBright: 0,
  shape: 8,
} satisfies PacketInput<"DefineBlock">;

/** The same as {@linkcode BENCH}, for clients with BlockDefinitionsExt. */
export const BENCH_EXT = {
  ...BENCH,
  leftTexture: STONE_SIDE,
  rightTexture: STONE_SIDE,
  frontTexture: STONE_SIDE,
  backTexture: STONE_SIDE,
  minX: 0,
  minY: 0,
  minZ: 0,
  maxX: 16,
  maxY: 8,
  maxZ: 16,
} satisfies PacketInput<"DefineBlockExt">;

/** A model of a single part. */
export const BOX = {
  modelId: 0,
  name: "box",
  flags: 0,
  nameY: 1.2,
  eyeY: 0.9,
  collision: floats(0.8, 0.9, 0.8),
  pickMin: floats(-0.5, 0, -0.5),
  pickMax: floats(0.5, 1, 0.5),
  uScale: 64,
  vScale: 32,
  partCount: 1,
} satisfies PacketInput<"DefineModel">;

/** That part: a cube of one block. */
export const BOX_PART = {
  modelId: 0,
  min: floats(-0.5, 0, -0.5),
  max: floats(0.5, 1, 0.5),
  uv: new Uint8Array(48),
  rotationOrigin: floats(0, 0, 0),
  rotation: floats(0, 0, 0),
  flags: 0,
} satisfies PacketInput<"DefineModelPart">;

/** A handful of golden sparks. */
export const SPARKS = {
  effectId: 1,
  u1: 0,
  v1: 0,
  u2: 8,
  v2: 8,
  tintRed: 255,
  tintGreen: 220,
  tintBlue: 90,
  frameCount: 1,
  particleCount: 12,
  size: 8,
  sizeVariation: 0,
  spread: 32,
  speed: 10_000,
  gravity: 10_000,
  baseLifetime: 15_000,
  lifetimeVariation: 5000,
  collideFlags: 0,
  fullBright: 1,
} satisfies PacketInput<"DefineEffect">;

function floats(...values: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(4 * values.length);
  const view = new DataView(bytes.buffer);
  for (const [index, value] of values.entries()) view.setFloat32(4 * index, value);
  return bytes;
}
