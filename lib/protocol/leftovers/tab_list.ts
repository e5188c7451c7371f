import type { ExtensionName } from "../extensions.ts";
import type { PacketBuffer } from "../packet_buffer.ts";
import { type Dialect, type PacketName, packetNamed } from "../packet_table.ts";
import { writePacket } from "../packets.ts";
import { offsetOf } from "./fields.ts";
import { IdSet } from "./id_set.ts";
import type { Leftover } from "./leftover.ts";

const SPAWN_PLAYER = packetNamed("SpawnPlayer").id;
const EXT_REMOVE_PLAYER_NAME = packetNamed("ExtRemovePlayerName").id;
const SELF = 255;
/** Clients read only the low byte of these ids. */
const NAME_ID_LOW = offsetOf("ExtAddPlayerName", "nameId") + 1;

/**
 * The list of players. ClassiCube also writes an entry for each SpawnPlayer, which goes with its entity; the player's own never
 * goes.
 */
export class TabList implements Leftover {
  static readonly packets: readonly PacketName[] = ["SpawnPlayer", "ExtAddPlayerName", "ExtRemovePlayerName"];
  static readonly needs: ExtensionName = "ExtPlayerList";
  readonly #client: Dialect;
  readonly #listed = new IdSet();

  constructor(client: Dialect) {
    this.#client = client;
  }

  track(bytes: Uint8Array, start: number): void {
    if (bytes[start] === SPAWN_PLAYER) {
      if (bytes[start + 1] === SELF) this.#listed.set(SELF, true);
    } else {
      this.#listed.set(bytes[start + NAME_ID_LOW] ?? 0, bytes[start] !== EXT_REMOVE_PLAYER_NAME);
    }
  }

  writeDown(): readonly number[] {
    return [...this.#listed];
  }

  resume(noted: readonly number[]): void {
    this.#listed.addAll(noted);
  }

  undo(out: PacketBuffer): void {
    for (const nameId of this.#listed) writePacket(out, "ExtRemovePlayerName", this.#client, { nameId });
  }
}
