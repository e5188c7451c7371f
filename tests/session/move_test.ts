import { ExtensionSet } from "../../lib/protocol/extensions.ts";
import type { Dialect, PacketName } from "../../lib/protocol/packet_table.ts";
import { encodePacket, type PacketInput, readPacket } from "../../lib/protocol/packets.ts";
import { CLIENT, DEFAULT_LIMITS, type Leg, type SessionEvent, type SessionOptions } from "../../lib/session/port.ts";
import { assert, assertEquals, assertMatch } from "../harness/assert.ts";
import type { MemoryDriver } from "../harness/memory_driver.ts";
import { all, chatLines, frames, outline } from "./frames.ts";
import {
  concat,
  dialect,
  extensionList,
  identification,
  kickText,
  playing,
  playingVanilla,
  smallMap,
  vanilla,
  welcome,
} from "./logins.ts";

const FULL = ExtensionSet.ALL;
const MESSAGE = 66;

function s2c<N extends PacketName>(name: N, values: PacketInput<N>, leg: Dialect = dialect(FULL)): Uint8Array {
  return encodePacket(name, leg, values);
}

function said(message: string, leg: Dialect = dialect(FULL)): Uint8Array {
  return encodePacket("PlayerMessage", leg, { partial: leg.extensions.has("LongerMessages") ? 0 : 255, message });
}

function position(x: number, leg: Dialect = dialect(FULL)): Uint8Array {
  return encodePacket("PlayerPosition", leg, { held: 1, x, y: 2, z: 3, yaw: 4, pitch: 5 });
}

function chat(message: string, leg: Dialect = dialect(FULL)): Uint8Array {
  return encodePacket("Message", leg, { type: 0, message });
}

/** What a kind of event said, in order. */
function told<K extends SessionEvent["kind"]>(driver: MemoryDriver, kind: K): Extract<SessionEvent, { kind: K }>[] {
  return driver.events.filter((event): event is Extract<SessionEvent, { kind: K }> => event.kind === kind);
}

/** Lets `ms` pass, in which the backend of `leg` goes on to ping. */
function passTime(driver: MemoryDriver, leg: Leg, ms: number): void {
  for (const until = driver.now() + ms; driver.now() < until;) {
    driver.feed(leg, s2c("Ping", {}));
    driver.advance(Math.min(1_000, until - driver.now()));
  }
}

/** Somebody who plays on "hub", with "arena" beside it. */
class Traveller {
  readonly driver: MemoryDriver;
  readonly client: Dialect;
  readonly hub: Leg;

  constructor(extensions: ExtensionSet = FULL, options: Partial<SessionOptions> = {}) {
    this.client = dialect(extensions);
    this.driver = playing(extensions, options, ["hub", "arena", "museum"]);
    this.hub = this.driver.backend;
    this.driver.fromBackend(smallMap(this.client));
    if (extensions.has("CustomBlocks")) {
      this.driver.fromClient(encodePacket("CustomBlockSupportLevel", this.client, { level: 1 }));
    }
    this.take();
    this.driver.take(this.hub);
  }

  /** All the client was sent since the last call. */
  take(): Uint8Array {
    return this.driver.take(CLIENT);
  }

  /** Types `/server arena`, and connects there. */
  ask(to = "arena"): Leg {
    this.driver.fromClient(said(`/server ${to}`, this.client));
    this.driver.open();
    return this.driver.backend;
  }

  /** The backend dialled last takes the player, up to its map's beginning. */
  accept(offers: ExtensionSet = this.client.extensions): Dialect {
    const leg = { ...this.client, extensions: offers.intersect(this.client.extensions) };
    this.driver.fromBackend(concat(extensionList(offers, "Arena 1.0"), welcome(leg)));
    return leg;
  }

  /** The client's echo of the fence in `stream`. */
  echo(stream: Uint8Array): Uint8Array {
    const fence = all("TwoWayPing", this.client, frames("s2c", this.client, stream)).find(({ data }) => data >= 0x8000);
    assert(fence !== undefined, "no fence");
    return encodePacket("TwoWayPing", this.client, fence);
  }

  /** A whole move to `to`. Returns what the client was sent. */
  move(to = "arena"): Uint8Array {
    this.ask(to);
    const leg = this.accept();
    this.driver.fromBackend(smallMap(leg));
    const stream = this.take();
    this.driver.fromClient(this.echo(stream));
    return stream;
  }
}

Deno.test("a player who asks for a backend is logged in there while they play on", () => {
  const traveller = new Traveller();
  const { driver, hub } = traveller;
  const arena = traveller.ask();
  assertEquals(driver.dialled.map(({ backend }) => backend), ["hub", "arena"]);
  assertEquals(driver.take(arena), concat(identification(), extensionList(FULL)));
  assertEquals(driver.take(hub).length, 0);
  driver.fromClient(concat(position(1), said("still here")));
  assertEquals(driver.take(hub), concat(position(1), said("still here")));
  driver.feed(hub, chat("and heard"));
  assertEquals(traveller.take(), chat("and heard"));
  traveller.accept();
  assertEquals(traveller.take().length, 0);
});

Deno.test("a list that a backend does not end is over with the first packet whose size depends on it", () => {
  const offer = ExtensionSet.of("FastMap", "ExtEntityPositions", "TwoWayPing", "SetHotbar", "SetSpawnpoint");
  const leg = dialect(offer);
  const list = extensionList(offer, "Arena 1.0");
  // The count's low byte: one more than there are.
  list[66] = offer.size + 1;
  const before = s2c("SetHotbar", { block: 1, slot: 2 }, leg);
  const spawnpoint = s2c("SetSpawnpoint", { x: 70_000, y: 2, z: 3, yaw: 4, pitch: 5 }, leg);
  for (const late of [[], [extensionList(ExtensionSet.of("HeldBlock"))]]) {
    const traveller = new Traveller(offer.with("HeldBlock", 1));
    const { driver, client } = traveller;
    const arena = traveller.ask();
    driver.fromBackend(concat(welcome(), before, list, before, spawnpoint, ...late));
    driver.fromBackend(smallMap(leg));
    const stream = traveller.take();
    const packets = frames("s2c", client, stream);
    assertEquals(all("SetSpawnpoint", client, packets).map(({ x }) => x), [70_000]);
    assertEquals(all("LevelFinalize", client, packets).length, 1);
    driver.take(arena);
    driver.fromClient(concat(traveller.echo(stream), position(70_000, client)));
    const arrived = all("PlayerPosition", leg, frames("c2s", leg, driver.take(arena)));
    assertEquals(arrived.map(({ held, x }) => [held, x]), [[255, 70_000]]);
  }
});

Deno.test("at the commit the client gets the resets, then all of the new backend in order, with the fence behind LevelInitialize", () => {
  const traveller = new Traveller();
  const { driver, hub } = traveller;
  driver.feed(hub, concat(s2c("SetClickDistance", { distance: 5 }), s2c("LightingMode", { mode: 2, locked: 1 })));
  traveller.take();
  traveller.ask();
  driver.fromBackend(chat("a word before the welcome"));
  const leg = traveller.accept();
  driver.fromBackend(chat("a word behind it"));
  assertEquals(traveller.take().length, 0);
  driver.fromBackend(smallMap(leg));
  const stream = frames("s2c", leg, traveller.take());
  const names = outline(stream);
  const resets = names.indexOf("Message");
  assert(["SetClickDistance", "LightingMode"].every((name) => names.slice(0, resets).some((reset) => reset === name)));
  assertEquals(names.slice(resets), [
    "Message",
    "ServerIdentification",
    "Message",
    "LevelInitialize",
    "TwoWayPing",
    "LevelDataChunk",
    "LevelFinalize",
    "SpawnPlayer",
  ]);
  assertEquals(all("SetClickDistance", leg, stream), [{ distance: 160 }]);
  assertEquals(all("LightingMode", leg, stream), [{ mode: 0, locked: 0 }]);
  const [fence] = all("TwoWayPing", leg, stream);
  assertEquals([fence?.origin, (fence?.data ?? 0) >= 0x8000], [1, true]);
});

Deno.test("until the fence is answered the new backend gets chat and nothing else, the old one nothing", () => {
  const traveller = new Traveller();
  const { driver, hub } = traveller;
  const arena = traveller.ask();
  const leg = traveller.accept();
  driver.fromBackend(smallMap(leg));
  const stream = traveller.take();
  driver.take(arena);
  const click = { button: 0, action: 0, yaw: 0, pitch: 0, targetEntity: 255, x: 0, y: 0, z: 0, face: 0 };
  const stale = concat(
    position(7),
    encodePacket("PlayerSetBlock", leg, { x: 1, y: 1, z: 1, mode: 1, block: 1 }),
    encodePacket("PlayerClicked", leg, click),
    encodePacket("NotifyAction", leg, { action: 0, value: 1 }),
    encodePacket("NotifyPositionAction", leg, { action: 3, x: 0, y: 0, z: 0 }),
    encodePacket("TwoWayPing", leg, { origin: 1, data: 3 }),
    encodePacket("TwoWayPing", leg, { origin: 0, data: 4 }),
    encodePacket("CustomBlockSupportLevel", leg, { level: 1 }),
    encodePacket("Ping", leg, {}),
  );
  driver.fromClient(concat(stale, said("hello"), stale));
  assertEquals(driver.take(arena), said("hello"));
  driver.fromClient(concat(traveller.echo(stream), position(9)));
  assertEquals(driver.take(arena), position(9));
  assertEquals(driver.take(hub).length, 0);
  assertEquals(driver.closings, [{ leg: hub, how: "full" }]);
});

Deno.test("the old backend says nothing more to the client from the commit on, and is closed behind the fence", () => {
  const traveller = new Traveller();
  const { driver, hub } = traveller;
  traveller.ask();
  driver.fromBackend(smallMap(traveller.accept()));
  const stream = traveller.take();
  driver.feed(hub, concat(chat("stale"), s2c("DisconnectPlayer", { reason: "(Reconnecting)" })));
  driver.session.eof(hub);
  assertEquals(traveller.take().length, 0);
  assertEquals(driver.closings, []);
  driver.fromClient(traveller.echo(stream));
  assertEquals(driver.closings, [{ leg: hub, how: "full" }]);
  driver.settle();
  assertEquals(driver.routes.seats("hub"), 0);
  assertEquals(driver.routes.seats("arena"), 1);
  assertEquals(driver.routes.openTickets, 0);
});

Deno.test("a move is told with where from, where to, why, and how long it took", () => {
  const traveller = new Traveller();
  const { driver } = traveller;
  driver.fromClient(said("/server arena"));
  driver.advance(5);
  driver.open();
  const leg = traveller.accept();
  driver.advance(20);
  driver.fromBackend(smallMap(leg));
  driver.advance(30);
  driver.fromClient(traveller.echo(traveller.take()));
  assertEquals(told(driver, "moved").map(({ move }) => move), [
    { from: "hub", to: "arena", signal: "player", dialMs: 25, fenceMs: 30 },
  ]);
  assertEquals(driver.routes.arrivals.map(({ backend }) => backend), ["hub", "arena"]);
  driver.session.end("shutdown", "over");
  driver.settle();
  assertEquals([driver.summary?.backend, driver.summary?.moves], ["arena", 1]);
});

Deno.test("a player moves back and forth, and the same backend is dialled only when the leg to it is gone", () => {
  const traveller = new Traveller();
  const { driver } = traveller;
  traveller.move("arena");
  driver.fromClient(said("/server hub"));
  assertEquals(driver.dialled.map(({ backend }) => backend), ["hub", "arena"]);
  driver.settle();
  assertEquals(driver.dialled.map(({ backend }) => backend), ["hub", "arena", "hub"]);
  driver.open();
  driver.fromBackend(smallMap(traveller.accept()));
  driver.fromClient(traveller.echo(traveller.take()));
  driver.fromClient(position(1));
  assertEquals(driver.take(driver.backend).subarray(-position(1).length), position(1));
  driver.settle();
  assertEquals(["hub", "arena"].map((name) => driver.routes.seats(name)), [1, 0]);
});

/** Ways in which a backend does not take a player who is on another one. */
const REFUSALS: readonly {
  readonly what: string;
  readonly how: (driver: MemoryDriver, hub: Leg) => void;
  readonly why: RegExp;
}[] = [
  { what: "cannot be reached", how: (d) => d.session.failed(d.backend, "connection refused"), why: /refused$/ },
  { what: "closes", how: (d) => (d.open(), d.session.eof(d.backend)), why: /closed the connection$/ },
  {
    what: "kicks",
    how: (d) => (d.open(), d.fromBackend(s2c("DisconnectPlayer", { reason: "&cYou are banned here" }))),
    why: /&cYou are banned here$/,
  },
  { what: "is silent", how: (d) => (d.open(), d.advance(DEFAULT_LIMITS.attemptMs)), why: /no answer in time$/ },
  {
    what: "is silent behind its welcome",
    how: (d, hub) => {
      d.open();
      d.fromBackend(concat(extensionList(FULL), welcome()));
      passTime(d, hub, DEFAULT_LIMITS.backendIdleMs);
    },
    why: /no map in time$/,
  },
  { what: "sends garbage", how: (d) => (d.open(), d.fromBackend(Uint8Array.of(0x77))), why: /unknown packet 119$/ },
];

for (const { what, how, why } of REFUSALS) {
  Deno.test(`a backend that ${what} is one line of chat for a player who stays where they are`, () => {
    const traveller = new Traveller();
    const { driver, hub } = traveller;
    driver.fromClient(said("/server arena"));
    const arena = driver.backend;
    how(driver, hub);
    const lines = chatLines(traveller.client, traveller.take());
    assertEquals(lines.length, 1);
    assertMatch(lines[0] ?? "", why);
    assertEquals(told(driver, "move-failed").map(({ from, to, signal }) => [from, to, signal]), [
      ["hub", "arena", "player"],
    ]);
    driver.take(hub);
    driver.fromClient(position(3));
    assertEquals(driver.take(hub), position(3));
    driver.settle();
    assertEquals(["hub", "arena"].map((name) => driver.routes.seats(name)), [1, 0]);
    assert(driver.closings.every(({ leg }) => leg === arena));
    traveller.move("museum");
    assertEquals(told(driver, "moved").length, 1);
  });
}

Deno.test("a backend that has said its welcome is given the time to make a world, also by a player who has no place", () => {
  const delayMs = DEFAULT_LIMITS.backendIdleMs - 1;
  const traveller = new Traveller();
  const { driver, hub } = traveller;
  traveller.ask();
  const arena = traveller.accept();
  passTime(driver, hub, delayMs);
  driver.fromBackend(smallMap(arena));
  driver.fromClient(traveller.echo(traveller.take()));
  driver.session.failed(driver.backend, "reset by peer");
  driver.settle();
  driver.open();
  const fallback = traveller.accept();
  driver.advance(delayMs);
  driver.fromBackend(smallMap(fallback));
  driver.fromClient(traveller.echo(traveller.take()));
  assertEquals(told(driver, "moved").map(({ move }) => move.to), ["arena", "hub"]);
});

Deno.test("a map that is on its way is ended first, and the new backend waits for that", () => {
  const traveller = new Traveller();
  const { driver, hub } = traveller;
  const leg = traveller.client;
  const [begin, data, end] = [
    s2c("LevelInitialize", { volume: 1 }),
    s2c("LevelDataChunk", { length: 4, data: Uint8Array.of(1, 2, 3, 4), percent: 0 }),
    s2c("LevelFinalize", { xSize: 1, ySize: 1, zSize: 1 }),
  ];
  driver.feed(hub, concat(begin, data));
  traveller.take();
  traveller.ask();
  driver.fromBackend(concat(extensionList(FULL), welcome(leg), smallMap(leg)));
  driver.fromBackend(chat("behind the map"));
  assertEquals(traveller.take().length, 0);
  driver.feed(hub, data);
  assertEquals(traveller.take(), data);
  driver.feed(hub, concat(end, chat("the old world's last word")));
  const names = outline(frames("s2c", leg, traveller.take()));
  assertEquals(names.slice(0, 2), ["LevelFinalize", "Message"]);
  assertEquals(names.slice(names.indexOf("ServerIdentification")), [
    "ServerIdentification",
    "LevelInitialize",
    "TwoWayPing",
    "LevelDataChunk",
    "LevelFinalize",
    "SpawnPlayer",
    "Message",
  ]);
});

Deno.test("a map that does not end in time is closed with an empty one", () => {
  const traveller = new Traveller();
  const { driver, hub } = traveller;
  driver.feed(hub, s2c("LevelInitialize", { volume: 1 }));
  traveller.take();
  traveller.ask();
  driver.fromBackend(smallMap(traveller.accept()));
  driver.advance(DEFAULT_LIMITS.mapEndMs - 1);
  assertEquals(traveller.take().length, 0);
  driver.advance(1);
  const stream = frames("s2c", traveller.client, traveller.take());
  assertEquals(all("LevelFinalize", traveller.client, stream)[0], { xSize: 0, ySize: 0, zSize: 0 });
  assertEquals(stream[0]?.name, "LevelFinalize");
});

Deno.test("what the new backend sends while a map is awaited is bounded", () => {
  const traveller = new Traveller();
  const { driver, hub } = traveller;
  driver.feed(hub, s2c("LevelInitialize", { volume: 1 }));
  traveller.take();
  traveller.ask();
  const leg = traveller.accept();
  const data = s2c("LevelDataChunk", { length: 1024, data: new Uint8Array(1024), percent: 0 });
  driver.fromBackend(s2c("LevelInitialize", { volume: 1 }));
  let sent = 0;
  for (; sent < DEFAULT_LIMITS.standbyBytes && traveller.take().length === 0; sent += data.length) {
    driver.fromBackend(data);
  }
  assert(sent < DEFAULT_LIMITS.standbyBytes, "nothing was shown to the client");
  assertEquals(leg.extensions.key, FULL.key);
});

Deno.test("pings of the new backend keep their place behind the fence", () => {
  const traveller = new Traveller();
  const { driver } = traveller;
  const arena = traveller.ask();
  const leg = traveller.accept();
  driver.fromBackend(s2c("TwoWayPing", { origin: 1, data: 1 }));
  driver.fromBackend(smallMap(leg));
  const stream = traveller.take();
  const pings = all("TwoWayPing", leg, frames("s2c", leg, stream));
  assertEquals(pings.map(({ data }) => data >= 0x8000), [true, false]);
  driver.take(arena);
  driver.fromClient(concat(traveller.echo(stream), s2c("TwoWayPing", { origin: 1, data: 1 })));
  assertEquals(driver.take(arena), s2c("TwoWayPing", { origin: 1, data: 1 }));
});

Deno.test("from a backend without FastMap the fence comes right behind LevelInitialize, too", () => {
  const traveller = new Traveller();
  const { driver } = traveller;
  traveller.ask();
  const leg = traveller.accept(FULL.without("FastMap"));
  driver.fromBackend(encodePacket("LevelInitialize", leg, {}));
  driver.fromBackend(encodePacket("TwoWayPing", leg, { origin: 1, data: 5 }));
  const names = outline(frames("s2c", traveller.client, traveller.take()));
  assert(!names.includes("TwoWayPing"), `${names}`);
  assert(!names.includes("LevelInitialize"), `${names}`);
});

Deno.test("without TwoWayPing the answer to CustomBlockSupportLevel is the fence, however many are owed", () => {
  const extensions = ExtensionSet.of("CustomBlocks", "HeldBlock");
  const leg = dialect(extensions);
  const driver = playing(extensions, {}, ["hub", "arena"]);
  const level = encodePacket("CustomBlockSupportLevel", leg, { level: 1 });
  driver.fromBackend(smallMap(leg));
  driver.take(CLIENT);
  driver.fromClient(said("/server arena", leg));
  driver.open();
  driver.fromBackend(concat(extensionList(extensions), welcome(leg), smallMap(leg)));
  const arena = driver.backend;
  const names = outline(frames("s2c", leg, driver.take(CLIENT)));
  const at = names.indexOf("LevelInitialize");
  assertEquals(names[at + 1], "CustomBlockSupportLevel");
  driver.take(arena);
  // The answer to the question at the login comes first.
  driver.fromClient(concat(level, position(1, leg)));
  assertEquals(driver.take(arena).length, 0);
  driver.fromClient(concat(level, position(2, leg)));
  assertEquals(driver.take(arena), position(2, leg));
});

Deno.test("a fence that never went out, because its map did not, is no answer that the client owes", () => {
  const extensions = ExtensionSet.of("CustomBlocks", "FastMap");
  const traveller = new Traveller(extensions);
  const { driver, client } = traveller;
  traveller.ask();
  const leg = traveller.accept(ExtensionSet.of("CustomBlocks"));
  driver.fromBackend(encodePacket("LevelInitialize", leg, {}));
  assert(!outline(frames("s2c", client, traveller.take())).includes("CustomBlockSupportLevel"));
  driver.session.eof(driver.backend);
  driver.settle();
  driver.open();
  driver.fromBackend(smallMap(traveller.accept()));
  const hub = driver.backend;
  assert(outline(frames("s2c", client, traveller.take())).includes("CustomBlockSupportLevel"));
  driver.take(hub);
  driver.fromClient(concat(encodePacket("CustomBlockSupportLevel", client, { level: 1 }), position(2, client)));
  assertEquals(driver.take(hub), position(2, client));
});

Deno.test("a client without either has passed the fence with its first position near its spawn", () => {
  const traveller = new Traveller(ExtensionSet.EMPTY);
  const { driver, client: leg } = traveller;
  const arena = traveller.ask();
  traveller.accept();
  driver.fromBackend(encodePacket("LevelInitialize", leg, {}));
  driver.take(arena);
  driver.fromClient(position(1, leg));
  driver.fromBackend(smallMap(leg).subarray(encodePacket("LevelInitialize", leg, {}).length));
  driver.fromClient(concat(position(9000, leg), position(40, leg)));
  assertEquals(driver.take(arena), position(40, leg));
  assertEquals(told(driver, "moved").length, 1);
});

Deno.test("a client without either is believed half a second after its spawn, or after its last stale position", () => {
  const traveller = new Traveller(ExtensionSet.EMPTY);
  const { driver, client: leg } = traveller;
  const arena = traveller.ask();
  traveller.accept();
  driver.fromBackend(smallMap(leg));
  driver.take(arena);
  driver.advance(400);
  driver.fromClient(position(9000, leg));
  driver.advance(100 + 499);
  driver.fromClient(said("not yet", leg));
  assertEquals(driver.take(arena), said("not yet", leg));
  assertEquals(told(driver, "moved"), []);
  driver.advance(1);
  driver.fromClient(position(9000, leg));
  assertEquals(driver.take(arena), position(9000, leg));
  assertEquals(told(driver, "fence-unanswered"), []);
});

Deno.test("a client that goes on elsewhere than at its spawn is believed after a second and a half", () => {
  const traveller = new Traveller(ExtensionSet.EMPTY);
  const { driver, client: leg } = traveller;
  const arena = traveller.ask();
  traveller.accept();
  driver.fromBackend(smallMap(leg));
  driver.take(arena);
  for (let ms = 50; ms < 1_500; ms += 50) {
    driver.advance(50);
    driver.fromClient(position(9000, leg));
  }
  assertEquals(driver.take(arena).length, 0);
  driver.advance(50);
  driver.fromClient(position(9000, leg));
  assertEquals(driver.take(arena), position(9000, leg));
});

Deno.test("a client that never answers the fence is believed in the end, which the log tells", () => {
  const traveller = new Traveller(FULL, { limits: { ...DEFAULT_LIMITS, backendIdleMs: Infinity } });
  const { driver, hub } = traveller;
  const arena = traveller.ask();
  driver.fromBackend(smallMap(traveller.accept()));
  driver.take(arena);
  driver.advance(DEFAULT_LIMITS.fenceMs);
  driver.fromClient(position(1));
  assertEquals(driver.take(arena), position(1));
  assertEquals(told(driver, "fence-unanswered").length, 1);
  assertEquals(driver.closings, [{ leg: hub, how: "full" }]);
});

Deno.test("a client that has so much before it that it cannot have seen the fence is waited for", () => {
  const traveller = new Traveller(FULL, { limits: { ...DEFAULT_LIMITS, backendIdleMs: Infinity } });
  const { driver } = traveller;
  const arena = traveller.ask();
  driver.fromBackend(smallMap(traveller.accept()));
  driver.take(arena);
  driver.held.add(arena);
  driver.advance(3 * DEFAULT_LIMITS.fenceMs);
  driver.fromClient(position(1));
  assertEquals(driver.take(arena).length, 0);
  assertEquals(told(driver, "fence-unanswered"), []);
  driver.fromClient(concat(traveller.echo(traveller.take()), position(2)));
  assertEquals(driver.take(arena), position(2));
});

Deno.test("vanilla clients see everybody leave before the new map", () => {
  const leg = vanilla();
  const driver = playingVanilla(["hub", "arena"]);
  const spawn = { playerName: "Alex", x: 0, y: 0, z: 0, yaw: 0, pitch: 0 };
  driver.fromBackend(concat(
    encodePacket("SpawnPlayer", leg, { playerId: 3, ...spawn }),
    encodePacket("SpawnPlayer", leg, { playerId: 4, ...spawn }),
    encodePacket("DespawnPlayer", leg, { playerId: 4 }),
  ));
  driver.take(CLIENT);
  driver.fromClient(said("/server arena", leg));
  driver.open();
  driver.fromBackend(concat(welcome(leg), smallMap(leg)));
  const stream = frames("s2c", leg, driver.take(CLIENT));
  assertEquals(stream.slice(0, 2).map(({ name }) => name), ["DespawnPlayer", "ServerIdentification"]);
  assertEquals(all("DespawnPlayer", leg, stream), [{ playerId: 3 }]);
});

Deno.test("a backend that dies while another one is being tried costs nothing: the player goes there", () => {
  const traveller = new Traveller();
  const { driver, hub } = traveller;
  const arena = traveller.ask();
  const leg = traveller.accept();
  driver.session.failed(hub, "reset by peer");
  driver.fromClient(concat(position(1), said("anybody?")));
  assertEquals(traveller.take().length, 0);
  driver.take(arena);
  driver.fromBackend(smallMap(leg));
  const stream = traveller.take();
  assertEquals(driver.take(arena), said("anybody?"));
  driver.fromClient(traveller.echo(stream));
  assertEquals(told(driver, "moved").map(({ move }) => [move.from, move.to]), [["hub", "arena"]]);
});

Deno.test("a kick by the old backend is no error once the new one has heard of the player", () => {
  const traveller = new Traveller();
  const { driver, hub } = traveller;
  traveller.ask();
  driver.feed(hub, s2c("DisconnectPlayer", { reason: "(Reconnecting)" }));
  assertEquals(driver.session.ended, false);
  driver.fromBackend(smallMap(traveller.accept()));
  driver.fromClient(traveller.echo(traveller.take()));
  assertEquals(told(driver, "moved").length, 1);
});

Deno.test("that kick counts after all when nobody takes the player then", () => {
  const traveller = new Traveller();
  const { driver, hub } = traveller;
  traveller.ask();
  driver.feed(hub, s2c("DisconnectPlayer", { reason: "You are banned" }));
  driver.session.failed(driver.backend, "reset");
  assertEquals(kickText(traveller.take()), "You are banned");
});

for (const when of ["before", "once"]) {
  Deno.test(`a kick that names where to go counts when nobody takes the player, also ${when} the new backend has heard of them`, () => {
    const traveller = new Traveller();
    const { driver, hub } = traveller;
    driver.fromClient(said("/server arena"));
    if (when === "once") driver.open();
    driver.feed(hub, s2c("DisconnectPlayer", { reason: "over @museum" }));
    assertEquals(driver.dialled.map(({ backend }) => backend), ["hub", "arena"]);
    driver.session.failed(driver.backend, "reset");
    assertEquals(driver.dialled.map(({ backend }) => backend), ["hub", "arena", "museum"]);
    driver.open();
    driver.fromBackend(smallMap(traveller.accept()));
    driver.fromClient(traveller.echo(traveller.take()));
    assertEquals(told(driver, "moved").map(({ move }) => [move.from, move.to, move.signal]), [
      ["hub", "museum", "kick-text"],
    ]);
  });
}

Deno.test("a kick that names where to go is followed from the waiting room too, once the backend that is being tried has failed", () => {
  const traveller = new Traveller();
  const { driver, hub } = traveller;
  traveller.ask();
  driver.feed(hub, s2c("DisconnectPlayer", { reason: "over @museum" }));
  driver.advance(DEFAULT_LIMITS.limboMs);
  assertEquals(driver.session.whereabouts.state, "waiting");
  driver.session.failed(driver.backend, "reset");
  assertEquals(driver.dialled.map(({ backend }) => backend), ["hub", "arena", "museum"]);
});

Deno.test("a kick before the new backend has heard of the player is the player's", () => {
  const traveller = new Traveller();
  const { driver, hub } = traveller;
  driver.fromClient(said("/server arena"));
  driver.feed(hub, s2c("DisconnectPlayer", { reason: "You are banned" }));
  assertEquals(kickText(traveller.take()), "You are banned");
  driver.settle();
  assertEquals(driver.summary?.reason, "backend-kick");
  assertEquals(["hub", "arena"].map((name) => driver.routes.seats(name)), [0, 0]);
  assertEquals(driver.routes.openTickets, 0);
});

Deno.test("a new backend that dies behind the commit is a lost backend like any other", () => {
  const traveller = new Traveller();
  const { driver, hub } = traveller;
  traveller.ask();
  driver.fromBackend(smallMap(traveller.accept()));
  traveller.take();
  driver.session.eof(driver.backend);
  assertEquals(told(driver, "lost").map(({ backend }) => backend), ["arena"]);
  assert(driver.closings.some(({ leg }) => leg === hub));
  driver.settle();
  assertEquals(driver.dialled.map(({ backend }) => backend), ["hub", "arena", "hub"]);
});

for (
  const [how, last] of [["kicks", s2c("DisconnectPlayer", { reason: "full" }, vanilla())], [
    "makes no sense",
    Uint8Array.of(0xee),
  ]] as const
) {
  Deno.test(`what a player says in limbo reaches the backend after one that ${how} right behind the begin of its map`, () => {
    const driver = playingVanilla(["hub", "arena", "museum"]);
    driver.routes.kick = "fallback";
    driver.session.eof(driver.backend);
    driver.settle();
    driver.fromClient(said("hello there", vanilla()));
    driver.open();
    driver.fromBackend(concat(welcome(vanilla()), s2c("LevelInitialize", {}, vanilla()), last));
    driver.settle();
    driver.advance(2);
    driver.open();
    const next = driver.backend;
    driver.fromBackend(concat(welcome(vanilla()), smallMap(vanilla())));
    assertEquals(frames("c2s", vanilla(), driver.take(next)).map(({ name }) => name), [
      "PlayerIdentification",
      "PlayerMessage",
    ]);
  });
}

Deno.test("a player who leaves in any state of a move leaves nothing behind", () => {
  const stops: ((traveller: Traveller) => void)[] = [
    (traveller) => traveller.driver.fromClient(said("/server arena")),
    (traveller) => traveller.ask(),
    (traveller) => (traveller.ask(), traveller.accept()),
    (traveller) => (traveller.ask(), traveller.driver.fromBackend(smallMap(traveller.accept()))),
    (traveller) => traveller.driver.session.eof(traveller.hub),
    (traveller) => (traveller.driver.session.eof(traveller.hub), traveller.driver.advance(DEFAULT_LIMITS.limboMs)),
  ];
  for (const stop of stops) {
    const traveller = new Traveller();
    const { driver } = traveller;
    stop(traveller);
    driver.session.failed(CLIENT, "reset");
    driver.settle();
    assertEquals(driver.summary?.reason, "client-reset");
    assertEquals(driver.routes.openTickets, 0);
    assertEquals(["hub", "arena", "museum"].map((name) => driver.routes.seats(name)), [0, 0, 0]);
  }
});

Deno.test("a client that closes its side while another backend is tried is not moved any more", () => {
  const traveller = new Traveller();
  const { driver, hub } = traveller;
  const arena = traveller.ask();
  driver.session.eof(CLIENT);
  assertEquals(driver.closings, [{ leg: arena, how: "full" }, { leg: hub, how: "half" }]);
  driver.feed(hub, chat("farewell"));
  assertEquals(traveller.take(), chat("farewell"));
  driver.advance(DEFAULT_LIMITS.lingerMs);
  driver.settle();
  assertEquals([driver.summary?.reason, driver.summary?.backend], ["client-left", "hub"]);
  assertEquals(driver.routes.openTickets, 0);
});

Deno.test("a lost player stands in the old world for a moment, then in the waiting room, and is moved from there", () => {
  const traveller = new Traveller();
  const { driver, hub } = traveller;
  driver.session.eof(hub);
  assertEquals(driver.dialled.at(-1)?.backend, "arena");
  driver.advance(DEFAULT_LIMITS.limboMs - 1);
  assertEquals(traveller.take().length, 0);
  driver.advance(1);
  const room = frames("s2c", traveller.client, traveller.take());
  assert(outline(room).includes("LevelFinalize"));
  assertMatch(all("Message", traveller.client, room)[0]?.message ?? "", /^&ehub: The server closed the connection$/);
  driver.open();
  driver.fromBackend(smallMap(traveller.accept()));
  driver.fromClient(traveller.echo(traveller.take()));
  assertEquals(told(driver, "moved").map(({ move }) => [move.from, move.to, move.signal]), [["", "arena", "failure"]]);
});

Deno.test("a silent backend is asked for a sign of life, and lost when it gives none", () => {
  const traveller = new Traveller();
  const { driver, hub } = traveller;
  driver.advance(DEFAULT_LIMITS.backendIdleMs / 2);
  const [question] = all("TwoWayPing", traveller.client, frames("c2s", traveller.client, driver.take(hub)));
  assert(question !== undefined);
  driver.feed(hub, encodePacket("TwoWayPing", traveller.client, question));
  assertEquals(traveller.take().length, 0);
  driver.advance(DEFAULT_LIMITS.backendIdleMs - 1);
  assertEquals(told(driver, "lost"), []);
  driver.advance(1);
  assertEquals(told(driver, "lost").map(({ reason }) => reason), ["backend-stalled"]);
  assertEquals(driver.closings, [{ leg: hub, how: "abort" }]);
});

Deno.test("a backend that is not read is not silent", () => {
  const traveller = new Traveller();
  const { driver, hub } = traveller;
  driver.held.add(hub);
  driver.advance(3 * DEFAULT_LIMITS.backendIdleMs);
  assertEquals(told(driver, "lost"), []);
  driver.held.delete(hub);
  driver.advance(2 * DEFAULT_LIMITS.backendIdleMs);
  assertEquals(told(driver, "lost").length, 1);
});

Deno.test("a line in parts goes to one backend as a whole, also when the move falls between them", () => {
  const traveller = new Traveller();
  const { driver, hub, client } = traveller;
  const part = (partial: number, message: string): Uint8Array =>
    encodePacket("PlayerMessage", client, { partial, message });
  const arena = traveller.ask();
  driver.take(hub);
  driver.fromClient(part(1, "a".repeat(64)));
  driver.fromBackend(smallMap(traveller.accept()));
  const stream = traveller.take();
  driver.take(arena);
  driver.fromClient(part(0, "the end"));
  assertEquals(driver.take(hub).length, 0);
  assertEquals(driver.take(arena), concat(part(1, "a".repeat(64)), part(0, "the end")));
  driver.fromClient(traveller.echo(stream));
  assertEquals(driver.take(arena).length % MESSAGE, 0);
});

Deno.test("every byte of a move may come alone", () => {
  const whole = new Traveller();
  const cut = new Traveller();
  for (const { traveller, step } of [{ traveller: whole, step: Infinity }, { traveller: cut, step: 1 }]) {
    traveller.ask();
    const leg = traveller.client;
    const bytes = concat(extensionList(FULL, "Arena 1.0"), welcome(leg), smallMap(leg));
    for (let at = 0; at < bytes.length; at += step) traveller.driver.fromBackend(bytes.subarray(at, at + step));
  }
  const stream = whole.take();
  assertEquals(cut.take(), stream);
  const answer = concat(position(5), whole.echo(stream), position(6));
  for (const byte of answer) cut.driver.fromClient(Uint8Array.of(byte));
  assertEquals(cut.driver.take(cut.driver.backend).subarray(-position(6).length), position(6));
  assertEquals(readPacket("PlayerPosition", dialect(FULL), position(6)).x, 6);
});
