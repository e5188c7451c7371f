/** Carrying one packet from the shape it has in one dialect to the shape it has in another, field by field. */
import { type Dialect, type Field, fieldWidth, type Packet, packetSize } from "../packet_table.ts";
import type { PacketBuffer } from "../packet_buffer.ts";

/** What one step appends; each step reads at its own position in the source packet. */
const COPY = 0;
const SIGN_EXTEND = 1;
const CLAMP = 2;
const ZERO_EXTEND = 3;
const LOW_BYTE = 4;
const FILL = 5;
const STEP_LENGTH = 3;

const MIN_I16 = -0x7fff;
const MAX_I16 = 0x7fff;

/** How a packet changes between two dialects. Made once per packet and pair of dialects, then used without allocating. */
export interface Reshape {
  /** Size of the packet as it comes in. */
  readonly from: number;
  /** Size of the packet as it comes out. */
  readonly size: number;
  /** Triples: what to do, where in the source packet (or the byte to fill with), how many bytes. */
  readonly steps: Int32Array;
}

/** Values that fields get whatever they were before, by name. */
export type Fixed = Readonly<Record<string, number>>;

/** The reshaping of `packet`, or `undefined` where it has the same shape in both dialects and nothing is `fixed`. */
export function reshapeBetween(packet: Packet, from: Dialect, to: Dialect, fixed: Fixed = {}): Reshape | undefined {
  const offsets = new Map<string, number>();
  let offset = 1;
  for (const field of packet.fields) {
    offsets.set(field.name, offset);
    offset += fieldWidth(field, from);
  }
  const steps = [COPY, 0, 1];
  for (const field of packet.fields) {
    const value = fixed[field.name];
    if (value === undefined) addStep(steps, packet, field, offsets, from, to);
    else {for (let width = fieldWidth(field, to); width > 0; width--) {
        steps.push(FILL, value >> 8 * (width - 1) & 0xff, 1);
      }}
  }
  const size = packetSize(packet, to);
  const unchanged = steps.length === STEP_LENGTH && steps[2] === size && offset === size;
  return unchanged ? undefined : { from: offset, size, steps: Int32Array.from(steps) };
}

function addStep(
  steps: number[],
  packet: Packet,
  field: Field,
  offsets: ReadonlyMap<string, number>,
  from: Dialect,
  to: Dialect,
): void {
  const target = fieldWidth(field, to);
  if (target === 0) return;
  const source = fieldWidth(field, from) > 0 ? field : packet.fields.find(({ name }) => name === field.like);
  const width = source === undefined ? 0 : fieldWidth(source, from);
  const at = offsets.get(source?.name ?? "") ?? 0;
  if (width === 0) {
    steps.push(FILL, field.fill, target);
  } else if (width === target) {
    const last = steps.length - STEP_LENGTH;
    const follows = steps[last] === COPY && (steps[last + 1] ?? 0) + (steps[last + 2] ?? 0) === at;
    if (follows) steps[last + 2] = (steps[last + 2] ?? 0) + width;
    else steps.push(COPY, at, width);
  } else if (field.type === "coordinate") {
    steps.push(width < target ? SIGN_EXTEND : CLAMP, at, target);
  } else {
    steps.push(width < target ? ZERO_EXTEND : LOW_BYTE, at, target);
  }
}

/**
 * Appends the packets from `start` to `end` of `bytes`, all of the kind that the reshaping is for, to `out` in their new shape.
 * Returns where in `out.storage` they begin. Each step is taken for all packets before the next one.
 */
export function reshape(
  { from, size, steps }: Reshape,
  bytes: Uint8Array,
  start: number,
  end: number,
  out: PacketBuffer,
): number {
  const position = out.reserve((end - start) / from * size);
  const target = out.storage;
  let to = position;
  for (let step = 0; step < steps.length; step += STEP_LENGTH) {
    const operand = steps[step + 1] ?? 0;
    const width = steps[step + 2] ?? 0;
    switch (steps[step]) {
      case COPY:
        for (let i = start + operand, o = to; i < end; i += from, o += size) {
          for (let k = 0; k < width; k++) target[o + k] = bytes[i + k] ?? 0;
        }
        break;
      case SIGN_EXTEND:
        for (let i = start + operand, o = to; i < end; i += from, o += size) {
          const high = bytes[i] ?? 0;
          const sign = high & 0x80 ? 0xff : 0;
          target[o] = sign;
          target[o + 1] = sign;
          target[o + 2] = high;
          target[o + 3] = bytes[i + 1] ?? 0;
        }
        break;
      case CLAMP:
        for (let i = start + operand, o = to; i < end; i += from, o += size) {
          const value = readI32(bytes, i);
          const clamped = value < MIN_I16 ? MIN_I16 : value > MAX_I16 ? MAX_I16 : value;
          target[o] = clamped >> 8;
          target[o + 1] = clamped;
        }
        break;
      case ZERO_EXTEND:
        for (let i = start + operand, o = to; i < end; i += from, o += size) {
          target[o] = 0;
          target[o + 1] = bytes[i] ?? 0;
        }
        break;
      case LOW_BYTE:
        for (let i = start + operand, o = to; i < end; i += from, o += size) target[o] = bytes[i + 1] ?? 0;
        break;
      default:
        for (let i = start, o = to; i < end; i += from, o += size) {
          for (let k = 0; k < width; k++) target[o + k] = operand;
        }
    }
    to += width;
  }
  return position;
}

function readI32(bytes: Uint8Array, at: number): number {
  return (bytes[at] ?? 0) << 24 | (bytes[at + 1] ?? 0) << 16 | (bytes[at + 2] ?? 0) << 8 | (bytes[at + 3] ?? 0);
}
