import { assert, assertEquals, assertRejects, assertThrows } from "./assert.ts";
import { Bot, type BotOptions } from "./bot.ts";
import { CLASSICUBE } from "./client/extensions.ts";
import { type LoginOptions, serveLogin, serveWorld, spawnPacket, type World } from "./login_script.ts";
import { type Script, ScriptedBackend, type ScriptedBackendOptions } from "./scripted_backend.ts";
import { ExtensionSet } from "../../lib/protocol/extensions.ts";
import type { Dialect } from "../../lib/protocol/packet_table.ts";
import { encodePacket } from "../../lib/protocol/packets.ts";

const SMALL: World = { size: { x: 3, y: 4, z: 5 }, blockAt: (index) => index % 50 };
const CPE: BotOptions = { extensions: CLASSICUBE };
const CORE: Dialect = { protocol: 7, cpe: true, extensions: ExtensionSet.EMPTY };

/** A backend that serves a world and stays. */
function world(options?: LoginOptions, from?: World, listen?: ScriptedBackendOptions): ScriptedBackend {
  return ScriptedBackend.listen(async (peer) => {
    await serveWorld(peer, from ?? SMALL, options);
    await peer.closed;
  }, listen);
}

/** A backend that runs a script and then stays. */
function backend(script: Script): ScriptedBackend {
  return ScriptedBackend.listen(async (peer) => {
    await script(peer);
    await peer.closed;
  });
}

/** Joins a world and returns what there is to compare about it. */
async function joined(from: ScriptedBackend, options: BotOptions): Promise<Bot> {
  const bot = await Bot.connect(from.target, options);
  try {
    await bot.joined();
    assertEquals(bot.violations, []);
    return bot;
  } catch (error) {
    bot.close();
    throw error;
  }
}

Deno.test("Bot joins a world without CPE", async () => {
  await using server = world({ serverName: "Alpha", motd: "Hello -hax +fly", userType: 100 });
  await using bot = await joined(server, { name: "Alex" });
  const { player, map, entities } = bot.state;
  assertEquals([player.serverName, player.motd, player.isOperator], ["Alpha", "Hello -hax +fly", true]);
  assertEquals([player.hacks.fly, player.hacks.speed, player.hacks.push], [true, false, true]);
  assertEquals([map.size, map.at(2, 3, 4), map.at(0, 0, 1), map.at(3, 0, 0)], [SMALL.size, 59 % 50, 3, undefined]);
  assertEquals([entities.self.name, entities.self.position?.x], ["Alex", 48]);
});

for (const protocol of [3, 4, 5, 6, 7] as const) {
  Deno.test(`Bot joins a world of protocol ${protocol}`, async () => {
    await using server = world({ userType: 100 });
    await using bot = await joined(server, { protocol });
    assertEquals(bot.state.player.isOperator, protocol > 5);
  });
}

Deno.test("Bot sends a Ping behind its Identification in old protocols, as ClassiCube does", async () => {
  await using server = world();
  await using _bot = await joined(server, { protocol: 5 });
  const peer = await server.peer(0);
  assertEquals([peer.received.length, peer.received[130]], [131, 0x01]);
});

Deno.test("Bot joins a world with every extension", async () => {
  const blockAt = (index: number): number => index * 12 % 768;
  await using server = world({ extensions: ExtensionSet.ALL }, { size: SMALL.size, blockAt });
  await using bot = await joined(server, CPE);
  assertEquals(bot.extensions.key, CLASSICUBE.key);
  assertEquals([bot.state.map.at(1, 0, 0), bot.state.map.at(0, 3, 4)], [12, 57 * 12]);
});

Deno.test("Bot joins a world with 16-bit blocks in gzip", async () => {
  const extensions = ExtensionSet.of("ExtendedBlocks", "HeldBlock");
  await using server = world({ extensions }, { size: SMALL.size, blockAt: (index) => 700 + index });
  await using bot = await joined(server, CPE);
  assertEquals(bot.state.map.at(2, 0, 0), 702);
});

Deno.test("Bot joins a world where the server identifies itself before it lists extensions", async () => {
  await using server = world({ extensions: ExtensionSet.ALL, identification: "first" });
  await using bot = await joined(server, CPE);
  assertEquals(bot.extensions.size, CLASSICUBE.size);
});

Deno.test("Bot joins a world over a Unix socket", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await using server = world({}, SMALL, { path: `${folder}/world.sock` });
    await using bot = await joined(server, {});
    assertEquals(bot.state.map.loaded, 1);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("Bot joins a world while both sides write one byte at a time", async () => {
  await using server = world({ extensions: ExtensionSet.ALL }, SMALL, { chunking: "bytes" });
  await using bot = await joined(server, { ...CPE, chunking: "bytes" });
  assertEquals(bot.extensions.size, CLASSICUBE.size);
});

Deno.test("Bot without extensions does not say that it speaks CPE", async () => {
  await using server = world({ extensions: ExtensionSet.ALL });
  await using bot = await joined(server, { name: "Alex", key: "abc" });
  const { received } = await server.peer(0);
  const text = new TextDecoder().decode(received.subarray(2, 130));
  assertEquals([received.length, received[130], bot.dialect.cpe], [131, 0, false]);
  assertEquals(text, "Alex".padEnd(64) + "abc".padEnd(64));
});

Deno.test("Bot refuses to speak CPE in an old protocol", async () => {
  await using server = world();
  await assertRejects(() => Bot.connect(server.target, { protocol: 6, ...CPE }), RangeError, "protocol is 6");
});

Deno.test("Bot lists everything it has, whatever the server announced", async () => {
  await using server = backend(async (peer) => {
    const { listed, appName } = await serveLogin(peer, { extensions: ExtensionSet.of("FastMap") });
    assertEquals([listed.length, appName], [41, "ClassiCube 1.3.8"]);
  });
  await using bot = await Bot.connect(server.target, CPE);
  await bot.until(() => bot.state.player.identifications > 0, "the welcome");
  assertEquals([...bot.extensions.entries()], [{ name: "FastMap", version: 1 }]);
});

Deno.test("Bot lists its extensions also for a server that announces none", async () => {
  await using server = backend(async (peer) => {
    const { listed } = await serveLogin(peer, { extensions: ExtensionSet.EMPTY });
    assertEquals(listed.length, 41);
  });
  await using bot = await Bot.connect(server.target, CPE);
  await bot.until(() => bot.state.player.identifications > 0, "the welcome");
  assertEquals(bot.extensions.size, 0);
});

Deno.test("Bot lists no higher version than was announced, except of the entry it has not recorded yet", async () => {
  const entries = [{ name: "EnvMapAspect", version: 1 }, { name: "CustomModels", version: 1 }];
  await using server = backend(async (peer) => {
    const { listed } = await serveLogin(peer, { extensions: ExtensionSet.EMPTY, entries });
    const version = (name: string): number | undefined => listed.find((entry) => entry.name === name)?.version;
    assertEquals([version("EnvMapAspect"), version("CustomModels"), version("ExtPlayerList")], [1, 2, 2]);
  });
  await using bot = await Bot.connect(server.target, CPE);
  await bot.until(() => bot.state.player.identifications > 0, "the welcome");
  assertEquals([bot.extensions.version("EnvMapAspect"), bot.extensions.version("CustomModels")], [1, 1]);
});

Deno.test("Bot with custom blocks off lists 38 extensions", async () => {
  await using server = backend(async (peer) => {
    const { listed } = await serveLogin(peer, { extensions: ExtensionSet.ALL });
    const names = listed.map(({ name }) => name);
    assertEquals([names.length, names.includes("BlockDefinitions"), names.includes("ExtendedBlocks")], [
      38,
      false,
      false,
    ]);
  });
  await using bot = await Bot.connect(server.target, { ...CPE, quirk: "customBlocksOff" });
  await bot.until(() => bot.state.player.identifications > 0, "the welcome");
  assertEquals(bot.extensions.has("BlockDefinitionsExt"), false);
});

Deno.test("Bot of an old version repeats the server's version of an extension", async () => {
  await using server = backend(async (peer) => {
    const { listed } = await serveLogin(peer, { extensions: ExtensionSet.ALL });
    assertEquals(listed.find(({ name }) => name === "EnvMapAspect")?.version, 2);
  });
  const extensions = ExtensionSet.EMPTY.with("EnvMapAspect", 1);
  await using bot = await Bot.connect(server.target, {
    extensions,
    quirk: "echoesVersions",
    appName: "ClassiCube 1.3.5",
  });
  await bot.until(() => bot.state.player.identifications > 0, "the welcome");
  assertEquals(bot.extensions.version("EnvMapAspect"), 1);
});

Deno.test("Bot answers every CustomBlockSupportLevel with level 1", async () => {
  await using server = backend(async (peer) => {
    const { dialect } = await serveLogin(peer, { extensions: ExtensionSet.ALL });
    for (const level of [1, 7]) {
      await peer.write(encodePacket("CustomBlockSupportLevel", dialect, { level }));
      assertEquals((await peer.readPacket("CustomBlockSupportLevel", dialect)).level, 1);
    }
    await peer.write(encodePacket("Message", dialect, { type: 0, message: "done" }));
  });
  await using bot = await Bot.connect(server.target, CPE);
  await bot.chatLine(/done/);
});

Deno.test("Bot echoes the server's pings at once, in the order of the stream", async () => {
  await using server = backend(async (peer) => {
    const { dialect } = await serveLogin(peer, { extensions: ExtensionSet.ALL });
    const ping = (data: number): Uint8Array => encodePacket("TwoWayPing", dialect, { origin: 1, data });
    const hold = encodePacket("HoldThis", dialect, { block: 46, preventChange: 0 });
    await peer.write(Uint8Array.from([...ping(0x8001), ...hold, ...ping(0x8002)]));
    assertEquals(await peer.readPacket("TwoWayPing", dialect), { origin: 1, data: 0x8001 });
    assertEquals(await peer.readPacket("NotifyAction", dialect), { action: 0, value: 46 });
    assertEquals(await peer.readPacket("TwoWayPing", dialect), { origin: 1, data: 0x8002 });
    await peer.write(encodePacket("Message", dialect, { type: 0, message: "done" }));
  });
  await using bot = await Bot.connect(server.target, CPE);
  await bot.chatLine(/done/);
});

Deno.test("Bot.ping() waits for the echo of its own ping", async () => {
  await using server = backend(async (peer) => {
    const { dialect } = await serveLogin(peer, { extensions: ExtensionSet.ALL });
    const first = await peer.readPacket("TwoWayPing", dialect);
    await peer.write(encodePacket("TwoWayPing", dialect, { origin: 0, data: first.data + 1 }));
    await peer.write(encodePacket("Message", dialect, { type: 0, message: "not yet" }));
    await peer.write(encodePacket("TwoWayPing", dialect, first));
  });
  await using bot = await Bot.connect(server.target, CPE);
  await bot.until(() => bot.extensions.has("TwoWayPing"), "TwoWayPing");
  await bot.ping();
  assertEquals(bot.state.screen.chat, ["not yet"]);
});

Deno.test("Bot sends no position before the server placed it, nor after a new map began", async () => {
  await using server = backend(async (peer) => {
    const { dialect, name } = await serveWorld(peer, SMALL);
    assertEquals((await peer.readPacket("PlayerPosition", dialect)).x, 1);
    await peer.write(encodePacket("LevelInitialize", dialect, {}));
    await peer.readPacket("PlayerMessage", dialect);
    await peer.write(spawnPacket(dialect, name, 7, 8, 9));
    assertEquals((await peer.readPacket("PlayerPosition", dialect)).x, 3);
    await peer.write(encodePacket("Message", dialect, { type: 0, message: "done" }));
  });
  await using bot = await Bot.connect(server.target);
  assertEquals(await bot.move(0, 0, 0), false);
  await bot.joined();
  assertEquals(await bot.move(1, 0, 0), true);
  await bot.until(() => bot.state.map.loading, "the next map");
  assertEquals(await bot.move(2, 0, 0), false);
  await bot.chat("map seen");
  await bot.until(() => bot.state.entities.isPlaced, "a place");
  assertEquals(bot.state.entities.self.position?.x, 7);
  assertEquals(await bot.move(3, 0, 0), true);
  await bot.chatLine(/done/);
});

Deno.test("Bot with a position interval sends positions unasked", async () => {
  await using server = backend(async (peer) => {
    const { dialect } = await serveWorld(peer, SMALL);
    for (let count = 0; count < 3; count++) await peer.readPacket("PlayerPosition", dialect);
    await peer.write(encodePacket("Message", dialect, { type: 0, message: "done" }));
  });
  await using bot = await Bot.connect(server.target, { positionInterval: 1 });
  await bot.chatLine(/done/);
});

Deno.test("Bot sends the held block with its position where HeldBlock is spoken", async () => {
  await using server = backend(async (peer) => {
    const { dialect } = await serveWorld(peer, SMALL, { extensions: ExtensionSet.ALL });
    assertEquals((await peer.readPacket("PlayerPosition", dialect)).held, 1);
    await peer.write(encodePacket("HoldThis", dialect, { block: 600, preventChange: 1 }));
    assertEquals((await peer.readPacket("NotifyAction", dialect)).value, 600);
    assertEquals(await peer.readPacket("PlayerPosition", dialect), {
      held: 600,
      x: -5,
      y: 70000,
      z: 2,
      yaw: 3,
      pitch: 4,
    });
    await peer.write(encodePacket("Message", dialect, { type: 0, message: "done" }));
  });
  await using bot = await joined(server, CPE);
  await bot.move(0, 0, 0);
  await bot.until(() => !bot.state.blocks.canChangeHeld, "a block to hold");
  await bot.move(-5, 70000, 2, 3, 4);
  await bot.chatLine(/done/);
});

Deno.test("Bot.chat() sends long text in parts and colour codes with a percent sign", async () => {
  const long = "x".repeat(64) + "&cred";
  await using server = backend(async (peer) => {
    const { dialect } = await serveLogin(peer, { extensions: ExtensionSet.of("LongerMessages") });
    assertEquals(await peer.readPacket("PlayerMessage", dialect), { partial: 1, message: "x".repeat(64) });
    assertEquals(await peer.readPacket("PlayerMessage", dialect), { partial: 0, message: "%cred" });
    await peer.write(encodePacket("Message", dialect, { type: 0, message: "done" }));
  });
  await using bot = await Bot.connect(server.target, CPE);
  await bot.until(() => bot.extensions.has("LongerMessages"), "LongerMessages");
  await bot.chat(long);
  await bot.chatLine(/done/);
});

Deno.test("Bot.chat() marks messages with 255 where LongerMessages is not spoken", async () => {
  await using server = backend(async (peer) => {
    const { dialect } = await serveLogin(peer);
    assertEquals(await peer.readPacket("PlayerMessage", dialect), { partial: 255, message: "hi" });
    await peer.write(encodePacket("Message", dialect, { type: 0, message: "done" }));
  });
  await using bot = await Bot.connect(server.target);
  await bot.chat("hi");
  await bot.chatLine(/done/);
});

Deno.test("Bot builds, and sees what it built at once", async () => {
  await using server = backend(async (peer) => {
    const { dialect } = await serveWorld(peer, SMALL, { extensions: ExtensionSet.ALL });
    assertEquals(await peer.readPacket("PlayerSetBlock", dialect), { x: 1, y: 2, z: 3, mode: 1, block: 500 });
    assertEquals(await peer.readPacket("PlayerSetBlock", dialect), { x: 1, y: 2, z: 3, mode: 0, block: 1 });
    const { x, targetEntity, button } = await peer.readPacket("PlayerClicked", dialect);
    assertEquals([x, targetEntity, button], [2, 255, 1]);
    await peer.write(encodePacket("Message", dialect, { type: 0, message: "done" }));
  });
  await using bot = await joined(server, CPE);
  await bot.place(1, 2, 3, 500);
  assertEquals(bot.state.map.at(1, 2, 3), 500);
  await bot.break(1, 2, 3);
  assertEquals(bot.state.map.at(1, 2, 3), 0);
  await bot.click({ button: 1, x: 2 });
  await bot.chatLine(/done/);
});

Deno.test("Bot.click() throws where PlayerClick is not spoken", async () => {
  await using server = world();
  await using bot = await joined(server, {});
  assertThrows(() => bot.click(), Error, "PlayerClick was not negotiated");
});

Deno.test("Bot takes a late entry that changes no size", async () => {
  await using server = backend(async (peer) => {
    const { dialect } = await serveLogin(peer, { extensions: ExtensionSet.of("FastMap") });
    await peer.write(encodePacket("ExtEntry", CORE, { extension: "ClickDistance", version: 1 }));
    await peer.write(encodePacket("SetClickDistance", { ...dialect, extensions: ExtensionSet.ALL }, { distance: 5 }));
  });
  await using bot = await Bot.connect(server.target, CPE);
  await bot.until(() => bot.state.player.clickDistance === 5, "the click distance");
  assert(bot.extensions.has("ClickDistance"));
});
