/** Whole sessions between random dialects, with random packets in random pieces: whatever comes out must frame. */
import { EXTENSIONS, ExtensionSet } from "../../../lib/protocol/extensions.ts";
import { PacketBuffer } from "../../../lib/protocol/packet_buffer.ts";
import { type Dialect, type Direction, legalSizes, PACKETS } from "../../../lib/protocol/packet_table.ts";
import { encodePacket } from "../../../lib/protocol/packets.ts";
import { CLIENT } from "../../../lib/session/port.ts";
import { assert, assertEquals } from "../../harness/assert.ts";
import { type Random, seeded, splitAtRandom } from "../../harness/chunks.ts";
import { MemoryDriver } from "../../harness/memory_driver.ts";
import { splitPackets } from "../../harness/reference_splitter.ts";
import { concat, dialect, extensionList, identification, welcome } from "../../session/logins.ts";

const SECONDS = Number(Deno.env.get("KURAFUTO_FUZZ_SECONDS") ?? 2);

/** Packets that end a session or mean something to the edge itself. */
const OWN = ["PlayerIdentification", "ExtInfo", "ExtEntry", "CustomBlockSupportLevel", "DisconnectPlayer"];
/** Map packets of random content make no map; they are added where a real one is wanted. */
const MAP = ["LevelInitialize", "LevelDataChunk", "LevelFinalize"];

function randomSet(random: Random): ExtensionSet {
  return EXTENSIONS.filter(() => random.next() < 0.6).reduce(
    (set, { name, version }) => set.with(name, 1 + random.below(version)),
    ExtensionSet.EMPTY,
  );
}

/** Packets that are legal on the leg, with any content; some come several times in a row. */
function randomPackets(direction: Direction, leg: Dialect, random: Random, count: number): Uint8Array {
  const sizes = legalSizes(direction, leg);
  const ids = PACKETS.filter(({ name, id, direction: way }) =>
    (way === direction || way === "both") && sizes[id] !== 0 && !OWN.includes(name) && !MAP.includes(name)
  ).map(({ id }) => id);
  const out = new PacketBuffer();
  for (let i = 0; i < count; i++) {
    const id = random.pick(ids);
    for (let again = random.below(4); again >= 0; again--) {
      const packet = random.bytes(sizes[id] ?? 1);
      packet[0] = id;
      out.append(packet);
    }
  }
  return out.copy();
}

function assertFrames(stream: Uint8Array, direction: Direction, leg: Dialect, what: string): void {
  const sizes = legalSizes(direction, leg);
  const { outcome, end } = splitPackets(stream, (id) => sizes[id] ?? 0);
  assertEquals({ outcome, end }, { outcome: "complete", end: stream.length }, what);
}

/** A session in play between random dialects. */
function randomSession(random: Random): { driver: MemoryDriver; client: Dialect; backend: Dialect } {
  const announced = randomSet(random).with("HeldBlock", 1);
  const listed = randomSet(random).with("HeldBlock", 1);
  const offered = randomSet(random);
  const client = dialect(announced.intersect(listed));
  const backend = dialect(client.extensions.intersect(offered));
  const driver = new MemoryDriver({ announced });
  driver.fromClient(concat(identification(), extensionList(listed)));
  driver.open();
  driver.fromBackend(concat(extensionList(offered, "Backend"), welcome()));
  driver.fromBackend(encodePacket("LevelFinalize", backend, { xSize: 8, ySize: 8, zSize: 8 }));
  assert(!driver.session.ended);
  driver.take(CLIENT);
  driver.take(driver.backend);
  return { driver, client, backend };
}

function fuzz(round: (random: Random, seed: number) => void): void {
  const end = performance.now() + SECONDS * 1000;
  for (let seed = 1; performance.now() < end; seed++) round(seeded(seed), seed);
}

Deno.test("packets of random content between random dialects come out framed", () => {
  fuzz((random, seed) => {
    const { driver, client, backend } = randomSession(random);
    const down = randomPackets("s2c", backend, random, 60);
    driver.fromBackend(down, splitAtRandom(down, random));
    const up = randomPackets("c2s", client, random, 60);
    driver.fromClient(up, splitAtRandom(up, random));
    driver.settle();
    assertEquals(driver.summary?.detail, undefined, `seed ${seed}`);
    assertFrames(driver.take(CLIENT), "s2c", client, `to the client, seed ${seed}`);
    assertFrames(driver.take(driver.backend), "c2s", backend, `to the backend, seed ${seed}`);
  });
});

Deno.test("the same comes out however a stream is cut into chunks", () => {
  fuzz((random, seed) => {
    const setSeed = random.below(1 << 30);
    const [whole, cut] = [randomSession(seeded(setSeed)), randomSession(seeded(setSeed))];
    const down = randomPackets("s2c", whole.backend, random, 40);
    const up = randomPackets("c2s", whole.client, random, 40);
    whole.driver.fromBackend(down);
    whole.driver.fromClient(up);
    cut.driver.fromBackend(down, splitAtRandom(down, random));
    cut.driver.fromClient(up, splitAtRandom(up, random));
    for (const leg of [CLIENT, whole.driver.backend]) {
      assertEquals(cut.driver.take(leg), whole.driver.take(leg), `leg ${leg}, seed ${seed}`);
    }
    assertEquals(cut.driver.session.traffic, whole.driver.session.traffic, `seed ${seed}`);
  });
});

Deno.test("garbage from either side never throws and never reaches the other side misframed", () => {
  fuzz((random, seed) => {
    const { driver, client, backend } = randomSession(random);
    const garbage = random.bytes(1 + random.below(4000));
    const fromBackend = random.next() < 0.5;
    driver.feed(fromBackend ? driver.backend : CLIENT, garbage, splitAtRandom(garbage, random));
    assertFrames(driver.take(CLIENT), "s2c", client, `to the client, seed ${seed}`);
    // As the real client does, the edge answers the question about custom blocks also where they were not negotiated.
    const answered = dialect(backend.extensions.with("CustomBlocks", 1));
    assertFrames(driver.take(driver.backend), "c2s", answered, `to the backend, seed ${seed}`);
  });
});
