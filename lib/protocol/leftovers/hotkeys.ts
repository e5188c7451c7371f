import type { PacketBuffer } from "../packet_buffer.ts";
import type { Dialect, PacketName } from "../packet_table.ts";
import { writePacket } from "../packets.ts";
import { hasText, i32At, offsetOf } from "./fields.ts";
import type { Leftover } from "./leftover.ts";

const ACTION = offsetOf("SetTextHotKey", "action");
const KEY_CODE = offsetOf("SetTextHotKey", "keyCode");
const KEY_MODS = offsetOf("SetTextHotKey", "keyMods");
/** The client ignores higher ones and negative ones. */
const MAX_KEY_CODE = 255;
/** ClassiCube keeps no more of them. */
const MAX_HOTKEYS = 256;

/** Keys that say something in chat. ClassiCube keeps them until it is closed. */
export class Hotkeys implements Leftover {
  static readonly packets: readonly PacketName[] = ["SetTextHotKey"];
  readonly #client: Dialect;
  /** Code × 256 + modifiers of each. */
  readonly #set = new Set<number>();

  constructor(client: Dialect) {
    this.#client = client;
  }

  track(bytes: Uint8Array, start: number): void {
    const keyCode = i32At(bytes, start + KEY_CODE);
    if (keyCode < 0 || keyCode > MAX_KEY_CODE) return;
    const key = keyCode << 8 | (bytes[start + KEY_MODS] ?? 0);
    if (!hasText(bytes, start + ACTION)) this.#set.delete(key);
    else if (this.#set.size < MAX_HOTKEYS) this.#set.add(key);
  }

  writeDown(): readonly number[] {
    return [...this.#set];
  }

  resume(noted: readonly number[]): void {
    for (const key of noted.slice(0, MAX_HOTKEYS)) this.#set.add(key);
  }

  undo(out: PacketBuffer): void {
    for (const key of this.#set) {
      writePacket(out, "SetTextHotKey", this.#client, {
        label: "",
        action: "",
        keyCode: key >> 8,
        keyMods: key & 0xff,
      });
    }
  }
}
