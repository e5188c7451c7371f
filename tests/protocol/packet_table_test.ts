import { assert, assertEquals, assertThrows } from "../harness/assert.ts";
import { ExtensionSet, isExtensionName } from "../../lib/protocol/extensions.ts";
import {
  type Dialect,
  type Direction,
  fieldWidth,
  isLegal,
  knownSizes,
  legalSizes,
  MAX_PACKET_SIZE,
  type Packet,
  packetById,
  type PacketName,
  packetNamed,
  PACKETS,
  packetSize,
} from "../../lib/protocol/packet_table.ts";
import { type DocumentedPacket, documentedPackets } from "./documented_packets.ts";
import { cpeDialect, plainDialect, PROTOCOLS, resizingSets } from "./dialects.ts";

const ALL = cpeDialect(ExtensionSet.ALL);
const DIRECTIONS: readonly Direction[] = ["c2s", "s2c"];

const documented = documentedPackets();

function documentedSize(packet: DocumentedPacket, direction: Direction, { protocol, extensions }: Dialect): number {
  return packet.size_variants.reduce((size, { extension, min_version = 1, delta, direction: resized }) => {
    if (resized !== direction) return size;
    // The only variant without an extension is the byte that protocols up to 5 lack.
    if (extension === undefined) return protocol <= 5 ? size + delta : size;
    return isExtensionName(extension) && extensions.has(extension, min_version) ? size + delta : size;
  }, packet.base_size);
}

function assertDocumentedSizes(packets: readonly DocumentedPacket[], dialect: Dialect): void {
  for (const direction of DIRECTIONS) {
    const expected = new Uint16Array(256);
    for (const packet of packets) {
      const goes = packet.direction === direction || packet.direction === "both";
      if (goes) expected[packet.id] = documentedSize(packet, direction, dialect);
    }
    const message = `${direction} of protocol ${dialect.protocol}, set ${dialect.extensions.key}`;
    assertEquals(knownSizes(direction, dialect).join(), expected.join(), message);
  }
}

for (const protocol of PROTOCOLS) {
  for (const [what, others] of [["", ExtensionSet.ALL], [", without the others", ExtensionSet.EMPTY]] as const) {
    Deno.test({
      name: `packet sizes of protocol ${protocol} are the documented ones in all 256 combinations${what}`,
      ignore: documented === undefined,
      fn(): void {
        let combinations = 0;
        for (const extensions of resizingSets(others)) {
          assertDocumentedSizes(documented ?? [], { protocol, cpe: true, extensions });
          combinations++;
        }
        assertEquals(combinations, 256);
      },
    });
  }
}

Deno.test({
  name: "packet table has the documented packets and their extensions",
  ignore: documented === undefined,
  fn(): void {
    const known = PACKETS.map((packet: Packet) => [packet.id, packet.direction, packet.extension ?? ""].join(" "));
    const expected = (documented ?? []).map(({ id, direction, extension }) =>
      [id, direction, extension === null || !isExtensionName(extension) ? "" : extension].join(" ")
    );
    assertEquals(known.sort(), expected.sort());
    assertEquals(known.length, 63);
  },
});

/** Name, size without extensions, size with all of them in their highest versions. */
const WELL_KNOWN: readonly (readonly [PacketName, number, number])[] = [
  ["PlayerIdentification", 131, 131],
  ["ServerIdentification", 131, 131],
  ["Ping", 1, 1],
  ["LevelInitialize", 1, 5],
  ["LevelDataChunk", 1028, 1028],
  ["LevelFinalize", 7, 7],
  ["PlayerSetBlock", 9, 10],
  ["SetBlock", 8, 9],
  ["SpawnPlayer", 74, 80],
  ["PlayerPosition", 10, 17],
  ["PlayerTeleport", 10, 16],
  ["PositionAndOrientationUpdate", 7, 7],
  ["Message", 66, 66],
  ["DisconnectPlayer", 65, 65],
  ["ExtInfo", 67, 67],
  ["ExtEntry", 69, 69],
  ["EnvSetMapAppearance", 69, 73],
  ["ExtAddEntity2", 138, 144],
  ["DefineBlock", 80, 84],
  ["DefineBlockExt", 85, 95],
  ["BulkBlockUpdate", 1282, 1346],
  ["SetMapEnvUrl", 65, 129],
  ["TwoWayPing", 4, 4],
  ["SetInventoryOrder", 3, 5],
  ["DefineModelPart", 104, 167],
  ["PluginMessage", 66, 66],
  ["ExtEntityTeleport", 11, 17],
];

Deno.test("packetSize() gives well-known sizes without extensions and with all", () => {
  for (const [name, plain, extended] of WELL_KNOWN) {
    assertEquals([packetSize(packetNamed(name), plainDialect(7)), packetSize(packetNamed(name), ALL)], [
      plain,
      extended,
    ], name);
  }
});

Deno.test("packetSize() gives the position of a client each of its four sizes", () => {
  const position = packetNamed("PlayerPosition");
  const size = (...names: ("ExtendedBlocks" | "ExtEntityPositions")[]): number =>
    packetSize(position, cpeDialect(ExtensionSet.of(...names)));
  assertEquals(
    [size(), size("ExtendedBlocks"), size("ExtEntityPositions"), size("ExtendedBlocks", "ExtEntityPositions")],
    [10, 11, 16, 17],
  );
});

Deno.test("packetSize() leaves teleports of the server alone where only ExtendedBlocks is spoken", () => {
  assertEquals(packetSize(packetNamed("PlayerTeleport"), cpeDialect(ExtensionSet.of("ExtendedBlocks"))), 10);
});

Deno.test("packetSize() makes identifications a byte shorter up to protocol 5", () => {
  const sizes = PROTOCOLS.map((protocol) => [
    packetSize(packetNamed("PlayerIdentification"), plainDialect(protocol)),
    packetSize(packetNamed("ServerIdentification"), plainDialect(protocol)),
  ]);
  assertEquals(sizes, [[130, 130], [130, 130], [130, 130], [131, 131], [131, 131]]);
});

Deno.test("packetSize() adds up the widths of a packet's fields and its id", () => {
  for (const packet of PACKETS) {
    const widths = packet.fields.map((field) => fieldWidth(field, ALL));
    assertEquals(packetSize(packet, ALL), widths.reduce((sum, width) => sum + width, 1), packet.name);
  }
});

Deno.test("legalSizes() allows only the base protocol without CPE", () => {
  const legal = legalSizes("s2c", plainDialect(7));
  assertEquals([...legal.keys()].filter((id) => legal[id] !== 0), [0, 1, 2, 3, 4, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]);
});

Deno.test("legalSizes() allows a client without CPE only what clients send", () => {
  const legal = legalSizes("c2s", plainDialect(7));
  assertEquals([...legal.keys()].filter((id) => legal[id] !== 0), [0x00, 0x01, 0x05, 0x08, 0x0d]);
});

Deno.test("legalSizes() allows lists of extensions wherever CPE is spoken", () => {
  for (const direction of DIRECTIONS) {
    const legal = legalSizes(direction, cpeDialect(ExtensionSet.EMPTY));
    assertEquals([legal[0x10], legal[0x11]], [67, 69], direction);
  }
});

Deno.test("legalSizes() allows the packets of an extension exactly where it is spoken", () => {
  for (const packet of PACKETS as readonly Packet[]) {
    if (packet.extension === undefined) continue;
    const direction = packet.direction === "both" ? "c2s" : packet.direction;
    const without = cpeDialect(ExtensionSet.ALL.without(packet.extension));
    assertEquals(legalSizes(direction, without)[packet.id], 0, packet.name);
    assertEquals(legalSizes(direction, ALL)[packet.id], packetSize(packet, ALL), packet.name);
    assert(!isLegal(packet, without) && isLegal(packet, ALL), packet.name);
  }
});

Deno.test("legalSizes() allows UpdateUserType from protocol 7 on", () => {
  assertEquals(PROTOCOLS.map((protocol) => legalSizes("s2c", plainDialect(protocol))[0x0f]), [0, 0, 0, 0, 2]);
});

Deno.test("knownSizes() frames packets of extensions that nobody negotiated", () => {
  assertEquals(knownSizes("s2c", plainDialect(7))[0x2b], 4);
  assertEquals(legalSizes("s2c", plainDialect(7))[0x2b], 0);
});

Deno.test("knownSizes() knows no id above 0x3b", () => {
  for (const direction of DIRECTIONS) assert(knownSizes(direction, ALL).subarray(0x3c).every((size) => size === 0));
});

Deno.test("packetById() tells the two packets of one id apart by direction", () => {
  assertEquals(packetById("c2s", 0x08)?.name, "PlayerPosition");
  assertEquals(packetById("s2c", 0x08)?.name, "PlayerTeleport");
  assertEquals(packetById("c2s", 0x2b)?.name, "TwoWayPing");
});

Deno.test("packetById() knows no packet that goes the other way", () => {
  assertEquals([packetById("c2s", 0x02), packetById("s2c", 0x22), packetById("s2c", 0xff)], [
    undefined,
    undefined,
    undefined,
  ]);
});

Deno.test("packetNamed() throws on a name that is no packet", () => {
  // A name from outside the program is no PacketName.
  assertThrows(() => packetNamed("Nonsense" as PacketName), RangeError, '"Nonsense"');
});

Deno.test("MAX_PACKET_SIZE is the size of BulkBlockUpdate with ExtendedBlocks", () => {
  assertEquals(MAX_PACKET_SIZE, 1346);
  for (const extensions of resizingSets(ExtensionSet.ALL)) {
    assert(knownSizes("s2c", cpeDialect(extensions)).every((size) => size <= MAX_PACKET_SIZE));
  }
});
