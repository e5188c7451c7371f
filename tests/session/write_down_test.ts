import { ExtensionSet } from "../../lib/protocol/extensions.ts";
import type { Dialect } from "../../lib/protocol/packet_table.ts";
import { encodePacket } from "../../lib/protocol/packets.ts";
import { CLIENT, DEFAULT_LIMITS, type SessionLimits, type SessionPort } from "../../lib/session/port.ts";
import { Session } from "../../lib/session/session.ts";
import { assert, assertEquals, assertMatch, assertNotEquals } from "../harness/assert.ts";
import { FakeRoutes } from "../harness/fake_routes.ts";
import { MemoryDriver } from "../harness/memory_driver.ts";
import { all, chatLines, frames } from "./frames.ts";
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
const PINGS = ExtensionSet.of("TwoWayPing");
const PARTS = ExtensionSet.of("LongerMessages");
const BACKENDS = ["hub", "arena"];
const SERVER_ORIGIN = 1;

function limits(changes: Partial<SessionLimits>): { readonly limits: SessionLimits } {
  return { limits: { ...DEFAULT_LIMITS, ...changes } };
}

function carryOver(driver: MemoryDriver): void {
  assert(driver.carryOver() !== undefined, "the session cannot be carried over");
}

function assertStays(driver: MemoryDriver): void {
  assertEquals(driver.session.writeDown(), undefined);
}

function chat(message: string, leg: Dialect): Uint8Array {
  return encodePacket("Message", leg, { type: 0, message });
}

function said(message: string, partial = 0): Uint8Array {
  return encodePacket("PlayerMessage", dialect(PARTS), { partial, message });
}

/** A newcomer whom nobody takes. */
function waiting(): MemoryDriver {
  const driver = new MemoryDriver({}, BACKENDS);
  for (const name of BACKENDS) driver.routes.down.add(name);
  driver.fromClient(concat(identification(), extensionList(FULL)));
  driver.take(CLIENT);
  return driver;
}

/** Somebody in raw mode. */
function splicing(): MemoryDriver {
  const driver = new MemoryDriver({ mode: "raw", ...limits({ packetsPerSecond: 1 }) });
  driver.fromClient(identification());
  driver.open();
  driver.take(driver.backend);
  return driver;
}

Deno.test("a packet that is cut anywhere, by either side, comes out whole on the other side of a handover", () => {
  const driver = playing(FULL);
  const leg = dialect(FULL);
  const position = encodePacket("PlayerPosition", leg, { held: 1, x: 1, y: 2, z: 3, yaw: 4, pitch: 5 });
  const line = chat("hello", leg);
  for (let at = 1; at < position.length; at++) {
    driver.fromClient(position.subarray(0, at));
    driver.fromBackend(line.subarray(0, at));
    carryOver(driver);
    assertEquals([driver.take(CLIENT).length, driver.take(driver.backend).length], [0, 0]);
    driver.fromClient(position.subarray(at));
    driver.fromBackend(line.subarray(at));
    assertEquals(driver.take(driver.backend), position);
    assertEquals(driver.take(CLIENT), line);
  }
});

Deno.test("a session that is taken up does nothing of its own but ask for a tick, and take its seat and its pool", () => {
  const driver = playing(FULL);
  driver.routes.pool = "games";
  const state = driver.session.writeDown();
  assert(state !== undefined);
  const effects: string[] = [];
  const port: SessionPort = {
    now: () => 5,
    wake: () => {},
    heldBack: () => false,
    write: () => effects.push("write"),
    dial: () => effects.push("dial"),
    close: () => effects.push("close"),
    emit: () => effects.push("emit"),
  };
  const routes = new FakeRoutes();
  const options = {
    id: "TEST1",
    mode: "parse" as const,
    appName: "Kurafuto",
    announced: FULL,
    welcome: { name: "", motd: "" },
    admit: (name: string) => ({ kind: "admitted" as const, name }),
    keyFor: () => undefined,
    listDelivery: () => "at once" as const,
    routes,
    tellsChat: () => false,
    redirect: { command: "/server", pluginChannel: 75 },
    limits: DEFAULT_LIMITS,
  };
  const session = Session.resume(port, options, state);
  assertEquals([effects, routes.seats("hub"), routes.openTickets, routes.pool], [[], 1, 0, "games"]);
  assertEquals(session.whereabouts, { state: "playing", backend: "hub" });
  session.bytes(driver.backend, chat("hello", dialect(FULL)));
  assertEquals(effects, ["write"]);
});

Deno.test("a session that was carried over gives back its seat where it was, and does and tells nothing there any more", () => {
  const driver = playing(FULL);
  const { session, events, closings } = driver;
  const before = events.length;
  carryOver(driver);
  session.end("shutdown", "too late");
  session.bytes(driver.backend, chat("too late", dialect(FULL)));
  session.tick();
  session.gone(driver.backend);
  session.gone(CLIENT);
  assertEquals([session.ended, session.move("arena").kind, session.say("too late")], [true, "refused", false]);
  assertEquals([events.length, closings, driver.take(CLIENT).length], [before, [], 0]);
  assertEquals([session.writeDown(), driver.routes.seats("hub")], [undefined, 1]);
});

Deno.test("a session that was forgotten has no deadlines and passes nothing on, and one that has ended before still tells so", () => {
  for (const driver of [playing(PINGS), splicing()]) {
    const { session, backend } = driver;
    const before = driver.events.length;
    session.forget();
    session.forget();
    session.bytes(CLIENT, encodePacket("Ping", dialect(PINGS), {}));
    driver.advance(600_000);
    session.tick();
    assertEquals([driver.take(backend).length, driver.closings, driver.events.length], [0, [], before]);
    assertEquals(driver.routes.seats("hub"), 0);
  }
  const over = playing(FULL);
  over.session.end("shutdown", "now");
  over.session.forget();
  over.settle();
  assertEquals(over.summary?.reason, "shutdown");
});

Deno.test("a session that was only written down goes on where it is", () => {
  const driver = playing(FULL);
  assertNotEquals(driver.session.writeDown(), undefined);
  driver.fromBackend(chat("hello", dialect(FULL)));
  assertEquals(driver.take(CLIENT), chat("hello", dialect(FULL)));
});

Deno.test("the session's end is told with all that happened before and after the handover, and its seat is given back", () => {
  const driver = playingVanilla();
  driver.advance(1_000);
  carryOver(driver);
  driver.advance(500);
  driver.session.end("shutdown", "now");
  assertMatch(kickText(driver.take(CLIENT)), /-TEST1\]$/);
  driver.settle();
  const { summary } = driver;
  assertEquals([summary?.player, summary?.backend, summary?.visited, summary?.timers.total], [
    "Steve",
    "hub",
    ["hub"],
    1_500,
  ]);
  assertEquals(summary?.timers.map, 0);
  assert((summary?.bytes.fromClient ?? 0) > 0);
  assertEquals([driver.routes.seats("hub"), driver.routes.openTickets], [0, 0]);
});

Deno.test("a map that passes untouched may be under way, and its bounds still hold", () => {
  for (const bound of ["time", "size"] as const) {
    const driver = playing(FULL, limits({ mapMs: 10_000, mapBytes: 4_000, backendIdleMs: 60_000 }), BACKENDS);
    const leg = dialect(FULL);
    const hub = driver.backend;
    const data = encodePacket("LevelDataChunk", leg, { length: 1, data: Uint8Array.of(1), percent: 0 });
    driver.feed(hub, concat(encodePacket("LevelInitialize", leg, { volume: 1 }), data));
    driver.advance(6_000);
    carryOver(driver);
    driver.feed(hub, data);
    driver.advance(3_999);
    assertEquals(driver.closings, []);
    if (bound === "time") driver.advance(1);
    else driver.feed(hub, concat(data, data));
    assertEquals(driver.closings, [{ leg: hub, how: "abort" }]);
    assertMatch(JSON.stringify(driver.events), /endless-map/);
  }
});

Deno.test("a silent backend is asked once and given up in its time, wherever the session is meanwhile", () => {
  const driver = playing(PINGS, limits({ backendIdleMs: 10_000 }), BACKENDS);
  const hub = driver.backend;
  driver.advance(3_000);
  carryOver(driver);
  driver.advance(2_000);
  const asked = driver.take(hub);
  assertEquals(asked, encodePacket("TwoWayPing", dialect(PINGS), { origin: 0, data: 0xffff }));
  carryOver(driver);
  driver.feed(hub, asked);
  assertEquals(driver.take(CLIENT).length, 0, "the answer is the edge's own");
  driver.advance(9_999);
  carryOver(driver);
  assertEquals(driver.closings, []);
  driver.advance(1);
  assertEquals(driver.closings, [{ leg: hub, how: "abort" }]);
});

Deno.test("a line of chat in parts stays one line, and a command in parts a command", () => {
  const driver = playing(PARTS);
  driver.fromClient(said("a line", 1));
  carryOver(driver);
  assertEquals(driver.take(driver.backend).length, 0);
  driver.fromClient(said("in parts"));
  assertEquals(driver.take(driver.backend), concat(said("a line", 1), said("in parts")));
  driver.fromClient(said("/server", 1));
  carryOver(driver);
  driver.fromClient(said(" nowhere"));
  assertEquals(driver.take(driver.backend).length, 0);
  assertMatch(chatLines(dialect(PARTS), driver.take(CLIENT)).join(), /no server nowhere/);
});

Deno.test("the end of a line that is too long to be waited for is no line of its own", () => {
  const driver = playing(PARTS, limits({ chatRate: { count: 1, windowMs: 60_000 } }));
  for (let part = 0; part < 100; part++) driver.fromClient(said("x", 1));
  carryOver(driver);
  driver.fromClient(said("/server"));
  assertEquals([driver.session.ended, driver.take(CLIENT).length], [false, 0]);
});

Deno.test("what a client has sent counts on against its limits", () => {
  for (
    const [change, sent, reason] of [
      [{ chatRate: { count: 3, windowMs: 5_000 } }, said("hi"), "chat-flood"],
      [{ packetsPerSecond: 1.5 }, encodePacket("Ping", vanilla(), {}), "packet-flood"],
    ] as const
  ) {
    const driver = playing(PARTS, limits(change));
    for (let count = 0; count < 3; count++) driver.fromClient(sent);
    carryOver(driver);
    assertEquals(driver.session.ended, false);
    driver.fromClient(sent);
    driver.settle();
    assertEquals(driver.summary?.reason, reason);
  }
});

Deno.test("an excess that is only watched is told once, on whatever side of a handover", () => {
  const driver = playing(PARTS, limits({ chatRate: { count: 1, windowMs: 5_000 }, dryRun: true }));
  for (let count = 0; count < 3; count++) {
    driver.fromClient(said("hi"));
    carryOver(driver);
  }
  assertEquals(driver.events.filter(({ kind }) => kind === "over-limit").length, 1);
});

Deno.test("a move undoes what backends did before the handover, with a fence that no earlier one had", () => {
  const driver = playing(FULL, {}, BACKENDS);
  const leg = dialect(FULL);
  const fenceOf = (): number => {
    driver.open();
    driver.fromBackend(concat(extensionList(FULL), welcome(leg), smallMap(leg)));
    const stream = frames("s2c", leg, driver.take(CLIENT));
    const [fence] = all("TwoWayPing", leg, stream);
    assert(fence !== undefined, "no fence");
    assertEquals(all("SetClickDistance", leg, stream), [{ distance: 160 }]);
    driver.fromClient(encodePacket("TwoWayPing", leg, { origin: SERVER_ORIGIN, data: fence.data }));
    driver.settle();
    return fence.data;
  };
  const fences = ["arena", "hub", "arena"].map((to) => {
    driver.fromBackend(encodePacket("SetClickDistance", leg, { distance: 5 }));
    carryOver(driver);
    driver.take(CLIENT);
    assertEquals(driver.session.move(to).kind, "begun");
    return fenceOf();
  });
  assertEquals(new Set(fences).size, 3);
  assertEquals([driver.session.moves, driver.routes.seats("hub"), driver.routes.seats("arena")], [3, 0, 1]);
});

Deno.test("moves that servers ask for are counted on", () => {
  const driver = playing(FULL, {}, BACKENDS);
  const ask = encodePacket("PluginMessage", dialect(FULL), {
    channel: 75,
    data: new TextEncoder().encode("move arena".padEnd(64)),
  });
  const moves = (): number => driver.dialled.length - 1;
  for (let round = 0; round < 6; round++) {
    driver.feed(1, ask);
    if (moves() > round) driver.session.failed(driver.backend, "refused");
    driver.settle();
    carryOver(driver);
  }
  assertEquals(moves(), 5);
});

Deno.test("who waits in the waiting room sees the same lines, and is taken when their turn comes", () => {
  const driver = waiting();
  driver.advance(1_500);
  driver.take(CLIENT);
  carryOver(driver);
  driver.advance(500);
  const leg = dialect(FULL);
  assertEquals(chatLines(leg, driver.take(CLIENT)), ["&eWaiting for a server: &f2 s"]);
  driver.routes.down.clear();
  driver.session.admitted();
  driver.open();
  driver.fromBackend(concat(extensionList(FULL), welcome(leg), smallMap(leg)));
  assertEquals(driver.session.whereabouts.backend, "hub");
});

Deno.test("who waits looks for a place as soon as the session goes on", () => {
  const driver = waiting();
  driver.routes.down.clear();
  carryOver(driver);
  assertEquals(driver.dialled, []);
  driver.advance(0);
  assertEquals(driver.dialled.map(({ backend }) => backend), ["hub"]);
});

Deno.test("who stands in line while they play goes when it is their turn, and is told once where they stand", () => {
  for (const turn of ["comes", "never comes"] as const) {
    const driver = playing(FULL, limits({ backendIdleMs: 60_000 }), BACKENDS);
    driver.routes.busy.add("arena");
    driver.session.move("arena");
    driver.advance(20_000);
    driver.take(CLIENT);
    carryOver(driver);
    driver.advance(9_999);
    assertEquals([driver.take(CLIENT).length, driver.routes.openTickets], [0, 1]);
    if (turn === "comes") {
      driver.routes.busy.clear();
      driver.session.admitted();
      assertEquals(driver.dialled.at(-1)?.backend, "arena");
    } else {
      driver.advance(1);
      assertMatch(chatLines(dialect(FULL), driver.take(CLIENT)).join(), /no turn within 30 s/);
      assertEquals([driver.routes.openTickets, driver.session.whereabouts.state], [0, "playing"]);
    }
  }
});

Deno.test("raw bytes pass on, and count on against the limit", () => {
  const driver = splicing();
  driver.fromClient(new Uint8Array(100));
  carryOver(driver);
  assertEquals(driver.take(driver.backend).length, 100);
  driver.fromBackend(Uint8Array.of(1, 2, 3));
  assertEquals(driver.take(CLIENT), Uint8Array.of(1, 2, 3));
  driver.fromClient(new Uint8Array(33));
  driver.settle();
  assertEquals(driver.summary?.reason, "packet-flood");
});

Deno.test("a session stays where it is until its login is over", () => {
  const driver = new MemoryDriver({ announced: FULL });
  assertStays(driver);
  driver.fromClient(identification());
  assertStays(driver);
  driver.open();
  driver.fromClient(extensionList(FULL));
  assertStays(driver);
  driver.fromBackend(concat(extensionList(FULL), welcome()));
  carryOver(driver);
  const raw = new MemoryDriver({ mode: "raw" });
  raw.fromClient(identification());
  assertStays(raw);
});

Deno.test("a session stays where it is on its way to another backend, until the old one's leg is closed", () => {
  const driver = playing(FULL, {}, BACKENDS);
  const leg = dialect(FULL);
  driver.fromBackend(smallMap(leg));
  driver.session.move("arena");
  assertStays(driver);
  driver.open();
  assertStays(driver);
  driver.take(CLIENT);
  driver.fromBackend(concat(extensionList(FULL), welcome(leg), smallMap(leg)));
  assertStays(driver);
  const [fence] = all("TwoWayPing", leg, frames("s2c", leg, driver.take(CLIENT)));
  driver.fromClient(encodePacket("TwoWayPing", leg, { origin: SERVER_ORIGIN, data: fence?.data ?? 0 }));
  assertStays(driver);
  driver.settle();
  carryOver(driver);
});

Deno.test("a session stays where it is while its player has no place, or leaves", () => {
  const lost = playing(FULL, {}, BACKENDS);
  lost.session.eof(lost.backend);
  assertStays(lost);
  for (const driver of [playing(FULL), splicing()]) {
    driver.session.eof(CLIENT);
    assertStays(driver);
  }
  const spoken = splicing();
  spoken.session.eof(spoken.backend);
  assertStays(spoken);
  const over = playing(FULL);
  over.session.end("shutdown", "now");
  assertStays(over);
});

Deno.test("a session stays where it is at the beginning of a map that has to be rewritten", () => {
  const driver = new MemoryDriver({ announced: FULL });
  const leg = dialect();
  driver.fromClient(concat(identification(), extensionList(FULL)));
  driver.open();
  driver.fromBackend(concat(extensionList(ExtensionSet.EMPTY), welcome(leg)));
  carryOver(driver);
  driver.fromBackend(encodePacket("LevelInitialize", leg, {}));
  assertStays(driver);
});
