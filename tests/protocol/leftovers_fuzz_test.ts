/** Whatever legal packets a client got: once they are undone, it knows in its next world what a fresh client knows there. */
import { CLASSICBORNE, CLASSICUBE, CSERVER, MCCHOST, MCGALAXY, NONE } from "../../lib/demo/presets.ts";
import { EXTENSIONS, ExtensionSet } from "../../lib/protocol/extensions.ts";
import {
  type Dialect,
  type Field,
  isLegal,
  type Packet,
  type PacketName,
  PACKETS,
} from "../../lib/protocol/packet_table.ts";
import { encodePacket, type PacketInput } from "../../lib/protocol/packets.ts";
import { assertEquals } from "../harness/assert.ts";
import { type Random, seeded } from "../harness/chunks.ts";
import { TrackedClient } from "./tracked_client.ts";

const DEFAULT_SECONDS = 2;
const MIN_ROUNDS = 60;
const PACKETS_PER_STAY = 250;
const MOVES = 3;
const PRESETS = [CLASSICUBE, MCGALAXY, MCCHOST, CSERVER, CLASSICBORNE, NONE];

/** Packets of the exchange of extension lists, of maps, which are whole or not at all, and the end of everything. */
const LEFT_OUT = [
  "ExtInfo",
  "ExtEntry",
  "CustomBlockSupportLevel",
  "LevelInitialize",
  "LevelDataChunk",
  "LevelFinalize",
  "DisconnectPlayer",
];

/** Small pools make packets meet on the same things. */
const BYTES = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 30, 63, 64, 65, 66, 97, 99, 100, 101, 102, 120, 128, 254, 255];
const BLOCKS = [0, 1, 2, 5, 7, 9, 11, 20, 64, 65, 66, 200, 255, 256, 300, 767, 768, 768 + 5, 0xffff];
const NUMBERS = [0, 1, 2, 5, 30, 65, 160, 255, 256, 500, 1000, 2000, -1, -1000];
const TEXTS = [
  "",
  "humanoid",
  "chicken",
  "http://a.example/",
  "https://b.example/",
  "ftp://c.example/",
  "^detail.user=compass",
  "^DETAIL.user=",
  "^detail.user.joined",
  "-hax",
  "Steve",
  "&cSteve+",
];

function fieldValue(field: Field, random: Random): number | string | Uint8Array {
  switch (field.type) {
    case "text":
      return random.pick(TEXTS);
    case "bytes":
      return random.bytes(field.count);
    case "f32":
      return random.below(3);
    case "block":
      return random.pick(BLOCKS);
    case "u8":
    case "i8":
      return random.pick(BYTES);
    case "u16":
    case "i16":
    case "i32":
    case "coordinate":
    case "texture":
      return random.pick(NUMBERS);
  }
}

/** A packet with sensible values, or now and then with any. */
function randomPacket(packet: Packet, dialect: Dialect, random: Random): Uint8Array {
  const fields = packet.fields.map((field) => [field.name, fieldValue(field, random)]);
  // Every packet of the table has a name of the table, and the values were made by its own fields.
  const values = Object.fromEntries(fields) as unknown as PacketInput<PacketName>;
  const bytes = encodePacket(packet.name as PacketName, dialect, values);
  if (random.below(10) === 0) bytes.set(random.bytes(bytes.length - 1), 1);
  return bytes;
}

/** A preset, or a random set in which what changes the client comes with what changes it back. */
function randomSet(random: Random): ExtensionSet {
  if (random.below(2) === 0) return random.pick(PRESETS);
  const set = EXTENSIONS.filter(() => random.next() < 0.6).reduce(
    (set, { name, version }) => set.with(name, 1 + random.below(version)),
    ExtensionSet.EMPTY,
  );
  const whole = set.has("HeldBlock") ? set.with("SetHotbar", 1) : set;
  return whole.has("BlockDefinitionsExt") ? whole.with("BlockDefinitions", 1) : whole;
}

function stay(client: TrackedClient, random: Random, carriesOver: boolean): void {
  const legal = (PACKETS as readonly Packet[]).filter((packet) =>
    packet.direction !== "c2s" && isLegal(packet, client.dialect) && !LEFT_OUT.includes(packet.name)
  );
  const few = Array.from({ length: 1 + random.below(6) }, () => random.pick(legal));
  for (let count = random.below(PACKETS_PER_STAY); count > 0; count--) {
    if (random.below(40) === 0) client.enterMap();
    if (carriesOver && random.below(20) === 0) client.carryOver();
    client.takeBytes(randomPacket(random.pick(random.below(3) === 0 ? legal : few), client.dialect, random));
  }
}

/** @param carriesOver Whether what is tracked is written down and taken up again now and then. */
function round(seed: number, carriesOver: boolean): void {
  const random = seeded(seed);
  const extensions = randomSet(random);
  const fresh = new TrackedClient(extensions).arrive();
  const client = new TrackedClient(extensions);
  for (let move = 1; move <= MOVES; move++) {
    stay(client, random, carriesOver);
    client.takeBytes(client.undo());
    assertEquals(client.arrive(), fresh, `seed ${seed}, move ${move}`);
    assertEquals(client.undo().length, 0, `seed ${seed}, move ${move}: what was undone is tracked`);
  }
}

/** Plays rounds for as long as is asked for. */
function rounds(carriesOver: boolean): void {
  const seconds = Number(Deno.env.get("KURAFUTO_FUZZ_SECONDS") ?? DEFAULT_SECONDS);
  const end = performance.now() + 1000 * seconds;
  for (let seed = 1; seed <= MIN_ROUNDS || performance.now() < end; seed++) round(seed, carriesOver);
}

Deno.test("a client is fresh after random packets are undone and it enters a new map", () => rounds(false));

Deno.test("that is so, too, where what is tracked is written down and resumed on the way", () => rounds(true));
