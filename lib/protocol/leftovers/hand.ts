import type { PacketBuffer } from "../packet_buffer.ts";
import { type Dialect, type PacketName, packetNamed, valueWidth } from "../packet_table.ts";
import { writePacket } from "../packets.ts";
import { blockAt, offsetOf } from "./fields.ts";
import type { Leftover } from "./leftover.ts";

const HOLD_THIS = packetNamed("HoldThis").id;
const DEFAULT_HOTBAR = [1, 4, 45, 3, 5, 17, 18, 20, 44] as const;
/** Stands for a slot that may hold any block. */
const UNKNOWN = 0xffff;

/** The hotbar, and whether the player may hold another block. */
export class Hand implements Leftover {
  static readonly packets: readonly PacketName[] = ["HoldThis", "SetHotbar"];
  readonly #client: Dialect;
  readonly #blockWidth: number;
  readonly #hotbar = Uint16Array.from(DEFAULT_HOTBAR);
  #locked = false;

  constructor(client: Dialect) {
    this.#client = client;
    this.#blockWidth = valueWidth("block", client);
  }

  track(bytes: Uint8Array, start: number): void {
    const at = start + offsetOf("HoldThis", "block");
    const behindBlock = bytes[at + this.#blockWidth] ?? 0;
    if (bytes[start] === HOLD_THIS) {
      this.#locked = behindBlock !== 0;
      this.#shuffle();
    } else if (behindBlock < this.#hotbar.length) {
      this.#hotbar[behindBlock] = blockAt(bytes, at, this.#blockWidth);
    }
  }

  writeDown(): readonly number[] {
    return [Number(this.#locked), ...this.#hotbar];
  }

  resume([locked, ...hotbar]: readonly number[]): void {
    this.#locked = locked === 1;
    this.#hotbar.set(hotbar.slice(0, this.#hotbar.length));
  }

  /** The lock goes first: the block that HoldThis has to name moves others about. */
  undo(out: PacketBuffer): void {
    if (this.#locked) {
      writePacket(out, "HoldThis", this.#client, { block: DEFAULT_HOTBAR[0], preventChange: 0 });
      this.#shuffle();
    }
    if (!this.#client.extensions.has("SetHotbar")) return;
    for (const [slot, block] of DEFAULT_HOTBAR.entries()) {
      if (this.#hotbar[slot] !== block) writePacket(out, "SetHotbar", this.#client, { block, slot });
    }
  }

  /** What HoldThis does to the hotbar depends on the slot that the player has chosen. */
  #shuffle(): void {
    this.#hotbar.fill(UNKNOWN);
  }
}
