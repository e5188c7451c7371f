/** The key by which the public server list vouches for a player's name. */
import { createHash, timingSafeEqual } from "node:crypto";

const KEY_LENGTH = 32;
const KEY = /^[0-9a-f]{1,32}$/;

/** The key of `name` under a listener's `salt`: MD5 of both, one behind the other, in lower-case hexadecimal. */
export function keyOf(salt: string, name: string): string {
  return createHash("md5").update(salt + name).digest("hex");
}

/**
 * Whether `key` proves `name` under `salt`. Takes the same time wherever they differ. Upper case is accepted, and so are keys
 * without their leading zeros, which minecraft.net used to drop.
 */
export function verifyKey(salt: string, name: string, key: string): boolean {
  const lower = key.toLowerCase();
  if (!KEY.test(lower)) return false;
  return timingSafeEqual(
    new TextEncoder().encode(lower.padStart(KEY_LENGTH, "0")),
    new TextEncoder().encode(keyOf(salt, name)),
  );
}
