/** Typed reading and writing of whole packets, derived from the packet table. */
import {
  type Dialect,
  type Field,
  type FieldType,
  fieldWidth,
  packetNamed,
  PACKETS,
  packetSize,
} from "./packet_table.ts";
import type { PacketName } from "./packet_table.ts";
import { PacketBuffer } from "./packet_buffer.ts";
import { readText, writeText } from "./text.ts";

type FieldsOf<N extends PacketName> = Extract<typeof PACKETS[number], { name: N }>["fields"][number];
type ValueOf<T extends FieldType> = T extends "text" ? string : T extends "bytes" ? Uint8Array : number;
type ValueType<F> = F extends { type: infer T extends FieldType } ? ValueOf<T> : never;
type NameOf<F> = F extends { name: infer N extends string } ? N : never;

/** The fields of packet `N` to write. Those that stand only in some dialects may be left out. */
export type PacketInput<N extends PacketName> =
  & { readonly [F in FieldsOf<N> as F extends { when: unknown } ? never : NameOf<F>]: ValueType<F> }
  & { readonly [F in FieldsOf<N> as F extends { when: unknown } ? NameOf<F> : never]?: ValueType<F> };

/** The fields of packet `N` as read; those that do not stand in the dialect are `undefined`. */
export type PacketValues<N extends PacketName> =
  & { readonly [F in FieldsOf<N> as F extends { when: unknown } ? never : NameOf<F>]: ValueType<F> }
  & { readonly [F in FieldsOf<N> as F extends { when: unknown } ? NameOf<F> : never]: ValueType<F> | undefined };

type Value = number | string | Uint8Array;

/**
 * Appends packet `name` to `out`. Numbers wrap to their field's width; text is written in code page 437 and cut to 64 bytes;
 * `bytes` are padded with zeros. Fields the dialect does not have are left out.
 */
export function writePacket<N extends PacketName>(
  out: PacketBuffer,
  name: N,
  dialect: Dialect,
  values: PacketInput<N>,
): void {
  const packet = packetNamed(name);
  const given: Readonly<Record<string, Value | undefined>> = values;
  let at = out.reserve(packetSize(packet, dialect));
  const bytes = out.storage;
  bytes[at++] = packet.id;
  for (const field of packet.fields) {
    const width = fieldWidth(field, dialect);
    if (width > 0) writeField(bytes, at, width, field, given[field.name]);
    at += width;
  }
}

/** Packet `name` as bytes of its own; see {@linkcode writePacket}. */
export function encodePacket<N extends PacketName>(
  name: N,
  dialect: Dialect,
  values: PacketInput<N>,
): Uint8Array<ArrayBuffer> {
  const out = new PacketBuffer(packetSize(packetNamed(name), dialect));
  writePacket(out, name, dialect, values);
  return out.copy();
}

/**
 * The fields of the packet `name` that starts with its id at `start`. The caller has framed it: all its bytes are there. `bytes`
 * fields are copies.
 */
export function readPacket<N extends PacketName>(
  name: N,
  dialect: Dialect,
  bytes: Uint8Array,
  start = 0,
): PacketValues<N> {
  const values: Record<string, Value | undefined> = {};
  let at = start + 1;
  for (const field of packetNamed(name).fields) {
    const width = fieldWidth(field, dialect);
    values[field.name] = width > 0 ? readField(bytes, at, width, field) : undefined;
    at += width;
  }
  // The record was filled from the very table entry that the type is derived from.
  return values as PacketValues<N>;
}

function writeField(bytes: Uint8Array, at: number, width: number, field: Field, value: Value | undefined): void {
  if (value === undefined) {
    bytes.fill(field.fill, at, at + width);
  } else if (typeof value === "string") {
    writeText(bytes, at, value);
  } else if (typeof value === "number") {
    if (field.type === "f32") viewOf(bytes).setFloat32(at, value);
    else for (let index = width; index-- > 0; value >>= 8) bytes[at + index] = value;
  } else {
    bytes.fill(0, at, at + width);
    bytes.set(value.subarray(0, width), at);
  }
}

function readField(bytes: Uint8Array, at: number, width: number, { type }: Field): Value {
  switch (type) {
    case "text":
      return readText(bytes, at);
    case "bytes":
      return bytes.slice(at, at + width);
    case "f32":
      return viewOf(bytes).getFloat32(at);
    case "i8":
    case "i16":
    case "i32":
    case "coordinate": {
      const unused = 32 - 8 * width;
      return unsigned(bytes, at, width) << unused >> unused;
    }
    case "u8":
    case "u16":
    case "block":
    case "texture":
      return unsigned(bytes, at, width);
  }
}

/** A big-endian number; one of four bytes only as its bits. */
function unsigned(bytes: Uint8Array, at: number, width: number): number {
  let value = 0;
  for (let index = 0; index < width; index++) value = value << 8 | (bytes[at + index] ?? 0);
  return value;
}

function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}
