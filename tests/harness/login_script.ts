import { deflateRawSync, gzipSync } from "node:zlib";
import { ExtensionSet } from "../../lib/protocol/extensions.ts";
import type { Dialect, ProtocolVersion } from "../../lib/protocol/packet_table.ts";
import { PacketBuffer } from "../../lib/protocol/packet_buffer.ts";
import { encodePacket, writePacket } from "../../lib/protocol/packets.ts";
import { readText } from "../../lib/protocol/text.ts";
import type { ExtensionEntry } from "./client/extensions.ts";
import type { MapSize } from "./client/map.ts";
import type { Peer } from "./scripted_backend.ts";

/** How a scripted backend welcomes a player. */
export interface LoginOptions {
  /** What is announced; without it the backend does not speak CPE. @default none */
  readonly extensions?: ExtensionSet;
  /** The entries to announce, where they are not exactly `extensions`. @default those of `extensions` */
  readonly entries?: readonly ExtensionEntry[];
  /** @default "Scripted" */
  readonly appName?: string;
  /** @default "Scripted backend" */
  readonly serverName?: string;
  /** @default "Welcome" */
  readonly motd?: string;
  /** @default 0 */
  readonly userType?: number;
  /** Whether the server identifies itself behind the lists of extensions, or before them as cserver does. @default "last" */
  readonly identification?: "first" | "last";
}

/** A player who logged in. */
export interface Login {
  readonly name: string;
  readonly key: string;
  readonly appName: string;
  /** What the client listed. */
  readonly listed: readonly ExtensionEntry[];
  /** How the connection is spoken from now on. */
  readonly dialect: Dialect;
}

/** A world to send. */
export interface World {
  readonly size: MapSize;
  /** The block at each position, x first, then z, then y. @default stone everywhere */
  readonly blockAt?: (index: number) => number;
}

/** Plays the server's side of a login, up to its ServerIdentification. */
export async function serveLogin(peer: Peer, options: LoginOptions = {}): Promise<Login> {
  // The protocol version is all that tells how long the packet is.
  const head = await peer.read(2);
  const protocol = protocolVersion(head[1] ?? 0);
  const plain: Dialect = { protocol, cpe: false, extensions: ExtensionSet.EMPTY };
  const rest = await peer.read(protocol > 5 ? 129 : 128);
  const username = readText(rest, 0);
  const key = readText(rest, 64);
  const cpe = rest[128] === 0x42 && options.extensions !== undefined;
  const identification = encodePacket("ServerIdentification", plain, {
    protocol,
    serverName: options.serverName ?? "Scripted backend",
    motd: options.motd ?? "Welcome",
    userType: options.userType ?? 0,
  });
  const isFirst = options.identification === "first";
  if (isFirst) await peer.write(identification);
  const exchanged = cpe
    ? await exchangeExtensions(peer, options)
    : { appName: "", listed: [], extensions: plain.extensions };
  if (!isFirst) await peer.write(identification);
  const { appName, listed, extensions } = exchanged;
  return { name: username, key, appName, listed, dialect: { protocol, cpe, extensions } };
}

/** LevelInitialize, the map and LevelFinalize. */
export function worldPackets(dialect: Dialect, { size, blockAt = () => 1 }: World): Uint8Array {
  const volume = size.x * size.y * size.z;
  const raw = dialect.extensions.has("FastMap");
  const out = new PacketBuffer();
  writePacket(out, "LevelInitialize", dialect, { volume });
  const blocks = Uint16Array.from({ length: volume }, (_, index) => blockAt(index));
  writeStream(out, dialect, raw, blocks.map((block) => block & 0xff), 0);
  if (dialect.extensions.has("ExtendedBlocks") && blocks.some((block) => block > 0xff)) {
    writeStream(out, dialect, raw, blocks.map((block) => block >> 8), 1);
  }
  writePacket(out, "LevelFinalize", dialect, { xSize: size.x, ySize: size.y, zSize: size.z });
  return out.copy();
}

/** The packet that places the player: SpawnPlayer, or ExtAddEntity2 with ExtPlayerList. Coordinates in 1/32 block. */
export function spawnPacket(dialect: Dialect, name: string, x: number, y: number, z: number): Uint8Array {
  const position = { x, y, z, yaw: 0, pitch: 0 };
  return dialect.extensions.has("ExtPlayerList", 2)
    ? encodePacket("ExtAddEntity2", dialect, { entityId: 255, inGameName: name, skinName: name, ...position })
    : encodePacket("SpawnPlayer", dialect, { playerId: 255, playerName: name, ...position });
}

/** A whole login: welcome, world, and the player placed in its middle. */
export async function serveWorld(peer: Peer, world: World, options: LoginOptions = {}): Promise<Login> {
  const login = await serveLogin(peer, options);
  await peer.write(worldPackets(login.dialect, world));
  const { x, y, z } = world.size;
  await peer.write(spawnPacket(login.dialect, login.name, 16 * x, 16 * y + 51, 16 * z));
  return login;
}

async function exchangeExtensions(
  peer: Peer,
  { extensions = ExtensionSet.EMPTY, entries = [...extensions.entries()], appName = "Scripted" }: LoginOptions,
): Promise<{ appName: string; listed: ExtensionEntry[]; extensions: ExtensionSet }> {
  const core: Dialect = { protocol: 7, cpe: true, extensions: ExtensionSet.EMPTY };
  const out = new PacketBuffer();
  writePacket(out, "ExtInfo", core, { appName, count: entries.length });
  for (const { name: extension, version } of entries) writePacket(out, "ExtEntry", core, { extension, version });
  await peer.write(out.copy());
  const info = await peer.readPacket("ExtInfo", core);
  const listed: ExtensionEntry[] = [];
  while (listed.length < info.count) {
    const { extension: name, version } = await peer.readPacket("ExtEntry", core);
    listed.push({ name, version });
  }
  const reply = listed.reduce((set, { name, version }) => set.with(name, version), ExtensionSet.EMPTY);
  const announced = entries.reduce((set, { name, version }) => set.with(name, version), ExtensionSet.EMPTY);
  return { appName: info.appName, listed, extensions: announced.intersect(reply) };
}

function writeStream(out: PacketBuffer, dialect: Dialect, raw: boolean, bytes: Uint16Array, percent: number): void {
  const prefixed = new Uint8Array(4 + bytes.length);
  new DataView(prefixed.buffer).setInt32(0, bytes.length);
  prefixed.set(bytes, 4);
  const compressed = raw ? deflateRawSync(prefixed.subarray(4)) : gzipSync(prefixed);
  for (let at = 0; at < compressed.length; at += 1024) {
    const data = compressed.subarray(at, at + 1024);
    writePacket(out, "LevelDataChunk", dialect, { length: data.length, data, percent });
  }
}

function protocolVersion(byte: number): ProtocolVersion {
  if (byte === 3 || byte === 4 || byte === 5 || byte === 6 || byte === 7) return byte;
  throw new RangeError(`Cannot serve a player: protocol is ${byte}`);
}
