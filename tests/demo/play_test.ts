import { assert, assertEquals, assertMatch } from "../harness/assert.ts";
import { BLOCK } from "../../lib/demo/block.ts";
import type { ServerEvent } from "../../lib/demo/options.ts";
import { CLASSICUBE } from "../../lib/demo/presets.ts";
import { ClassicServer } from "../../lib/demo/server.ts";
import { generateFlat } from "../../lib/demo/world.ts";
import { ExtensionSet } from "../../lib/protocol/extensions.ts";
import { Client, eventually } from "./client.ts";

const POSITION = { held: 255, x: 500, y: 600, z: 700, yaw: 12, pitch: 3 };
/** A client that is told of others the plainest way. */
const PLAIN = { name: "Alex" };

Deno.test("two players see each other come, move and go", async () => {
  await using server = await ClassicServer.start();
  await using alex = await Client.join(server, PLAIN);
  await using steve = await Client.join(server, { name: "Steve" });
  const { playerId } = await alex.next("SpawnPlayer", ({ playerName }) => playerName === "Steve");
  assertEquals((await steve.next("SpawnPlayer", ({ playerId }) => playerId !== 255)).playerName, "Alex");
  await steve.send("PlayerPosition", POSITION);
  const { held: _, ...stands } = POSITION;
  assertEquals(await alex.next("PlayerTeleport"), { playerId, ...stands });
  await steve.send("PlayerPosition", { ...POSITION, x: 510, yaw: 20 });
  assertEquals(await alex.next("PositionAndOrientationUpdate"), { playerId, dx: 10, dy: 0, dz: 0, yaw: 20, pitch: 3 });
  await steve.send("PlayerPosition", { ...POSITION, x: 510, y: 590, yaw: 20 });
  assertEquals(await alex.next("PositionUpdate"), { playerId, dx: 0, dy: -10, dz: 0 });
  await steve.send("PlayerPosition", { ...POSITION, x: 510, y: 590, yaw: 77 });
  assertEquals(await alex.next("OrientationUpdate"), { playerId, yaw: 77, pitch: 3 });
  assertEquals(steve.names().filter((name) => /Teleport|Update/.test(name)), []);
  await steve.close();
  assertEquals(await alex.next("DespawnPlayer"), { playerId });
});

Deno.test("players with ExtPlayerList are told of each other with skins and a list", async () => {
  await using server = await ClassicServer.start();
  await using alex = await Client.join(server, { name: "Alex", extensions: ExtensionSet.of("ExtPlayerList") });
  await using steve = await Client.join(server, { name: "Steve" });
  const { entityId, skinName } = await alex.next("ExtAddEntity2", ({ inGameName }) => inGameName === "Steve");
  assertEquals(skinName, "Steve");
  assertEquals(alex.all("ExtAddPlayerName").map(({ playerName, nameId }) => [playerName, nameId]), [
    ["Alex", 255],
    ["Steve", entityId],
  ]);
  await steve.close();
  assertEquals(await alex.next("ExtRemovePlayerName"), { nameId: entityId });
});

Deno.test("positions that were sent before a teleport was confirmed are ignored", async () => {
  await using server = await ClassicServer.start();
  await using steve = await Client.join(server, { extensions: ExtensionSet.of("TwoWayPing") });
  const whereabouts = async (): Promise<string> => {
    await steve.send("PlayerPosition", { ...POSITION, x: 5 * 32 });
    await steve.send("PlayerMessage", { partial: 255, message: "/where" });
    return (await steve.next("Message", ({ message }) => message.includes("You are in"))).message;
  };
  const { data } = await steve.next("TwoWayPing");
  assertMatch(await whereabouts(), /at &f16 /);
  await steve.send("TwoWayPing", { origin: 1, data });
  assertMatch(await whereabouts(), /at &f5 /);
});

Deno.test("a player's own spawn is lower by what the client adds to it", async () => {
  const world = generateFlat();
  await using server = await ClassicServer.start({ world });
  await using steve = await Client.join(server);
  const { playerId: _, playerName: __, ...position } = await steve.next("SpawnPlayer");
  assertEquals(position, { ...world.spawn, y: world.spawn.y - 22 });
});

Deno.test("chat reaches everybody, with its colours", async () => {
  await using server = await ClassicServer.start();
  await using alex = await Client.join(server, PLAIN);
  await using steve = await Client.join(server);
  await steve.send("PlayerMessage", { partial: 255, message: "%ahello" });
  for (const client of [alex, steve]) {
    assertEquals(
      (await client.next("Message", ({ message }) => message.includes("hello"))).message,
      "&fSteve&7: &f&ahello",
    );
  }
});

Deno.test("parts of a longer message arrive as one, with the spaces at their seams", async () => {
  const events: ServerEvent[] = [];
  await using server = await ClassicServer.start({ onEvent: (event) => events.push(event) });
  await using steve = await Client.join(server, { extensions: ExtensionSet.of("LongerMessages") });
  const text = `${"a".repeat(60)}    ${"b".repeat(64)}end`;
  await steve.send("PlayerMessage", { partial: 1, message: text.slice(0, 64) });
  await steve.send("PlayerMessage", { partial: 1, message: text.slice(64, 128) });
  await steve.send("PlayerMessage", { partial: 0, message: text.slice(128) });
  await steve.next("Message", ({ message }) => message.endsWith("end"));
  assertEquals(events.filter(({ kind }) => kind === "chat"), [{ kind: "chat", player: "Steve", text }]);
  assert(steve.all("Message").every(({ message }) => message.length <= 64));
});

Deno.test("a changed block reaches everybody and stays changed", async () => {
  const world = generateFlat();
  await using server = await ClassicServer.start({ world });
  await using alex = await Client.join(server, PLAIN);
  await using steve = await Client.join(server, { extensions: CLASSICUBE });
  await steve.send("PlayerSetBlock", { x: 3, y: 17, z: 5, mode: 1, block: BLOCK.SANDSTONE });
  assertEquals(await steve.next("SetBlock"), { x: 3, y: 17, z: 5, block: BLOCK.SANDSTONE });
  assertEquals(await alex.next("SetBlock"), { x: 3, y: 17, z: 5, block: BLOCK.SAND });
  assertEquals(world.get(3, 17, 5), BLOCK.SANDSTONE);
  await alex.send("PlayerSetBlock", { x: 3, y: 17, z: 5, mode: 0, block: BLOCK.STONE });
  assertEquals(await steve.next("SetBlock"), { x: 3, y: 17, z: 5, block: BLOCK.AIR });
});

Deno.test("a block that must not be changed is shown to the player again", async () => {
  const world = generateFlat();
  await using server = await ClassicServer.start({ world });
  await using steve = await Client.join(server);
  await steve.send("PlayerSetBlock", { x: 1, y: 0, z: 1, mode: 0, block: 1 });
  assertEquals(await steve.next("SetBlock"), { x: 1, y: 0, z: 1, block: BLOCK.BEDROCK });
  await steve.send("PlayerSetBlock", { x: 1, y: 20, z: 1, mode: 1, block: BLOCK.LAVA });
  assertEquals(await steve.next("SetBlock"), { x: 1, y: 20, z: 1, block: BLOCK.AIR });
  await steve.send("PlayerSetBlock", { x: 1, y: 20, z: 1, mode: 1, block: BLOCK.CRATE });
  assertEquals(await steve.next("SetBlock"), { x: 1, y: 20, z: 1, block: BLOCK.AIR });
});

Deno.test("a block that changes while a map is on its way arrives after the map", async () => {
  await using server = await ClassicServer.start({ world: generateFlat(), mapDelayMs: 100 });
  await using alex = await Client.join(server, PLAIN);
  await using steve = await Client.logIn(server);
  await steve.next("LevelInitialize");
  await alex.send("PlayerSetBlock", { x: 3, y: 17, z: 5, mode: 1, block: BLOCK.GOLD });
  await alex.next("SetBlock");
  await steve.next("LevelFinalize");
  assertEquals(await steve.next("SetBlock"), { x: 3, y: 17, z: 5, block: BLOCK.GOLD });
});

for (const [what, values] of [["action", { mode: 2, block: 1 }], ["type", { mode: 1, block: 768 }]] as const) {
  Deno.test(`an unknown block ${what} is kicked`, async () => {
    await using server = await ClassicServer.start({ extensions: CLASSICUBE });
    await using steve = await Client.join(server, { extensions: CLASSICUBE });
    await steve.send("PlayerSetBlock", { x: 1, y: 20, z: 1, ...values });
    assertMatch(await steve.kicked(), new RegExp(`Unknown block ${what}`));
  });
}

Deno.test("a packet that was not negotiated is kicked", async () => {
  await using server = await ClassicServer.start();
  await using steve = await Client.join(server);
  await steve.write(Uint8Array.of(0x2b, 0, 0, 1));
  assertEquals(await steve.kicked(), 'Unhandled opcode "43"!');
  await steve.closed();
});

Deno.test("a player's ping comes back as it was", async () => {
  await using server = await ClassicServer.start();
  await using steve = await Client.join(server, { extensions: ExtensionSet.of("TwoWayPing") });
  await steve.send("TwoWayPing", { origin: 0, data: 4711 });
  assertEquals(await steve.next("TwoWayPing", ({ origin }) => origin === 0), { origin: 0, data: 4711 });
});

Deno.test("the server pings in the way the client knows", async () => {
  await using server = await ClassicServer.start({ pingIntervalMs: 20 });
  await using plain = await Client.join(server, PLAIN);
  await using modern = await Client.join(server, { extensions: ExtensionSet.of("TwoWayPing") });
  await plain.next("Ping");
  const first = await modern.next("TwoWayPing");
  assertEquals(await modern.next("TwoWayPing"), { origin: 1, data: first.data + 1 });
  assert(!modern.names().includes("Ping"));
});

Deno.test("residents are there and move", async () => {
  await using server = await ClassicServer.start({ residents: 2, random: () => 0.5 });
  await using steve = await Client.join(server);
  assertEquals(steve.all("SpawnPlayer").map(({ playerName }) => playerName), ["Mira", "Clucky", "Steve"]);
  const moved = new Set([(await steve.next("PositionUpdate")).playerId, (await steve.next("PositionUpdate")).playerId]);
  assertEquals([...moved].sort(), [0, 1]);
  assertEquals(server.players, ["Steve"]);
});

Deno.test("everything a client of 41 extensions is sent at join is framed as negotiated", async () => {
  await using server = await ClassicServer.start({ extensions: CLASSICUBE, residents: 1 });
  await using steve = await Client.join(server, { extensions: CLASSICUBE });
  await steve.next("ExtEntityTeleport");
  const seen = new Set(steve.names());
  const wanted = [
    "DefineBlock",
    "DefineBlockExt",
    "SetInventoryOrder",
    "BulkBlockUpdate",
    "EnvSetMapAppearance",
  ] as const;
  for (const name of [...wanted, "SetMapEnvUrl", "DefineModelPart", "CinematicGui", "HoldThis"] as const) {
    assert(seen.has(name), `${name} was not sent`);
  }
  assertEquals(steve.all("ServerIdentification").length, 2);
  assertEquals(steve.end, undefined);
});

Deno.test("commands answer the one who typed them", async () => {
  await using server = await ClassicServer.start({ name: "hub" });
  await using steve = await Client.join(server);
  for (
    const [command, answer] of [["/where", /hub.*16 16 16/], ["/who", /Steve/], ["/help", /\/spawn/], [
      "/x",
      /Unknown/,
    ]] as const
  ) {
    await steve.send("PlayerMessage", { partial: 255, message: command });
    await steve.next("Message", ({ message }) => answer.test(message));
  }
  await steve.send("PlayerMessage", { partial: 255, message: "/spawn" });
  assertEquals((await steve.next("PlayerTeleport")).playerId, 255);
});

Deno.test("the owner of a server can speak, send and kick", async () => {
  await using server = await ClassicServer.start();
  await using steve = await Client.join(server, { extensions: ExtensionSet.of("PluginMessages") });
  server.broadcast("&ehear ye");
  assertEquals((await steve.next("Message", ({ message }) => message.includes("hear"))).message, "&ehear ye");
  server.send("steve", "PluginMessage", { channel: 75, data: new TextEncoder().encode("who") });
  assertEquals((await steve.next("PluginMessage")).channel, 75);
  server.sendBytes("Steve", Uint8Array.of(0x0c, 42));
  assertEquals((await steve.next("DespawnPlayer")).playerId, 42);
  server.kick("steve", "Off you go");
  assertEquals(await steve.kicked(), "Off you go");
  await steve.closed();
  assertEquals(server.players, []);
});

Deno.test("stop() tells everybody why, kill() nobody", async () => {
  for (const [end, reason] of [["stop", ["Bye"]], ["kill", []]] as const) {
    const server = await ClassicServer.start();
    await using steve = await Client.join(server);
    const ended = end === "stop" ? server.stop("Bye") : server.kill();
    await steve.closed();
    await steve.close();
    await ended;
    assertEquals(steve.all("DisconnectPlayer").map((packet) => packet.reason), [...reason]);
    assertEquals(server.connections, { accepted: 1, open: 0 });
  }
});

Deno.test("connections are counted", async () => {
  await using server = await ClassicServer.start();
  await using steve = await Client.join(server);
  await using idle = await Client.connect(server);
  await eventually(() => server.connections.open === 2, "second connection");
  await steve.close();
  await idle.close();
  await eventually(() => server.connections.open === 0, "end of both connections");
  assertEquals(server.connections.accepted, 2);
});
