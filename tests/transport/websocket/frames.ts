/** Frames byte by byte as RFC 6455 §5.2 draws them, also wrong ones. */

export interface FrameOptions {
  /** @default true */
  readonly final?: boolean;
  /** The three reserved bits. @default 0 */
  readonly reserved?: number;
  /** @default unmasked */
  readonly mask?: readonly number[];
  /** How many bytes say the length: 0, 2 or 8. @default as few as possible */
  readonly lengthBytes?: number;
  /** The length that the header tells. @default the true one */
  readonly length?: number | bigint;
}

export const MASK = [0x37, 0xfa, 0x21, 0x3d] as const;

export function frame(opcode: number, payload: Iterable<number> = [], options: FrameOptions = {}): Uint8Array {
  const bytes = [...payload];
  const { final = true, reserved = 0, mask, length = bytes.length } = options;
  const lengthBytes = options.lengthBytes ?? (length < 126 ? 0 : length < 65536 ? 2 : 8);
  const shortLength = lengthBytes === 0 ? Number(length) : lengthBytes === 2 ? 126 : 127;
  const long: number[] = [];
  for (let i = lengthBytes - 1; i >= 0; i--) long.push(Number(BigInt(length) >> BigInt(8 * i) & 255n));
  return Uint8Array.from([
    (final ? 128 : 0) + reserved * 16 + opcode,
    (mask === undefined ? 0 : 128) + shortLength,
    ...long,
    ...(mask ?? []),
    ...bytes.map((byte, index) => mask === undefined ? byte : byte ^ (mask[index % 4] ?? 0)),
  ]);
}

/** A frame as a client sends it. */
export function masked(opcode: number, payload: Iterable<number> = [], options: FrameOptions = {}): Uint8Array {
  return frame(opcode, payload, { mask: MASK, ...options });
}

export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

export function counting(length: number, from = 0): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => from + index);
}

/** What a close frame carries. */
export function closing(code: number, reason = ""): Uint8Array {
  return concat(Uint8Array.of(code >> 8, code & 255), new TextEncoder().encode(reason));
}
