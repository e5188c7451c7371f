/** Single fields of packets, read where they stand: what passes all the time must not cost an object for each packet. */
import { ExtensionSet } from "../extensions.ts";
import { type Dialect, fieldWidth, type PacketName, packetNamed } from "../packet_table.ts";
import type { PacketValues } from "../packets.ts";
import { textEnd } from "../text.ts";

/** Block ids that ClassiCube tells apart; it takes higher ones modulo this. */
const BLOCK_COUNT = 768;
/** Every extension in its highest version. */
export const EVERYTHING: Dialect = { protocol: 7, cpe: true, extensions: ExtensionSet.ALL };

/**
 * Bytes from the start of packet `name` to its field `wanted`.
 *
 * @param dialect Needed where a field before it can be narrower than with every extension.
 */
export function offsetOf<N extends PacketName>(
  name: N,
  wanted: keyof PacketValues<N>,
  dialect: Dialect = EVERYTHING,
): number {
  let offset = 1;
  for (const field of packetNamed(name).fields) {
    if (field.name === wanted) return offset;
    offset += fieldWidth(field, dialect);
  }
  throw new RangeError(`Cannot find a field of ${name}: current value is "${String(wanted)}"`);
}

/** The unsigned 16 bits at `at`. */
function u16At(bytes: Uint8Array, at: number): number {
  return (bytes[at] ?? 0) << 8 | (bytes[at + 1] ?? 0);
}

/** The signed 16 bits at `at`. */
export function i16At(bytes: Uint8Array, at: number): number {
  return u16At(bytes, at) << 16 >> 16;
}

/** The signed 32 bits at `at`. */
export function i32At(bytes: Uint8Array, at: number): number {
  return u16At(bytes, at) << 16 | u16At(bytes, at + 2);
}

/** The block that ClassiCube reads from the `width` bytes at `at`, 0–767. */
export function blockAt(bytes: Uint8Array, at: number, width: number): number {
  return (width === 1 ? bytes[at] ?? 0 : u16At(bytes, at)) % BLOCK_COUNT;
}

/** Whether the text field at `at` says anything. */
export function hasText(bytes: Uint8Array, at: number): boolean {
  return textEnd(bytes, at) > at;
}
