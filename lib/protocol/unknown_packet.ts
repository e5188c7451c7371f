/** What the log says about bytes that are no packet. */
import type { Framer } from "./framer.ts";

/** Bytes that are told: too few for a name or a key. */
const SHOWN_BYTES = 8;

/** In words, where {@linkcode Framer.next} has found `"unknown"`: the id, and the first bytes in hexadecimal. */
export function unknownPacket({ bytes, start }: Pick<Framer, "bytes" | "start">): string {
  const shown = bytes.subarray(start, start + SHOWN_BYTES);
  const hex = Array.from(shown, (byte) => byte.toString(16).padStart(2, "0")).join(" ");
  return `unknown packet ${bytes[start]}: ${hex}${bytes.length > start + SHOWN_BYTES ? " …" : ""}`;
}
