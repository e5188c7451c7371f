import { assert, assertEquals } from "../harness/assert.ts";
import type { ClassicServerOptions } from "../../lib/demo/options.ts";
import { CLASSICUBE } from "../../lib/demo/presets.ts";
import { ClassicServer } from "../../lib/demo/server.ts";
import { generateHub } from "../../lib/demo/hub.ts";
import { CAN_RESET } from "../harness/reset.ts";
import { Client, eventually } from "./client.ts";

Deno.test("a server told to kick at login does so before it lists extensions", async () => {
  await using server = await ClassicServer.start({ onLogin: { kick: "Banned" } });
  await using client = await Client.logIn(server, { extensions: CLASSICUBE });
  assertEquals(await client.kicked(), "Banned");
  assertEquals(client.names(), ["DisconnectPlayer"]);
});

for (
  const [why, options, protocol] of [
    ["told to be silent", { onLogin: "silent" }, 7],
    ["that leaves other protocols waiting", { onUnsupported: "silent", protocols: [7] }, 6],
  ] as const
) {
  Deno.test(`a server ${why} says nothing, even after the login deadline`, async () => {
    await using server = await ClassicServer.start({ ...options, loginTimeoutMs: 1_000 });
    await using client = await Client.logIn(server, { protocol });
    await using witness = await Client.connect(server);
    await witness.closed();
    assertEquals(witness.names(), ["DisconnectPlayer"]);
    assertEquals([client.seen, client.end], [[], undefined]);
  });
}

Deno.test("a server told to close does so without a word", async () => {
  await using server = await ClassicServer.start({ onLogin: "close" });
  await using client = await Client.logIn(server);
  await client.closed();
  assertEquals([client.seen, client.end], [[], "closed"]);
});

Deno.test("a server told to send garbage sends what nobody can frame", async () => {
  await using server = await ClassicServer.start({ onLogin: "garbage" });
  await using client = await Client.logIn(server);
  await client.closed();
  assertEquals([client.seen, client.end], [[], "unframeable"]);
});

Deno.test("a server told so never ends the map", async () => {
  await using server = await ClassicServer.start({ onLogin: "endless-map" });
  await using client = await Client.logIn(server, { extensions: CLASSICUBE });
  await client.until(() => client.all("LevelDataChunk").length > 20, "many chunks");
  assert(!client.names().includes("LevelFinalize"));
  assertEquals(server.players, []);
});

Deno.test("a server told to break off in the middle of the map closes after that many chunks", async () => {
  await using server = await ClassicServer.start({ world: generateHub(), onLogin: { closeAfterChunks: 3 } });
  await using client = await Client.logIn(server);
  await client.closed();
  assertEquals(client.all("LevelDataChunk").length, 3);
  assert(!client.names().includes("DisconnectPlayer"));
});

Deno.test("a slow map is slow", async () => {
  await using server = await ClassicServer.start({ world: generateHub(), mapDelayMs: 20 });
  const start = performance.now();
  await using client = await Client.join(server);
  const chunks = client.all("LevelDataChunk").length;
  assert(chunks > 3 && performance.now() - start > 20 * chunks);
});

Deno.test("a player who does not read is dropped when too much waits for them", async () => {
  await using server = await ClassicServer.start({ outputLimit: 64 * 1024 });
  using conn = await Deno.connect({ port: server.port });
  await using witness = await Client.connect(server, { name: "Deaf" });
  await conn.write(witness.loginBytes());
  await eventually(() => server.players.includes("Deaf"), "the one who does not read");
  const flood = new Uint8Array(60 * 1024).fill(1);
  await eventually(() => {
    server.sendBytes("Deaf", flood);
    return !server.players.includes("Deaf");
  }, "the end of the one who does not read");
});

Deno.test("options out of range are refused", async () => {
  for (const options of [{ maxPlayers: 201 }, { residents: 9 }] satisfies ClassicServerOptions[]) {
    const message = await ClassicServer.start(options).then(() => "", (error: Error) => error.message);
    assert(message.startsWith("Cannot start server as '"), message);
  }
});

Deno.test("a server goes on when somebody was gone again before it could accept them", async () => {
  if (!CAN_RESET) return;
  await using server = await ClassicServer.start();
  const script = `import { resetConnection } from "${import.meta.resolve("../harness/reset.ts")}";
    const conn = await Deno.connect({ port: ${server.port} });
    resetConnection(conn);
    conn.close();`;
  // The server accepts nothing meanwhile.
  const { success } = new Deno.Command(Deno.execPath(), { args: ["eval", script], stderr: "inherit" }).outputSync();
  assert(success);
  await using _client = await Client.join(server);
});
