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
  /** Size of the packet as it comes out. */
  readonly size: number;
  /** Triples: what to do, where in the source packet (or the byte to fill with), how many bytes. */
  readonly steps: Int32Array;
}

/** The reshaping of `packet`, or `undefined` where it has the same shape in both dialects. */
export function reshapeBetween(packet: Packet, from: Dialect, to: Dialect): Reshape | undefined {
  const offsets = new Map<string, number>();
  let offset = 1;
  for (const field of packet.fields) {
    offsets.set(field.name, offset);
    offset += fieldWidth(field, from);
  }
  const steps = [COPY, 0, 1];
  for (const field of packet.fields) addStep(steps, packet, field, offsets, from, to);
  const size = packetSize(packet, to);
  const unchanged = steps.length === STEP_LENGTH && steps[2] === size && packetSize(packet, from) === size;
  return unchanged ? undefined : { size, steps: Int32Array.from(steps) };
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

/** Appends the packet at `start` of `bytes` to `out` in its new shape, and returns where in `out.storage` it stands. */
export function reshape({ size, steps }: Reshape, bytes: Uint8Array, start: number, out: PacketBuffer): number {
  const position = out.reserve(size);
  const target = out.storage;
  let to = position;
  for (let step = 0; step < steps.length; step += STEP_LENGTH) {
    const from = start + (steps[step + 1] ?? 0);
    const count = steps[step + 2] ?? 0;
    switch (steps[step]) {
      case COPY:
        for (let i = 0; i < count; i++) target[to + i] = bytes[from + i] ?? 0;
        break;
      case SIGN_EXTEND: {
        const high = bytes[from] ?? 0;
        const sign = high & 0x80 ? 0xff : 0;
        target[to] = sign;
        target[to + 1] = sign;
        target[to + 2] = high;
        target[to + 3] = bytes[from + 1] ?? 0;
        break;
      }
      case CLAMP: {
        const value = readI32(bytes, from);
        const clamped = value < MIN_I16 ? MIN_I16 : value > MAX_I16 ? MAX_I16 : value;
        target[to] = clamped >> 8;
        target[to + 1] = clamped;
        break;
      }
      case ZERO_EXTEND:
        target[to] = 0;
        target[to + 1] = bytes[from] ?? 0;
        break;
      case LOW_BYTE:
        target[to] = bytes[from + 1] ?? 0;
        break;
      default:
        target.fill(steps[step + 1] ?? 0, to, to + count);
    }
    to += count;
  }
  return position;
}

function readI32(bytes: Uint8Array, at: number): number {
  return (bytes[at] ?? 0) << 24 | (bytes[at + 1] ?? 0) << 16 | (bytes[at + 2] ?? 0) << 8 | (bytes[at + 3] ?? 0);
}
