import { ExtensionSet } from "../../lib/protocol/extensions.ts";
import type { Dialect, ProtocolVersion } from "../../lib/protocol/packet_table.ts";
import { encodePacket } from "../../lib/protocol/packets.ts";
import { CLIENT } from "../../lib/session/port.ts";
import { WAITING_WORLD_SPAWN, waitingWorldBlockAt } from "../../lib/session/waiting_world.ts";
import { assert, assertEquals, assertMatch } from "../harness/assert.ts";
import { MemoryDriver } from "../harness/memory_driver.ts";
import { all, chatLines, frames, outline } from "./frames.ts";
import { concat, dialect, extensionList, identification, kickText, smallMap, vanilla, welcome } from "./logins.ts";

const FULL = ExtensionSet.ALL;

/** A newcomer whom nobody takes. */
function waiting(leg: Dialect, backends: readonly string[] = ["hub", "arena"]): MemoryDriver {
  const driver = new MemoryDriver({}, backends);
  for (const name of backends) driver.routes.down.add(name);
  const { protocol, cpe } = leg;
  driver.fromClient(encodePacket("PlayerIdentification", leg, {
    protocol,
    username: "Steve",
    key: "-",
    magic: cpe ? 0x42 : 0,
  }));
  if (cpe) {
    driver.take(CLIENT);
    driver.fromClient(extensionList(leg.extensions));
  }
  return driver;
}

function said(leg: Dialect, message: string): Uint8Array {
  return encodePacket("PlayerMessage", leg, { partial: leg.extensions.has("LongerMessages") ? 0 : 255, message });
}

/** What stands in the upper right corner after `stream`. */
function status(leg: Dialect, stream: Uint8Array): ReadonlyMap<number, string> {
  const lines = all("Message", leg, frames("s2c", leg, stream)).filter(({ type }) => type > 0);
  return new Map(lines.map(({ type, message }) => [type, message]));
}

for (const protocol of [3, 4, 5, 6, 7] as ProtocolVersion[]) {
  Deno.test(`a client of protocol ${protocol} is shown a world with its player in it`, () => {
    const leg = vanilla(protocol);
    const stream = frames("s2c", leg, waiting(leg).take(CLIENT));
    assertEquals(outline(stream).slice(0, 5), [
      "ServerIdentification",
      "LevelInitialize",
      "LevelDataChunk",
      "LevelFinalize",
      "SpawnPlayer",
    ]);
    const [greeting] = all("ServerIdentification", leg, stream);
    assertEquals([greeting?.protocol, greeting?.serverName, greeting?.motd], [protocol, "My network", "Welcome"]);
    assertEquals(all("SpawnPlayer", leg, stream), [{ playerId: 255, playerName: "Steve", ...WAITING_WORLD_SPAWN }]);
  });
}

Deno.test("a client with ExtPlayerList is listed and spawned as it expects", () => {
  const leg = dialect(FULL);
  const stream = frames("s2c", leg, waiting(leg).take(CLIENT));
  assertEquals(all("ExtAddPlayerName", leg, stream).map(({ nameId }) => nameId), [255]);
  assertEquals(all("ExtAddEntity2", leg, stream).map(({ entityId }) => entityId), [255]);
  assertEquals(all("SpawnPlayer", leg, stream), []);
});

Deno.test("status lines tell the time, the place in line and what was tried, and change only where something changes", () => {
  const leg = dialect(FULL);
  const driver = waiting(leg);
  const first = status(leg, driver.take(CLIENT));
  assertEquals([...first.values()], ["&eWaiting for a server: &f0 s", "&7No server can take you now"]);
  driver.advance(61_000);
  driver.take(CLIENT);
  driver.routes.down.clear();
  driver.routes.busy.add("hub").add("arena");
  driver.advance(1_000);
  assertEquals([...status(leg, driver.take(CLIENT))], [
    [1, "&eWaiting for a server: &f1 min 2 s"],
    [2, "&7Your place in line: &f1"],
  ]);
  driver.routes.busy.delete("arena");
  driver.session.admitted();
  driver.advance(1_000);
  assertEquals(status(leg, driver.take(CLIENT)).get(3), "&7Trying &farena");
  driver.routes.busy.add("arena");
  driver.session.failed(driver.backend, "connection refused");
  driver.advance(1_000);
  assertEquals(status(leg, driver.take(CLIENT)).get(3), "&7arena: connection refused");
});

Deno.test("without MessageTypes chat says now and then how the wait is going", () => {
  const leg = vanilla();
  const driver = waiting(leg);
  driver.take(CLIENT);
  driver.advance(19_000);
  assertEquals(chatLines(leg, driver.take(CLIENT)), []);
  driver.advance(1_000);
  assertEquals(chatLines(leg, driver.take(CLIENT)), ["&eWaiting for a server: &f20 s", "&7No server can take you now"]);
});

Deno.test("the status lines are gone once a backend has taken the player", () => {
  const leg = dialect(FULL);
  const driver = waiting(leg);
  driver.take(CLIENT);
  driver.routes.down.clear();
  driver.session.admitted();
  driver.open();
  driver.fromBackend(concat(extensionList(FULL), welcome(leg), smallMap(leg)));
  const stream = driver.take(CLIENT);
  assertEquals([...status(leg, stream)], [[1, ""], [2, ""]]);
  const names = outline(frames("s2c", leg, stream));
  assert(names.indexOf("Message") < names.indexOf("ServerIdentification"), `${names}`);
  driver.advance(10_000);
  assertEquals(chatLines(leg, driver.take(CLIENT)), []);
});

Deno.test("what a player builds is taken back, what they ask is answered, what they say reaches nobody and they are told", () => {
  const leg = dialect(FULL);
  const driver = waiting(leg);
  driver.take(CLIENT);
  const [x, y, z] = [3, 2, 4];
  driver.fromClient(concat(
    encodePacket("PlayerSetBlock", leg, { x, y, z, mode: 1, block: 5 }),
    encodePacket("PlayerSetBlock", leg, { x: -1, y: 9000, z, mode: 1, block: 5 }),
    encodePacket("TwoWayPing", leg, { origin: 0, data: 77 }),
    encodePacket("PlayerPosition", leg, { held: 1, x: 1, y: 2, z: 3, yaw: 4, pitch: 5 }),
    said(leg, "is anybody there?"),
  ));
  const stream = frames("s2c", leg, driver.take(CLIENT));
  assertEquals(all("SetBlock", leg, stream), [{ x, y, z, block: waitingWorldBlockAt(x, y, z) ?? -1 }]);
  assertEquals(all("TwoWayPing", leg, stream), [{ origin: 0, data: 77 }]);
  assertMatch(all("Message", leg, stream)[0]?.message ?? "", /^&7Nobody hears you here/);
});

Deno.test("/server lists and moves from the waiting room, and a refusal leaves the player in line", () => {
  const leg = vanilla();
  const driver = waiting(leg);
  driver.take(CLIENT);
  driver.fromClient(said(leg, "/server"));
  assertMatch(chatLines(leg, driver.take(CLIENT)).join("\n"), /hub &cis down/);
  driver.routes.down.delete("arena");
  driver.fromClient(said(leg, "/server arena"));
  assertEquals(driver.dialled.at(-1)?.backend, "arena");
  driver.routes.down.add("arena");
  driver.session.failed(driver.backend, "connection refused");
  assertEquals(chatLines(leg, driver.take(CLIENT)), ["&cYou cannot go to &farena&c now: &farena: connection refused"]);
  assertEquals(driver.routes.wishes.map(({ kind }) => kind), ["join", "join", "go", "join"]);
  assertEquals(driver.routes.openTickets, 1);
});

Deno.test("what was typed before the waiting room was there has reached nobody, and the player is told", () => {
  const leg = vanilla();
  const driver = new MemoryDriver({}, ["hub"]);
  driver.fromClient(concat(identification("Steve", "-", 0), said(leg, "hello?")));
  driver.routes.down.add("hub");
  driver.session.failed(driver.backend, "connection refused");
  const lines = chatLines(leg, driver.take(CLIENT));
  assertEquals(lines.filter((line) => line.includes("reached nobody")).length, 1);
});

Deno.test("a waiting client is pinged, and a broken packet of it ends the session", () => {
  const leg = vanilla();
  const driver = waiting(leg);
  driver.take(CLIENT);
  driver.advance(5_000);
  assertEquals(outline(frames("s2c", leg, driver.take(CLIENT))), ["Ping"]);
  driver.fromClient(Uint8Array.of(0x77));
  assertMatch(kickText(driver.take(CLIENT)), /\[PD-TEST1\]$/);
  driver.settle();
  assertEquals([driver.summary?.reason, driver.summary?.code], ["bad-packet", "PD"]);
  assertEquals(driver.routes.openTickets, 0);
});
