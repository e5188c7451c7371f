/** How the generator's clients log in, and what its backend says to them. */
import { gzipSync } from "node:zlib";
import { ExtensionSet } from "../lib/protocol/extensions.ts";
import { type Dialect, knownSizes, packetNamed } from "../lib/protocol/packet_table.ts";
import { encodePacket, readPacket } from "../lib/protocol/packets.ts";
import { type Leg, MeasurementError } from "./leg.ts";

/** What the backend always speaks, and a vanilla client. */
export const VANILLA: Dialect = { protocol: 7, cpe: false, extensions: ExtensionSet.EMPTY };

/**
 * - `vanilla`: protocol 7 without CPE
 * - `cpe`: takes every extension it is offered, except FastMap: not all maps of the generator are compressed streams
 * - `modest`: an old client that has few extensions, none of which changes the size of a packet
 */
export type ClientKind = "vanilla" | "cpe" | "modest";

/** How far a session goes until it counts as logged in: to the beginning of the backend's map, or into its world. */
export type LoginGoal = "accepted" | "spawned";

/** Byte of an Identification by which a client says that it has extensions. */
export const CPE_MAGIC = 0x42;
const MODEST = ExtensionSet.of("CustomBlocks", "EmoteFix", "MessageTypes");
const SELF = 255;
const APP_NAME = "Kurafuto bench";

const LEVEL_INITIALIZE = packetNamed("LevelInitialize").id;
const SPAWN_PLAYER = packetNamed("SpawnPlayer").id;
const ADD_ENTITY = packetNamed("ExtAddEntity2").id;
const EXT_INFO = packetNamed("ExtInfo").id;
const EXT_ENTRY = packetNamed("ExtEntry").id;

/** The client's side of one login. */
export class ClientLogin {
  /** What the client and the edge speak; final once the login is done. */
  dialect: Dialect = VANILLA;

  readonly #leg: Leg;
  readonly #goal: LoginGoal;
  readonly #kind: ClientKind;
  #offered = ExtensionSet.EMPTY;
  #entriesLeft = 0;

  /** Sends the Identification. */
  constructor(leg: Leg, name: string, kind: ClientKind, goal: LoginGoal) {
    this.#leg = leg;
    this.#goal = goal;
    this.#kind = kind;
    if (kind !== "vanilla") this.#speak(ExtensionSet.EMPTY);
    const magic = kind === "vanilla" ? 0 : CPE_MAGIC;
    leg.write(encodePacket("PlayerIdentification", VANILLA, { protocol: 7, username: name, key: "", magic }));
  }

  /** Takes one packet and says whether the login is done with it. */
  accept(bytes: Uint8Array, at: number): boolean {
    switch (bytes[at]) {
      case LEVEL_INITIALIZE:
        return this.#goal === "accepted";
      case SPAWN_PLAYER:
        return readPacket("SpawnPlayer", this.dialect, bytes, at).playerId === SELF;
      case ADD_ENTITY:
        return readPacket("ExtAddEntity2", this.dialect, bytes, at).entityId === SELF;
      case EXT_INFO:
        this.#entriesLeft = readPacket("ExtInfo", this.dialect, bytes, at).count;
        if (this.#entriesLeft === 0) this.#reply();
        return false;
      case EXT_ENTRY: {
        const { extension, version } = readPacket("ExtEntry", this.dialect, bytes, at);
        this.#offered = this.#offered.with(extension, version);
        if (--this.#entriesLeft === 0) this.#reply();
        return false;
      }
      default:
        return false;
    }
  }

  #reply(): void {
    const taken = this.#kind === "modest" ? this.#offered.intersect(MODEST) : this.#offered.without("FastMap");
    if (this.#kind === "cpe" && !taken.has("ExtEntityPositions")) {
      throw new MeasurementError("Cannot measure translation: the edge did not offer ExtEntityPositions");
    }
    this.#leg.write(encodePacket("ExtInfo", VANILLA, { appName: APP_NAME, count: taken.size }));
    for (const { name, version } of taken.entries()) {
      this.#leg.write(encodePacket("ExtEntry", VANILLA, { extension: name, version }));
    }
    this.#speak(taken);
  }

  #speak(extensions: ExtensionSet): void {
    this.dialect = { protocol: 7, cpe: true, extensions };
    this.#leg.sizes = knownSizes("s2c", this.dialect);
  }
}

/** The backend's answer to an Identification. */
export function backendGreeting(goal: LoginGoal): Uint8Array<ArrayBuffer> {
  const identification = encodePacket("ServerIdentification", VANILLA, {
    protocol: 7,
    serverName: "Bench",
    motd: "",
    userType: 0,
  });
  const initialize = encodePacket("LevelInitialize", VANILLA, {});
  return joined([identification, initialize, ...(goal === "spawned" ? tinyWorld() : [])]);
}

/** What follows LevelInitialize. */
function tinyWorld(): readonly Uint8Array[] {
  const side = 16;
  const volume = side ** 3;
  const level = new DataView(new ArrayBuffer(Int32Array.BYTES_PER_ELEMENT + volume));
  level.setInt32(0, volume);
  const data = new Uint8Array(gzipSync(level));
  return [
    encodePacket("LevelDataChunk", VANILLA, { length: data.length, data, percent: 100 }),
    encodePacket("LevelFinalize", VANILLA, { xSize: side, ySize: side, zSize: side }),
    encodePacket("SpawnPlayer", VANILLA, {
      playerId: SELF,
      playerName: "Bench",
      x: 256,
      y: 256,
      z: 256,
      yaw: 0,
      pitch: 0,
    }),
  ];
}

/** `parts` one after the other. */
export function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
