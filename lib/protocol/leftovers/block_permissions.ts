import type { PacketBuffer } from "../packet_buffer.ts";
import { type Dialect, type PacketName, valueWidth } from "../packet_table.ts";
import { writePacket } from "../packets.ts";
import { blockAt, offsetOf } from "./fields.ts";
import { IdSet } from "./id_set.ts";
import type { Leftover } from "./leftover.ts";

const AIR = 0;
const BEDROCK = 7;
const LIQUIDS = { first: 8, last: 11 } as const;

/** What the player may place and delete. */
export class BlockPermissions implements Leftover {
  static readonly packets: readonly PacketName[] = ["SetBlockPermission"];
  readonly #client: Dialect;
  readonly #blockWidth: number;
  readonly #placeAt: number;
  readonly #deleteAt: number;
  readonly #changed = new IdSet();

  constructor(client: Dialect) {
    this.#client = client;
    this.#blockWidth = valueWidth("block", client);
    this.#placeAt = offsetOf("SetBlockPermission", "allowPlace", client);
    this.#deleteAt = offsetOf("SetBlockPermission", "allowDelete", client);
  }

  track(bytes: Uint8Array, start: number): void {
    const block = blockAt(bytes, start + 1, this.#blockWidth);
    const mayPlace = bytes[start + this.#placeAt] !== 0;
    const mayDelete = bytes[start + this.#deleteAt] !== 0;
    this.#changed.set(block, mayPlace !== isPlaceable(block) || mayDelete !== isDeletable(block));
  }

  writeDown(): readonly number[] {
    return [...this.#changed];
  }

  resume(noted: readonly number[]): void {
    this.#changed.addAll(noted);
  }

  undo(out: PacketBuffer): void {
    for (const block of this.#changed) {
      writePacket(out, "SetBlockPermission", this.#client, {
        block,
        allowPlace: Number(isPlaceable(block)),
        allowDelete: Number(isDeletable(block)),
      });
    }
  }
}

function isDeletable(block: number): boolean {
  return block < LIQUIDS.first || block > LIQUIDS.last;
}

function isPlaceable(block: number): boolean {
  return isDeletable(block) && block !== AIR && block !== BEDROCK;
}
