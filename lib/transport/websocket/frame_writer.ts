import { FINAL, LENGTH_IN_2, MASKED, OPCODE } from "./frame.ts";

/** Bytes of payload that one frame carries at most: MCGalaxy closes at more (protocol.md §8). */
export const MAX_SENT_PAYLOAD = 0xffff;

/** Gives the mask of each frame, four bytes as one number; absent for an end that does not mask. */
export type MaskSource = (() => number) | undefined;

/** `bytes` in as many binary messages of one frame as they need. `bytes` stay as they are. */
export function dataFrames(bytes: Uint8Array, nextMask: MaskSource): Uint8Array {
  const maskSize = nextMask === undefined ? 0 : 4;
  let size = 0;
  for (let at = 0; at < bytes.length; at += MAX_SENT_PAYLOAD) size += headerSize(bytes.length - at) + maskSize;
  const frames = new Uint8Array(size + bytes.length);
  let end = 0;
  for (let at = 0; at < bytes.length; at += MAX_SENT_PAYLOAD) {
    end = putFrame(frames, end, OPCODE.binary, bytes.subarray(at, at + MAX_SENT_PAYLOAD), nextMask);
  }
  return frames;
}

/** A pong that answers a ping of that payload, 125 bytes at most. */
export function pongFrame(payload: Uint8Array, nextMask: MaskSource): Uint8Array {
  return controlFrame(OPCODE.pong, payload, nextMask);
}

/** A close frame, with or without a code. */
export function closeFrame(code: number | undefined, nextMask: MaskSource): Uint8Array {
  return controlFrame(OPCODE.close, Uint8Array.from(code === undefined ? [] : [code >> 8, code & 0xff]), nextMask);
}

function controlFrame(opcode: number, payload: Uint8Array, nextMask: MaskSource): Uint8Array {
  const frame = new Uint8Array(headerSize(payload.length) + (nextMask === undefined ? 0 : 4) + payload.length);
  putFrame(frame, 0, opcode, payload, nextMask);
  return frame;
}

/** Bytes of the header in front of a payload, without its mask. */
function headerSize(length: number): number {
  return length < LENGTH_IN_2 ? 2 : 4;
}

/** Puts a frame into `target` at `at` and returns where it ends. */
function putFrame(target: Uint8Array, at: number, opcode: number, payload: Uint8Array, nextMask: MaskSource): number {
  const { length } = payload;
  const isShort = length < LENGTH_IN_2;
  let end = at;
  target[end++] = FINAL | opcode;
  target[end++] = (nextMask === undefined ? 0 : MASKED) | (isShort ? length : LENGTH_IN_2);
  if (!isShort) {
    target[end++] = length >> 8;
    target[end++] = length & 0xff;
  }
  if (nextMask === undefined) {
    target.set(payload, end);
    return end + length;
  }
  const mask = nextMask();
  for (let shift = 24; shift >= 0; shift -= 8) target[end++] = mask >>> shift & 0xff;
  for (let i = 0; i < length; i++) target[end + i] = (payload[i] ?? 0) ^ mask >>> 24 - 8 * (i & 3) & 0xff;
  return end + length;
}
