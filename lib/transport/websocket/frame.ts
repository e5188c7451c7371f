/** What reading and writing frames have in common (RFC 6455 §5 and §7.4). */

/** Who of the two ends this one is. A client masks what it sends. */
export type Role = "server" | "client";

/** Kinds of frames. */
export const OPCODE = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

/** Codes that a close frame carries. */
export const CLOSE_CODE = { normal: 1000, protocolError: 1002, policy: 1008, tooLarge: 1009 } as const;

/** Bytes of payload that a control frame may carry. */
export const MAX_CONTROL_PAYLOAD = 125;

/** Set in the first byte of a message's last frame. */
export const FINAL = 0x80;

/** Set in the second byte of a masked frame. */
export const MASKED = 0x80;

/** Values of the second byte's low bits that say: the length follows in 2 or in 8 bytes. */
export const LENGTH_IN_2 = 126;
export const LENGTH_IN_8 = 127;
