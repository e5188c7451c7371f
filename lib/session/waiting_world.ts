/** The waiting room's world as it goes over the wire: one small map for every client of any protocol. */
import { levelPackets } from "../protocol/level_packets.ts";
import { memo } from "../protocol/memo.ts";
import { PacketBuffer } from "../protocol/packet_buffer.ts";
import type { Dialect } from "../protocol/packet_table.ts";
import { GARDEN_SIZES, GARDEN_START, plantGarden } from "./waiting_garden.ts";

/** Kinds of clients that get different bytes: with FastMap or without, with ExtendedBlocks or without. */
const KINDS = 4;
/** The eye over the feet, in 1/32 block. */
const EYE_HEIGHT = 51;
/** A little downwards. Small, as 0.0.16a takes it for the yaw. */
const GAZE = 8;

/** Where players begin, as a spawn says it: the eye in 1/32 block, 256 steps to a full turn. They look north over the garden. */
export const WAITING_WORLD_SPAWN = {
  x: GARDEN_START.x * 32,
  y: GARDEN_START.y * 32 + EYE_HEIGHT,
  z: GARDEN_START.z * 32,
  yaw: 0,
  pitch: GAZE,
} as const;

/** Block ids, x fastest, then z, then y, made at first use. Shared: do not change them. */
export const waitingWorldBlocks: () => Uint16Array = memo(1, () => "", plantGarden);

/** The block at a place; `undefined` outside the map. */
export function waitingWorldBlockAt(x: number, y: number, z: number): number | undefined {
  const { xSize, ySize, zSize } = GARDEN_SIZES;
  const inside = x >= 0 && x < xSize && y >= 0 && y < ySize && z >= 0 && z < zSize;
  return inside ? waitingWorldBlocks()[(y * zSize + z) * xSize + x] : undefined;
}

/** LevelInitialize to LevelFinalize for a client that speaks `dialect`, made once for each kind. Shared: do not change it. */
export const waitingWorldPackets: (dialect: Dialect) => Uint8Array = memo(
  KINDS,
  ({ extensions }) => `${extensions.has("FastMap")} ${extensions.has("ExtendedBlocks")}`,
  (dialect: Dialect) => {
    const out = new PacketBuffer();
    for (const packet of levelPackets({ ...GARDEN_SIZES, blocks: waitingWorldBlocks() }, dialect)) out.append(packet);
    return out.copy();
  },
);
