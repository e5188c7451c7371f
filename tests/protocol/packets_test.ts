import { assert, assertEquals } from "../harness/assert.ts";
import { type Random, seeded } from "../harness/chunks.ts";
import { frames, traces } from "../harness/traces.ts";
import { ExtensionSet } from "../../lib/protocol/extensions.ts";
import { PacketBuffer } from "../../lib/protocol/packet_buffer.ts";
import {
  type Dialect,
  type Field,
  fieldWidth,
  type Packet,
  type PacketName,
  PACKETS,
  packetSize,
} from "../../lib/protocol/packet_table.ts";
import { encodePacket, type PacketInput, readPacket, writePacket } from "../../lib/protocol/packets.ts";
import { cpeDialect, plainDialect } from "./dialects.ts";

const ALL = cpeDialect(ExtensionSet.ALL);
const PLAIN = plainDialect(7);
const VERSION_1 = [...ExtensionSet.ALL.entries()].reduce((set, { name }) => set.with(name, 1), ExtensionSet.EMPTY);
const DIALECTS: readonly (readonly [string, Dialect])[] = [
  ["protocol 3", plainDialect(3)],
  ["protocol 6", plainDialect(6)],
  ["protocol 7 without CPE", PLAIN],
  ["every extension", ALL],
  ["every extension in version 1", cpeDialect(VERSION_1)],
  ["ExtendedBlocks alone", cpeDialect(ExtensionSet.of("ExtendedBlocks"))],
  ["ExtEntityPositions alone", cpeDialect(ExtensionSet.of("ExtEntityPositions"))],
  ["ExtendedTextures with version 1 of the rest", cpeDialect(VERSION_1.without("ExtendedBlocks", "FastMap"))],
];

/** Fields as they are given and read back, without the types that tie them to one packet. */
type Values = Readonly<Record<string, number | string | Uint8Array | undefined>>;

/** Encodes values that were made to fit the packet's own fields, which the type of `values` cannot say. */
function encode(name: PacketName, dialect: Dialect, values: Values): Uint8Array {
  return encodePacket(name, dialect, values as PacketInput<PacketName>);
}

function decode(name: PacketName, dialect: Dialect, bytes: Uint8Array, start?: number): Values {
  return readPacket(name, dialect, bytes, start);
}

function randomValues(packet: Packet, dialect: Dialect, random: Random): Values {
  return Object.fromEntries(packet.fields.map((field) => [field.name, randomValue(field, dialect, random)]));
}

function randomValue(field: Field, dialect: Dialect, random: Random): number | string | Uint8Array | undefined {
  const width = fieldWidth(field, dialect);
  if (width === 0) return undefined;
  const bytes = random.pick([new Uint8Array(width), new Uint8Array(width).fill(0xff), random.bytes(width)]);
  const bits = bytes.reduce((value, byte) => value * 256 + byte, 0);
  switch (field.type) {
    case "text":
      return "é☺ Steve &c".slice(0, random.below(12)).trimEnd();
    case "bytes":
      return bytes;
    case "f32":
      return Math.fround((random.next() - 0.5) * 1000);
    case "i8":
    case "i16":
    case "i32":
    case "coordinate":
      return bits >= 2 ** (8 * width - 1) ? bits - 2 ** (8 * width) : bits;
    default:
      return bits;
  }
}

for (const [what, dialect] of DIALECTS) {
  Deno.test(`readPacket() reads back what encodePacket() wrote for all 63 packets with ${what}`, () => {
    const random = seeded(63);
    for (const packet of PACKETS) {
      for (let round = 0; round < 8; round++) {
        const values = randomValues(packet, dialect, random);
        const bytes = encode(packet.name, dialect, values);
        assertEquals(bytes.length, packetSize(packet, dialect), packet.name);
        assertEquals(bytes[0], packet.id, packet.name);
        assertEquals(decode(packet.name, dialect, bytes), values, packet.name);
      }
    }
  });
}

/** Text fields may be padded in two ways; the reader drops either, so that only the padding can differ. */
function samePacket(packet: Packet, dialect: Dialect, actual: Uint8Array, expected: Uint8Array): boolean {
  let at = 1;
  const isText = new Uint8Array(expected.length);
  for (const field of packet.fields) {
    const width = fieldWidth(field, dialect);
    if (field.type === "text") isText.fill(1, at, at + width);
    at += width;
  }
  return actual.length === expected.length &&
    actual.every((byte, index) =>
      byte === expected[index] || (isText[index] === 1 && byte === 0x20 && expected[index] === 0)
    );
}

for (const trace of traces()) {
  Deno.test(`encodePacket() writes every packet of ${trace.name} as it was recorded`, () => {
    let count = 0;
    for (const direction of ["c2s", "s2c"] as const) {
      for (const { packet, bytes } of frames(trace, direction)) {
        // Every packet of the table has a name of the table.
        const name = packet.name as PacketName;
        const again = encode(name, trace.dialect, decode(name, trace.dialect, bytes));
        assert(samePacket(packet, trace.dialect, again, bytes), `${direction} ${name}: ${bytes} became ${again}`);
        count++;
      }
    }
    assert(count > 0);
  });
}

Deno.test("encodePacket() puts the fields of a block change where the protocol has them", () => {
  const change = { x: 1, y: 0x0203, z: -1, mode: 1, block: 0x142 };
  assertEquals([...encodePacket("PlayerSetBlock", PLAIN, change)], [5, 0, 1, 2, 3, 255, 255, 1, 0x42]);
  assertEquals([...encodePacket("PlayerSetBlock", ALL, change)], [5, 0, 1, 2, 3, 255, 255, 1, 1, 0x42]);
});

Deno.test("encodePacket() widens coordinates with ExtEntityPositions", () => {
  const position = { held: 255, x: -2, y: 0x10203, z: 3, yaw: 4, pitch: 5 };
  assertEquals([...encodePacket("PlayerPosition", PLAIN, position)], [8, 255, 255, 254, 2, 3, 0, 3, 4, 5]);
  assertEquals(
    [...encodePacket("PlayerPosition", ALL, position)],
    [8, 0, 255, 255, 255, 255, 254, 0, 1, 2, 3, 0, 0, 0, 3, 4, 5],
  );
});

Deno.test("encodePacket() writes the volume of a map only with FastMap", () => {
  assertEquals([...encodePacket("LevelInitialize", PLAIN, { volume: 0x01020304 })], [2]);
  assertEquals([...encodePacket("LevelInitialize", ALL, { volume: 0x01020304 })], [2, 1, 2, 3, 4]);
});

Deno.test("encodePacket() writes a 32-bit float big endian", () => {
  const model = {
    modelId: 1,
    name: "m",
    flags: 0,
    nameY: 1,
    eyeY: -2,
    collision: new Uint8Array(12),
    pickMin: new Uint8Array(12),
    pickMax: new Uint8Array(12),
    uScale: 64,
    vScale: 32,
    partCount: 3,
  };
  const bytes = encodePacket("DefineModel", ALL, model);
  assertEquals([...bytes.subarray(67, 75)], [0x3f, 0x80, 0, 0, 0xc0, 0, 0, 0]);
  assertEquals([...bytes.subarray(-5)], [0, 64, 0, 32, 3]);
});

Deno.test("encodePacket() pads bytes with zeros and cuts what is too long", () => {
  const short = encodePacket("PluginMessage", ALL, { channel: 9, data: Uint8Array.of(1, 2) });
  assertEquals([...short], [0x35, 9, 1, 2, ...new Uint8Array(62)]);
  const long = encodePacket("PluginMessage", ALL, { channel: 9, data: new Uint8Array(100).fill(7) });
  assertEquals([...long], [0x35, 9, ...new Uint8Array(64).fill(7)]);
});

Deno.test("encodePacket() fills a field that was left out", () => {
  const bytes = encodePacket("SetMapEnvUrl", ALL, { url: "u" });
  assertEquals([...bytes.subarray(65)], [...new Uint8Array(64).fill(0x20)]);
});

Deno.test("encodePacket() wraps numbers to the width of their field", () => {
  assertEquals([...encodePacket("DespawnPlayer", PLAIN, { playerId: 0x1ff })], [0x0c, 0xff]);
  assertEquals([...encodePacket("DespawnPlayer", PLAIN, { playerId: -1 })], [0x0c, 0xff]);
});

Deno.test("readPacket() extends the sign of narrow coordinates", () => {
  const bytes = Uint8Array.of(8, 7, 0xff, 0xfe, 0x80, 0, 0x7f, 0xff, 1, 2);
  const { x, y, z } = readPacket("PlayerTeleport", PLAIN, bytes);
  assertEquals([x, y, z], [-2, -32768, 32767]);
});

Deno.test("readPacket() reads from the given position and copies bytes", () => {
  const stream = new Uint8Array(70);
  stream.set([0x35, 9, 1, 2], 3);
  const { channel, data } = readPacket("PluginMessage", ALL, stream, 3);
  stream.fill(0xee);
  assertEquals([channel, data.length, data[0], data[1], data[2]], [9, 64, 1, 2, 0]);
});

Deno.test("readPacket() reads a view that does not begin its buffer", () => {
  const bytes = Uint8Array.of(0xaa, 0xaa, 0x12, 0x01, 0x02).subarray(2);
  assertEquals(readPacket("SetClickDistance", ALL, bytes).distance, 0x0102);
});

Deno.test("readPacket() leaves fields that do not stand in the dialect undefined", () => {
  const bytes = encodePacket("ServerIdentification", plainDialect(5), { protocol: 5, serverName: "a", motd: "b" });
  assertEquals(bytes.length, 130);
  assertEquals(readPacket("ServerIdentification", plainDialect(5), bytes).userType, undefined);
});

Deno.test("writePacket() appends to what is in the buffer", () => {
  const out = new PacketBuffer(1);
  writePacket(out, "Ping", PLAIN, {});
  writePacket(out, "DespawnPlayer", PLAIN, { playerId: 3 });
  assertEquals([...out.view()], [1, 0x0c, 3]);
});

Deno.test("writePacket() leaves nothing of what the buffer held before", () => {
  const out = new PacketBuffer();
  out.append(new Uint8Array(200).fill(0xee));
  out.clear();
  writePacket(out, "LevelDataChunk", PLAIN, { length: 1, data: Uint8Array.of(5), percent: 0 });
  assertEquals(out.copy().filter((byte) => byte === 0xee).length, 0);
});
