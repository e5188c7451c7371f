import { ExtensionSet } from "../../lib/protocol/extensions.ts";
import { encodePacket } from "../../lib/protocol/packets.ts";
import { CLIENT, DEFAULT_LIMITS } from "../../lib/session/port.ts";
import type { Dialect } from "../../lib/protocol/packet_table.ts";
import { assert, assertEquals, assertMatch, assertStrictEquals } from "../harness/assert.ts";
import { MemoryDriver } from "../harness/memory_driver.ts";
import { chatLines, frames, outline } from "./frames.ts";
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

const ALL = dialect(ExtensionSet.ALL);

function chat(message: string): Uint8Array {
  return encodePacket("Message", ALL, { type: 0, message });
}

function position(x: number): Uint8Array {
  return encodePacket("PlayerPosition", ALL, { held: 1, x, y: 2, z: 3, yaw: 4, pitch: 5 });
}

/** Counts the writes to one leg instead of keeping their bytes. */
function countWrites(driver: MemoryDriver): number[] {
  const writes: number[] = [];
  const write = driver.write.bind(driver);
  driver.write = (leg, bytes) => {
    writes.push(leg);
    write(leg, bytes);
  };
  return writes;
}

Deno.test("with equal sets a chunk goes out in one write, as it came", () => {
  const driver = playing(ExtensionSet.ALL);
  const writes = countWrites(driver);
  const chunk = concat(...Array.from({ length: 50 }, (_, i) => chat(`line ${i}`)));
  driver.fromBackend(chunk);
  assertEquals(driver.take(CLIENT), chunk);
  const moves = concat(position(1), position(2));
  driver.fromClient(moves);
  assertEquals(driver.take(driver.backend), moves);
  assertEquals(writes, [CLIENT, driver.backend]);
});

Deno.test("a chunk with one packet to rewrite still goes out in one write", () => {
  const set = ExtensionSet.of("ExtEntityPositions");
  const driver = new MemoryDriver({ announced: set });
  driver.fromClient(concat(identification(), extensionList(set)));
  driver.open();
  driver.fromBackend(concat(extensionList(ExtensionSet.EMPTY), welcome()));
  driver.take(CLIENT);
  const writes = countWrites(driver);
  const teleport = { playerId: 1, x: -5, y: 6, z: 7, yaw: 8, pitch: 9 };
  driver.fromBackend(concat(chat("a"), encodePacket("PlayerTeleport", dialect(), teleport), chat("b")));
  assertEquals(
    driver.take(CLIENT),
    concat(chat("a"), encodePacket("PlayerTeleport", dialect(set), teleport), chat("b")),
  );
  assertEquals(writes, [CLIENT]);
});

Deno.test("positions of many in a row are rewritten into one write, among others that are not", () => {
  const set = ExtensionSet.of("ExtEntityPositions");
  const driver = new MemoryDriver({ announced: set });
  driver.fromClient(concat(identification(), extensionList(set)));
  driver.open();
  driver.fromBackend(concat(extensionList(ExtensionSet.EMPTY), welcome()));
  driver.take(CLIENT);
  const tick = (leg: Dialect): Uint8Array =>
    concat(...Array.from({ length: 60 }, (_, playerId) => {
      if (playerId % 7 === 0) return encodePacket("OrientationUpdate", leg, { playerId, yaw: 1, pitch: 2 });
      return encodePacket("PlayerTeleport", leg, { playerId, x: -playerId, y: playerId, z: 9, yaw: 1, pitch: 2 });
    }));
  const writes = countWrites(driver);
  driver.fromBackend(tick(dialect()));
  assertEquals(driver.take(CLIENT), tick(dialect(set)));
  assertEquals(writes, [CLIENT]);
  for (const byte of tick(dialect())) driver.fromBackend(Uint8Array.of(byte));
  assertEquals(driver.take(CLIENT), tick(dialect(set)));
});

Deno.test("map data for a client with ExtendedBlocks goes out in the chunk it came in", () => {
  const set = ExtensionSet.of("ExtendedBlocks", "HeldBlock");
  const driver = new MemoryDriver({ announced: set });
  driver.fromClient(concat(identification(), extensionList(set)));
  driver.open();
  driver.fromBackend(concat(extensionList(ExtensionSet.EMPTY), welcome()));
  driver.take(CLIENT);
  const map = (percent: number): Uint8Array => {
    const data = new Uint8Array(1024).fill(9);
    const part = encodePacket("LevelDataChunk", dialect(), { length: data.length, data, percent });
    return concat(encodePacket("LevelInitialize", dialect(), {}), part, part, chat("in between"), part);
  };
  const chunk = map(77);
  let written: Uint8Array | undefined;
  driver.write = (_, bytes) => {
    written = bytes;
  };
  driver.session.bytes(driver.backend, chunk);
  assertStrictEquals(written, chunk);
  assertEquals(chunk, map(0));
});

Deno.test("a packet cut by a chunk's end waits for its rest, and what is whole does not", () => {
  const driver = playing(ExtensionSet.ALL);
  const line = chat("second");
  driver.fromBackend(concat(chat("first"), line.subarray(0, 10)));
  assertEquals(driver.take(CLIENT), chat("first"));
  driver.fromBackend(concat(line.subarray(10), chat("third")));
  assertEquals(driver.take(CLIENT), concat(line, chat("third")));
});

Deno.test("late negotiation packets of the backend never reach the client", () => {
  const driver = playing(ExtensionSet.ALL);
  const level = encodePacket("CustomBlockSupportLevel", ALL, { level: 1 });
  driver.fromBackend(concat(chat("a"), extensionList(ExtensionSet.of("FastMap")), level, chat("b")));
  assertEquals(driver.take(CLIENT), concat(chat("a"), chat("b")));
  assertEquals(driver.take(driver.backend), level);
});

Deno.test("a backend's kick reaches the player word for word, behind what it said before", () => {
  const driver = playing(ExtensionSet.ALL);
  const kick = encodePacket("DisconnectPlayer", ALL, { reason: "&4Kicked: ☺ be nice" });
  driver.fromBackend(concat(smallMap(ALL), chat("bye"), kick, chat("never seen")));
  assertEquals(driver.take(CLIENT), concat(smallMap(ALL), chat("bye"), kick));
  driver.settle();
  assertEquals(driver.summary?.code, "SP");
  assertEquals(driver.summary?.detail, "kicked: &4Kicked: ☺ be nice");
});

/** What the client sees of a backend that is lost and that nobody stands in for: the waiting room. */
function assertWaits(driver: MemoryDriver, stream: Uint8Array): void {
  const names = outline(frames("s2c", ALL, stream));
  const room = names.slice(names.indexOf("ServerIdentification"));
  assertEquals(room.slice(0, 4), ["ServerIdentification", "LevelInitialize", "LevelDataChunk", "LevelFinalize"]);
  assertEquals(driver.session.ended, false);
}

Deno.test("an unknown packet of the backend loses the backend behind the last good one", () => {
  const driver = playing(ExtensionSet.ALL);
  driver.fromBackend(concat(smallMap(ALL), chat("fine"), Uint8Array.of(0xfe, 1, 2, 3)));
  const out = driver.take(CLIENT);
  const good = concat(smallMap(ALL), chat("fine"));
  assertEquals(out.subarray(0, good.length), good);
  assert(outline(frames("s2c", ALL, out.subarray(good.length))).includes("ServerIdentification"));
  const lost = driver.events.find(({ kind }) => kind === "lost");
  const detail = "unknown packet 254: fe 01 02 03";
  assertEquals(lost, { kind: "lost", backend: "hub", reason: "backend-broken", detail });
  assertEquals(driver.closings, [{ leg: driver.backend, how: "abort" }]);
});

Deno.test("the end of a backend costs nobody their connection", () => {
  for (const [end, reason] of [["eof", "backend-closed"], ["failed", "backend-lost"]] as const) {
    const driver = playing(ExtensionSet.ALL);
    driver.fromBackend(smallMap(ALL));
    driver.take(CLIENT);
    driver.session[end](driver.backend, "reset by peer");
    assertWaits(driver, driver.take(CLIENT));
    assertEquals(driver.events.flatMap((event) => event.kind === "lost" ? [event.reason] : []), [reason]);
  }
});

Deno.test("a client that closes its side still gets what the backend has to say", () => {
  const driver = playing(ExtensionSet.ALL);
  driver.fromBackend(smallMap(ALL));
  driver.take(CLIENT);
  driver.session.eof(CLIENT);
  assertEquals(driver.closings, [{ leg: driver.backend, how: "half" }]);
  driver.fromBackend(chat("goodbye"));
  assertEquals(driver.take(CLIENT), chat("goodbye"));
  driver.session.eof(driver.backend);
  driver.settle();
  assertEquals(driver.summary?.code, "CP");
});

Deno.test("a backend that goes on after its client has closed is closed after a second", () => {
  const driver = playing(ExtensionSet.ALL);
  driver.session.eof(CLIENT);
  for (let i = 0; i < 10; i++) {
    driver.fromBackend(chat("still here"));
    driver.advance(DEFAULT_LIMITS.lingerMs / 10);
  }
  driver.settle();
  assertEquals(driver.summary?.reason, "client-left");
});

Deno.test("a map that never ends, by time or by size, loses the backend", () => {
  const slow = playing(ExtensionSet.ALL, { limits: { ...DEFAULT_LIMITS, backendIdleMs: Infinity } });
  slow.advance(DEFAULT_LIMITS.mapMs - 1);
  assertEquals(slow.take(CLIENT).length, 0);
  slow.advance(1);
  assertWaits(slow, slow.take(CLIENT));
  const data = encodePacket("LevelDataChunk", ALL, { length: 1024, data: new Uint8Array(1024), percent: 0 });
  const large = playing(ExtensionSet.ALL, { limits: { ...DEFAULT_LIMITS, mapBytes: 100_000 } });
  for (let sent = 0; sent <= 100_000; sent += data.length) large.fromBackend(data);
  for (const { events } of [slow, large]) {
    assertEquals(events.flatMap((event) => event.kind === "lost" ? [event.reason] : []), ["endless-map"]);
  }
});

Deno.test("a map takes a client that reads slowly as long as it needs", () => {
  const limits = { ...DEFAULT_LIMITS, backendIdleMs: Infinity };
  const data = encodePacket("LevelDataChunk", ALL, { length: 1024, data: new Uint8Array(1024), percent: 0 });
  const trickle = playing(ExtensionSet.ALL, { limits });
  for (let ms = 0; ms < 3 * limits.mapMs; ms += 1_000) {
    trickle.fromBackend(data);
    trickle.advance(1_000);
  }
  const stuck = playing(ExtensionSet.ALL, { limits });
  stuck.held.add(stuck.backend);
  stuck.advance(3 * limits.mapMs);
  for (const driver of [trickle, stuck]) {
    assertEquals(driver.events.filter(({ kind }) => kind === "lost"), []);
    driver.held.clear();
    driver.advance(2 * limits.mapMs);
    assertEquals(driver.events.flatMap((event) => event.kind === "lost" ? [event.reason] : []), ["endless-map"]);
  }
});

Deno.test("play after a complete map has no time limit, as long as the backend speaks", () => {
  const driver = playing(ExtensionSet.ALL);
  driver.fromBackend(smallMap(ALL));
  for (let minutes = 0; minutes < 24 * 60; minutes += 1 / 6) {
    driver.fromBackend(encodePacket("Ping", ALL, {}));
    driver.advance(10_000);
  }
  assertEquals(driver.events.filter(({ kind }) => kind === "lost"), []);
});

Deno.test("bad packets of a client in play end the session with the right code", () => {
  const bad = [
    identification(),
    extensionList(ExtensionSet.of("FastMap")),
    Uint8Array.of(0x02),
    Uint8Array.of(0x0e),
    Uint8Array.of(0x99),
  ];
  for (const bytes of bad) {
    const driver = playing(ExtensionSet.ALL);
    driver.fromBackend(smallMap(ALL));
    driver.fromClient(concat(position(1), bytes, position(2)));
    assertEquals(driver.take(driver.backend), position(1));
    driver.settle();
    assertEquals([driver.summary?.reason, driver.summary?.code], ["bad-packet", "PP"]);
  }
});

Deno.test("a packet that was never negotiated is a bad packet", () => {
  const driver = playing(ExtensionSet.of("HeldBlock"));
  driver.fromClient(encodePacket("NotifyAction", ALL, { action: 1, value: 0 }));
  driver.settle();
  assertEquals(driver.summary?.reason, "bad-packet");
});

Deno.test("packets above what may wait for a leg end the session", () => {
  const driver = playing(ExtensionSet.ALL);
  driver.session.overflowed(CLIENT, "9000000 bytes are waiting");
  driver.settle();
  assertEquals(driver.summary?.reason, "client-too-slow");
});

Deno.test("stopping the edge tells the player", () => {
  const driver = playing(ExtensionSet.ALL);
  driver.session.end("shutdown", "the edge is stopping");
  assertMatch(kickText(driver.take(CLIENT)), /^The network is going down.*\[OM-TEST1\]$/);
});

Deno.test("a kick in the operator's words is one line of what the client can draw", () => {
  for (
    const [extensions, drawn] of [[ExtensionSet.EMPTY, "be nice? please"], [
      ExtensionSet.ALL,
      "be nice☺ please",
    ]] as const
  ) {
    const driver = extensions === ExtensionSet.EMPTY ? playingVanilla() : playing(extensions);
    driver.session.end("kicked", "by the operator", "be nice☺\nplease");
    assertEquals(kickText(driver.take(CLIENT)).split(" [")[0], drawn);
  }
});

Deno.test("an announcement has a line of chat for each of its lines", () => {
  const driver = playing(ExtensionSet.ALL);
  driver.session.say("one\n&etwo\r\n\nthree\n");
  assertEquals(chatLines(dialect(ExtensionSet.ALL), driver.take(CLIENT)), ["one", "&etwo", "three"]);
});

Deno.test("the summary counts every byte and tells how long each stage took", () => {
  const driver = new MemoryDriver({ announced: ExtensionSet.EMPTY });
  driver.fromClient(identification("Steve", "-", 0));
  driver.advance(5);
  driver.open();
  driver.fromBackend(welcome(vanilla()));
  driver.advance(7);
  driver.fromBackend(smallMap(vanilla()));
  driver.session.eof(CLIENT);
  driver.advance(DEFAULT_LIMITS.lingerMs);
  driver.settle();
  const length = welcome(vanilla()).length + smallMap(vanilla()).length;
  const own = identification().length;
  assertEquals(driver.summary?.bytes, { fromClient: own, toClient: length, fromBackend: length, toBackend: own });
  assertEquals(driver.summary?.timers, { handshake: 0, login: 5, map: 7, total: 12 + DEFAULT_LIMITS.lingerMs });
});

Deno.test("a session ends once, when its last leg is gone", () => {
  const driver = playing(ExtensionSet.ALL);
  driver.session.end("shutdown", "first");
  driver.session.failed(CLIENT, "reset");
  driver.session.end("internal-error", "too late");
  assertEquals(driver.summary, undefined);
  driver.settle();
  assertEquals(driver.events.filter(({ kind }) => kind === "ended").length, 1);
  assertEquals(driver.summary?.detail, "first");
});
