/** What a server sends around the map: everything that gives its extensions something to show, as far as the client has them. */
import type { Dialect } from "../protocol/packet_table.ts";
import { BLOCK, visibleBlock } from "./block.ts";
import { MESSAGE_TYPE } from "./chat.ts";
import { BENCH, BENCH_EXT, BOX, BOX_PART, LANTERN, SPARKS } from "./definitions.ts";
import { type Entity, type PacketSink, SELF } from "./entity.ts";
import { placeUnder, type World } from "./world.ts";

const PROTECTED_BLOCKS = [7, 8, 9, 10, 11];
const HOTBAR = [BLOCK.STONE, 4, 45, BLOCK.DIRT, BLOCK.PLANKS, BLOCK.LOG, BLOCK.LEAVES, BLOCK.LANTERN, BLOCK.SLAB];
const CLOUDS_ABOVE_HORIZON = 40;
const F6 = 64;
/** Behaviour of ExtEntityTeleport: take both position and orientation, at once. */
const TELEPORT_INSTANTLY = 0b1_0001;

/** Sent before LevelInitialize, and after the map once more to clients with InstantMOTD. */
export function allowHacks(send: PacketSink): void {
  send("HackControl", { fly: 1, noclip: 1, speed: 1, spawnControl: 1, thirdPerson: 1, jumpHeight: -1 });
}

/** Sent between LevelInitialize and the map's first chunk: the blocks the map may contain. */
export function defineBlocks(send: PacketSink, { extensions }: Dialect): void {
  if (!extensions.has("BlockDefinitions")) return;
  send("DefineBlock", LANTERN);
  if (extensions.has("BlockDefinitionsExt")) send("DefineBlockExt", BENCH_EXT);
  else send("DefineBlock", BENCH);
  for (const { block } of [LANTERN, BENCH]) send("SetInventoryOrder", { block, order: block });
}

/** Sent after LevelFinalize, before the player's own spawn. */
export function decorate(send: PacketSink, dialect: Dialect, world: World, name: string): void {
  colourSky(send, world);
  equip(send, dialect);
  send("DefineModel", BOX);
  send("DefineModelPart", BOX_PART);
  send("DefineEffect", SPARKS);
  repeatBlock(send, dialect, world);
  markSpawn(send, world);
  send("SetTextColor", { red: 255, green: 200, blue: 60, alpha: 255, code: "g".charCodeAt(0) });
  if (!dialect.extensions.has("MessageTypes")) return;
  send("Message", { type: MESSAGE_TYPE.STATUS, message: `&f${name}` });
  send("Message", { type: MESSAGE_TYPE.ANNOUNCEMENT, message: `&eWelcome to &f${name}` });
}

/** Sent after the player's own spawn. */
export function greet(send: PacketSink, { spawn: { x, y, z } }: World, neighbour: Entity | undefined): void {
  send("SetEntityProperty", { entityId: SELF, property: 0, value: 0 });
  send("VelocityControl", { vx: 0, vy: 0, vz: 0, modeX: 0, modeY: 0, modeZ: 0 });
  send("SpawnEffect", { effectId: SPARKS.effectId, x, y, z, originX: x, originY: y, originZ: z });
  if (neighbour === undefined) return;
  send("ExtEntityTeleport", { entityId: neighbour.id, behaviour: TELEPORT_INSTANTLY, ...neighbour.shown });
}

function colourSky(send: PacketSink, { look }: World): void {
  const { sideBlock, edgeBlock, edgeHeight } = look;
  const cloudsHeight = edgeHeight + CLOUDS_ABOVE_HORIZON;
  for (const [variable, [red, green, blue]] of look.colours.entries()) {
    send("EnvSetColor", { variable, red, green, blue });
  }
  const edge = { sideBlock, edgeBlock, sideLevel: edgeHeight };
  send("EnvSetMapAppearance", { textureUrl: "", ...edge, cloudsHeight, maxViewDistance: 0 });
  send("SetMapEnvUrl", { url: "" });
  for (const [property, value] of [sideBlock, edgeBlock, edgeHeight, cloudsHeight].entries()) {
    send("SetMapEnvProperty", { property, value });
  }
  send("EnvSetWeatherType", { weather: look.weather });
  send("LightingMode", { mode: 0, locked: 0 });
  const screen = { hideCrosshair: 0, hideHand: 0, hideHotbar: 0 };
  send("CinematicGui", { ...screen, red: 0, green: 0, blue: 0, opacity: 0, barSize: 0 });
}

function equip(send: PacketSink, { extensions }: Dialect): void {
  send("SetClickDistance", { distance: 160 });
  for (const block of PROTECTED_BLOCKS) send("SetBlockPermission", { block, allowPlace: 0, allowDelete: 0 });
  for (const [slot, block] of HOTBAR.entries()) send("SetHotbar", { block: visibleBlock(block, extensions), slot });
  send("HoldThis", { block: BLOCK.STONE, preventChange: 0 });
  send("SetTextHotKey", { label: "Who", action: "/who\n", keyCode: F6, keyMods: 0 });
  send("ToggleBlockList", { toggle: 1 });
}

/** Says in bulk what the map said already. */
function repeatBlock(send: PacketSink, { extensions }: Dialect, world: World): void {
  const [x, y, z] = placeUnder(world.spawn);
  const block = visibleBlock(world.get(x, y, z), extensions);
  const indices = new Uint8Array(4);
  new DataView(indices.buffer).setInt32(0, Math.max(world.index(x, y, z), 0));
  send("BulkBlockUpdate", {
    lastIndex: 0,
    indices,
    blocks: Uint8Array.of(block & 0xff),
    upperBits: Uint8Array.of(block >> 8),
  });
}

function markSpawn(send: PacketSink, { spawn }: World): void {
  const [x, y, z] = placeUnder(spawn);
  const corners = { x1: x - 1, y1: y + 1, z1: z - 1, x2: x + 2, y2: y + 2, z2: z + 2 };
  send("MakeSelection", { selectionId: 1, label: "Spawn", ...corners, red: 255, green: 220, blue: 90, opacity: 40 });
  send("SetSpawnpoint", spawn);
}
