/**
 * Every packet of Minecraft Classic and CPE, field by field. Sizes, readers, writers and the reshaping between extension sets all
 * follow from this table; nothing else knows a size. Integers are big endian.
 */
import { type ExtensionName, ExtensionSet } from "./extensions.ts";
import { memo } from "./memo.ts";
import { TEXT_SIZE } from "./text.ts";

/** Size tables kept; each is half a kilobyte. */
const MAX_TABLES = 256;

/** Versions of the protocol: 3 is 0.0.16a, 5 is 0.0.19a, 6 is 0.0.20a–0.0.23a, 7 is 0.28–0.30, the only one with CPE. */
export type ProtocolVersion = 3 | 4 | 5 | 6 | 7;

/** What decides how one leg is framed: its protocol version and the extensions both of its ends have. */
export interface Dialect {
  readonly protocol: ProtocolVersion;
  /** Whether the ends exchanged extension lists at all (they may have nothing in common). */
  readonly cpe: boolean;
  readonly extensions: ExtensionSet;
}

/** Client to server, or server to client. */
export type Direction = "c2s" | "s2c";

/**
 * How a field's bytes are read:
 * - `text`: 64 bytes, code page 437
 * - `block`: id of a block, 16 bits with ExtendedBlocks
 * - `coordinate`: 1/32 block, 32 bits with ExtEntityPositions
 * - `texture`: id of a texture, 16 bits with ExtendedTextures
 * - `bytes`: not interpreted
 */
export type FieldType =
  | "u8"
  | "i8"
  | "u16"
  | "i16"
  | "i32"
  | "f32"
  | "text"
  | "block"
  | "coordinate"
  | "texture"
  | "bytes";

/** One field of a packet. */
export interface Field {
  readonly name: string;
  readonly type: FieldType;
  /** How many bytes a `bytes` field has; 1 for every other type. */
  readonly count: number;
  /** The field stands only where this holds. */
  readonly when?: Condition;
  /** Byte a missing field is filled with when a packet is widened. */
  readonly fill: number;
  /** Name of the field whose value stands in for this one where a packet lacks it. */
  readonly like?: string;
}

/** A condition on a leg's dialect; every part given must hold. */
export interface Condition {
  readonly minProtocol?: ProtocolVersion;
  readonly extension?: ExtensionName;
  readonly minVersion?: number;
  readonly belowVersion?: number;
  readonly textures?: "extended";
}

/** One packet. */
export interface Packet {
  readonly id: number;
  readonly name: string;
  readonly direction: Direction | "both";
  /** The extension that brings the packet; absent for the packets of the base protocol and of CPE itself. */
  readonly extension?: ExtensionName;
  /** The extension's version from which on the packet exists; 1 where absent. */
  readonly since?: number;
  readonly minProtocol?: ProtocolVersion;
  /** Part of the exchange of extension lists: legal wherever CPE is. */
  readonly core?: true;
  readonly fields: readonly Field[];
}

type Typed<N extends string, T extends FieldType> = Field & { readonly name: N; readonly type: T };

function field<N extends string, T extends FieldType>(name: N, type: T, count = 1): Typed<N, T> {
  return { name, type, count, fill: 0 };
}

const u8 = <N extends string>(name: N): Typed<N, "u8"> => field(name, "u8");
const i8 = <N extends string>(name: N): Typed<N, "i8"> => field(name, "i8");
const u16 = <N extends string>(name: N): Typed<N, "u16"> => field(name, "u16");
const i16 = <N extends string>(name: N): Typed<N, "i16"> => field(name, "i16");
const i32 = <N extends string>(name: N): Typed<N, "i32"> => field(name, "i32");
const f32 = <N extends string>(name: N): Typed<N, "f32"> => field(name, "f32");
const text = <N extends string>(name: N): Typed<N, "text"> => field(name, "text");
const block = <N extends string>(name: N): Typed<N, "block"> => field(name, "block");
const coordinate = <N extends string>(name: N): Typed<N, "coordinate"> => field(name, "coordinate");
const texture = <N extends string>(name: N): Typed<N, "texture"> => field(name, "texture");
const bytes = <N extends string>(name: N, size: number): Typed<N, "bytes"> => field(name, "bytes", size);

/** A field that stands only under a condition; `fill` is what its bytes are where it has no value. */
function when<F extends Field>(condition: Condition, conditional: F, fill = 0): F & { readonly when: Condition } {
  return { ...conditional, when: condition, fill };
}

const POSITION = [coordinate("x"), coordinate("y"), coordinate("z"), u8("yaw"), u8("pitch")] as const;
const BLOCK_POSITION = [i16("x"), i16("y"), i16("z")] as const;
const BLOCK_LOOK = [u8("transmitsLight"), u8("walkSound"), u8("fullBright")] as const;
const BLOCK_FOG = [u8("blockDraw"), u8("fogDensity"), u8("fogRed"), u8("fogGreen"), u8("fogBlue")] as const;
const SIDES_V1 = { extension: "BlockDefinitionsExt", belowVersion: 2 } as const;
const SIDES_V2 = { extension: "BlockDefinitionsExt", minVersion: 2 } as const;

/** One of the four side textures of BlockDefinitionsExt 2; version 1 has one for all. */
function side<N extends string>(name: N): Typed<N, "texture"> & { readonly when: Condition } {
  return { ...when(SIDES_V2, texture(name)), like: "sideTexture" };
}

/**
 * The packets, ordered by id. Sources: minecraft.wiki's Classic protocol page, the CPE specification, ClassiCube 1.3.8 and
 * MCGalaxy 1.9.5.3.
 */
export const PACKETS = [
  {
    id: 0x00,
    name: "PlayerIdentification",
    direction: "c2s",
    // `magic` is 0x42 where the client speaks CPE.
    fields: [u8("protocol"), text("username"), text("key"), when({ minProtocol: 6 }, u8("magic"))],
  },
  {
    id: 0x00,
    name: "ServerIdentification",
    direction: "s2c",
    // `userType` is 0x64 for operators, else 0.
    fields: [u8("protocol"), text("serverName"), text("motd"), when({ minProtocol: 6 }, u8("userType"))],
  },
  { id: 0x01, name: "Ping", direction: "both", fields: [] },
  {
    id: 0x02,
    name: "LevelInitialize",
    direction: "s2c",
    fields: [when({ extension: "FastMap", minVersion: 1 }, i32("volume"))],
  },
  {
    id: 0x03,
    name: "LevelDataChunk",
    direction: "s2c",
    // With ExtendedBlocks a non-zero `percent` marks the stream of the blocks' upper bits.
    fields: [u16("length"), bytes("data", 1024), u8("percent")],
  },
  { id: 0x04, name: "LevelFinalize", direction: "s2c", fields: [u16("xSize"), u16("ySize"), u16("zSize")] },
  // `mode` is 0 to delete and 1 to place.
  { id: 0x05, name: "PlayerSetBlock", direction: "c2s", fields: [...BLOCK_POSITION, u8("mode"), block("block")] },
  { id: 0x06, name: "SetBlock", direction: "s2c", fields: [...BLOCK_POSITION, block("block")] },
  { id: 0x07, name: "SpawnPlayer", direction: "s2c", fields: [u8("playerId"), text("playerName"), ...POSITION] },
  // `held` is 255, or the held block with HeldBlock.
  { id: 0x08, name: "PlayerPosition", direction: "c2s", fields: [block("held"), ...POSITION] },
  { id: 0x08, name: "PlayerTeleport", direction: "s2c", fields: [u8("playerId"), ...POSITION] },
  {
    id: 0x09,
    name: "PositionAndOrientationUpdate",
    direction: "s2c",
    fields: [u8("playerId"), i8("dx"), i8("dy"), i8("dz"), u8("yaw"), u8("pitch")],
  },
  { id: 0x0a, name: "PositionUpdate", direction: "s2c", fields: [u8("playerId"), i8("dx"), i8("dy"), i8("dz")] },
  { id: 0x0b, name: "OrientationUpdate", direction: "s2c", fields: [u8("playerId"), u8("yaw"), u8("pitch")] },
  { id: 0x0c, name: "DespawnPlayer", direction: "s2c", fields: [u8("playerId")] },
  // `partial` is 255; with LongerMessages 1 where more follows and 0 at the end.
  { id: 0x0d, name: "PlayerMessage", direction: "c2s", fields: [u8("partial"), text("message")] },
  // `type` is a player id, 128 and above for the server itself; with MessageTypes a place on the screen.
  { id: 0x0d, name: "Message", direction: "s2c", fields: [u8("type"), text("message")] },
  { id: 0x0e, name: "DisconnectPlayer", direction: "s2c", fields: [text("reason")] },
  { id: 0x0f, name: "UpdateUserType", direction: "s2c", minProtocol: 7, fields: [u8("userType")] },
  { id: 0x10, name: "ExtInfo", direction: "both", core: true, fields: [text("appName"), i16("count")] },
  { id: 0x11, name: "ExtEntry", direction: "both", core: true, fields: [text("extension"), i32("version")] },
  { id: 0x12, name: "SetClickDistance", direction: "s2c", extension: "ClickDistance", fields: [u16("distance")] },
  {
    id: 0x13,
    name: "CustomBlockSupportLevel",
    direction: "both",
    extension: "CustomBlocks",
    fields: [u8("level")],
  },
  {
    id: 0x14,
    name: "HoldThis",
    direction: "s2c",
    extension: "HeldBlock",
    fields: [block("block"), u8("preventChange")],
  },
  {
    id: 0x15,
    name: "SetTextHotKey",
    direction: "s2c",
    extension: "TextHotKey",
    fields: [text("label"), text("action"), i32("keyCode"), u8("keyMods")],
  },
  {
    id: 0x16,
    name: "ExtAddPlayerName",
    direction: "s2c",
    extension: "ExtPlayerList",
    fields: [i16("nameId"), text("playerName"), text("listName"), text("groupName"), u8("groupRank")],
  },
  {
    id: 0x17,
    name: "ExtAddEntity",
    direction: "s2c",
    extension: "ExtPlayerList",
    fields: [u8("entityId"), text("inGameName"), text("skinName")],
  },
  { id: 0x18, name: "ExtRemovePlayerName", direction: "s2c", extension: "ExtPlayerList", fields: [i16("nameId")] },
  {
    id: 0x19,
    name: "EnvSetColor",
    direction: "s2c",
    extension: "EnvColors",
    fields: [u8("variable"), i16("red"), i16("green"), i16("blue")],
  },
  {
    id: 0x1a,
    name: "MakeSelection",
    direction: "s2c",
    extension: "SelectionCuboid",
    fields: [
      u8("selectionId"),
      text("label"),
      i16("x1"),
      i16("y1"),
      i16("z1"),
      i16("x2"),
      i16("y2"),
      i16("z2"),
      i16("red"),
      i16("green"),
      i16("blue"),
      i16("opacity"),
    ],
  },
  { id: 0x1b, name: "RemoveSelection", direction: "s2c", extension: "SelectionCuboid", fields: [u8("selectionId")] },
  {
    id: 0x1c,
    name: "SetBlockPermission",
    direction: "s2c",
    extension: "BlockPermissions",
    fields: [block("block"), u8("allowPlace"), u8("allowDelete")],
  },
  {
    id: 0x1d,
    name: "ChangeModel",
    direction: "s2c",
    extension: "ChangeModel",
    fields: [u8("entityId"), text("model")],
  },
  {
    id: 0x1e,
    name: "EnvSetMapAppearance",
    direction: "s2c",
    extension: "EnvMapAppearance",
    fields: [
      text("textureUrl"),
      u8("sideBlock"),
      u8("edgeBlock"),
      i16("sideLevel"),
      when({ extension: "EnvMapAppearance", minVersion: 2 }, i16("cloudsHeight")),
      when({ extension: "EnvMapAppearance", minVersion: 2 }, i16("maxViewDistance")),
    ],
  },
  { id: 0x1f, name: "EnvSetWeatherType", direction: "s2c", extension: "EnvWeatherType", fields: [u8("weather")] },
  {
    id: 0x20,
    name: "HackControl",
    direction: "s2c",
    extension: "HackControl",
    fields: [u8("fly"), u8("noclip"), u8("speed"), u8("spawnControl"), u8("thirdPerson"), i16("jumpHeight")],
  },
  {
    id: 0x21,
    name: "ExtAddEntity2",
    direction: "s2c",
    extension: "ExtPlayerList",
    since: 2,
    fields: [u8("entityId"), text("inGameName"), text("skinName"), ...POSITION],
  },
  {
    id: 0x22,
    name: "PlayerClicked",
    direction: "c2s",
    extension: "PlayerClick",
    fields: [u8("button"), u8("action"), u16("yaw"), u16("pitch"), u8("targetEntity"), ...BLOCK_POSITION, u8("face")],
  },
  {
    id: 0x23,
    name: "DefineBlock",
    direction: "s2c",
    extension: "BlockDefinitions",
    fields: [
      block("block"),
      text("name"),
      u8("solidity"),
      u8("speed"),
      texture("topTexture"),
      texture("sideTexture"),
      texture("bottomTexture"),
      ...BLOCK_LOOK,
      u8("shape"),
      ...BLOCK_FOG,
    ],
  },
  {
    id: 0x24,
    name: "RemoveBlockDefinition",
    direction: "s2c",
    extension: "BlockDefinitions",
    fields: [block("block")],
  },
  {
    id: 0x25,
    name: "DefineBlockExt",
    direction: "s2c",
    extension: "BlockDefinitionsExt",
    fields: [
      block("block"),
      text("name"),
      u8("solidity"),
      u8("speed"),
      texture("topTexture"),
      when(SIDES_V1, texture("sideTexture")),
      side("leftTexture"),
      side("rightTexture"),
      side("frontTexture"),
      side("backTexture"),
      texture("bottomTexture"),
      ...BLOCK_LOOK,
      i8("minX"),
      i8("minY"),
      i8("minZ"),
      i8("maxX"),
      i8("maxY"),
      i8("maxZ"),
      ...BLOCK_FOG,
      // ExtendedTextures adds 6 bytes to this packet in the client and in MCGalaxy, also where only 3 textures stand in it.
      when({ ...SIDES_V1, textures: "extended" }, bytes("padding", 3)),
    ],
  },
  {
    id: 0x26,
    name: "BulkBlockUpdate",
    direction: "s2c",
    extension: "BulkBlockUpdate",
    fields: [
      u8("lastIndex"),
      bytes("indices", 256 * 4),
      bytes("blocks", 256),
      when({ extension: "ExtendedBlocks", minVersion: 1 }, bytes("upperBits", 64)),
    ],
  },
  {
    id: 0x27,
    name: "SetTextColor",
    direction: "s2c",
    extension: "TextColors",
    fields: [u8("red"), u8("green"), u8("blue"), u8("alpha"), u8("code")],
  },
  {
    id: 0x28,
    name: "SetMapEnvUrl",
    direction: "s2c",
    extension: "EnvMapAspect",
    fields: [text("url"), when({ extension: "EnvMapAspect", minVersion: 2 }, text("urlPart2"), 0x20)],
  },
  {
    id: 0x29,
    name: "SetMapEnvProperty",
    direction: "s2c",
    extension: "EnvMapAspect",
    fields: [u8("property"), i32("value")],
  },
  {
    id: 0x2a,
    name: "SetEntityProperty",
    direction: "s2c",
    extension: "EntityProperty",
    fields: [u8("entityId"), u8("property"), i32("value")],
  },
  // `origin` is 0 where the client started the exchange, 1 where the server did.
  { id: 0x2b, name: "TwoWayPing", direction: "both", extension: "TwoWayPing", fields: [u8("origin"), u16("data")] },
  {
    id: 0x2c,
    name: "SetInventoryOrder",
    direction: "s2c",
    extension: "InventoryOrder",
    fields: [block("block"), block("order")],
  },
  { id: 0x2d, name: "SetHotbar", direction: "s2c", extension: "SetHotbar", fields: [block("block"), u8("slot")] },
  { id: 0x2e, name: "SetSpawnpoint", direction: "s2c", extension: "SetSpawnpoint", fields: [...POSITION] },
  {
    id: 0x2f,
    name: "VelocityControl",
    direction: "s2c",
    extension: "VelocityControl",
    fields: [i32("vx"), i32("vy"), i32("vz"), u8("modeX"), u8("modeY"), u8("modeZ")],
  },
  {
    id: 0x30,
    name: "DefineEffect",
    direction: "s2c",
    extension: "CustomParticles",
    fields: [
      u8("effectId"),
      u8("u1"),
      u8("v1"),
      u8("u2"),
      u8("v2"),
      u8("tintRed"),
      u8("tintGreen"),
      u8("tintBlue"),
      u8("frameCount"),
      u8("particleCount"),
      u8("size"),
      i32("sizeVariation"),
      u16("spread"),
      i32("speed"),
      i32("gravity"),
      i32("baseLifetime"),
      i32("lifetimeVariation"),
      u8("collideFlags"),
      u8("fullBright"),
    ],
  },
  {
    id: 0x31,
    name: "SpawnEffect",
    direction: "s2c",
    extension: "CustomParticles",
    fields: [u8("effectId"), i32("x"), i32("y"), i32("z"), i32("originX"), i32("originY"), i32("originZ")],
  },
  {
    id: 0x32,
    name: "DefineModel",
    direction: "s2c",
    extension: "CustomModels",
    fields: [
      u8("modelId"),
      text("name"),
      u8("flags"),
      f32("nameY"),
      f32("eyeY"),
      bytes("collision", 12),
      bytes("pickMin", 12),
      bytes("pickMax", 12),
      u16("uScale"),
      u16("vScale"),
      u8("partCount"),
    ],
  },
  {
    id: 0x33,
    name: "DefineModelPart",
    direction: "s2c",
    extension: "CustomModels",
    fields: [
      u8("modelId"),
      bytes("min", 12),
      bytes("max", 12),
      bytes("uv", 48),
      bytes("rotationOrigin", 12),
      bytes("rotation", 12),
      when({ extension: "CustomModels", belowVersion: 2 }, bytes("animation", 5)),
      when({ extension: "CustomModels", minVersion: 2 }, bytes("animations", 4 * 17)),
      u8("flags"),
    ],
  },
  { id: 0x34, name: "UndefineModel", direction: "s2c", extension: "CustomModels", fields: [u8("modelId")] },
  {
    id: 0x35,
    name: "PluginMessage",
    direction: "both",
    extension: "PluginMessages",
    fields: [u8("channel"), bytes("data", 64)],
  },
  {
    id: 0x36,
    name: "ExtEntityTeleport",
    direction: "s2c",
    extension: "ExtEntityTeleport",
    fields: [u8("entityId"), u8("behaviour"), ...POSITION],
  },
  { id: 0x37, name: "LightingMode", direction: "s2c", extension: "LightingMode", fields: [u8("mode"), u8("locked")] },
  {
    id: 0x38,
    name: "CinematicGui",
    direction: "s2c",
    extension: "CinematicGui",
    fields: [
      u8("hideCrosshair"),
      u8("hideHand"),
      u8("hideHotbar"),
      u8("red"),
      u8("green"),
      u8("blue"),
      u8("opacity"),
      u16("barSize"),
    ],
  },
  {
    id: 0x39,
    name: "NotifyAction",
    direction: "c2s",
    extension: "NotifyAction",
    fields: [u16("action"), i16("value")],
  },
  {
    id: 0x3a,
    name: "NotifyPositionAction",
    direction: "c2s",
    extension: "NotifyAction",
    fields: [u16("action"), u16("x"), u16("y"), u16("z")],
  },
  { id: 0x3b, name: "ToggleBlockList", direction: "s2c", extension: "ToggleBlockList", fields: [u8("toggle")] },
] as const satisfies readonly Packet[];

/** Name of a packet, e.g. `"SpawnPlayer"`. */
export type PacketName = typeof PACKETS[number]["name"];

const BY_NAME: ReadonlyMap<string, Packet> = new Map(PACKETS.map((packet) => [packet.name, packet]));

/** The packet called `name`. */
export function packetNamed(name: PacketName): Packet {
  const packet = BY_NAME.get(name);
  if (packet === undefined) throw new RangeError(`Cannot find packet: current value is "${name}"`);
  return packet;
}

const BY_ID: Record<Direction, readonly (Packet | undefined)[]> = { c2s: byId("c2s"), s2c: byId("s2c") };

function byId(direction: Direction): readonly (Packet | undefined)[] {
  const packets: (Packet | undefined)[] = [];
  for (const packet of PACKETS) {
    if (packet.direction === direction || packet.direction === "both") packets[packet.id] = packet;
  }
  return packets;
}

/** The packet with `id` in `direction`; `undefined` for an id nobody knows. */
export function packetById(direction: Direction, id: number): Packet | undefined {
  return BY_ID[direction][id];
}

/** Bytes one value of a field takes in a dialect. */
export function valueWidth(type: FieldType, { extensions }: Dialect): number {
  switch (type) {
    case "u8":
    case "i8":
    case "bytes":
      return 1;
    case "u16":
    case "i16":
      return 2;
    case "i32":
    case "f32":
      return 4;
    case "text":
      return TEXT_SIZE;
    case "block":
      return extensions.has("ExtendedBlocks") ? 2 : 1;
    case "coordinate":
      return extensions.has("ExtEntityPositions") ? 4 : 2;
    case "texture":
      return extensions.has("ExtendedTextures") ? 2 : 1;
  }
}

/** Bytes a field takes in a dialect; 0 where it does not stand. */
export function fieldWidth(field: Field, dialect: Dialect): number {
  return field.when === undefined || holds(field.when, dialect) ? field.count * valueWidth(field.type, dialect) : 0;
}

function holds(condition: Condition, { protocol, extensions }: Dialect): boolean {
  const version = condition.extension === undefined ? 0 : extensions.version(condition.extension);
  return protocol >= (condition.minProtocol ?? 0) &&
    version >= (condition.minVersion ?? 0) &&
    version < (condition.belowVersion ?? Infinity) &&
    (condition.textures === undefined || extensions.has("ExtendedTextures"));
}

/** Size in bytes of a packet in a dialect, its id included. */
export function packetSize(packet: Packet, dialect: Dialect): number {
  return packet.fields.reduce((size, field) => size + fieldWidth(field, dialect), 1);
}

/** Whether a packet may be sent on a leg that speaks `dialect`. */
export function isLegal(packet: Packet, { protocol, cpe, extensions }: Dialect): boolean {
  if (protocol < (packet.minProtocol ?? 0)) return false;
  if (packet.core) return cpe;
  return packet.extension === undefined || extensions.has(packet.extension, packet.since);
}

/** Equal for dialects that frame alike; usable as a map key. */
export function dialectKey({ protocol, cpe, extensions }: Dialect): string {
  return `${protocol}${cpe ? "c" : "-"}${extensions.key}`;
}

/**
 * Sizes by packet id of everything that may be sent in `direction`; 0 for ids that are unknown or not legal there. The table is
 * shared: do not change it.
 */
export const legalSizes: (direction: Direction, dialect: Dialect) => Uint16Array = memo(
  MAX_TABLES,
  (direction, dialect) => direction + dialectKey(dialect),
  (direction: Direction, dialect: Dialect) => sizes(direction, dialect, (packet) => isLegal(packet, dialect)),
);

/**
 * Sizes by packet id of everything that can be framed in `direction`, also packets of extensions nobody negotiated: servers are
 * known to send some. The table is shared: do not change it.
 */
export const knownSizes: (direction: Direction, dialect: Dialect) => Uint16Array = memo(
  MAX_TABLES,
  (direction, dialect) => direction + dialectKey(dialect),
  (direction: Direction, dialect: Dialect) => sizes(direction, dialect, () => true),
);

function sizes(direction: Direction, dialect: Dialect, wanted: (packet: Packet) => boolean): Uint16Array {
  const table = new Uint16Array(256);
  for (const packet of PACKETS) {
    if ((packet.direction === direction || packet.direction === "both") && wanted(packet)) {
      table[packet.id] = packetSize(packet, dialect);
    }
  }
  return table;
}

/** Size of the largest packet of any dialect. */
export const MAX_PACKET_SIZE: number = Math.max(
  ...knownSizes("s2c", { protocol: 7, cpe: true, extensions: ExtensionSet.ALL }),
);
