/** What servers leave in their clients: all state that outlives a map, and some that does not, on each server another. */
import { BENCH, BENCH_EXT, BOX, BOX_PART, SPARKS } from "../../lib/demo/definitions.ts";
import { type PacketSink, SELF } from "../../lib/demo/entity.ts";
import type { Position } from "../../lib/demo/world.ts";
import type { Dialect } from "../../lib/protocol/packet_table.ts";

/** Which server it is. */
export interface Owner {
  /** From 1 to 12, no other server's. */
  readonly number: number;
  /** There is state that only servers of one side set: whoever comes from there to the other side has to lose it. */
  readonly side: Side;
  /** Where its players begin. */
  readonly spawn: Position;
}

export type Side = "west" | "east";

/** The block that players are given to hold: one that every client knows, and no other server gives. */
export function handBlock(number: number): number {
  return 20 + number;
}

const STATUS_TYPES = [1, 2, 3, 11, 12, 13] as const;
const VIEW_DISTANCE = 4;
const ROTATION_X = 0;
const SCALE_Y = 4;
const PUSH_STRENGTH = 6;
const OPERATOR = 100;
const PLUGIN_CHANNEL = 200;
const TELEPORT_TO_POSITION = 0b1_0001;

/** Sends everything to one player, in whose dialect `send` leaves out what does not exist. */
export function furnish(send: PacketSink, dialect: Dialect, owner: Owner): void {
  numbered(send, dialect, owner.number);
  inhabit(send, dialect, owner);
  if (owner.side === "west") western(send, owner.number);
  else eastern(send, owner.number);
  send("HoldThis", { block: handBlock(owner.number), preventChange: Number(owner.side === "west") });
}

/** Things that all servers set, but under different numbers. */
function numbered(send: PacketSink, { extensions }: Dialect, n: number): void {
  send("SetTextColor", { red: 10 * n, green: 200, blue: n, alpha: 255, code: "g".charCodeAt(0) + n });
  send("SetTextHotKey", { label: `Key ${n}`, action: `/key ${n}\n`, keyCode: 16 + n, keyMods: n % 8 });
  const block = 80 + n;
  send("DefineBlock", { ...BENCH, block, name: `Bench ${n}` });
  send("DefineBlockExt", { ...BENCH_EXT, block: 100 + n, name: `Seat ${n}` });
  if (extensions.has("ExtendedBlocks")) send("DefineBlock", { ...BENCH, block: 400 + n, name: `Far bench ${n}` });
  send("SetInventoryOrder", { block, order: n });
  send("SetInventoryOrder", { block: 40 + n, order: 0 });
  send("SetHotbar", { block: 30 + n, slot: n % 9 });
  send("SetBlockPermission", { block: 20 + n, allowPlace: 0, allowDelete: n % 2 });
  send("DefineModel", { ...BOX, modelId: n, name: `box${n}` });
  send("DefineModelPart", { ...BOX_PART, modelId: n });
  send("DefineEffect", { ...SPARKS, effectId: n });
  send("EnvSetColor", { variable: n % 5, red: n, green: 2 * n, blue: 3 * n });
  send("SetMapEnvProperty", { property: n % 4, value: n });
  send("EnvSetWeatherType", { weather: n % 3 });
  send("PluginMessage", { channel: PLUGIN_CHANNEL, data: Uint8Array.of(n) });
  if (!extensions.has("MessageTypes")) return;
  for (const type of [STATUS_TYPES[n % 6] ?? 1, STATUS_TYPES[(n + 1) % 6] ?? 2]) {
    send("Message", { type, message: `Status ${type} of ${n}` });
  }
}

/** A figure, a name in the list of players and a box in the world. */
function inhabit(send: PacketSink, { extensions }: Dialect, { number: n, spawn }: Owner): void {
  const id = 60 + n;
  const name = `Figure${n}`;
  if (extensions.has("ExtPlayerList", 2)) {
    send("ExtAddEntity2", { entityId: id, inGameName: name, skinName: name, ...spawn });
  } else {
    send("SpawnPlayer", { playerId: id, playerName: name, ...spawn });
  }
  send("ExtEntityTeleport", { entityId: id, behaviour: TELEPORT_TO_POSITION, ...spawn, yaw: n });
  send("ChangeModel", { entityId: id, model: `box${n}` });
  send("ExtAddPlayerName", {
    nameId: 100 + n,
    playerName: `Ghost${n}`,
    listName: `&cGhost ${n}`,
    groupName: "Ghosts",
    groupRank: n,
  });
  const corners = { x1: n, y1: n, z1: n, x2: n + 2, y2: n + 2, z2: n + 2 };
  send("MakeSelection", { selectionId: n, label: `Box ${n}`, ...corners, red: n, green: 0, blue: 0, opacity: 90 });
}

function western(send: PacketSink, n: number): void {
  send("SetTextColor", { red: n, green: n, blue: n, alpha: 255, code: "c".charCodeAt(0) });
  send("DefineBlock", { ...BENCH, block: n, name: "Another stone" });
  send("SetClickDistance", { distance: 200 + n });
  send("SetMapEnvUrl", { url: `http://west.example/${n}.zip` });
  send("EnvSetMapAppearance", {
    textureUrl: `http://west.example/${n}.png`,
    sideBlock: 1,
    edgeBlock: 2,
    sideLevel: n,
    cloudsHeight: 40,
    maxViewDistance: 0,
  });
  send("ChangeModel", { entityId: SELF, model: "chicken" });
  send("SetEntityProperty", { entityId: SELF, property: PUSH_STRENGTH, value: 500 + n });
  send("LightingMode", { mode: 1, locked: 1 });
  send("ToggleBlockList", { toggle: 0 });
  // Without MessageTypes, and even without CPE, this is a status line.
  send("Message", { type: 0, message: `^detail.user=Detail of ${n}` });
}

function eastern(send: PacketSink, n: number): void {
  send("UpdateUserType", { userType: OPERATOR });
  send("HackControl", { fly: 0, noclip: 0, speed: 1, spawnControl: 0, thirdPerson: 0, jumpHeight: 40 + n });
  send("SetBlockPermission", { block: 7, allowPlace: 1, allowDelete: 0 });
  send("SetMapEnvProperty", { property: VIEW_DISTANCE, value: 64 + n });
  send("SetEntityProperty", { entityId: SELF, property: ROTATION_X, value: 30 });
  send("SetEntityProperty", { entityId: SELF, property: SCALE_Y, value: 1500 });
  send("CinematicGui", {
    hideCrosshair: 1,
    hideHand: 1,
    hideHotbar: 1,
    red: n,
    green: n,
    blue: n,
    opacity: 200,
    barSize: 0x4000,
  });
  send("VelocityControl", { vx: 0, vy: n, vz: 0, modeX: 0, modeY: 0, modeZ: 0 });
}
