import { assert, assertEquals, assertStrictEquals } from "../harness/assert.ts";
import { BLOCK } from "../../lib/demo/block.ts";
import { generateHub } from "../../lib/demo/hub.ts";
import { endlessLevel, LevelStream } from "../../lib/demo/level_stream.ts";
import { generateFlat } from "../../lib/demo/world.ts";
import { type ExtensionName, ExtensionSet } from "../../lib/protocol/extensions.ts";
import type { Dialect, PacketName } from "../../lib/protocol/packet_table.ts";
import { readPacket } from "../../lib/protocol/packets.ts";
import { mapOf, type SeenPacket } from "./client.ts";

function speaking(...extensions: ExtensionName[]): Dialect {
  return { protocol: 7, cpe: true, extensions: ExtensionSet.of(...extensions) };
}

const NAMES: Readonly<Record<number, PacketName>> = {
  0x02: "LevelInitialize",
  0x03: "LevelDataChunk",
  0x04: "LevelFinalize",
};

function seen(packets: readonly Uint8Array[]): SeenPacket[] {
  return packets.map((bytes) => ({ name: NAMES[bytes[0] ?? 0] ?? "Ping", bytes }));
}

const COMMON = ["CustomBlocks", "BlockDefinitions"] as const;

for (
  const extensions of [
    [...COMMON],
    [...COMMON, "FastMap"],
    [...COMMON, "ExtendedBlocks"],
    [...COMMON, "ExtendedBlocks", "FastMap"],
  ] as const
) {
  Deno.test(`a map for ${extensions.join(", ")} is the world, block by block`, () => {
    const world = generateHub();
    world.set(3, 4, 5, extensions.some((name) => name === "ExtendedBlocks") ? 700 : 200);
    const dialect = speaking(...extensions);
    const packets = seen(new LevelStream(world).packets(dialect));
    assertEquals(mapOf(packets, dialect), world.blocks);
    const [first, last] = [packets.at(0), packets.at(-1)];
    assert(first?.name === "LevelInitialize" && last?.name === "LevelFinalize");
    const volume = dialect.extensions.has("FastMap") ? world.blocks.length : undefined;
    assertEquals(readPacket("LevelInitialize", dialect, first.bytes).volume, volume);
    assertEquals(readPacket("LevelFinalize", dialect, last.bytes), { xSize: 64, ySize: 32, zSize: 64 });
  });
}

Deno.test("a map shows blocks the client cannot know as their fallbacks", () => {
  const world = generateFlat(8, 8, 8);
  const ids = [BLOCK.GOLD, BLOCK.SANDSTONE, BLOCK.STONE_BRICK, BLOCK.LANTERN, BLOCK.BENCH, 200, 700];
  for (const [x, id] of ids.entries()) world.set(x, 7, 0, id);
  const dialect = speaking();
  const map = mapOf(seen(new LevelStream(world).packets(dialect)), dialect);
  const row = world.index(0, 7, 0);
  const { GOLD, SAND, STONE, SLAB } = BLOCK;
  assertEquals([...map.subarray(row, row + ids.length)], [GOLD, SAND, STONE, GOLD, SLAB, STONE, STONE]);
});

Deno.test("a map is compressed once until a block changes", () => {
  const world = generateFlat();
  const levels = new LevelStream(world);
  const before = levels.packets(speaking());
  assertStrictEquals(levels.packets(speaking("HeldBlock")), before);
  world.set(1, 1, 1, BLOCK.GOLD);
  const after = levels.packets(speaking());
  assertEquals(mapOf(seen(after), speaking())[world.index(1, 1, 1)], BLOCK.GOLD);
});

Deno.test("an endless map goes on in whole chunks", () => {
  const chunks = endlessLevel(speaking());
  assertEquals(chunks.next().value?.[0], 0x02);
  for (let count = 0; count < 1000; count++) assertEquals(chunks.next().value?.[0], 0x03);
});
