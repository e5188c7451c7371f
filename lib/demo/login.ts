import { ExtensionSet } from "../protocol/extensions.ts";
import type { Dialect, PacketName } from "../protocol/packet_table.ts";
import { encodePacket } from "../protocol/packets.ts";
import type { Link } from "./link.ts";
import type { Settings } from "./options.ts";
import { Kick, type PacketReader, plainDialect } from "./packet_reader.ts";
import type { Room, Seat } from "./room.ts";

/** What a finished login has found out. */
export interface Login {
  readonly seat: Seat;
  readonly key: string;
  readonly dialect: Dialect;
  /** Name and version of the client; empty without CPE. */
  readonly appName: string;
}

/** How a login ends; those who are ignored may stay connected, but get no answer. */
export type LoginOutcome = Login | "gone" | "ignored";

const MAX_ENTRIES = 256;
const CPE_MAGIC = 0x42;
/** Up to this version an Identification is one byte shorter. */
const LAST_SHORT_PROTOCOL = 5;
/** How packets are framed while extension lists are exchanged. */
const NEGOTIATION: Dialect = { protocol: 7, cpe: true, extensions: ExtensionSet.of("CustomBlocks", "TwoWayPing") };
/** Bytes that begin no packet. */
const GARBAGE = new Uint8Array(4096).fill(0xee);

/**
 * Leads somebody from their first byte to the server's Identification. Their bytes may come in any portions: all at once or one by one.
 *
 * @throws {Kick} where the client may not play here.
 */
export async function logIn(reader: PacketReader, link: Link, room: Room): Promise<LoginOutcome> {
  const { settings } = room;
  const head = await reader.head();
  if (head === undefined || head[0] !== 0x00) return "gone";
  const protocol = settings.protocols.find((version) => version === head[1]);
  reader.dialect = plainDialect(protocol ?? (head[1] > LAST_SHORT_PROTOCOL ? 7 : LAST_SHORT_PROTOCOL));
  const packet = await reader.next();
  if (packet === undefined) return "gone";
  if (protocol === undefined) {
    if (settings.onUnsupported === "silent") return "ignored";
    throw new Kick(`Unsupported protocol version ${head[1]}`);
  }
  const { username, key, magic } = reader.read("PlayerIdentification", packet);
  const misbehaviour = misbehave(link, settings);
  if (misbehaviour !== undefined) return misbehaviour;
  const seat = admit(username, key, link, room);
  const negotiate = protocol === 7 && magic === CPE_MAGIC && settings.announce.length > 0;
  const negotiation = new Negotiation(reader, link, settings);
  if (negotiate && settings.order === "extinfo-first" && !await negotiation.run()) return "gone";
  link.send(serverIdentification(reader.dialect, settings));
  if (negotiate && settings.order === "identification-first" && !await negotiation.run()) return "gone";
  return { seat, key, dialect: reader.dialect, appName: negotiation.appName };
}

/** The server's Identification in a dialect. */
export function serverIdentification(dialect: Dialect, { name, motd }: Settings): Uint8Array {
  return encodePacket("ServerIdentification", dialect, {
    protocol: dialect.protocol,
    serverName: name,
    motd,
    userType: 0,
  });
}

/** Does what a server does that is told not to log people in; `undefined` where it is told nothing of that kind. */
function misbehave(link: Link, { onLogin }: Settings): "gone" | "ignored" | undefined {
  if (typeof onLogin === "object" && "kick" in onLogin) throw new Kick(onLogin.kick);
  if (onLogin === "garbage") link.send(GARBAGE);
  if (onLogin === "garbage" || onLogin === "silent") return "ignored";
  return onLogin === "close" ? "gone" : undefined;
}

function admit(name: string, key: string, link: Link, room: Room): Seat {
  const { emptyKey, verifyKey } = room.settings;
  if (!/^[\w.]{1,16}$/.test(name)) throw new Kick("Invalid player name");
  if (key === "" && emptyKey === "kick") throw new Kick("Login failed! Empty key");
  if (!verifyKey(name, key)) throw new Kick("Login failed! Close the game and sign in again.");
  return room.admit(name, link);
}

/** The exchange of extension lists. */
class Negotiation {
  readonly #reader: PacketReader;
  readonly #link: Link;
  readonly #settings: Settings;
  #levelAnswered = false;
  /** What the client calls itself. */
  appName = "";

  constructor(reader: PacketReader, link: Link, settings: Settings) {
    this.#reader = reader;
    this.#link = link;
    this.#settings = settings;
  }

  /** Leaves the reader with the dialect both ends have agreed on; `false` where the client is gone before. */
  async run(): Promise<boolean> {
    this.#reader.dialect = NEGOTIATION;
    this.#announce();
    const reply = await this.#readList();
    if (reply === undefined) return false;
    const dialect: Dialect = { protocol: 7, cpe: true, extensions: this.#settings.extensions.intersect(reply) };
    if (dialect.extensions.has("CustomBlocks")) {
      this.#link.send(encodePacket("CustomBlockSupportLevel", dialect, { level: 1 }));
      if (this.#settings.waitForCustomBlockLevel && !await this.#levelAnswer()) return false;
    }
    this.#reader.dialect = dialect;
    return true;
  }

  #announce(): void {
    const { software, announce } = this.#settings;
    this.#link.send(encodePacket("ExtInfo", NEGOTIATION, { appName: software, count: announce.length }));
    for (const { name, version } of announce) {
      this.#link.send(encodePacket("ExtEntry", NEGOTIATION, { extension: name, version }));
    }
  }

  async #readList(): Promise<ExtensionSet | undefined> {
    const info = await this.#await("ExtInfo");
    if (info === undefined) return undefined;
    const { appName, count } = this.#reader.read("ExtInfo", info);
    if (count < 0 || count > MAX_ENTRIES) throw new Kick(`Invalid number of extensions: ${count}`);
    this.appName = appName;
    let reply = ExtensionSet.EMPTY;
    for (let left = count; left > 0; left--) {
      const entry = await this.#await("ExtEntry");
      if (entry === undefined) return undefined;
      const { extension, version } = this.#reader.read("ExtEntry", entry);
      reply = reply.with(extension, version);
    }
    return reply;
  }

  async #levelAnswer(): Promise<boolean> {
    return this.#levelAnswered || await this.#await("CustomBlockSupportLevel") !== undefined;
  }

  /** Reads up to the next packet of that name; between them come only what clients send at any time. */
  async #await(name: PacketName): ReturnType<PacketReader["next"]> {
    for (let packet = await this.#reader.next(); packet !== undefined; packet = await this.#reader.next()) {
      if (packet.name === "CustomBlockSupportLevel") this.#levelAnswered = true;
      if (packet.name === name) return packet;
      if (!["CustomBlockSupportLevel", "Ping", "TwoWayPing", "PlayerMessage"].includes(packet.name)) {
        throw new Kick(`Unexpected ${packet.name} at login`);
      }
    }
    return undefined;
  }
}
