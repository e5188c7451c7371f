/** The recorded sessions of real clients and servers, played through the edge. */
import { ExtensionSet } from "../../lib/protocol/extensions.ts";
import { type Dialect, legalSizes, type PacketName, packetNamed } from "../../lib/protocol/packet_table.ts";
import { encodePacket } from "../../lib/protocol/packets.ts";
import { CLIENT } from "../../lib/session/port.ts";
import { assert, assertEquals } from "../harness/assert.ts";
import { seeded, splitAt, splitAtRandom, splitEvery } from "../harness/chunks.ts";
import { MemoryDriver } from "../harness/memory_driver.ts";
import { splitPackets } from "../harness/reference_splitter.ts";
import { frames, type Trace, traces } from "../harness/traces.ts";
import { concat, extensionList } from "./logins.ts";

/** What the edge says in its own name on both legs. */
const NEGOTIATION: readonly PacketName[] = ["ExtInfo", "ExtEntry", "CustomBlockSupportLevel"];

/** What a client says before anything that depends on the extensions. */
const OPENING: readonly string[] = ["PlayerIdentification", "ExtInfo", "ExtEntry"] satisfies PacketName[];

const SUPPORT_LEVEL = packetNamed("CustomBlockSupportLevel").id;
const DISCONNECT = packetNamed("DisconnectPlayer").id;

type Cut = (bytes: Uint8Array) => Uint8Array[];

const whole: Cut = (bytes) => [bytes];

/** Plays a recording, each stream cut as told; returns what came out on either side. */
function play(trace: Trace, announced: ExtensionSet, cutClient: Cut, cutServer: Cut): MemoryDriver {
  const driver = new MemoryDriver({ announced });
  driver.fromClient(trace.c2s, cutClient(trace.c2s));
  driver.open();
  driver.fromBackend(trace.s2c, cutServer(trace.s2c));
  driver.settle();
  // One recording ends with the server's kick; everything else ends with the session still on.
  if (driver.summary !== undefined) assertEquals(driver.summary.detail, "kicked: disconnected");
  return driver;
}

function without(trace: Trace, direction: "c2s" | "s2c", names: readonly PacketName[]): Uint8Array[] {
  return [...frames(trace, direction)].filter(({ packet }) => !(names as readonly string[]).includes(packet.name))
    .map(({ bytes }) => bytes);
}

function supportLevel(trace: Trace): Uint8Array {
  return trace.dialect.extensions.has("CustomBlocks")
    ? encodePacket("CustomBlockSupportLevel", trace.dialect, { level: 1 })
    : new Uint8Array(0);
}

/** What the client must get where the edge announces just what the server did: the negotiation, then every byte of play. */
function expectedAtClient(trace: Trace): Uint8Array {
  const { cpe } = trace.dialect;
  const play = without(trace, "s2c", NEGOTIATION);
  // One server says its farewell twice; the first ends the session.
  const farewell = play.findIndex(([id]) => id === DISCONNECT);
  return concat(
    cpe ? extensionList(trace.announced, "Kurafuto") : new Uint8Array(0),
    supportLevel(trace),
    ...farewell < 0 ? play : play.slice(0, farewell + 1),
  );
}

/** What the backend must get, but for the edge's answers about custom blocks, whose place among the rest is free. */
function expectedAtBackend(trace: Trace): Uint8Array {
  const [identification = new Uint8Array(0), ...rest] = without(trace, "c2s", NEGOTIATION);
  const list = trace.dialect.cpe ? extensionList(trace.dialect.extensions) : new Uint8Array(0);
  return concat(identification, list, ...rest);
}

/** What the backend got, and how often the edge answered it about custom blocks. */
function takeAtBackend(trace: Trace, driver: MemoryDriver): { bytes: Uint8Array; answers: number } {
  const stream = driver.take(driver.backend);
  const sizes = legalSizes("c2s", trace.dialect);
  const { packets, outcome } = splitPackets(stream, (id) => sizes[id] ?? 0);
  assertEquals(outcome, "complete");
  const kept = packets.filter(({ start }) => stream[start] !== SUPPORT_LEVEL);
  return {
    bytes: concat(...kept.map(({ start, end }) => stream.subarray(start, end))),
    answers: packets.length - kept.length,
  };
}

function assertUnchanged(trace: Trace, cutClient: Cut, cutServer: Cut): void {
  const driver = play(trace, trace.announced, cutClient, cutServer);
  assertEquals(driver.take(CLIENT), expectedAtClient(trace));
  const { bytes, answers } = takeAtBackend(trace, driver);
  assertEquals(bytes, expectedAtBackend(trace));
  const questions = [...frames(trace, "s2c")].filter(({ packet }) => packet.id === SUPPORT_LEVEL);
  assertEquals(answers, questions.length);
}

/** Positions to cut at: all of the first bytes, then the ends of packets and the bytes beside them. */
function boundaries(trace: Trace, direction: "c2s" | "s2c"): number[] {
  const { length } = trace[direction];
  const positions = new Set(Array.from({ length: Math.min(length, 3000) }, (_, i) => i));
  for (const { start } of frames(trace, direction)) {
    for (const position of [start - 1, start, start + 1, start + 2]) positions.add(position);
  }
  return [...positions].filter((position) => position > 0 && position < length);
}

for (const trace of traces()) {
  Deno.test(`${trace.name} comes out as it went in, in whole streams and in single bytes`, () => {
    assertUnchanged(trace, whole, whole);
    assertUnchanged(trace, (bytes) => splitEvery(bytes, 1), (bytes) => splitEvery(bytes, 1));
    assertUnchanged(trace, (bytes) => splitEvery(bytes, 7), (bytes) => splitEvery(bytes, 1460));
  });

  Deno.test(`${trace.name} comes out as it went in, cut at random`, () => {
    for (let seed = 0; seed < 25; seed++) {
      const random = seeded(seed);
      assertUnchanged(trace, (bytes) => splitAtRandom(bytes, random), (bytes) => splitAtRandom(bytes, random));
    }
  });

  Deno.test(`${trace.name} comes out as it went in, cut in two at every boundary`, () => {
    const atClient = expectedAtClient(trace);
    const atBackend = expectedAtBackend(trace);
    const check = (driver: MemoryDriver, position: number): void => {
      const same = equal(driver.take(CLIENT), atClient) && equal(takeAtBackend(trace, driver).bytes, atBackend);
      assert(same, `differs when cut at ${position}`);
    };
    for (const position of boundaries(trace, "s2c")) {
      check(play(trace, trace.announced, whole, (bytes) => splitAt(bytes, [position])), position);
    }
    for (const position of boundaries(trace, "c2s")) {
      check(play(trace, trace.announced, (bytes) => splitAt(bytes, [position]), whole), position);
    }
  });

  Deno.test(`${trace.name} frames without remainder for a client with everything`, () => {
    const opening = [...frames(trace, "c2s")].filter(({ packet }) => OPENING.includes(packet.name));
    const c2s = concat(...opening.map(({ bytes }) => bytes));
    const driver = play({ ...trace, c2s }, ExtensionSet.ALL, whole, whole);
    const client: Dialect = { ...trace.dialect, extensions: ExtensionSet.ALL.intersect(trace.listed) };
    assertComplete(driver.take(CLIENT), legalSizes("s2c", client));
  });
}

function assertComplete(stream: Uint8Array, sizes: Uint16Array): void {
  const { outcome, end } = splitPackets(stream, (id) => sizes[id] ?? 0);
  assertEquals({ outcome, end }, { outcome: "complete", end: stream.length });
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}
