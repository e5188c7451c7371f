import { type Dialect, fieldWidth, type PacketName, packetNamed, packetSize } from "../lib/protocol/packet_table.ts";
import { encodePacket } from "../lib/protocol/packets.ts";
import { MeasurementError } from "./leg.ts";

/** Ticks of {@linkcode Clock} per millisecond. */
export const TICKS_PER_MILLISECOND = 10_000;

/** Time as it is stamped into packets: steps of 100 ns in 32 bits, for seven minutes. */
export class Clock {
  readonly #start = performance.now();

  ticks(): number {
    return Math.round((performance.now() - this.#start) * TICKS_PER_MILLISECOND) >>> 0;
  }
}

/** Where field `wanted` of a packet stands, counted from the packet's id. */
export function fieldOffset(name: PacketName, dialect: Dialect, wanted: string): number {
  let offset = 1;
  for (const field of packetNamed(name).fields) {
    if (field.name === wanted) return offset;
    offset += fieldWidth(field, dialect);
  }
  throw new RangeError(`Cannot find field of ${name}: current value is "${wanted}"`);
}

/**
 * Position packets that carry a stamp in their coordinates: a sequence number of 16 bits as x, a time of 32 bits as y and z. Every
 * value fits 16 bits with its sign, so that it survives both directions between 16 and 32 bit coordinates.
 */
export class StampedPosition {
  /** Id of the packets. */
  readonly id: number;
  /** Size of one packet in bytes. */
  readonly size: number;
  readonly #template: Uint8Array;
  readonly #x: number;
  readonly #y: number;
  readonly #z: number;
  readonly #wide: boolean;

  /** @param name The c2s or the s2c form. */
  constructor(name: "PlayerPosition" | "PlayerTeleport", dialect: Dialect) {
    const position = { x: 0, y: 0, z: 0, yaw: 0, pitch: 0 };
    this.id = packetNamed(name).id;
    this.size = packetSize(packetNamed(name), dialect);
    this.#template = name === "PlayerPosition"
      ? encodePacket(name, dialect, { held: 255, ...position })
      : encodePacket(name, dialect, { playerId: 0, ...position });
    this.#x = fieldOffset(name, dialect, "x");
    this.#y = fieldOffset(name, dialect, "y");
    this.#z = fieldOffset(name, dialect, "z");
    this.#wide = dialect.extensions.has("ExtEntityPositions");
  }

  /** `count` packets in a row, which lack only {@linkcode stamp} and {@linkcode setPlayer}. */
  packets(count: number): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(count * this.size);
    for (let at = 0; at < bytes.length; at += this.size) bytes.set(this.#template, at);
    return bytes;
  }

  stamp(bytes: DataView, at: number, sequence: number, ticks: number): void {
    if (this.#wide) {
      bytes.setInt32(at + this.#x, signed(sequence));
      bytes.setInt32(at + this.#y, ticks >> 16);
      bytes.setInt32(at + this.#z, signed(ticks));
    } else {
      bytes.setInt16(at + this.#x, sequence);
      bytes.setInt16(at + this.#y, ticks >> 16);
      bytes.setInt16(at + this.#z, ticks);
    }
  }

  /** Where the player looks, two bytes that nobody translates: they tell packets of one size apart. */
  setLook(bytes: DataView, at: number, yaw: number, pitch: number): void {
    bytes.setUint8(at + this.size - 2, yaw);
    bytes.setUint8(at + this.size - 1, pitch);
  }

  yaw(bytes: DataView, at: number): number {
    return bytes.getUint8(at + this.size - 2);
  }

  pitch(bytes: DataView, at: number): number {
    return bytes.getUint8(at + this.size - 1);
  }

  /** Who moves: the last byte before the coordinates. */
  setPlayer(bytes: DataView, at: number, player: number): void {
    bytes.setUint8(at + this.#x - 1, player);
  }

  player(bytes: DataView, at: number): number {
    return bytes.getUint8(at + this.#x - 1);
  }

  sequence(bytes: DataView, at: number): number {
    return this.#coordinate(bytes, at + this.#x) & 0xffff;
  }

  ticks(bytes: DataView, at: number): number {
    return (this.#coordinate(bytes, at + this.#y) << 16 | this.#coordinate(bytes, at + this.#z) & 0xffff) >>> 0;
  }

  #coordinate(bytes: DataView, at: number): number {
    if (!this.#wide) return bytes.getInt16(at);
    const value = bytes.getInt32(at);
    if (value !== signed(value)) throw new MeasurementError(`Cannot read a coordinate: ${value} was never sent`);
    return value;
  }
}

/** The low 16 bits of `value` as a signed number. */
function signed(value: number): number {
  return value << 16 >> 16;
}
