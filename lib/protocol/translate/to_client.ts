/** Backend to client: from a backend's dialect B up to the client's dialect C, which has everything B has. */
import { ALONE, IN_SERIES } from "../framer.ts";
import { memo } from "../memo.ts";
import { type Dialect, dialectKey, knownSizes, packetNamed } from "../packet_table.ts";
import type { PacketBuffer } from "../packet_buffer.ts";
import { readPacket, writePacket } from "../packets.ts";
import { blankTrailingAmpersands, readText, TEXT_SIZE } from "../text.ts";
import type { ExtensionName } from "../extensions.ts";
import { FastMapLevel, type FastMapLevelState, type LevelFailure } from "./fast_map_level.ts";
import { reshape } from "./reshape.ts";
import { type Shapes, shapesBetween } from "./shapes.ts";

const SERVER_IDENTIFICATION = packetNamed("ServerIdentification").id;
const LEVEL_INITIALIZE = packetNamed("LevelInitialize").id;
const LEVEL_DATA_CHUNK = packetNamed("LevelDataChunk").id;
const LEVEL_FINALIZE = packetNamed("LevelFinalize").id;
const SPAWN_PLAYER = packetNamed("SpawnPlayer").id;
const DESPAWN_PLAYER = packetNamed("DespawnPlayer").id;
const MESSAGE = packetNamed("Message").id;
const UPDATE_USER_TYPE = packetNamed("UpdateUserType").id;
const ENV_SET_MAP_APPEARANCE = packetNamed("EnvSetMapAppearance").id;

/** Pairs of dialects of which the concerns are kept. */
const MAX_PAIRS = 256;
const SELF = 255;
const CHAT = 0;
/** Message types from here on are the server's own words where MessageTypes is not negotiated; clients show them in yellow. */
const FIRST_SYSTEM_TYPE = 128;
const SYSTEM_COLOUR = "&e";
const LEVEL_LOW_BITS = 0;
const NOTHING = new Uint8Array(0);

/** Blocks that a client without BlockPermissions lets only operators place (the first also delete). */
const BEDROCK = 7;
const OPERATOR_BLOCKS = [BEDROCK, 8, 9, 10, 11] as const;
const OPERATOR_TYPES = { first: 100, last: 127 } as const;

const SIDE_BLOCK = 0;
const EDGE_BLOCK = 1;
const EDGE_HEIGHT = 2;
/** Clouds stand this many blocks above the map by default. */
const CLOUDS_ABOVE_MAP = 2;

/** Why a backend's packet could not be carried over: the backend's stream is broken. */
export type ToClientFailure = LevelFailure;

/** A translation as written down. */
export interface ToClientState {
  /** Of the map of now, in blocks. */
  readonly mapHeight: number;
  /** A map that is on its way and has to be rewritten. */
  readonly level: FastMapLevelState | undefined;
}

/** Rewrites what a backend sends for a client that has more extensions. */
export class ToClient {
  readonly #shapes: Shapes;
  readonly #sizes: Uint16Array;
  readonly #own: Uint8Array;
  readonly #from: Dialect;
  readonly #to: Dialect;
  /** Set while a map is on its way from a backend without FastMap to a client with it. */
  #level: FastMapLevel | undefined;
  #mapHeight = 0;
  #behindLevel: Uint8Array = NOTHING;

  constructor(from: Dialect, to: Dialect) {
    this.#from = from;
    this.#to = to;
    this.#shapes = shapesBetween("s2c", from, to);
    this.#sizes = knownSizes("s2c", from);
    this.#own = concernsBetween(from, to);
  }

  /** Whether packets are held back until a map's volume is known. */
  get holding(): boolean {
    return this.#level?.holding ?? false;
  }

  /** What {@linkcode resume} takes; `undefined` while something is kept that belongs to the beginning of a map. */
  writeDown(): ToClientState | undefined {
    const level = this.#level?.writeDown();
    const isBeginning = this.#level !== undefined && level === undefined;
    return isBeginning || this.#behindLevel.length > 0 ? undefined : { mapHeight: this.#mapHeight, level };
  }

  /** Goes on where a translation between the same dialects has been written down. */
  resume({ mapHeight, level }: ToClientState): void {
    this.#mapHeight = mapHeight;
    if (level === undefined) return;
    this.#level = new FastMapLevel(this.#from, this.#to);
    this.#level.resume(level);
  }

  /** Puts `bytes`, in the client's dialect, right behind the next LevelInitialize that the client gets. */
  followLevel(bytes: Uint8Array): void {
    this.#behindLevel = bytes;
  }

  /**
   * Non-zero for the ids that must go through {@linkcode translate}, {@linkcode IN_SERIES} where several may do so at once; all
   * others can be forwarded as they are. Changes while a map is held back: ask again after each call.
   */
  get concerns(): Uint8Array {
    return this.holding ? EVERYTHING : this.#own;
  }

  /**
   * Changes in place the packets from `start` to `end` of `bytes`, whose one id is {@linkcode IN_SERIES}, so that they can be
   * forwarded. Returns whether that is possible: if not, {@linkcode translate} them.
   */
  patch(bytes: Uint8Array, start: number, end: number): boolean {
    if (bytes[start] !== LEVEL_DATA_CHUNK) return false;
    const size = this.#sizes[LEVEL_DATA_CHUNK] ?? 0;
    for (let at = start + size; at <= end; at += size) bytes[at - 1] = LEVEL_LOW_BITS;
    return true;
  }

  /**
   * Appends to `out` what the client gets for the backend's packet from `start` to `end` of `bytes`, or its packets of one id that is
   * {@linkcode IN_SERIES}: nothing, the packet in the client's shape, or several packets. A failure means that the backend's stream
   * makes no sense.
   */
  translate(bytes: Uint8Array, start: number, end: number, out: PacketBuffer): ToClientFailure | undefined {
    const id = bytes[start] ?? 0;
    if (this.#level?.holding && id !== LEVEL_DATA_CHUNK && id !== LEVEL_FINALIZE) {
      return this.#level.hold(bytes, start, end);
    }
    if (this.#shapes.dropped[id] !== 0) return undefined;
    switch (id) {
      case LEVEL_INITIALIZE:
        if (this.#lacks("FastMap")) {
          // Clients take no notice of a second one before the map's end.
          this.#level ??= new FastMapLevel(this.#from, this.#to);
        } else {
          this.#forward(id, bytes, start, end, out);
          this.#endLevelInitialize(out);
        }
        return undefined;
      case LEVEL_DATA_CHUNK:
        return this.#levelData(bytes, start, end, out);
      case LEVEL_FINALIZE:
        return this.#levelEnd(bytes, start, end, out);
      case SPAWN_PLAYER:
        if (!this.#lacks("ExtPlayerList", 2)) break;
        this.#spawn(bytes, start, out);
        return undefined;
      case DESPAWN_PLAYER:
        if (this.#lacks("ExtPlayerList")) this.#removeName(bytes, start, out);
        break;
      case MESSAGE:
        this.#message(bytes, start, end, out);
        return undefined;
      case ENV_SET_MAP_APPEARANCE:
        if (!this.#lacks("EnvMapAppearance", 2)) break;
        this.#appearance(bytes, start, out);
        return undefined;
      case SERVER_IDENTIFICATION:
      case UPDATE_USER_TYPE:
        this.#forward(id, bytes, start, end, out);
        if (this.#lacks("BlockPermissions")) this.#permissions(bytes[end - 1] ?? 0, out);
        return undefined;
    }
    this.#forward(id, bytes, start, end, out);
    return undefined;
  }

  #lacks(name: ExtensionName, version = 1): boolean {
    return lacks(this.#from, this.#to, name, version);
  }

  #forward(id: number, bytes: Uint8Array, start: number, end: number, out: PacketBuffer): void {
    const shape = this.#shapes.reshapes[id];
    if (shape === undefined) out.append(bytes, start, end);
    else reshape(shape, bytes, start, end, out);
  }

  #endLevelInitialize(out: PacketBuffer): void {
    out.append(this.#behindLevel);
    this.#behindLevel = NOTHING;
  }

  #levelData(bytes: Uint8Array, start: number, end: number, out: PacketBuffer): ToClientFailure | undefined {
    const level = this.#level;
    if (level === undefined) {
      const at = out.length;
      out.append(bytes, start, end);
      if (this.#lacks("ExtendedBlocks")) this.patch(out.storage, at, out.length);
      return undefined;
    }
    const failure = level.take(bytes, start);
    if (failure !== undefined) return failure;
    const replayFailure = this.#replay(level.begin(out), out);
    level.writeChunks(out);
    return replayFailure;
  }

  /** Translates the packets that waited for the map's volume, once LevelInitialize is out. */
  #replay(held: PacketBuffer | undefined, out: PacketBuffer): ToClientFailure | undefined {
    if (held === undefined) return undefined;
    this.#endLevelInitialize(out);
    const bytes = held.view();
    for (let start = 0; start < bytes.length;) {
      const end = start + (this.#sizes[bytes[start] ?? 0] ?? 0);
      const failure = this.translate(bytes, start, end, out);
      if (failure !== undefined) return failure;
      start = end;
    }
    return undefined;
  }

  /** A map may be broken off at any point: a LevelFinalize of no size ends it, and clients wait for the next one. */
  #levelEnd(bytes: Uint8Array, start: number, end: number, out: PacketBuffer): ToClientFailure | undefined {
    const { xSize, ySize, zSize } = readPacket("LevelFinalize", this.#from, bytes, start);
    this.#mapHeight = ySize;
    const level = this.#level;
    const volume = xSize * ySize * zSize;
    const failure = volume === 0 ? this.#replay(level?.begin(out, volume), out) : level?.finish(out);
    this.#level = undefined;
    if (failure !== undefined) return failure;
    this.#forward(LEVEL_FINALIZE, bytes, start, end, out);
    return undefined;
  }

  /**
   * With ExtPlayerList 2 players come as ExtAddEntity2; the old Java client knows no other way. Their names in the list come from
   * backends with version 1 as from those with version 2.
   */
  #spawn(bytes: Uint8Array, start: number, out: PacketBuffer): void {
    const { playerId, playerName, ...position } = readPacket("SpawnPlayer", this.#from, bytes, start);
    if (this.#lacks("ExtPlayerList")) {
      writePacket(out, "ExtAddPlayerName", this.#to, {
        nameId: playerId,
        playerName,
        listName: playerName,
        groupName: "",
        groupRank: 0,
      });
    }
    writePacket(out, "ExtAddEntity2", this.#to, {
      entityId: playerId,
      inGameName: playerName,
      skinName: playerName,
      ...position,
    });
  }

  #removeName(bytes: Uint8Array, start: number, out: PacketBuffer): void {
    const { playerId } = readPacket("DespawnPlayer", this.#from, bytes, start);
    if (playerId !== SELF) writePacket(out, "ExtRemovePlayerName", this.#to, { nameId: playerId });
  }

  /**
   * Without MessageTypes the first byte is a player or the server; with it, a place on the screen. Minecraft 0.30 crashes on a
   * line that ends in `&`.
   */
  #message(bytes: Uint8Array, start: number, end: number, out: PacketBuffer): void {
    const type = bytes[start + 1] ?? 0;
    if (this.#lacks("MessageTypes") && type >= FIRST_SYSTEM_TYPE) {
      this.#systemMessage(readText(bytes, start + 2), out);
      return;
    }
    const at = out.length;
    out.append(bytes, start, end);
    if (this.#lacks("MessageTypes")) out.storage[at + 1] = CHAT;
    if (!this.#to.cpe) blankTrailingAmpersands(out.storage, at + 2);
  }

  /** The colour takes room: what no longer fits the line goes into a second one. */
  #systemMessage(message: string, out: PacketBuffer): void {
    const room = TEXT_SIZE - SYSTEM_COLOUR.length;
    const cut = message[room - 1] === "&" ? room - 1 : room;
    const lines = message.length <= room ? [message] : [message.slice(0, cut), message.slice(cut)];
    for (const line of lines) writePacket(out, "Message", this.#to, { type: CHAT, message: SYSTEM_COLOUR + line });
  }

  /** Version 2 adds clouds and view distance, for which it has no "as it was": so say the rest by EnvMapAspect where possible. */
  #appearance(bytes: Uint8Array, start: number, out: PacketBuffer): void {
    const appearance = readPacket("EnvSetMapAppearance", this.#from, bytes, start);
    if (!this.#to.extensions.has("EnvMapAspect")) {
      writePacket(out, "EnvSetMapAppearance", this.#to, {
        ...appearance,
        cloudsHeight: this.#mapHeight + CLOUDS_ABOVE_MAP,
        maxViewDistance: 0,
      });
      return;
    }
    writePacket(out, "SetMapEnvUrl", this.#to, { url: appearance.textureUrl });
    writePacket(out, "SetMapEnvProperty", this.#to, { property: SIDE_BLOCK, value: appearance.sideBlock });
    writePacket(out, "SetMapEnvProperty", this.#to, { property: EDGE_BLOCK, value: appearance.edgeBlock });
    writePacket(out, "SetMapEnvProperty", this.#to, { property: EDGE_HEIGHT, value: appearance.sideLevel });
  }

  /** A client with BlockPermissions does not derive permissions from the user type: say them one by one. */
  #permissions(userType: number, out: PacketBuffer): void {
    const operator = userType >= OPERATOR_TYPES.first && userType <= OPERATOR_TYPES.last ? 1 : 0;
    for (const block of OPERATOR_BLOCKS) {
      writePacket(out, "SetBlockPermission", this.#to, {
        block,
        allowPlace: operator,
        allowDelete: block === BEDROCK ? operator : 0,
      });
    }
  }
}

/** Whether the client has an extension that the backend does not. */
function lacks(from: Dialect, to: Dialect, name: ExtensionName, version = 1): boolean {
  return to.extensions.has(name, version) && !from.extensions.has(name, version);
}

const concernsBetween: (from: Dialect, to: Dialect) => Uint8Array = memo(
  MAX_PAIRS,
  (from, to) => `${dialectKey(from)}>${dialectKey(to)}`,
  (from: Dialect, to: Dialect) => {
    const concerns = shapesBetween("s2c", from, to).concerns.slice();
    if (lacks(from, to, "ExtendedBlocks")) concerns[LEVEL_DATA_CHUNK] = IN_SERIES;
    if (lacks(from, to, "FastMap")) concerns.fill(ALONE, LEVEL_INITIALIZE, LEVEL_FINALIZE + 1);
    if (lacks(from, to, "EnvMapAppearance", 2)) concerns[LEVEL_FINALIZE] = concerns[ENV_SET_MAP_APPEARANCE] = ALONE;
    if (lacks(from, to, "ExtPlayerList", 2)) concerns[SPAWN_PLAYER] = ALONE;
    if (lacks(from, to, "ExtPlayerList")) concerns[DESPAWN_PLAYER] = ALONE;
    if (lacks(from, to, "MessageTypes") || !to.cpe) concerns[MESSAGE] = ALONE;
    if (lacks(from, to, "BlockPermissions")) concerns[SERVER_IDENTIFICATION] = concerns[UPDATE_USER_TYPE] = ALONE;
    return concerns;
  },
);

const EVERYTHING: Uint8Array = new Uint8Array(256).fill(ALONE);
