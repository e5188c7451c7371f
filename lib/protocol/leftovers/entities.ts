import type { PacketBuffer } from "../packet_buffer.ts";
import { type Dialect, type PacketName, packetNamed } from "../packet_table.ts";
import { writePacket } from "../packets.ts";
import { IdSet } from "./id_set.ts";
import type { Leftover } from "./leftover.ts";

const DESPAWN_PLAYER = packetNamed("DespawnPlayer").id;
/** Ids of others: vanilla takes all from 128 on for the player itself, clients with CPE only 255. */
const HIGHEST_OTHER = 127;
const HIGHEST_OTHER_CPE = 254;

/** Players and bots. ClassiCube removes them with a new map by itself, vanilla and the Java ClassiCube do not. */
export class Entities implements Leftover {
  static readonly packets: readonly PacketName[] = ["SpawnPlayer", "ExtAddEntity", "ExtAddEntity2", "DespawnPlayer"];
  readonly #client: Dialect;
  readonly #highest: number;
  readonly #present = new IdSet();

  constructor(client: Dialect) {
    this.#client = client;
    this.#highest = client.cpe ? HIGHEST_OTHER_CPE : HIGHEST_OTHER;
  }

  track(bytes: Uint8Array, start: number): void {
    const id = bytes[start + 1] ?? 0;
    if (id <= this.#highest) this.#present.set(id, bytes[start] !== DESPAWN_PLAYER);
  }

  writeDown(): readonly number[] {
    return [...this.#present];
  }

  resume(noted: readonly number[]): void {
    this.#present.addAll(noted);
  }

  undo(out: PacketBuffer): void {
    for (const playerId of this.#present) writePacket(out, "DespawnPlayer", this.#client, { playerId });
  }
}
