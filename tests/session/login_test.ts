import { ExtensionSet } from "../../lib/protocol/extensions.ts";
import type { ProtocolVersion } from "../../lib/protocol/packet_table.ts";
import { encodePacket } from "../../lib/protocol/packets.ts";
import { CLIENT, DEFAULT_LIMITS } from "../../lib/session/port.ts";
import { assert, assertEquals, assertMatch } from "../harness/assert.ts";
import { MemoryDriver } from "../harness/memory_driver.ts";
import { chatLines, frames, outline } from "./frames.ts";
import { concat, dialect, extensionList, identification, kickText, smallMap, vanilla, welcome } from "./logins.ts";

const SMALL = ExtensionSet.of("CustomBlocks", "HeldBlock", "TwoWayPing");

Deno.test("a client with CPE is told S at once, and the backend dialled before it has answered", () => {
  const driver = new MemoryDriver({ announced: SMALL, appName: "My proxy" });
  driver.fromClient(identification());
  assertEquals(driver.take(CLIENT), extensionList(SMALL, "My proxy"));
  assertEquals(driver.dialled.map(({ backend }) => backend), ["hub"]);
});

Deno.test("a login in single bytes is a login", () => {
  const driver = new MemoryDriver({ announced: SMALL });
  const login = concat(identification(), extensionList(SMALL));
  driver.fromClient(login, Array.from(login, (byte) => Uint8Array.of(byte)));
  driver.open();
  assertEquals(driver.take(driver.backend), concat(identification(), extensionList(SMALL)));
});

Deno.test("the handshake is replayed with C, in C's versions, under the client's own software name", () => {
  const driver = new MemoryDriver({ announced: ExtensionSet.ALL.without("TwoWayPing") });
  const client = SMALL.with("EnvMapAspect", 1);
  driver.fromClient(concat(identification("Alex", "secret"), extensionList(client, "MyClient 2")));
  driver.open();
  assertEquals(
    driver.take(driver.backend),
    concat(identification("Alex", "secret"), extensionList(client.without("TwoWayPing"), "MyClient 2")),
  );
});

Deno.test("a backend is never offered ExtendedBlocks without HeldBlock", () => {
  const driver = new MemoryDriver();
  driver.fromClient(concat(identification(), extensionList(ExtensionSet.of("ExtendedBlocks", "FastMap"))));
  driver.open();
  assertEquals(driver.take(driver.backend), concat(identification(), extensionList(ExtensionSet.of("FastMap"))));
});

Deno.test("a client with CustomBlocks hears the support level from the edge, and its answer goes nowhere", () => {
  const driver = new MemoryDriver({ announced: SMALL });
  driver.fromClient(identification());
  driver.take(CLIENT);
  driver.fromClient(extensionList(SMALL));
  const level = encodePacket("CustomBlockSupportLevel", dialect(), { level: 1 });
  assertEquals(driver.take(CLIENT), level);
  driver.open();
  driver.take(driver.backend);
  driver.fromClient(level);
  driver.fromBackend(concat(extensionList(SMALL), welcome()));
  driver.fromClient(level);
  assertEquals(driver.take(driver.backend).length, 0);
});

Deno.test("a client that left out the announced ExtendedBlocks has it switched off again", () => {
  const driver = new MemoryDriver({ announced: ExtensionSet.of("HeldBlock", "ExtendedBlocks") });
  driver.fromClient(identification());
  driver.take(CLIENT);
  driver.fromClient(extensionList(ExtensionSet.of("HeldBlock")));
  assertEquals(driver.take(CLIENT), encodePacket("ExtEntry", dialect(), { extension: "ExtendedBlocks", version: 0 }));
});

Deno.test("the key is replayed as it came, and an empty one as a dash", () => {
  for (const [given, replayed] of [["abc123", "abc123"], ["", "-"]] as const) {
    const driver = new MemoryDriver();
    driver.fromClient(identification("Steve", given, 0));
    driver.open();
    assertEquals(driver.take(driver.backend), identification("Steve", replayed, 0));
  }
});

for (const protocol of [3, 4, 5, 6, 7] as ProtocolVersion[]) {
  Deno.test(`protocol ${protocol} logs in and has its packets forwarded`, () => {
    const leg = vanilla(protocol);
    const login = encodePacket("PlayerIdentification", leg, { protocol, username: "Steve", key: "-", magic: 0 });
    assertEquals(login.length, protocol <= 5 ? 130 : 131);
    const driver = new MemoryDriver();
    // Old versions of the game write a byte more, which is a ping.
    const ping = encodePacket("Ping", leg, {});
    driver.fromClient(concat(login, ping));
    driver.open();
    assertEquals(driver.take(driver.backend), login);
    const start = concat(welcome(leg), smallMap(leg));
    driver.fromBackend(start);
    assertEquals(driver.take(CLIENT), start);
    assertEquals(driver.take(driver.backend), ping);
  });
}

Deno.test("what a client lists twice is counted twice and is there once", () => {
  const driver = new MemoryDriver();
  const list = [extInfo(3), entry("ClickDistance", 1), entry("HeldBlock", 1), entry("ClickDistance", 1)];
  driver.fromClient(concat(identification(), ...list));
  driver.open();
  const once = ExtensionSet.of("ClickDistance", "HeldBlock");
  assertEquals(driver.take(driver.backend), concat(identification(), extensionList(once, "x")));
});

Deno.test("a backend that identifies itself before its extensions is understood", () => {
  const driver = new MemoryDriver({ announced: ExtensionSet.ALL });
  driver.fromClient(concat(identification(), extensionList(ExtensionSet.ALL)));
  driver.open();
  driver.take(CLIENT);
  driver.take(driver.backend);
  const level = encodePacket("CustomBlockSupportLevel", dialect(), { level: 1 });
  driver.fromBackend(concat(welcome(), extensionList(ExtensionSet.ALL), level));
  const map = smallMap(dialect(ExtensionSet.ALL));
  driver.fromBackend(map);
  assertEquals(driver.take(CLIENT), concat(welcome(), map));
  assertEquals(driver.take(driver.backend), level);
});

Deno.test("a backend that identifies itself first and counts more extensions than it lists is understood", () => {
  const set = ExtensionSet.of("FastMap", "ExtEntityPositions", "HeldBlock");
  const list = [entry("FastMap", 1), entry("ExtEntityPositions", 1), entry("HeldBlock", 1)];
  const chat = encodePacket("Message", dialect(), { type: 0, message: "a word in between" });
  for (const count of [4, 32_767]) {
    for (const begin of [[], [encodePacket("HoldThis", dialect(set), { block: 1, preventChange: 0 })]]) {
      const driver = new MemoryDriver({ announced: set });
      driver.fromClient(concat(identification(), extensionList(set)));
      driver.open();
      driver.take(CLIENT);
      driver.fromBackend(concat(welcome(), extInfo(count), ...list.slice(0, 2), chat, ...list.slice(2)));
      const map = concat(...begin, smallMap(dialect(set)));
      for (const byte of map) driver.fromBackend(Uint8Array.of(byte));
      assertEquals(driver.take(CLIENT), concat(welcome(), chat, map));
      assertEquals(driver.events.find(({ kind }) => kind === "offered"), {
        kind: "offered",
        backend: "hub",
        extensions: set,
      });
    }
  }
});

Deno.test("a backend that names no extensions is taken to have none once its map begins", () => {
  const driver = new MemoryDriver({ announced: SMALL });
  driver.fromClient(concat(identification(), extensionList(SMALL)));
  driver.open();
  driver.take(CLIENT);
  driver.fromBackend(welcome());
  assertEquals(driver.take(CLIENT).length, 0);
  driver.fromBackend(smallMap(dialect()));
  assertEquals(driver.take(CLIENT), concat(welcome(), smallMap(dialect(SMALL))));
});

Deno.test("a backend that wants no list unasked gets it once it has begun its own", () => {
  const driver = new MemoryDriver({ announced: SMALL, listDelivery: () => "on request" });
  driver.fromClient(concat(identification(), extensionList(SMALL)));
  driver.open();
  assertEquals(driver.take(driver.backend), identification());
  const offered = extensionList(SMALL);
  driver.fromBackend(offered.subarray(0, 67));
  assertEquals(driver.take(driver.backend), extensionList(SMALL));
  driver.fromBackend(concat(offered.subarray(67), welcome()));
  assertEquals(driver.take(driver.backend).length, 0);
  assertEquals(driver.events.map(({ kind }) => kind), ["identified", "offered", "joined"]);
});

Deno.test("a backend on trial gets the handshake in one write and is believed when it shows CPE", () => {
  const driver = new MemoryDriver({ announced: SMALL, listDelivery: () => "on trial" });
  driver.fromClient(concat(identification(), extensionList(SMALL)));
  driver.open();
  assertEquals(driver.take(driver.backend), concat(identification(), extensionList(SMALL)));
  driver.take(CLIENT);
  driver.fromBackend(concat(extensionList(SMALL), welcome()));
  assertEquals(driver.take(CLIENT), welcome());
});

Deno.test("a backend on trial without CPE is believed when it has not broken off for a while", () => {
  const driver = new MemoryDriver({ announced: SMALL, listDelivery: () => "on trial" });
  driver.fromClient(concat(identification(), extensionList(SMALL)));
  driver.open();
  driver.take(CLIENT);
  driver.fromBackend(concat(welcome(), smallMap(dialect())));
  driver.advance(DEFAULT_LIMITS.trialMs - 1);
  assertEquals(driver.take(CLIENT).length, 0);
  driver.advance(1);
  assertEquals(driver.take(CLIENT), concat(welcome(), smallMap(dialect(SMALL))));
  assert(driver.events.some((event) => event.kind === "offered" && event.extensions.size === 0));
});

Deno.test("a backend that breaks off over the list is dialled again without it, once the player has left it", () => {
  const ways: ((driver: MemoryDriver) => void)[] = [
    (driver) => driver.fromBackend(encodePacket("DisconnectPlayer", dialect(), { reason: "Unknown packet 16" })),
    (driver) => driver.session.eof(driver.backend),
    (driver) => driver.session.failed(driver.backend, "reset"),
  ];
  for (const breakOff of ways) {
    let delivery: "on trial" | "on request" = "on trial";
    const driver = new MemoryDriver({ announced: SMALL, listDelivery: () => delivery });
    driver.fromClient(concat(identification(), extensionList(SMALL)));
    driver.open();
    driver.fromBackend(concat(welcome(), smallMap(dialect())));
    const first = driver.backend;
    breakOff(driver);
    assert(driver.events.some(({ kind }) => kind === "list-refused"));
    delivery = "on request";
    assertEquals(driver.dialled.length, 1);
    driver.session.gone(first);
    assertEquals(driver.dialled.map(({ backend }) => backend), ["hub", "hub"]);
    driver.open();
    assertEquals(driver.take(driver.backend), identification());
    driver.take(CLIENT);
    driver.fromBackend(concat(welcome(), smallMap(dialect())));
    assertEquals(driver.take(CLIENT), concat(welcome(), smallMap(dialect(SMALL))));
  }
});

Deno.test("a kick before the backend's Identification is no word about the list", () => {
  const driver = new MemoryDriver({ listDelivery: () => "on trial" });
  driver.fromClient(concat(identification(), extensionList(SMALL)));
  driver.open();
  driver.take(CLIENT);
  const kick = encodePacket("DisconnectPlayer", dialect(), { reason: "You are banned" });
  driver.fromBackend(kick);
  assertEquals(driver.take(CLIENT), kick);
});

Deno.test("a client without CPE does not tell what a backend offers", () => {
  const driver = new MemoryDriver({ listDelivery: () => "on trial" });
  driver.fromClient(identification("Steve", "-", 0));
  driver.open();
  driver.fromBackend(concat(welcome(vanilla()), smallMap(vanilla())));
  assertEquals(driver.events.map(({ kind }) => kind), ["identified", "joined", "playable"]);
});

Deno.test("what a backend says before its Identification is kept, in order", () => {
  const driver = new MemoryDriver({ announced: SMALL });
  driver.fromClient(concat(identification(), extensionList(SMALL)));
  driver.open();
  driver.take(CLIENT);
  const chat = encodePacket("Message", dialect(), { type: 0, message: "you are being logged in" });
  driver.fromBackend(concat(chat, extensionList(SMALL), welcome()));
  assertEquals(driver.take(CLIENT), concat(chat, welcome()));
});

Deno.test("doubled entries and version 0 of a backend are understood", () => {
  const set = ExtensionSet.of("EnvMapAppearance", "SetHotbar", "HeldBlock");
  const driver = new MemoryDriver({ announced: set });
  driver.fromClient(concat(identification(), extensionList(set)));
  driver.open();
  driver.take(CLIENT);
  const entry = (extension: string, version: number): Uint8Array =>
    encodePacket("ExtEntry", dialect(), { extension, version });
  const info = encodePacket("ExtInfo", dialect(), { appName: "MCGalaxy", count: 4 });
  const entries = [
    entry("EnvMapAppearance", 1),
    entry("SetHotbar", 0),
    entry("EnvMapAppearance", 2),
    entry("Unheard", 9),
  ];
  driver.fromBackend(concat(info, ...entries, welcome()));
  const appearance = { textureUrl: "", sideBlock: 1, edgeBlock: 2, sideLevel: 3, cloudsHeight: 4, maxViewDistance: 5 };
  const packets = concat(
    encodePacket("EnvSetMapAppearance", dialect(set), appearance),
    encodePacket("SetHotbar", dialect(set), { block: 4, slot: 1 }),
  );
  driver.fromBackend(packets);
  assertEquals(driver.take(CLIENT), concat(welcome(), packets));
});

Deno.test("what the client says before a backend is there is not lost", () => {
  const driver = new MemoryDriver({ announced: SMALL });
  const chat = encodePacket("PlayerMessage", dialect(SMALL), { partial: 255, message: "hello?" });
  driver.fromClient(concat(identification(), extensionList(SMALL), chat));
  driver.open();
  driver.take(driver.backend);
  driver.fromBackend(concat(extensionList(SMALL), welcome()));
  assertEquals(driver.take(driver.backend), chat);
});

Deno.test("a backend that cannot be reached, closes, is silent or sends garbage is followed by the next one", () => {
  const ways: ((driver: MemoryDriver) => void)[] = [
    (driver) => driver.session.failed(driver.backend, "connection refused"),
    (driver) => (driver.open(), driver.session.eof(driver.backend)),
    (driver) => (driver.open(), driver.session.failed(driver.backend, "reset")),
    (driver) => driver.advance(DEFAULT_LIMITS.attemptMs),
    (driver) => (driver.open(), driver.advance(DEFAULT_LIMITS.attemptMs)),
    (driver) => (driver.open(), driver.fromBackend(Uint8Array.of(0x77))),
    (driver) => (driver.open(), driver.fromBackend(smallMap(dialect()))),
  ];
  for (const fail of ways) {
    const driver = new MemoryDriver({ announced: SMALL }, ["hub", "arena"]);
    driver.fromClient(concat(identification(), extensionList(SMALL)));
    const first = driver.backend;
    fail(driver);
    assertEquals(driver.dialled.map(({ backend }) => backend), ["hub", "arena"]);
    assert(driver.closings.some(({ leg }) => leg === first), "the first leg was not closed");
    driver.open();
    assertEquals(driver.take(driver.backend), concat(identification(), extensionList(SMALL)));
    driver.fromBackend(concat(extensionList(SMALL), welcome()));
    assert(driver.events.some(({ kind }) => kind === "joined"));
  }
});

Deno.test("a player nobody takes is shown the waiting room, and stays in line", () => {
  const driver = new MemoryDriver({}, ["hub", "arena"]);
  driver.fromClient(identification("Steve", "-", 0));
  driver.session.failed(driver.backend, "connection refused");
  driver.session.failed(driver.backend, "no route");
  const stream = driver.take(CLIENT);
  assertEquals(outline(frames("s2c", vanilla(), stream)).slice(0, 5), [
    "ServerIdentification",
    "LevelInitialize",
    "LevelDataChunk",
    "LevelFinalize",
    "SpawnPlayer",
  ]);
  assertMatch(chatLines(vanilla(), stream)[0] ?? "", /^&eNo server can take you now$/);
  assertEquals(driver.routes.wishes.map(({ kind }) => kind), ["join", "join"]);
  assertEquals(driver.session.ended, false);
  const causes = driver.events.filter((event) => event.kind === "refused").map((
    { backend, cause },
  ) => [backend, cause]);
  assertEquals(causes.slice(0, 2), [["hub", "connection refused"], ["arena", "no route"]]);
});

Deno.test("backends that refuse while the client still lists its extensions lead to the waiting room once it has", () => {
  const driver = new MemoryDriver({ announced: SMALL });
  driver.fromClient(identification());
  driver.session.failed(driver.backend, "connection refused");
  driver.take(CLIENT);
  driver.routes.down.add("hub");
  driver.fromClient(extensionList(SMALL));
  assert(outline(frames("s2c", dialect(SMALL), driver.take(CLIENT))).includes("LevelFinalize"));
});

Deno.test("a backend's kick at login reaches the player word for word", () => {
  const driver = new MemoryDriver({}, ["hub", "arena"]);
  driver.fromClient(identification("Steve", "-", 0));
  driver.open();
  const kick = encodePacket("DisconnectPlayer", vanilla(), { reason: "&cYou're banned: ♥ griefing" });
  driver.fromBackend(kick);
  assertEquals(driver.take(CLIENT), kick);
  driver.settle();
  assertEquals(driver.summary?.code, "SD");
});

Deno.test("a backend's kick at login that names another backend leads there, five times at the most", () => {
  const driver = new MemoryDriver({}, ["hub", "arena"]);
  driver.fromClient(identification("Steve", "-", 0));
  const sentOn = (to: string): void => {
    driver.open();
    driver.fromBackend(encodePacket("DisconnectPlayer", vanilla(), { reason: `Not here @${to}` }));
  };
  for (const to of ["arena", "hub", "arena", "hub", "arena"]) {
    sentOn(to);
    driver.settle();
    assertEquals(driver.dialled.at(-1)?.backend, to);
  }
  assertEquals(driver.take(CLIENT).length, 0);
  sentOn("hub");
  assertEquals(kickText(driver.take(CLIENT)), "Not here @hub");
  driver.settle();
  assertEquals([driver.routes.openTickets, driver.routes.seats("hub"), driver.routes.seats("arena")], [0, 0, 0]);
});

Deno.test("what servers asked for during the login counts in play", () => {
  const driver = new MemoryDriver({}, ["hub", "arena"]);
  driver.routes.tokens.set("arena", "token");
  driver.fromClient(identification("Steve", "-", 0));
  for (const to of ["arena", "hub", "arena", "hub", "arena"]) {
    driver.open();
    driver.fromBackend(encodePacket("DisconnectPlayer", vanilla(), { reason: `Not here @${to}` }));
    driver.settle();
  }
  driver.open();
  driver.fromBackend(concat(welcome(vanilla()), smallMap(vanilla())));
  const sentinel = encodePacket("Message", vanilla(), { type: 0, message: "^detail.user.kurafuto token hub" });
  driver.fromBackend(sentinel);
  assertEquals(driver.events.findLast(({ kind }) => kind === "signal-refused"), {
    kind: "signal-refused",
    backend: "arena",
    signal: "chat-sentinel",
    cause: "hub: too many moves",
  });
  driver.advance(10_000);
  driver.fromBackend(sentinel);
  assertEquals(driver.dialled.at(-1)?.backend, "hub");
  assertEquals(driver.dialled.length, 7);
});

Deno.test("a backend's kick at login that names one which takes nobody now leads to the waiting room", () => {
  const driver = new MemoryDriver({}, ["hub", "arena"]);
  driver.routes.down.add("arena");
  driver.fromClient(identification("Steve", "-", 0));
  driver.open();
  driver.fromBackend(encodePacket("DisconnectPlayer", vanilla(), { reason: "Not here @arena" }));
  assertEquals(driver.session.whereabouts.state, "waiting");
  assertMatch(chatLines(vanilla(), driver.take(CLIENT)).join("\n"), /Not here @arena/);
});

Deno.test("with on_kick = fallback the next backend is tried, and the last kick is what the player reads", () => {
  const driver = new MemoryDriver({}, ["hub", "arena"]);
  driver.routes.kick = "fallback";
  driver.fromClient(identification("Steve", "-", 0));
  for (const reason of ["full", "also full"]) {
    driver.open();
    driver.fromBackend(encodePacket("DisconnectPlayer", vanilla(), { reason }));
  }
  assertEquals(chatLines(vanilla(), driver.take(CLIENT))[0], "&eNo server can take you now: &falso full");
});

Deno.test("a backend that loses patience with a slow client is dialled again for it, once the first leg is gone", () => {
  const driver = new MemoryDriver({ announced: SMALL });
  driver.fromClient(identification());
  driver.open();
  driver.session.eof(driver.backend);
  driver.fromClient(extensionList(SMALL));
  assertEquals(driver.dialled.length, 1);
  driver.settle();
  assertEquals(driver.dialled.map(({ backend }) => backend), ["hub", "hub"]);
  driver.open();
  assertEquals(driver.take(driver.backend), concat(identification(), extensionList(SMALL)));
});

for (
  const [what, bytes, reason, code] of [
    ["another protocol", Uint8Array.of(0x47, 0x45, 0x54), "not-classic", "PA"],
    ["protocol 8", Uint8Array.of(0, 8), "unsupported-protocol", "PA"],
    ["protocol 2", Uint8Array.of(0, 2), "unsupported-protocol", "PA"],
    ["an empty name", identification(""), "bad-name", "PA"],
    ["a name of 17", identification("a".repeat(17)), "bad-name", "PA"],
    ["a name with control bytes", identification("a♥b"), "bad-name", "PA"],
    ["a name with a space", identification("a b"), "bad-name", "PA"],
    ["an Identification twice", concat(identification(), identification()), "bad-extensions", "PA"],
    [
      "an Identification twice without CPE",
      concat(identification("A", "", 0), identification("A", "", 0)),
      "bad-packet",
      "PD",
    ],
    ["an unknown packet", concat(identification(), Uint8Array.of(0x77)), "bad-extensions", "PA"],
    ["a packet of the other direction", concat(identification("A", "", 0), Uint8Array.of(0x0e)), "bad-packet", "PD"],
    [
      "a position before its list",
      concat(identification(), Uint8Array.of(0x08, ...new Array(20).fill(0))),
      "bad-extensions",
      "PA",
    ],
    ["32767 extensions", concat(identification(), extInfo(32767)), "bad-extensions", "PA"],
    ["-1 extensions", concat(identification(), extInfo(-1)), "bad-extensions", "PA"],
    ["ExtInfo twice", concat(identification(), extInfo(2), extInfo(2)), "bad-extensions", "PA"],
    ["an entry before ExtInfo", concat(identification(), entry("HeldBlock", 1)), "bad-extensions", "PA"],
    [
      "an entry too many",
      concat(identification(), extInfo(1), entry("HeldBlock", 1), entry("FastMap", 1)),
      "bad-packet",
      "PD",
    ],
    ["10 MB of chat", concat(identification("A", "", 0), chatFlood(10 << 20)), "early-flood", "PD"],
  ] as const
) {
  Deno.test(`a client that sends ${what} is turned away with the right code`, () => {
    const driver = new MemoryDriver();
    driver.fromClient(bytes, chunksOf(bytes, 65536));
    driver.settle();
    assertEquals(driver.summary?.reason, reason);
    assertEquals(driver.summary?.code, code);
    const out = driver.take(CLIENT);
    if (reason === "not-classic") assertEquals(out.length, 0);
    else assertMatch(kickText(out), /\[P[AD]-TEST1\]$/);
    assertEquals(driver.closings.map(({ leg }) => leg).toSorted(), driver.dialled.length > 0 ? [0, 1] : [0]);
  });
}

Deno.test("a login that takes too long ends, however the time passes", () => {
  const late = [new Uint8Array(0), Uint8Array.of(0), identification(), concat(identification(), extInfo(5))];
  for (const bytes of late) {
    const driver = new MemoryDriver();
    if (bytes.length > 0) driver.fromClient(bytes);
    if (driver.dialled.length > 0) driver.open();
    driver.advance(DEFAULT_LIMITS.loginMs - 1);
    assertEquals(driver.session.ended, false);
    driver.advance(1);
    driver.settle();
    assertEquals(driver.summary?.reason, "login-timeout");
  }
});

Deno.test("backends that are all silent cost no more than the login's time", () => {
  const driver = new MemoryDriver({}, ["a", "b", "c", "d", "e", "f"]);
  driver.fromClient(identification("Steve", "-", 0));
  driver.advance(DEFAULT_LIMITS.loginMs - 1);
  assertEquals(driver.dialled.length, 4);
  assertEquals(driver.take(CLIENT).length, 0);
  driver.advance(1);
  assertEquals(chatLines(vanilla(), driver.take(CLIENT))[0], "&eNo server has answered in time");
});

Deno.test("a client that leaves during its login takes the backend's leg with it", () => {
  for (const leave of ["eof", "failed"] as const) {
    const driver = new MemoryDriver();
    driver.fromClient(identification("Steve", "-", 0));
    driver.open();
    driver.session[leave](CLIENT, "reset");
    driver.settle();
    assertEquals(driver.summary?.code, "CD");
  }
});

function extInfo(count: number): Uint8Array {
  return encodePacket("ExtInfo", dialect(), { appName: "x", count });
}

function entry(extension: string, version: number): Uint8Array {
  return encodePacket("ExtEntry", dialect(), { extension, version });
}

function chatFlood(size: number): Uint8Array {
  const line = encodePacket("PlayerMessage", vanilla(), { partial: 255, message: "flood" });
  const bytes = new Uint8Array(Math.floor(size / line.length) * line.length);
  for (let at = 0; at < bytes.length; at += line.length) bytes.set(line, at);
  return bytes;
}

function* chunksOf(bytes: Uint8Array, size: number): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}
