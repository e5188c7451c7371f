import type { PacketBuffer } from "../packet_buffer.ts";
import { type Dialect, type PacketName, packetNamed, valueWidth } from "../packet_table.ts";
import { writePacket } from "../packets.ts";
import { blockAt, offsetOf } from "./fields.ts";
import { IdSet } from "./id_set.ts";
import type { Leftover } from "./leftover.ts";

const REMOVE_BLOCK_DEFINITION = packetNamed("RemoveBlockDefinition").id;
const SET_INVENTORY_ORDER = packetNamed("SetInventoryOrder").id;
/** A fresh inventory has block n in slot n, counted from 1, up to this one. */
const HIGHEST_DEFAULT_BLOCK = 65;
const HIDDEN = 0;

/**
 * Blocks that the server defined, and the order of the inventory. Both at once because a definition puts its block into its own
 * slot, and its removal takes the block out of every slot and puts only default blocks back.
 */
export class CustomBlocks implements Leftover {
  static readonly packets: readonly PacketName[] = [
    "DefineBlock",
    "DefineBlockExt",
    "RemoveBlockDefinition",
    "SetInventoryOrder",
  ];
  readonly #client: Dialect;
  readonly #blockWidth: number;
  readonly #orderAt: number;
  readonly #defined = new IdSet();
  /**
   * Every block and every slot that SetInventoryOrder moved something from or to: all other slots hold their own block or, where
   * that is none of the defaults and not defined, nothing.
   */
  readonly #moved = new IdSet();

  constructor(client: Dialect) {
    this.#client = client;
    this.#blockWidth = valueWidth("block", client);
    this.#orderAt = offsetOf("SetInventoryOrder", "order", client);
  }

  track(bytes: Uint8Array, start: number): void {
    const block = blockAt(bytes, start + 1, this.#blockWidth);
    if (bytes[start] === SET_INVENTORY_ORDER) {
      this.#move(block, blockAt(bytes, start + this.#orderAt, this.#blockWidth));
    } else {
      this.#defined.set(block, bytes[start] !== REMOVE_BLOCK_DEFINITION);
    }
  }

  /** The defined blocks, then the bitwise complements of the moved ones. */
  writeDown(): readonly number[] {
    return [...this.#defined, ...[...this.#moved].map((id) => ~id)];
  }

  resume(noted: readonly number[]): void {
    this.#defined.addAll(noted.filter((id) => id >= 0));
    this.#moved.addAll(noted.filter((id) => id < 0).map((id) => ~id));
  }

  undo(out: PacketBuffer): void {
    if (this.#client.extensions.has("BlockDefinitions")) {
      for (const block of this.#defined) writePacket(out, "RemoveBlockDefinition", this.#client, { block });
    }
    for (const block of this.#moved) {
      const order = block <= HIGHEST_DEFAULT_BLOCK ? block : HIDDEN;
      writePacket(out, "SetInventoryOrder", this.#client, { block, order });
    }
  }

  #move(block: number, slot: number): void {
    const hasSlot = block <= HIGHEST_DEFAULT_BLOCK || this.#defined.has(block);
    // Servers like to send the whole default order. Where the block was elsewhere, both are noted already.
    if (slot === (hasSlot ? block : HIDDEN)) return;
    if (block !== 0) this.#moved.set(block, true);
    if (slot !== HIDDEN) this.#moved.set(slot, true);
  }
}
