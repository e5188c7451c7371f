import type { PacketBuffer } from "../packet_buffer.ts";
import type { Dialect, PacketName } from "../packet_table.ts";
import { writePacket } from "../packets.ts";
import { encodeText, textEnd } from "../text.ts";
import { hasText, offsetOf } from "./fields.ts";
import type { Leftover } from "./leftover.ts";

const TEXT = offsetOf("Message", "message");
const CHAT = 0;
const STATUS_3 = 3;
/** Types of messages that replace the one before: six status lines, three announcements. */
const LINES: readonly number[] = [1, 2, STATUS_3, 11, 12, 13, 100, 101, 102];
/** Without MessageTypes ClassiCube puts a colour in front of lines of this type, before it looks at what they begin with. */
const SYSTEM = 255;
/** ClassiCube shows what follows `DETAIL=` as status line 3, and nothing of other lines that begin like this. Case is ignored. */
const DETAIL = "^detail.user";
const DETAIL_BYTES = encodeText(DETAIL);
const EQUALS_SIGN = 0x3d;

/** Lines of text around the screen. */
export class StatusLines implements Leftover {
  static readonly packets: readonly PacketName[] = ["Message"];
  readonly #client: Dialect;
  readonly #hasTypes: boolean;
  /** One bit for each of {@linkcode LINES} that says something. */
  #shown = 0;

  constructor(client: Dialect) {
    this.#client = client;
    this.#hasTypes = client.extensions.has("MessageTypes");
  }

  track(bytes: Uint8Array, start: number): void {
    const type = bytes[start + 1] ?? 0;
    const at = start + TEXT;
    if (!this.#hasTypes && type === SYSTEM) return;
    if (beginsWithDetail(bytes, at)) {
      const value = at + DETAIL_BYTES.length + 1;
      if (bytes[value - 1] === EQUALS_SIGN) this.#show(STATUS_3, textEnd(bytes, at) > value);
    } else if (this.#hasTypes) {
      this.#show(type, hasText(bytes, at));
    }
  }

  writeDown(): readonly number[] {
    return LINES.filter((_line, index) => (this.#shown & 1 << index) !== 0);
  }

  resume(noted: readonly number[]): void {
    for (const line of noted) this.#show(line, true);
  }

  undo(out: PacketBuffer): void {
    for (const [index, line] of LINES.entries()) {
      if ((this.#shown & 1 << index) === 0) continue;
      const message = this.#hasTypes ? { type: line, message: "" } : { type: CHAT, message: `${DETAIL}=` };
      writePacket(out, "Message", this.#client, message);
    }
  }

  #show(type: number, hasText: boolean): void {
    const index = LINES.indexOf(type);
    if (index < 0) return;
    this.#shown = hasText ? this.#shown | 1 << index : this.#shown & ~(1 << index);
  }
}

function beginsWithDetail(bytes: Uint8Array, at: number): boolean {
  let length = 0;
  while (length < DETAIL_BYTES.length && lowerCase(bytes[at + length] ?? 0) === DETAIL_BYTES[length]) length++;
  return length === DETAIL_BYTES.length;
}

function lowerCase(char: number): number {
  return char >= 0x41 && char <= 0x5a ? char + 0x20 : char;
}
