/**
 * Fences tell from which of its packets on a client has seen the new world: what it sent before belongs to the old one
 * (protocol.md §3.3).
 */
import { encodePacket, readPacket } from "../protocol/packets.ts";
import { packetNamed } from "../protocol/packet_table.ts";
import type { ClientSide } from "./client_side.ts";

const TWO_WAY_PING = packetNamed("TwoWayPing").id;
const SUPPORT_LEVEL = packetNamed("CustomBlockSupportLevel").id;
const POSITION = packetNamed("PlayerPosition").id;
const SERVER_ORIGIN = 1;
/** The only level there is. */
const LEVEL = 1;
/** Servers count their pings from 1; the edge's own have this bit. */
const FIRST_PING = 0x8000;
/** How far from where it was put a client's first position may be, in 1/32 block: it may have fallen meanwhile. */
const NEAR = 4 * 32;
/** Milliseconds after the player was put somewhere, and after each stale position, until its packets count, whatever they say. */
const PATIENCE_MS = 500;
/** Milliseconds that stale positions may take: a server may also have put the player elsewhere than at its spawn. */
const MOST_PATIENCE_MS = 1_500;

/** See the file's first line. */
export interface Fence {
  /** What the client is sent right behind LevelInitialize. */
  readonly packet: Uint8Array;
  /** Whether the client's packet at `start` of `bytes` is the first that belongs to the new world, or the answer before it. */
  opens(bytes: Uint8Array, start: number): boolean;
  /** Whether the packet that opens the fence is the player's own, to be passed on. */
  readonly passesOpener: boolean;
  /** When the fence opens by itself, as far as that is known by `now`; `undefined` where only the client can open it. */
  opensAt(now: number): number | undefined;
}

/** The best fence for a client. `number` tells it from the session's earlier ones. */
export function fenceFor(client: ClientSide, number: number): Fence {
  const { extensions } = client.dialect;
  if (extensions.has("TwoWayPing")) return new PingFence(client, number);
  if (extensions.has("CustomBlocks")) return new LevelFence(client);
  return new PositionFence(client);
}

/** ClassiCube echoes a server's ping in the order of the stream. */
class PingFence implements Fence {
  readonly packet: Uint8Array;
  readonly passesOpener = false;
  readonly #client: ClientSide;
  readonly #data: number;

  constructor(client: ClientSide, number: number) {
    this.#client = client;
    this.#data = FIRST_PING | (number % FIRST_PING);
    this.packet = encodePacket("TwoWayPing", client.dialect, { origin: SERVER_ORIGIN, data: this.#data });
  }

  opens(bytes: Uint8Array, start: number): boolean {
    if (bytes[start] !== TWO_WAY_PING) return false;
    const { origin, data } = readPacket("TwoWayPing", this.#client.dialect, bytes, start);
    return origin === SERVER_ORIGIN && data === this.#data;
  }

  opensAt(): undefined {
    return undefined;
  }
}

/** Clients answer every CustomBlockSupportLevel, in order. This one is the next that the client is sent, if it ever comes to that. */
class LevelFence implements Fence {
  readonly packet: Uint8Array;
  readonly passesOpener = false;
  readonly #client: ClientSide;
  readonly #number: number;

  constructor(client: ClientSide) {
    this.#client = client;
    this.#number = client.levelsAsked + 1;
    this.packet = encodePacket("CustomBlockSupportLevel", client.dialect, { level: LEVEL });
  }

  opens(bytes: Uint8Array, start: number): boolean {
    return bytes[start] === SUPPORT_LEVEL && this.#client.levelsAnswered >= this.#number;
  }

  opensAt(): undefined {
    return undefined;
  }
}

/**
 * Clients without either send no position between LevelInitialize and their spawn, and then one from there. A stale one that is
 * still under way is told by its distance.
 */
class PositionFence implements Fence {
  readonly packet: Uint8Array = new Uint8Array(0);
  readonly passesOpener = true;
  readonly #client: ClientSide;
  #spawnedAt: number | undefined;
  #opensAt = 0;
  #sawStale = false;

  constructor(client: ClientSide) {
    this.#client = client;
  }

  opens(bytes: Uint8Array, start: number): boolean {
    const { spawn, dialect } = this.#client;
    if (bytes[start] !== POSITION || spawn === undefined) return false;
    const { x, y, z } = readPacket("PlayerPosition", dialect, bytes, start);
    const isNear = Math.abs(x - spawn.x) <= NEAR && Math.abs(y - spawn.y) <= NEAR && Math.abs(z - spawn.z) <= NEAR;
    this.#sawStale ||= !isNear;
    return isNear;
  }

  opensAt(now: number): number | undefined {
    if (this.#client.spawn === undefined) return undefined;
    if (this.#spawnedAt === undefined) {
      this.#spawnedAt = now;
      this.#opensAt = now + PATIENCE_MS;
    } else if (this.#sawStale) {
      this.#opensAt = Math.min(now + PATIENCE_MS, this.#spawnedAt + MOST_PATIENCE_MS);
    }
    this.#sawStale = false;
    return this.#opensAt;
  }
}
