/** How a server proves that it understood a WebSocket handshake (RFC 6455 §4.2.2). */
import { createHash, randomBytes } from "node:crypto";

const KEY = /^[+/0-9A-Za-z]{22}==$/;
const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/** The only version of the protocol there is. */
export const WEBSOCKET_VERSION = "13";

/** The subprotocol of Classic players and servers (protocol.md §8). */
export const SUBPROTOCOL = "ClassiCube";

/** A new key for `Sec-WebSocket-Key`. */
export function newKey(): string {
  return randomBytes(16).toString("base64");
}

/** Whether `key` is 16 bytes in Base64. */
export function isKey(key: string): boolean {
  return KEY.test(key);
}

/** The `Sec-WebSocket-Accept` that answers `key`. */
export function acceptOf(key: string): string {
  return createHash("sha1").update(key + GUID).digest("base64");
}
