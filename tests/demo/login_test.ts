import { assert, assertEquals, assertMatch } from "../harness/assert.ts";
import type { ClassicServerOptions, ServerEvent } from "../../lib/demo/options.ts";
import { CLASSICUBE, NONE } from "../../lib/demo/presets.ts";
import { ClassicServer } from "../../lib/demo/server.ts";
import { generateHub } from "../../lib/demo/hub.ts";
import { ExtensionSet } from "../../lib/protocol/extensions.ts";
import { encodePacket } from "../../lib/protocol/packets.ts";
import { Client, type ClientOptions, mapOf } from "./client.ts";

for (const protocol of [3, 4, 5, 6, 7] as const) {
  Deno.test(`a client of protocol ${protocol} logs in without CPE and gets the whole map`, async () => {
    const world = generateHub();
    await using server = await ClassicServer.start({ world, name: "hub", motd: "hi" });
    await using client = await Client.join(server, { protocol });
    const identification = await client.next("ServerIdentification");
    const userType = protocol >= 6 ? 0 : undefined;
    assertEquals(identification, { protocol, serverName: "hub", motd: "hi", userType });
    assertEquals(mapOf(client.seen, client.dialect).length, world.blocks.length);
    assertEquals(server.players, ["Steve"]);
  });
}

Deno.test("a client with CPE gets the extension list before the server's Identification", async () => {
  await using server = await ClassicServer.start({ extensions: CLASSICUBE, software: "Test 2.0" });
  await using client = await Client.join(server, { extensions: CLASSICUBE });
  assertEquals(client.names()[0], "ExtInfo");
  assertEquals(await client.next("ExtInfo"), { appName: "Test 2.0", count: 41 });
  assertEquals(client.dialect.extensions.key, CLASSICUBE.key);
  assert(client.names().indexOf("ServerIdentification") > client.names().lastIndexOf("ExtEntry"));
});

Deno.test("a server that identifies itself first lists its extensions after that", async () => {
  await using server = await ClassicServer.start({ order: "identification-first" });
  await using client = await Client.join(server, { extensions: CLASSICUBE });
  assertEquals(client.names().slice(0, 2), ["ServerIdentification", "ExtInfo"]);
});

Deno.test("both sides use what both have, in the lower version", async () => {
  const events: ServerEvent[] = [];
  await using server = await ClassicServer.start({
    extensions: ExtensionSet.of("EnvMapAspect", "FastMap"),
    onEvent: (event) => events.push(event),
  });
  const extensions = ExtensionSet.of("ExtEntityPositions", "FastMap").with("EnvMapAspect", 1);
  await using client = await Client.join(server, { extensions });
  const joined = events.find(({ kind }) => kind === "joined");
  assert(joined?.kind === "joined");
  assertEquals([...joined.dialect.extensions.entries()], [...client.dialect.extensions.entries()]);
  assertEquals([...joined.dialect.extensions.entries()], [
    { name: "EnvMapAspect", version: 1 },
    { name: "FastMap", version: 1 },
  ]);
  assertEquals(joined.login, { key: "-", appName: "Test 1.0", remoteHostname: "127.0.0.1" });
});

Deno.test("a server without extensions takes a client with CPE as one without", async () => {
  await using server = await ClassicServer.start({ extensions: NONE });
  await using client = await Client.connect(server, { extensions: CLASSICUBE });
  await client.send("PlayerIdentification", { protocol: 7, username: "Steve", key: "-", magic: 0x42 });
  await client.spawned();
  assert(!client.names().includes("ExtInfo"));
});

for (const protocol of [5, 7] as const) {
  Deno.test(`a login of protocol ${protocol} may come byte by byte`, async () => {
    await using server = await ClassicServer.start();
    const extensions = protocol === 7 ? { extensions: CLASSICUBE } : {};
    await using client = await Client.logIn(server, { protocol, bytewise: true, ...extensions });
    await client.spawned();
    assertEquals(server.players, ["Steve"]);
  });
}

Deno.test("chat may follow the login in the same segment", async () => {
  await using server = await ClassicServer.start();
  await using watcher = await Client.join(server, { name: "Alex" });
  await using client = await Client.connect(server);
  const chat = encodePacket("PlayerMessage", client.dialect, { partial: 255, message: "first!" });
  await client.write(new Uint8Array([...client.loginBytes(), ...chat]));
  assertMatch((await watcher.next("Message", ({ message }) => message.includes("first!"))).message, /Steve/);
});

Deno.test("a server told to wait for the custom block level does so", async () => {
  await using server = await ClassicServer.start({ waitForCustomBlockLevel: true });
  await using client = await Client.logIn(server, { extensions: CLASSICUBE });
  await client.next("CustomBlockSupportLevel");
  await using _other = await Client.join(server, { name: "Alex" });
  assert(!client.names().includes("ServerIdentification"));
  await client.send("CustomBlockSupportLevel", { level: 1 });
  await client.next("ServerIdentification");
});

Deno.test("a custom block level sent in advance counts", async () => {
  await using server = await ClassicServer.start({ waitForCustomBlockLevel: true });
  await using client = await Client.connect(server, { extensions: CLASSICUBE });
  const level = encodePacket("CustomBlockSupportLevel", client.dialect, { level: 1 });
  const login = client.loginBytes();
  await client.write(new Uint8Array([...login.subarray(0, 131), ...level, ...login.subarray(131)]));
  await client.spawned();
});

Deno.test("an announced list goes out as it is", async () => {
  const announce = [{ name: "SetHotbar", version: 0 }, { name: "FastMap", version: 1 }, {
    name: "FastMap",
    version: 2,
  }];
  await using server = await ClassicServer.start({ announce, extensions: ExtensionSet.of("SetHotbar", "FastMap") });
  await using client = await Client.join(server, { extensions: CLASSICUBE });
  assertEquals(client.all("ExtEntry"), announce.map(({ name, version }) => ({ extension: name, version })));
  assertEquals((await client.next("SetHotbar")).slot, 0);
});

interface Refusal {
  readonly why: string;
  readonly said: ClientOptions;
  readonly options?: ClassicServerOptions;
  readonly text: string;
}

const REFUSALS: readonly Refusal[] = [
  { why: "a name with odd characters", said: { name: "Steve!" }, text: "Invalid player name" },
  { why: "an empty name", said: { name: "" }, text: "Invalid player name" },
  { why: "an empty key", said: { key: "" }, options: { emptyKey: "kick" }, text: "Login failed! Empty key" },
  {
    why: "a wrong key",
    said: { key: "abc" },
    options: { verifyKey: (name, key) => key === `${name}!` },
    text: "Login failed! Close the game and sign in again.",
  },
  {
    why: "a protocol the server does not take",
    said: { protocol: 5 },
    options: { protocols: [7] },
    text: "Unsupported protocol version 5",
  },
  { why: "one player too many", said: {}, options: { maxPlayers: 0 }, text: "Server is full!" },
];

for (const { why, said, options, text } of REFUSALS) {
  Deno.test(`a server kicks ${why}`, async () => {
    await using server = await ClassicServer.start(options);
    await using client = await Client.logIn(server, said);
    assertEquals(await client.kicked(), text);
    await client.closed();
  });
}

Deno.test("a server kicks a protocol version from the future", async () => {
  await using server = await ClassicServer.start();
  await using client = await Client.connect(server);
  await client.send("PlayerIdentification", { protocol: 8, username: "Steve", key: "-", magic: 0 });
  assertEquals(await client.kicked(), "Unsupported protocol version 8");
});

Deno.test("the right key lets in", async () => {
  await using server = await ClassicServer.start({ verifyKey: (name, key) => key === `${name}!` });
  await using client = await Client.join(server, { key: "Steve!" });
  assertEquals(server.players, ["Steve"]);
  await client.close();
});

Deno.test("a second player of the same name is kicked", async () => {
  await using server = await ClassicServer.start();
  await using first = await Client.join(server, { name: "Steve" });
  await using second = await Client.logIn(server, { name: "steve" });
  assertEquals(await second.kicked(), "Already logged in!");
  assertEquals([server.players, first.end], [["Steve"], undefined]);
});

Deno.test("a server may let the second player of the same name in and kick the first", async () => {
  await using server = await ClassicServer.start({ duplicateName: "earlier" });
  await using first = await Client.join(server);
  await using second = await Client.join(server);
  assertEquals(await first.kicked(), "(Reconnecting)");
  assertEquals([server.players, second.end], [["Steve"], undefined]);
});

Deno.test("a name is free again as soon as its player is gone", async () => {
  const { promise: left, resolve } = Promise.withResolvers<void>();
  await using server = await ClassicServer.start({ onEvent: ({ kind }) => kind === "left" && resolve() });
  const first = await Client.join(server);
  await first.close();
  await left;
  await using second = await Client.join(server);
  assertEquals([server.players, second.end], [["Steve"], undefined]);
});

Deno.test("a server may limit the players of one address", async () => {
  await using server = await ClassicServer.start({ maxPlayersPerAddress: 1 });
  await using first = await Client.join(server, { name: "Alex" });
  await using second = await Client.logIn(server, { name: "Steve" });
  assertEquals([await second.kicked(), first.end], ["Too many connections", undefined]);
});

Deno.test("a login that takes too long ends with a kick", async () => {
  await using server = await ClassicServer.start({ loginTimeoutMs: 30 });
  await using client = await Client.connect(server);
  await client.write(client.loginBytes().subarray(0, 100));
  assertEquals(await client.kicked(), "Login took too long");
  await client.closed();
});

Deno.test("a first byte that is no Identification closes the connection without a word", async () => {
  await using server = await ClassicServer.start();
  await using client = await Client.connect(server);
  await client.write(new TextEncoder().encode("GET / HTTP/1.1\r\n\r\n"));
  await client.closed();
  assertEquals(client.seen, []);
});

Deno.test("an unheard-of number of extensions is refused", async () => {
  await using server = await ClassicServer.start();
  await using client = await Client.connect(server, { extensions: CLASSICUBE });
  await client.write(client.loginBytes().subarray(0, 131));
  await client.send("ExtInfo", { appName: "Odd", count: -1 });
  assertEquals(await client.kicked(), "Invalid number of extensions: -1");
});

Deno.test("a server listens on a Unix socket", async () => {
  const path = `${await Deno.makeTempDir()}/demo.sock`;
  await using server = await ClassicServer.start({ path });
  assertEquals([server.address, server.port], [`unix:${path}`, 0]);
  await using client = await Client.join(server);
  assertEquals(server.players, ["Steve"]);
  await client.close();
});
