import { assertEquals, assertMatch, assertRejects } from "./assert.ts";
import { Bot, type BotOptions } from "./bot.ts";
import { CLASSICUBE, type ExtensionEntry } from "./client/extensions.ts";
import { type Login, serveLogin, serveWorld, worldPackets } from "./login_script.ts";
import { type Peer, ScriptedBackend } from "./scripted_backend.ts";
import { traces } from "./traces.ts";
import { ExtensionSet } from "../../lib/protocol/extensions.ts";
import type { Dialect } from "../../lib/protocol/packet_table.ts";
import { encodePacket } from "../../lib/protocol/packets.ts";

const SIZE = { x: 2, y: 2, z: 2 };
const CPE: BotOptions = { extensions: CLASSICUBE };
const CORE: Dialect = { protocol: 7, cpe: true, extensions: ExtensionSet.EMPTY };
const WIDE: Dialect = { protocol: 7, cpe: true, extensions: ExtensionSet.ALL };

/** What a scripted server does behind the login. */
type Act = (peer: Peer, login: Login) => Promise<unknown>;

/** A backend that welcomes with `extensions`, acts, and stays unless it closed. */
function acting(act: Act, extensions?: ExtensionSet): ScriptedBackend {
  return ScriptedBackend.listen(async (peer) => {
    await act(peer, await serveLogin(peer, extensions === undefined ? {} : { extensions }));
    await peer.closed;
  });
}

/** The violations that a bot finds in what a server does. */
async function violationsOf(act: Act, extensions?: ExtensionSet, options: BotOptions = CPE): Promise<string> {
  await using server = acting(act, extensions);
  await using bot = await Bot.connect(server.target, options);
  await assertRejects(() => bot.until(() => false, "anything"), Error, "Cannot see anything: violation: ");
  return bot.violations.join("; ");
}

/** Lets a bot read what a server does up to a chat line, and asserts that no rule was broken. */
async function assertNoViolation(act: Act, extensions?: ExtensionSet, options: BotOptions = CPE): Promise<void> {
  await using server = acting(async (peer, login) => {
    await act(peer, login);
    await peer.write(chat(login.dialect, "done"));
  }, extensions);
  await using bot = await Bot.connect(server.target, options);
  await bot.chatLine(/done/);
  assertEquals(bot.violations, []);
}

function chat(dialect: Dialect, message: string): Uint8Array {
  return encodePacket("Message", dialect, { type: 0, message });
}

function entry(extension: string, version: number): Uint8Array {
  return encodePacket("ExtEntry", CORE, { extension, version });
}

/** A login whose list of extensions is exactly `entries`. */
async function listing(entries: readonly ExtensionEntry[]): Promise<string> {
  await using server = ScriptedBackend.listen(async (peer) => {
    const { dialect } = await serveLogin(peer, { extensions: ExtensionSet.EMPTY, entries });
    await peer.write(chat(dialect, "done"));
    await peer.closed;
  });
  await using bot = await Bot.connect(server.target, CPE);
  await bot.chatLine(/done/).catch(() => {});
  return bot.violations.join("; ");
}

Deno.test("Bot records an unknown packet id", async () => {
  assertEquals(
    await violationsOf((peer) => peer.write(Uint8Array.of(0xf0))),
    "packet 0xf0 (unknown) is not legal here",
  );
});

Deno.test("Bot closes the connection at an id it cannot frame", async () => {
  await using server = acting((peer) => peer.write(Uint8Array.of(0xf0)));
  await using bot = await Bot.connect(server.target);
  const peer = await server.peer(0);
  assertEquals(await peer.closed, "finished");
  assertEquals(bot.violations.length, 1);
});

Deno.test("Bot records a packet of an extension that was not negotiated", async () => {
  const found = await violationsOf((peer) => peer.write(Uint8Array.of(0x2b, 1, 0, 5)), ExtensionSet.of("FastMap"));
  assertEquals(found, "packet 0x2b (TwoWayPing) is not legal here");
});

Deno.test("Bot records lists of extensions where it does not speak CPE", async () => {
  const found = await violationsOf((peer) => peer.write(entry("FastMap", 1)), undefined, {});
  assertEquals(found, "packet 0x11 (ExtEntry) is not legal here");
});

Deno.test("Bot records UpdateUserType in a protocol before 7", async () => {
  const found = await violationsOf((peer) => peer.write(Uint8Array.of(0x0f, 0)), undefined, { protocol: 6 });
  assertEquals(found, "packet 0x0f (UpdateUserType) is not legal here");
});

Deno.test("Bot waits in vain for the rest of a packet that is shorter than negotiated", async () => {
  const narrow = encodePacket("SetBlock", CORE, { x: 0, y: 0, z: 0, block: 1 });
  const found = await violationsOf(async (peer) => {
    await peer.write(narrow);
    await peer.finish();
  }, ExtensionSet.ALL);
  assertEquals(found, "8 bytes of a cut packet at the end");
});

Deno.test("Bot loses its way behind a packet that is longer than negotiated", async () => {
  const wide = encodePacket("SetBlock", WIDE, { x: 0, y: 0, z: 0, block: 0xf0 });
  assertEquals(await violationsOf((peer) => peer.write(wide)), "packet 0xf0 (unknown) is not legal here");
});

Deno.test("Bot records a packet that is cut at the end of the connection", async () => {
  const found = await violationsOf(async (peer) => {
    await peer.write(Uint8Array.of(0x06, 0, 0));
    await peer.finish();
  });
  assertEquals(found, "3 bytes of a cut packet at the end");
});

Deno.test("Bot accepts a connection that ends behind a whole packet", async () => {
  await using server = acting(async (peer) => {
    await peer.write(chat(CORE, "bye"));
    await peer.finish();
  });
  await using bot = await Bot.connect(server.target);
  await bot.closed();
  assertEquals([bot.violations, bot.state.screen.chat], [[], ["bye"]]);
});

Deno.test("Bot records a second ExtInfo", async () => {
  const info = encodePacket("ExtInfo", CORE, { appName: "again", count: 0 });
  assertEquals(await violationsOf((peer) => peer.write(info), ExtensionSet.of("FastMap")), "second ExtInfo");
});

for (const name of ["ExtEntityPositions", "FastMap", "ExtendedTextures", "ExtendedBlocks"]) {
  Deno.test(`Bot records a doubled ${name}, which enlarges packets twice`, async () => {
    const found = await listing([{ name, version: 1 }, { name, version: 1 }]);
    assertEquals(found, `ExtEntry '${name}' enlarges packets twice`);
  });

  Deno.test(`Bot records a late ${name}`, async () => {
    const found = await violationsOf((peer) => peer.write(entry(name, 1)), ExtensionSet.of("EnvColors"));
    assertEquals(found, `ExtEntry '${name}' enlarges packets after the negotiation`);
  });

  Deno.test(`Bot records ${name} with version 0, which enlarges packets all the same`, async () => {
    assertEquals(await listing([{ name, version: 0 }]), `ExtEntry '${name}' has version 0 and still enlarges packets`);
  });
}

for (const name of ["EnvMapAppearance", "BlockDefinitionsExt", "EnvMapAspect"]) {
  Deno.test(`Bot accepts ${name} 1 followed by ${name} 2`, async () => {
    assertEquals(await listing([{ name, version: 1 }, { name, version: 2 }]), "");
  });

  Deno.test(`Bot records a doubled ${name} 2`, async () => {
    const found = await listing([{ name, version: 2 }, { name, version: 2 }]);
    assertEquals(found, `ExtEntry '${name}' enlarges packets twice`);
  });

  Deno.test(`Bot records ${name} 2 followed by ${name} 1`, async () => {
    const found = await listing([{ name, version: 2 }, { name, version: 1 }]);
    assertEquals(found, `ExtEntry '${name}' came again with a lower version`);
  });

  Deno.test(`Bot records ${name} with version 0, which enlarges packets all the same`, async () => {
    assertEquals(await listing([{ name, version: 0 }]), `ExtEntry '${name}' has version 0 and still enlarges packets`);
  });
}

Deno.test("Bot accepts a doubled CustomModels 2, which sets a size instead of adding to it", async () => {
  assertEquals(await listing([{ name: "CustomModels", version: 2 }, { name: "CustomModels", version: 2 }]), "");
});

Deno.test("Bot accepts version 0 of an extension that changes no size", async () => {
  await assertNoViolation((peer) => peer.write(entry("SetHotbar", 0)), ExtensionSet.of("EnvColors"));
});

Deno.test("Bot ignores names it does not know", async () => {
  assertEquals(await listing([{ name: "Sounds", version: 1 }, { name: "AmpersandSupport", version: 1 }]), "");
});

Deno.test("Bot with custom blocks off records packets whose blocks it reads as 16 bits", async () => {
  const narrow = encodePacket("SetBlock", CORE, { x: 0, y: 0, z: 0, block: 1 });
  const options: BotOptions = { ...CPE, quirk: "customBlocksOff" };
  const found = await violationsOf((peer) => peer.write(narrow), ExtensionSet.ALL, options);
  assertEquals(found, "SetBlock is read with 16-bit block ids");
});

Deno.test("Bot with custom blocks off writes 16-bit blocks until a late ExtEntry of version 0 heals it", async () => {
  await using server = ScriptedBackend.listen(async (peer) => {
    const { dialect } = await serveWorld(peer, { size: SIZE }, { extensions: ExtensionSet.ALL });
    assertEquals(dialect.extensions.has("ExtendedBlocks"), false);
    assertEquals((await peer.readPacket("PlayerPosition", WIDE)).held, 1);
    await peer.write(entry("ExtendedBlocks", 0));
    await peer.write(encodePacket("SetBlock", dialect, { x: 1, y: 1, z: 1, block: 7 }));
    assertEquals((await peer.readPacket("PlayerPosition", dialect)).held, 1);
    await peer.write(chat(dialect, "done"));
    await peer.closed;
  });
  await using bot = await Bot.connect(server.target, { ...CPE, quirk: "customBlocksOff" });
  await bot.joined();
  await bot.move(0, 0, 0);
  await bot.until(() => bot.state.map.at(1, 1, 1) === 7, "a block");
  await bot.move(0, 0, 0);
  await bot.chatLine(/done/);
  assertEquals(bot.violations, []);
});

Deno.test("Bot records LevelInitialize while a map is loading", async () => {
  const found = await violationsOf((peer) => peer.write(Uint8Array.of(2, 2)));
  assertEquals(found, "LevelInitialize while a map is loading");
});

Deno.test("Bot accepts LevelInitialize behind a map that was ended with size 0", async () => {
  const aborted = encodePacket("LevelFinalize", CORE, { xSize: 0, ySize: 0, zSize: 0 });
  await assertNoViolation((peer, { dialect }) => {
    const world = worldPackets(dialect, { size: SIZE });
    return peer.write(Uint8Array.from([...world.subarray(0, 1029), ...aborted, ...world]));
  });
});

Deno.test("Bot records parts of a map that nothing announced", async () => {
  const world = worldPackets(CORE, { size: SIZE }).subarray(1);
  assertEquals(
    await violationsOf((peer) => peer.write(world)),
    "LevelDataChunk before LevelInitialize; LevelFinalize before LevelInitialize",
  );
});

Deno.test("Bot records a map whose size is not that of its blocks", async () => {
  const found = await violationsOf((peer, { dialect }) => {
    const world = worldPackets(dialect, { size: SIZE });
    world.set(encodePacket("LevelFinalize", dialect, { xSize: 2, ySize: 2, zSize: 3 }), world.length - 7);
    return peer.write(world);
  });
  assertEquals(found, "map of 12 blocks has 8 low bytes, prefixed 8");
});

Deno.test("Bot records a map that is larger than its size says", async () => {
  const found = await violationsOf((peer, { dialect }) => {
    const world = worldPackets(dialect, { size: SIZE });
    world.set(encodePacket("LevelFinalize", dialect, { xSize: 2, ySize: 2, zSize: 1 }), world.length - 7);
    return peer.write(world);
  });
  assertMatch(found, /^map of 4 blocks has low bytes that do not inflate/);
});

Deno.test("Bot records a FastMap volume that is not the map's", async () => {
  const found = await violationsOf((peer, { dialect }) => {
    const world = worldPackets(dialect, { size: SIZE });
    world[4] = 9;
    return peer.write(world);
  }, ExtensionSet.of("FastMap"));
  assertEquals(found, "map of 8 blocks was announced with 9");
});

Deno.test("Bot records gzip where FastMap makes it raw DEFLATE, and the other way round", async () => {
  const [gzip, raw] = [CORE, { ...CORE, extensions: ExtensionSet.of("FastMap") }].map((dialect) =>
    worldPackets(dialect, { size: SIZE }).subarray(dialect === CORE ? 1 : 5)
  );
  const start = Uint8Array.of(2, 0, 0, 0, 8);
  const asRaw = await violationsOf(
    (peer) => peer.write(Uint8Array.from([...start, ...gzip ?? []])),
    ExtensionSet.of("FastMap"),
  );
  assertMatch(asRaw, /^map of 8 blocks has low bytes that do not inflate/);
  const asGzip = await violationsOf((peer) => peer.write(Uint8Array.from([2, ...raw ?? []])));
  assertMatch(asGzip, /^map of 8 blocks has low bytes that do not inflate/);
});

Deno.test("Bot records a map whose only stream is marked as upper bits", async () => {
  const extensions = ExtensionSet.of("ExtendedBlocks", "HeldBlock");
  const found = await violationsOf((peer, { dialect }) => {
    const world = worldPackets(dialect, { size: SIZE });
    world[1028] = 100;
    return peer.write(world);
  }, extensions);
  assertEquals(found, "map without a stream of the blocks' low bytes");
});

Deno.test("Bot takes no notice of a chunk's percentage without ExtendedBlocks", async () => {
  await assertNoViolation((peer, { dialect }) => {
    const world = worldPackets(dialect, { size: SIZE });
    world[1028] = 100;
    return peer.write(world);
  });
});

Deno.test("Bot records a message that is nowhere on the screen", async () => {
  const system = encodePacket("Message", CORE, { type: 255, message: "hi" });
  const found = await violationsOf((peer) => peer.write(system), ExtensionSet.of("MessageTypes"));
  assertEquals(found, 'Message of type 255, which is nowhere on the screen: "hi"');
  await assertNoViolation((peer) => peer.write(system), ExtensionSet.of("EnvColors"));
});

Deno.test("Bot takes nothing in behind a DisconnectPlayer, but still frames it", async () => {
  const kick = encodePacket("DisconnectPlayer", CORE, { reason: "bye" });
  await using server = acting((peer) => peer.write(Uint8Array.from([...kick, ...chat(CORE, "ghost"), 0xf0])));
  await using bot = await Bot.connect(server.target, CPE);
  await assertRejects(() => bot.closed(), Error, "violation: packet 0xf0 (unknown) is not legal here");
  assertEquals(bot.state.screen.chat, []);
});

for (const trace of traces()) {
  Deno.test(`Bot finds no violation in what the server of ${trace.name} sent`, async () => {
    await using server = ScriptedBackend.listen(async (peer) => {
      await peer.write(trace.s2c);
      await peer.finish();
    });
    const { protocol, cpe } = trace.dialect;
    await using bot = await Bot.connect(server.target, { protocol, ...(cpe ? CPE : {}), chunking: "bytes" });
    await bot.closed();
    assertEquals([bot.violations, bot.state.isJoined, bot.extensions.key], [[], true, trace.dialect.extensions.key]);
  });
}
