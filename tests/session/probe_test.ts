import { ExtensionSet } from "../../lib/protocol/extensions.ts";
import type { Dialect } from "../../lib/protocol/packet_table.ts";
import { encodePacket, readPacket } from "../../lib/protocol/packets.ts";
import { LoginProbe, type ProbeStep } from "../../lib/session/probe.ts";
import { concat } from "../demo/client.ts";
import { assert, assertEquals } from "../harness/assert.ts";
import { seeded, splitAt, splitAtRandom, splitEvery } from "../harness/chunks.ts";

const NOW = 1000;
const LIST_MS = 250;
const PLAIN: Dialect = { protocol: 7, cpe: true, extensions: ExtensionSet.EMPTY };
const OFFER = ExtensionSet.of("CustomBlocks", "FastMap", "EnvMapAspect", "ExtendedBlocks");

const welcome = encodePacket("ServerIdentification", PLAIN, { protocol: 7, serverName: "Hub", motd: "", userType: 0 });
const chat = encodePacket("Message", PLAIN, { type: 0, message: "already logged in" });
const ping = encodePacket("Ping", PLAIN, {});
const map = encodePacket("LevelInitialize", PLAIN, {});
const kick = encodePacket("DisconnectPlayer", PLAIN, { reason: "Server is full!" });

function info(count: number): Uint8Array {
  return encodePacket("ExtInfo", PLAIN, { appName: "Backend 1.0", count });
}

function entry(extension: string, version: number): Uint8Array {
  return encodePacket("ExtEntry", PLAIN, { extension, version });
}

const entries = [...OFFER.entries()].map(({ name, version }) => entry(name, version));

/** The first step but `more` that `chunks` lead to, or the last step. What was read is overwritten at once. */
function steps(probe: LoginProbe, chunks: Iterable<Uint8Array>): ProbeStep {
  let step = probe.tick(NOW);
  for (const chunk of chunks) {
    const lent = chunk.slice();
    step = probe.push(lent, NOW);
    lent.fill(0xee);
    if (step.kind !== "more") return step;
  }
  return step;
}

function alive(offer: ExtensionSet | undefined, note?: string): ProbeStep {
  return { kind: "alive", offer, ...note !== undefined && { note } };
}

function assertStep(step: ProbeStep, expected: ProbeStep): void {
  assertEquals(step.kind, expected.kind);
  if (step.kind !== "alive" || expected.kind !== "alive") return assertEquals(step, expected);
  assertEquals([step.offer?.key, step.note], [expected.offer?.key, expected.note]);
}

Deno.test("a probe says hello as a client with CPE and without a key", () => {
  const { hello } = new LoginProbe("Health_1.");
  assertEquals(hello.length, 131);
  assertEquals(readPacket("PlayerIdentification", PLAIN, hello), {
    protocol: 7,
    username: "Health_1.",
    key: "-",
    magic: 0x42,
  });
});

const ANSWERS: readonly { readonly backend: string; readonly bytes: Uint8Array; readonly step: ProbeStep }[] = [
  { backend: "lists its extensions", bytes: concat([info(entries.length), ...entries]), step: alive(OFFER) },
  {
    backend: "chats and pings before its list",
    bytes: concat([chat, ping, info(entries.length), ...entries]),
    step: alive(OFFER),
  },
  {
    backend: "identifies itself before its list, as cserver does",
    bytes: concat([welcome, chat, info(entries.length), ...entries]),
    step: alive(OFFER),
  },
  {
    backend: "lists extensions nobody knows, one twice and one with version 0",
    bytes: concat([
      info(5),
      entry("EvilBastard", 1),
      entry("EnvMapAppearance", 1),
      entry("EnvMapAppearance", 2),
      entry("SetHotbar", 0),
      entry("EntityProperty", 0x101),
    ]),
    step: alive(ExtensionSet.EMPTY.with("EnvMapAppearance", 2).with("SetHotbar", 1).with("EntityProperty", 1)),
  },
  { backend: "counts no extension", bytes: info(0), step: alive(ExtensionSet.EMPTY) },
  {
    backend: "identifies itself behind fewer entries than it counted",
    bytes: concat([info(9), entry("HeldBlock", 1), welcome]),
    step: alive(ExtensionSet.of("HeldBlock")),
  },
  { backend: "begins its map without a list", bytes: concat([welcome, ping, map]), step: alive(ExtensionSet.EMPTY) },
  { backend: "kicks", bytes: kick, step: alive(undefined, "Server is full!") },
  {
    backend: "kicks behind its Identification",
    bytes: concat([welcome, kick]),
    step: alive(undefined, "Server is full!"),
  },
  {
    backend: "sends no packet",
    bytes: Uint8Array.of(0xee),
    step: { kind: "failed", cause: "sent unknown packet 238: ee" },
  },
  {
    backend: "goes on with what is no packet",
    bytes: concat([welcome, Uint8Array.of(0xc0)]),
    step: { kind: "failed", cause: "sent unknown packet 192: c0" },
  },
];

for (const { backend, bytes, step } of ANSWERS) {
  Deno.test(`a probe of a backend that ${backend} comes to its end with the last packet, however the bytes are cut`, () => {
    assertEquals(steps(new LoginProbe("Health"), [bytes.subarray(0, -1)]).kind, "more");
    assertStep(steps(new LoginProbe("Health"), [bytes]), step);
    for (let at = 1; at < bytes.length; at++) assertStep(steps(new LoginProbe("Health"), splitAt(bytes, [at])), step);
    assertStep(steps(new LoginProbe("Health"), splitEvery(bytes, 1)), step);
    for (let seed = 0; seed < 50; seed++) {
      assertStep(steps(new LoginProbe("Health"), splitAtRandom(bytes, seeded(seed))), step);
    }
  });
}

Deno.test("a probe is not certain before the last entry, however long that takes", () => {
  const probe = new LoginProbe("Health");
  assertEquals(steps(probe, [info(entries.length), ...entries.slice(1)]), { kind: "more", wakeAt: Infinity });
  assertEquals(probe.tick(NOW + 60_000).kind, "more");
  assertStep(probe.push(entries[0] ?? ping, NOW + 60_000), alive(OFFER));
});

Deno.test("a backend that has identified itself is given a quarter of a second for its list", () => {
  const probe = new LoginProbe("Health");
  assertEquals(steps(probe, [chat]), { kind: "more", wakeAt: Infinity });
  assertEquals(steps(probe, [welcome]), { kind: "more", wakeAt: NOW + LIST_MS });
  assertEquals(probe.push(concat([ping, welcome]), NOW + 100), { kind: "more", wakeAt: NOW + LIST_MS });
  assertEquals(probe.tick(NOW + LIST_MS - 1).kind, "more");
  assertStep(probe.tick(NOW + LIST_MS), alive(ExtensionSet.EMPTY));
});

Deno.test("a list that has begun in time may take longer", () => {
  const probe = new LoginProbe("Health");
  steps(probe, [welcome]);
  assertEquals(probe.push(info(1), NOW + LIST_MS - 1), { kind: "more", wakeAt: Infinity });
  assertEquals(probe.tick(NOW + 2 * LIST_MS).kind, "more");
  assertStep(probe.push(entry("HeldBlock", 1), NOW + 2 * LIST_MS), alive(ExtensionSet.of("HeldBlock")));
});

Deno.test("random bytes end a probe or leave it waiting, and never throw", () => {
  for (let seed = 0; seed < 300; seed++) {
    const random = seeded(seed);
    const bytes = concat([random.pick([welcome, info(3), chat, ping]), random.bytes(400)]);
    const step = steps(new LoginProbe("Health"), splitAtRandom(bytes, random));
    assert(["more", "alive", "failed"].includes(step.kind));
  }
});
