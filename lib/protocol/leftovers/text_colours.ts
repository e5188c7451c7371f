import type { PacketBuffer } from "../packet_buffer.ts";
import type { Dialect, PacketName } from "../packet_table.ts";
import { writePacket } from "../packets.ts";
import { offsetOf } from "./fields.ts";
import { IdSet } from "./id_set.ts";
import type { Leftover } from "./leftover.ts";

const RED = offsetOf("SetTextColor", "red");
const GREEN = offsetOf("SetTextColor", "green");
const BLUE = offsetOf("SetTextColor", "blue");
const ALPHA = offsetOf("SetTextColor", "alpha");
const CODE = offsetOf("SetTextColor", "code");
/** Codes that ClassiCube lets nobody colour: NUL, space, `%`, `&` and 255. */
const FORBIDDEN: readonly number[] = [0x00, 0x20, 0x25, 0x26, 0xff];

/** The colours that `&` and a character stand for. */
export class TextColours implements Leftover {
  static readonly packets: readonly PacketName[] = ["SetTextColor"];
  readonly #client: Dialect;
  readonly #changed = new IdSet();

  constructor(client: Dialect) {
    this.#client = client;
  }

  track(bytes: Uint8Array, start: number): void {
    const code = bytes[start + CODE] ?? 0;
    if (!FORBIDDEN.includes(code)) this.#changed.set(code, !isDefault(code, bytes, start));
  }

  writeDown(): readonly number[] {
    return [...this.#changed];
  }

  resume(noted: readonly number[]): void {
    this.#changed.addAll(noted);
  }

  undo(out: PacketBuffer): void {
    for (const code of this.#changed) {
      const digit = digitOf(code);
      const [red, green, blue, alpha] = digit === undefined
        ? [0, 0, 0, 0] as const
        : [component(digit, 2), component(digit, 1), component(digit, 0), 255] as const;
      writePacket(out, "SetTextColor", this.#client, { red, green, blue, alpha, code });
    }
  }
}

function isDefault(code: number, bytes: Uint8Array, start: number): boolean {
  const digit = digitOf(code);
  const alpha = bytes[start + ALPHA];
  if (digit === undefined) return alpha === 0;
  return alpha === 255 && bytes[start + RED] === component(digit, 2) && bytes[start + GREEN] === component(digit, 1) &&
    bytes[start + BLUE] === component(digit, 0);
}

/** Which of the sixteen colours a character code has by default; all others have none. */
function digitOf(code: number): number | undefined {
  const digit = Number.parseInt(String.fromCharCode(code), 16);
  return Number.isNaN(digit) ? undefined : digit;
}

/** A component of a default colour: bits 2, 1 and 0 of its digit switch red, green and blue on, bit 3 brightens all of them. */
function component(digit: number, bit: number): number {
  return 0xbf * (digit >> bit & 1) + 0x40 * (digit >> 3);
}
