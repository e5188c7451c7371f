import { type ExtensionName, ExtensionSet } from "../../lib/protocol/extensions.ts";
import { type Dialect, packetById, type PacketName, packetSize } from "../../lib/protocol/packet_table.ts";
import { type PacketValues, readPacket } from "../../lib/protocol/packets.ts";
import { GARDEN_SIZES as SIZES } from "../../lib/session/waiting_garden.ts";
import {
  WAITING_WORLD_SPAWN as SPAWN,
  waitingWorldBlockAt,
  waitingWorldBlocks,
  waitingWorldPackets,
} from "../../lib/session/waiting_world.ts";
import { mapOf, type SeenPacket } from "../demo/client.ts";
import { assert, assertEquals, assertStrictEquals } from "../harness/assert.ts";

const MAX_WIRE_SIZE = 8 << 10;
const VANILLA: Dialect = { protocol: 7, cpe: false, extensions: ExtensionSet.EMPTY };
/** Leaves; sponge and glass came in 0.0.19a. */
const NEWEST_BLOCK = 18;
const [AIR, SAPLING, WATER] = [0, 6, 9];
const EYE_HEIGHT = 51;

function speaking(...extensions: ExtensionName[]): Dialect {
  return { protocol: 7, cpe: true, extensions: ExtensionSet.of(...extensions) };
}

function framed(bytes: Uint8Array, dialect: Dialect): SeenPacket[] {
  const packets: SeenPacket[] = [];
  for (let at = 0; at < bytes.length;) {
    const packet = packetById("s2c", bytes[at] ?? 0);
    assert(packet !== undefined);
    const end = at + packetSize(packet, dialect);
    packets.push({ name: packet.name as PacketName, bytes: bytes.subarray(at, end) });
    at = end;
  }
  return packets;
}

function read<N extends PacketName>(packet: SeenPacket | undefined, name: N, dialect: Dialect): PacketValues<N> {
  assert(packet?.name === name);
  return readPacket(name, dialect, packet.bytes);
}

for (
  const dialect of [
    { ...VANILLA, protocol: 3 },
    { ...VANILLA, protocol: 5 },
    VANILLA,
    speaking(),
    speaking("FastMap"),
    speaking("ExtendedBlocks", "HeldBlock"),
    { ...speaking(), extensions: ExtensionSet.ALL },
  ] as const
) {
  const extensions = dialect.cpe ? `${dialect.extensions.size} extensions` : "no CPE";
  Deno.test(`the waiting room for protocol ${dialect.protocol} with ${extensions} is one whole map of at most 8 KiB`, () => {
    const bytes = waitingWorldPackets(dialect);
    assert(bytes.length <= MAX_WIRE_SIZE, `${bytes.length} bytes`);
    const packets = framed(bytes, dialect);
    const volume = dialect.extensions.has("FastMap") ? waitingWorldBlocks().length : undefined;
    assertEquals(read(packets[0], "LevelInitialize", dialect).volume, volume);
    assertEquals(read(packets.at(-1), "LevelFinalize", dialect), SIZES);
    assertEquals(packets.slice(1, -1).every(({ name }) => name === "LevelDataChunk"), true);
    assertEquals(mapOf(packets, dialect), waitingWorldBlocks());
  });
}

Deno.test("the waiting room is made once for all clients that get the same bytes", () => {
  const bytes = waitingWorldPackets(VANILLA);
  assertStrictEquals(waitingWorldPackets({ ...speaking("HeldBlock", "ExtPlayerList"), protocol: 7 }), bytes);
  assert(waitingWorldPackets(speaking("FastMap")) !== bytes);
  assertStrictEquals(waitingWorldBlocks(), waitingWorldBlocks());
});

Deno.test("the waiting room is built of blocks that the oldest clients know", () => {
  assertEquals(waitingWorldBlocks().filter((id) => id > NEWEST_BLOCK), new Uint16Array());
});

Deno.test("the block at a place is the map's, and none is outside", () => {
  const { xSize, ySize, zSize } = SIZES;
  const blocks = waitingWorldBlocks();
  assertEquals(blocks.length, xSize * ySize * zSize);
  assertEquals(waitingWorldBlockAt(3, 5, 7), blocks[(5 * zSize + 7) * xSize + 3]);
  assertEquals(waitingWorldBlockAt(xSize - 1, ySize - 1, zSize - 1), blocks.at(-1));
  for (const [x, y, z] of [[-1, 0, 0], [0, -1, 0], [0, 0, -1], [xSize, 0, 0], [0, ySize, 0], [0, 0, zSize]] as const) {
    assertEquals(waitingWorldBlockAt(x, y, z), undefined);
  }
});

/** Where the feet of a player are who has just come. */
const START: Place = [SPAWN.x >> 5, (SPAWN.y - EYE_HEIGHT) >> 5, SPAWN.z >> 5];

Deno.test("players begin on solid ground, with air for feet and head and nothing before their eyes", () => {
  const [x, y, z] = START;
  assertEquals((SPAWN.y - EYE_HEIGHT) % 32, 0);
  assert(!isPassable(waitingWorldBlockAt(x, y - 1, z)));
  assertEquals([waitingWorldBlockAt(x, y, z), waitingWorldBlockAt(x, y + 1, z)], [AIR, AIR]);
  // Yaw 0 looks north.
  assertEquals(SPAWN.yaw, 0);
  for (let ahead = 1; ahead <= 5; ahead++) assertEquals(waitingWorldBlockAt(x, y + 1, z - ahead), AIR);
});

type Place = readonly [x: number, y: number, z: number];
type BlockAt = typeof waitingWorldBlockAt;

function isPassable(id: number | undefined): boolean {
  return id === AIR || id === SAPLING || id === WATER;
}

/** Blocks a player can fly through the air without losing height; more than any client's physics allow. */
const LEAP = 4;

/** Every place that a player's feet can get to by walking, jumping, swimming and falling. */
function reachable(start: Place, blockAt: BlockAt): Place[] {
  const isFree = ([x, y, z]: Place): boolean => isPassable(blockAt(x, y, z)) && isPassable(blockAt(x, y + 1, z));
  const holds = ([x, y, z]: Place): boolean => !isPassable(blockAt(x, y - 1, z)) || blockAt(x, y, z) === WATER;
  const places = new Map<string, Place>();
  const seen = new Set<string>();
  const waiting: { readonly place: Place; readonly flown: number }[] = [];
  const visit = (place: Place, flown: number): void => {
    const state = { place, flown: holds(place) ? 0 : flown };
    const key = `${place} ${state.flown}`;
    if (seen.has(key) || !isFree(place)) return;
    seen.add(key);
    places.set(String(place), place);
    waiting.push(state);
  };
  visit(start, 0);
  for (let state = waiting.pop(); state !== undefined; state = waiting.pop()) {
    const { place: [x, y, z], flown } = state;
    visit([x, y - 1, z], flown);
    if (holds([x, y, z])) visit([x, y + 1, z], 1);
    if (flown >= LEAP) continue;
    for (const dx of [-1, 0, 1]) {
      for (const dz of [-1, 0, 1]) visit([x + dx, y, z + dz], flown + 1);
    }
  }
  return [...places.values()];
}

function atBorder([x, , z]: Place): boolean {
  return x === 0 || z === 0 || x === SIZES.xSize - 1 || z === SIZES.zSize - 1;
}

Deno.test("players can walk about in the garden but not out of it", () => {
  const places = reachable(START, waitingWorldBlockAt);
  assertEquals(places.filter(atBorder), []);
  const ground = new Set(places.map(([x, , z]) => `${x} ${z}`));
  assert(ground.size > 250, `${ground.size} columns can be walked on`);
});

Deno.test("a gap in the hedge would let players out", () => {
  const [, , south] = START;
  const gap: BlockAt = (x, y, z) =>
    x === START[0] && z > south && y >= START[1] - 2 ? AIR : waitingWorldBlockAt(x, y, z);
  assert(reachable(START, gap).some(atBorder));
});
