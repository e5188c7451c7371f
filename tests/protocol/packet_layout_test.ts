import { assertEquals } from "../harness/assert.ts";
import { type FieldType, type Packet, PACKETS } from "../../lib/protocol/packet_table.ts";
import { type DocumentedPacket, documentedPackets } from "./documented_packets.ts";

const documented = documentedPackets();

/** Names in the documentation that the table spells out, or splits into several fields. */
const SPELT: Readonly<Record<string, readonly string[]>> = {
  "protocolVersion": ["protocol"],
  "verificationKey": ["key"],
  "ySize(height)": ["ySize"],
  "playerIdOrType": ["type"],
  "extensionCount": ["count"],
  "extName": ["extension"],
  "r": ["red"],
  "g": ["green"],
  "b": ["blue"],
  "topTex": ["topTexture"],
  "sideTex": ["sideTexture"],
  "bottomTex": ["bottomTexture"],
  "v1: sideTex / v2: left,right,front,back": [
    "sideTexture",
    "leftTexture",
    "rightTexture",
    "frontTexture",
    "backTexture",
  ],
  "fogR": ["fogRed"],
  "fogG": ["fogGreen"],
  "fogB": ["fogBlue"],
  "tintR": ["tintRed"],
  "tintG": ["tintGreen"],
  "tintB": ["tintBlue"],
  "count-1": ["lastIndex"],
  "blocksLow": ["blocks"],
  "with ExtendedBlocks: upper 2 bits": ["upperBits"],
  "direction": ["origin"],
  "rotOrigin": ["rotationOrigin"],
  "v1: anim type + arg (ignored) 5 bytes / v2: 4 x (u8 + 4 f32)": ["animation", "animations"],
};

/** Names that mean something else in each packet. */
const SPELT_IN: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "0 c2s": { unused: "magic" },
  "7 s2c": { name: "playerName" },
  "8 c2s": { playerId: "held" },
  "13 c2s": { unused: "partial", text: "message" },
  "13 s2c": { text: "message" },
  "26 s2c": { a: "opacity" },
  "39 s2c": { a: "alpha" },
};

function fieldNames({ id, direction, fields }: DocumentedPacket): string[] {
  return fields.slice(1).flatMap(({ name }) => {
    const spelt = SPELT_IN[`${id} ${direction}`]?.[name];
    return spelt === undefined ? SPELT[name] ?? [name.replace(/^v2: /, "")] : [spelt];
  });
}

/** What a documented type is in the table; `undefined` where the documentation leaves it to the name. */
function fieldTypes(type: string): readonly FieldType[] {
  if (type.startsWith("string64")) return ["text"];
  if (/^(byte|bytes|u8\[|u16\[|i32\[|f32\[)/.test(type)) return ["bytes"];
  if (type.startsWith("fix8")) return ["i8"];
  if (type.startsWith("fix")) return ["coordinate"];
  if (type.startsWith("u8|u16") || type.includes("u16 with ExtendedBlocks")) return ["block", "texture"];
  const [plain] = /^[uif]\d+/.exec(type) ?? [];
  // What follows the plain types' names is prose.
  return plain === undefined ? [] : [plain as FieldType];
}

function documentedFor(packet: Packet): DocumentedPacket {
  const found = documented?.find(({ id, direction }) => id === packet.id && direction === packet.direction);
  if (found === undefined) throw new Error(`Cannot find documentation: packet is ${packet.name}`);
  return found;
}

Deno.test({
  name: "packet table has each packet's fields in the documented order",
  ignore: documented === undefined,
  fn(): void {
    for (const packet of PACKETS) {
      const names: string[] = packet.fields.map(({ name }) => name).filter((name) => name !== "padding");
      assertEquals(names, fieldNames(documentedFor(packet)), packet.name);
    }
  },
});

Deno.test({
  name: "packet table has the documented type of each field that stands for one documented field",
  ignore: documented === undefined,
  fn(): void {
    let compared = 0;
    for (const packet of PACKETS as readonly Packet[]) {
      const fields = documentedFor(packet).fields.slice(1);
      if (fields.length !== packet.fields.length) continue;
      for (const [index, { name, type }] of packet.fields.entries()) {
        const allowed = fieldTypes(fields[index]?.type ?? "");
        assertEquals(allowed.includes(type), true, `${packet.name}.${name} is ${type}, not ${allowed}`);
        compared++;
      }
    }
    assertEquals(compared > 200, true);
  },
});
