import { deflateRawSync, gzipSync, inflateRawSync } from "node:zlib";
import { type ExtensionName, ExtensionSet } from "../../../lib/protocol/extensions.ts";
import { Framer } from "../../../lib/protocol/framer.ts";
import { PacketBuffer } from "../../../lib/protocol/packet_buffer.ts";
import { type Dialect, legalSizes, packetById, type PacketName } from "../../../lib/protocol/packet_table.ts";
import { encodePacket, type PacketInput, readPacket } from "../../../lib/protocol/packets.ts";
import { ToClient } from "../../../lib/protocol/translate/to_client.ts";
import { assert, assertEquals } from "../../harness/assert.ts";
import { concat } from "../../session/logins.ts";

const VANILLA: Dialect = { protocol: 7, cpe: false, extensions: ExtensionSet.EMPTY };

function dialect(extensions: ExtensionSet): Dialect {
  return { protocol: 7, cpe: true, extensions };
}

/** All extensions for the client, all but `names` for the backend. */
function lacking(...names: ExtensionName[]): { backend: Dialect; client: Dialect } {
  return { backend: dialect(ExtensionSet.ALL.without(...names)), client: dialect(ExtensionSet.ALL) };
}

/** What the client gets for packets of the backend, strictly framed and read again. */
function translated(from: Dialect, to: Dialect, ...packets: Uint8Array[]): { name: string; bytes: Uint8Array }[] {
  const translation = new ToClient(from, to);
  const out = new PacketBuffer();
  for (const packet of packets) {
    if (translation.concerns[packet[0] ?? 0] === 0) out.append(packet);
    else assertEquals(translation.translate(packet, 0, packet.length, out), undefined);
  }
  return frames(out.copy(), to);
}

function frames(bytes: Uint8Array, to: Dialect): { name: string; bytes: Uint8Array }[] {
  const framer = new Framer(legalSizes("s2c", to), new Uint8Array(256).fill(1));
  const found: { name: string; bytes: Uint8Array }[] = [];
  framer.feed(bytes);
  for (let frame = framer.next(); frame !== "none"; frame = framer.next()) {
    assertEquals(frame, "packet");
    const packet = framer.bytes.slice(framer.start, framer.end);
    found.push({ name: packetById("s2c", packet[0] ?? 0)?.name ?? "?", bytes: packet });
  }
  assertEquals(framer.partialLength, 0);
  return found;
}

/** Asserts that one packet of the backend comes out as exactly `expected`. */
function assertTranslated<N extends PacketName>(
  lacks: ExtensionName[],
  name: N,
  values: PacketInput<N>,
  expected: PacketInput<N> = values,
): void {
  const { backend, client } = lacking(...lacks);
  const out = translated(backend, client, encodePacket(name, backend, values));
  assertEquals(out, [{ name, bytes: encodePacket(name, client, expected) }]);
}

const POSITION = { x: -1234, y: 640, z: 32767, yaw: 7, pitch: 250 };

Deno.test("a backend without ExtEntityPositions has its coordinates sign-extended", () => {
  const lacks: ExtensionName[] = ["ExtEntityPositions"];
  assertTranslated(lacks, "SpawnPlayer", { playerId: 3, playerName: "Steve", ...POSITION });
  assertTranslated(lacks, "PlayerTeleport", { playerId: 3, ...POSITION });
  assertTranslated(lacks, "ExtAddEntity2", { entityId: 3, inGameName: "Steve", skinName: "Alex", ...POSITION });
  assertTranslated(lacks, "SetSpawnpoint", POSITION);
  assertTranslated(lacks, "ExtEntityTeleport", { entityId: 9, behaviour: 1, ...POSITION });
});

Deno.test("a backend without ExtendedBlocks has its block ids widened", () => {
  const lacks: ExtensionName[] = ["ExtendedBlocks"];
  assertTranslated(lacks, "SetBlock", { x: 1, y: 2, z: 3, block: 200 });
  assertTranslated(lacks, "HoldThis", { block: 255, preventChange: 1 });
  assertTranslated(lacks, "SetBlockPermission", { block: 7, allowPlace: 1, allowDelete: 0 });
  assertTranslated(lacks, "RemoveBlockDefinition", { block: 66 });
  assertTranslated(lacks, "SetHotbar", { block: 4, slot: 8 });
  assertTranslated(lacks, "SetInventoryOrder", { block: 200, order: 65 });
});

Deno.test("a backend without ExtendedBlocks has its bulk updates filled up with upper bits of zero", () => {
  const indices = new Uint8Array(1024).map((_, i) => i);
  const blocks = new Uint8Array(256).map((_, i) => 255 - i);
  assertTranslated(["ExtendedBlocks"], "BulkBlockUpdate", { lastIndex: 255, indices, blocks }, {
    lastIndex: 255,
    indices,
    blocks,
    upperBits: new Uint8Array(64),
  });
});

Deno.test("a backend without ExtendedBlocks has all its map data marked as low bits", () => {
  const data = new Uint8Array(1024).fill(9);
  assertTranslated(["ExtendedBlocks"], "LevelDataChunk", { length: 1024, data, percent: 55 }, {
    length: 1024,
    data,
    percent: 0,
  });
});

const LOOK = { transmitsLight: 1, walkSound: 2, fullBright: 0 };
const FOG = { blockDraw: 1, fogDensity: 2, fogRed: 3, fogGreen: 4, fogBlue: 5 };
const BLOCK = { block: 77, name: "Crate", solidity: 2, speed: 128, topTexture: 1, bottomTexture: 3, ...LOOK, ...FOG };
const BOX = { minX: 0, minY: 0, minZ: 0, maxX: 16, maxY: 8, maxZ: 16 };

Deno.test("a backend without ExtendedTextures has its textures widened", () => {
  assertTranslated(["ExtendedTextures"], "DefineBlock", { ...BLOCK, sideTexture: 200, shape: 16 });
  const sides = { leftTexture: 250, rightTexture: 251, frontTexture: 252, backTexture: 253 };
  assertTranslated(["ExtendedTextures"], "DefineBlockExt", { ...BLOCK, ...BOX, ...sides });
});

Deno.test("a block of BlockDefinitionsExt 1 has its side texture on all four sides, whatever else differs", () => {
  for (const lacks of [[], ["ExtendedTextures"], ["ExtendedBlocks"], ["ExtendedTextures", "ExtendedBlocks"]] as const) {
    const backend = dialect(ExtensionSet.ALL.without(...lacks).with("BlockDefinitionsExt", 1));
    const client = dialect(ExtensionSet.ALL);
    const out = translated(
      backend,
      client,
      encodePacket("DefineBlockExt", backend, { ...BLOCK, ...BOX, sideTexture: 201 }),
    );
    const sides = { leftTexture: 201, rightTexture: 201, frontTexture: 201, backTexture: 201 };
    assertEquals(out[0]?.bytes, encodePacket("DefineBlockExt", client, { ...BLOCK, ...BOX, ...sides }));
  }
});

Deno.test("EnvMapAspect 1 has its URL filled up with spaces", () => {
  const backend = dialect(ExtensionSet.ALL.with("EnvMapAspect", 1));
  const client = dialect(ExtensionSet.ALL);
  const [packet] = translated(backend, client, encodePacket("SetMapEnvUrl", backend, { url: "http://a/b.zip" }));
  assertEquals(packet?.bytes, encodePacket("SetMapEnvUrl", client, { url: "http://a/b.zip", urlPart2: "" }));
});

Deno.test("CustomModels 1 has its animation replaced by four empty ones", () => {
  const backend = dialect(ExtensionSet.ALL.with("CustomModels", 1));
  const client = dialect(ExtensionSet.ALL);
  const part = {
    modelId: 3,
    min: new Uint8Array(12).fill(1),
    max: new Uint8Array(12).fill(2),
    uv: new Uint8Array(48).fill(3),
    rotationOrigin: new Uint8Array(12).fill(4),
    rotation: new Uint8Array(12).fill(5),
    flags: 6,
  };
  const sent = encodePacket("DefineModelPart", backend, { ...part, animation: new Uint8Array(5).fill(9) });
  const [packet] = translated(backend, client, sent);
  assertEquals(packet?.bytes, encodePacket("DefineModelPart", client, { ...part, animations: new Uint8Array(68) }));
});

Deno.test("EnvMapAppearance 1 is said by EnvMapAspect", () => {
  const backend = dialect(ExtensionSet.ALL.with("EnvMapAppearance", 1));
  const client = dialect(ExtensionSet.ALL);
  const appearance = { textureUrl: "http://a/b.png", sideBlock: 7, edgeBlock: 8, sideLevel: -3 };
  const out = translated(backend, client, encodePacket("EnvSetMapAppearance", backend, appearance));
  assertEquals(out.map(({ bytes }) => bytes), [
    encodePacket("SetMapEnvUrl", client, { url: "http://a/b.png" }),
    encodePacket("SetMapEnvProperty", client, { property: 0, value: 7 }),
    encodePacket("SetMapEnvProperty", client, { property: 1, value: 8 }),
    encodePacket("SetMapEnvProperty", client, { property: 2, value: -3 }),
  ]);
});

Deno.test("EnvMapAppearance 1 puts the clouds two blocks above the map for a client without EnvMapAspect", () => {
  const set = ExtensionSet.ALL.without("EnvMapAspect");
  const backend = dialect(set.with("EnvMapAppearance", 1));
  const client = dialect(set);
  const appearance = { textureUrl: "", sideBlock: 7, edgeBlock: 8, sideLevel: 32 };
  const out = translated(
    backend,
    client,
    encodePacket("LevelFinalize", backend, { xSize: 64, ySize: 48, zSize: 64 }),
    encodePacket("EnvSetMapAppearance", backend, appearance),
  );
  assertEquals(
    out[1]?.bytes,
    encodePacket("EnvSetMapAppearance", client, { ...appearance, cloudsHeight: 50, maxViewDistance: 0 }),
  );
});

Deno.test("a backend without ExtPlayerList has its players put into the list and taken out again", () => {
  const { backend, client } = lacking("ExtPlayerList");
  const out = translated(
    backend,
    client,
    encodePacket("SpawnPlayer", backend, { playerId: 4, playerName: "&bAlex", ...POSITION }),
    encodePacket("DespawnPlayer", backend, { playerId: 4 }),
    encodePacket("DespawnPlayer", backend, { playerId: 255 }),
  );
  assertEquals(out.map(({ bytes }) => bytes), [
    encodePacket("ExtAddPlayerName", client, {
      nameId: 4,
      playerName: "&bAlex",
      listName: "&bAlex",
      groupName: "",
      groupRank: 0,
    }),
    encodePacket("ExtAddEntity2", client, { entityId: 4, inGameName: "&bAlex", skinName: "&bAlex", ...POSITION }),
    encodePacket("ExtRemovePlayerName", client, { nameId: 4 }),
    encodePacket("DespawnPlayer", client, { playerId: 4 }),
    encodePacket("DespawnPlayer", client, { playerId: 255 }),
  ]);
});

Deno.test("a backend with ExtPlayerList 1 has its players spawned as in version 2, and names them itself", () => {
  const backend = dialect(ExtensionSet.ALL.with("ExtPlayerList", 1));
  const client = dialect(ExtensionSet.ALL);
  const name = { nameId: 4, playerName: "Alex", listName: "&aAlex", groupName: "Mods", groupRank: 3 };
  const out = translated(
    backend,
    client,
    encodePacket("ExtAddPlayerName", backend, name),
    encodePacket("SpawnPlayer", backend, { playerId: 4, playerName: "&bAlex", ...POSITION }),
    encodePacket("DespawnPlayer", backend, { playerId: 4 }),
    encodePacket("ExtRemovePlayerName", backend, { nameId: 4 }),
  );
  assertEquals(out.map(({ bytes }) => bytes), [
    encodePacket("ExtAddPlayerName", client, name),
    encodePacket("ExtAddEntity2", client, { entityId: 4, inGameName: "&bAlex", skinName: "&bAlex", ...POSITION }),
    encodePacket("DespawnPlayer", client, { playerId: 4 }),
    encodePacket("ExtRemovePlayerName", client, { nameId: 4 }),
  ]);
});

Deno.test("a backend without MessageTypes has player ids taken for chat and its own words shown in yellow", () => {
  assertTranslated(["MessageTypes"], "Message", { type: 12, message: "<Alex> hi" }, { type: 0, message: "<Alex> hi" });
  assertTranslated(["MessageTypes"], "Message", { type: 127, message: "<Al> hi" }, { type: 0, message: "<Al> hi" });
  for (const type of [128, 255]) {
    assertTranslated(["MessageTypes"], "Message", { type, message: "Welcome" }, { type: 0, message: "&eWelcome" });
  }
});

Deno.test("a full line of a backend without MessageTypes loses no character to its colour", () => {
  const { backend, client } = lacking("MessageTypes");
  for (const line of ["x".repeat(64), "y".repeat(61) + "&cz", "z".repeat(63)]) {
    const out = translated(backend, client, encodePacket("Message", backend, { type: 255, message: line }));
    const texts = out.map(({ bytes }) => readPacket("Message", client, bytes).message);
    assert(texts.every((text) => text.startsWith("&e")));
    assertEquals(texts.map((text) => text.slice(2)).join(""), line);
  }
});

Deno.test("a backend without BlockPermissions has the user type said block by block", () => {
  const { backend, client } = lacking("BlockPermissions");
  for (const [userType, operator] of [[0x64, 1], [0x7f, 1], [0x80, 0], [0, 0]] as const) {
    const expected = [7, 8, 9, 10, 11].map((block) =>
      encodePacket("SetBlockPermission", client, {
        block,
        allowPlace: operator,
        allowDelete: block === 7 ? operator : 0,
      })
    );
    const identification = { protocol: 7, serverName: "a", motd: "b", userType };
    const login = translated(backend, client, encodePacket("ServerIdentification", backend, identification));
    assertEquals(login.map(({ bytes }) => bytes), [
      encodePacket("ServerIdentification", client, identification),
      ...expected,
    ]);
    const update = translated(backend, client, encodePacket("UpdateUserType", backend, { userType }));
    assertEquals(update.slice(1).map(({ bytes }) => bytes), expected);
  }
});

Deno.test("packets of extensions the client lacks are not forwarded", () => {
  const backend = dialect(ExtensionSet.ALL);
  const client = dialect(ExtensionSet.of("CustomBlocks"));
  assertEquals(translated(backend, client, encodePacket("EnvSetWeatherType", backend, { weather: 1 })), []);
});

Deno.test("a line for a client without CPE never ends in an ampersand", () => {
  for (
    const [given, shown] of [["100 &c& &&", "100 &c"], ["a & b &", "a & b"], ["&&", ""], ["&cfine", "&cfine"]] as const
  ) {
    const [packet] = translated(VANILLA, VANILLA, encodePacket("Message", VANILLA, { type: 0, message: given }));
    assertEquals(packet?.bytes, encodePacket("Message", VANILLA, { type: 0, message: shown }));
  }
});

Deno.test("with equal sets nothing concerns the translation", () => {
  const everything = dialect(ExtensionSet.ALL);
  assertEquals(new ToClient(everything, everything).concerns, new Uint8Array(256));
});

/** A map's packets as a server without FastMap sends them. */
function gzipMap(backend: Dialect, streams: { percent: number; blocks: Uint8Array }[]): Uint8Array[] {
  const packets: Uint8Array[] = [];
  for (const { percent, blocks } of streams) {
    const volume = new Uint8Array(4);
    new DataView(volume.buffer).setInt32(0, blocks.length);
    const stream = gzipSync(new Uint8Array([...volume, ...blocks]));
    for (let at = 0; at < stream.length; at += 1024) {
      const data = stream.subarray(at, at + 1024);
      packets.push(encodePacket("LevelDataChunk", backend, { length: data.length, data, percent }));
    }
  }
  return packets;
}

function noisyBlocks(size: number): Uint8Array {
  let state = 1;
  return new Uint8Array(size).map((_, i) => {
    state = Math.imul(state, 1103515245) + 12345;
    return i % 7 < 3 ? (state >>> 16) % 50 : 1;
  });
}

/** Blocks of one stream of a FastMap map that came out. */
function inflatedBlocks(packets: { name: string; bytes: Uint8Array }[], client: Dialect, upper: boolean): Uint8Array {
  const pieces = packets.filter(({ name }) => name === "LevelDataChunk")
    .map(({ bytes }) => readPacket("LevelDataChunk", client, bytes))
    .filter(({ percent }) => !client.extensions.has("ExtendedBlocks") || (percent !== 0) === upper)
    .map(({ data, length }) => data.subarray(0, length));
  return new Uint8Array(inflateRawSync(concat(...pieces)));
}

Deno.test("a backend without FastMap has its map turned into raw DEFLATE behind its volume", () => {
  const { backend, client } = lacking("FastMap");
  const low = noisyBlocks(128 * 64 * 32);
  const upper = low.map((block) => block % 3);
  const definition = encodePacket("RemoveBlockDefinition", backend, { block: 5 });
  const out = translated(
    backend,
    client,
    encodePacket("LevelInitialize", backend, {}),
    definition,
    ...gzipMap(backend, [{ percent: 0, blocks: low }, { percent: 1, blocks: upper }]),
    encodePacket("LevelFinalize", backend, { xSize: 128, ySize: 64, zSize: 32 }),
  );
  assertEquals(out[0]?.bytes, encodePacket("LevelInitialize", client, { volume: low.length }));
  assertEquals(out[1]?.bytes, definition);
  assertEquals(out.at(-1)?.name, "LevelFinalize");
  assertEquals(inflatedBlocks(out, client, false), low);
  assertEquals(inflatedBlocks(out, client, true), upper);
});

Deno.test("packets held for a map's volume are translated too, in order", () => {
  const { backend, client } = lacking("FastMap", "ExtendedBlocks", "ExtPlayerList");
  const out = translated(
    backend,
    client,
    encodePacket("LevelInitialize", backend, {}),
    encodePacket("RemoveBlockDefinition", backend, { block: 5 }),
    encodePacket("Message", backend, { type: 0, message: "one" }),
    ...gzipMap(backend, [{ percent: 40, blocks: new Uint8Array(64).fill(3) }]),
    encodePacket("LevelFinalize", backend, { xSize: 4, ySize: 4, zSize: 4 }),
    encodePacket("Message", backend, { type: 0, message: "two" }),
  );
  assertEquals(out.map(({ name }) => name), [
    "LevelInitialize",
    "RemoveBlockDefinition",
    "Message",
    "LevelDataChunk",
    "LevelFinalize",
    "Message",
  ]);
  assertEquals(inflatedBlocks(out, client, false), new Uint8Array(64).fill(3));
});

Deno.test("two maps in a row without FastMap both arrive", () => {
  const { backend, client } = lacking("FastMap");
  const packets = [3, 4].flatMap((block) => [
    encodePacket("LevelInitialize", backend, {}),
    ...gzipMap(backend, [{ percent: 0, blocks: new Uint8Array(1000).fill(block) }]),
    encodePacket("LevelFinalize", backend, { xSize: 10, ySize: 10, zSize: 10 }),
  ]);
  const out = translated(backend, client, ...packets);
  const second = out.slice(out.findIndex(({ name }) => name === "LevelFinalize") + 1);
  assertEquals(second[0]?.bytes, encodePacket("LevelInitialize", client, { volume: 1000 }));
  assertEquals(inflatedBlocks(second, client, false), new Uint8Array(1000).fill(4));
});

Deno.test("a map that a backend without FastMap breaks off is followed by the next one", () => {
  const { backend, client } = lacking("FastMap");
  const begin = encodePacket("LevelInitialize", backend, {});
  const chat = encodePacket("Message", backend, { type: 0, message: "another one" });
  const end = encodePacket("LevelFinalize", backend, { xSize: 0, ySize: 0, zSize: 0 });
  const blocks = noisyBlocks(64 * 64 * 64);
  const map = gzipMap(backend, [{ percent: 0, blocks }, { percent: 1, blocks }]);
  const beginning = map.slice(0, 1);
  const upper = gzipMap(backend, [{ percent: 1, blocks }]).slice(0, 2);
  const half = map.slice(0, map.length / 4);
  for (const [broken, volume] of [[[], 0], [upper, 0], [beginning, 1 << 18], [half, 1 << 18]] as const) {
    const out = translated(
      backend,
      client,
      begin,
      chat,
      ...broken,
      end,
      begin,
      ...map,
      encodePacket("LevelFinalize", backend, { xSize: 64, ySize: 64, zSize: 64 }),
    );
    const second = out.findIndex(({ name }) => name === "LevelFinalize") + 1;
    assertEquals(out[0]?.bytes, encodePacket("LevelInitialize", client, { volume }));
    assertEquals(out[1]?.bytes, chat);
    assertEquals(out[second - 1]?.bytes, end);
    assertEquals(out[second]?.bytes, encodePacket("LevelInitialize", client, { volume: blocks.length }));
    assertEquals(inflatedBlocks(out.slice(second), client, false), blocks);
    assertEquals(inflatedBlocks(out.slice(second), client, true), blocks);
  }
});

Deno.test("a second LevelInitialize before the map's end is none", () => {
  const { backend, client } = lacking("FastMap");
  const begin = encodePacket("LevelInitialize", backend, {});
  const blocks = noisyBlocks(64 * 64 * 64);
  const out = translated(
    backend,
    client,
    begin,
    begin,
    ...gzipMap(backend, [{ percent: 0, blocks }]),
    encodePacket("LevelFinalize", backend, { xSize: 64, ySize: 64, zSize: 64 }),
  );
  assertEquals(out.filter(({ name }) => name === "LevelInitialize").length, 1);
  assertEquals(inflatedBlocks(out, client, false), blocks);
});

Deno.test("map data that is no gzip, too long or missing is a failure", () => {
  const { backend, client } = lacking("FastMap");
  const data = deflateRawSync(new Uint8Array(100));
  for (
    const packet of [
      encodePacket("LevelDataChunk", backend, { length: data.length, data, percent: 0 }),
      encodePacket("LevelDataChunk", backend, { length: 1025, data, percent: 0 }),
      encodePacket("LevelFinalize", backend, { xSize: 1, ySize: 1, zSize: 1 }),
    ]
  ) {
    const translation = new ToClient(backend, client);
    const out = new PacketBuffer();
    const begin = encodePacket("LevelInitialize", backend, {});
    assertEquals(translation.translate(begin, 0, begin.length, out), undefined);
    assert(typeof translation.translate(packet, 0, packet.length, out) === "string");
  }
});

Deno.test("a backend that never sends its map cannot make the edge keep more than a megabyte", () => {
  const { backend, client } = lacking("FastMap");
  const translation = new ToClient(backend, client);
  const out = new PacketBuffer();
  const begin = encodePacket("LevelInitialize", backend, {});
  translation.translate(begin, 0, begin.length, out);
  const chat = encodePacket("Message", backend, { type: 0, message: "again" });
  let sent = 0;
  while (sent <= 2 << 20 && translation.translate(chat, 0, chat.length, out) === undefined) sent += chat.length;
  assert(sent <= 1 << 20, `kept ${sent} bytes`);
});

Deno.test("a backend that sends no lower bits cannot make the edge keep more than a megabyte of upper ones", () => {
  const { backend, client } = lacking("FastMap");
  let state = 1;
  const blocks = new Uint8Array(2 << 20).map(() => (state = Math.imul(state, 1103515245) + 12345) >>> 16);
  const lower = gzipMap(backend, [{ percent: 0, blocks }]).slice(0, 1);
  const upper = gzipMap(backend, [{ percent: 1, blocks }]);
  assert(upper.length > 2_000);
  for (const [packets, least, most] of [[upper, 1_000, 1_024], [[...lower, ...upper], Infinity, Infinity]] as const) {
    const translation = new ToClient(backend, client);
    const out = new PacketBuffer();
    const translate = (packet: Uint8Array): unknown => translation.translate(packet, 0, packet.length, out);
    translate(encodePacket("LevelInitialize", backend, {}));
    const failed = packets.findIndex((packet) => translate(packet) !== undefined);
    const taken = failed < 0 ? Infinity : failed;
    assert(taken >= least && taken <= most, `took ${taken} of ${packets.length} chunks`);
  }
});
