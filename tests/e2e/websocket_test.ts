/** Players who come through WebSockets, beside others who do not, on the same ports. */
import * as presets from "../../lib/demo/presets.ts";
import { encodePacket } from "../../lib/protocol/packets.ts";
import { assert, assertEquals, assertMatch, assertRejects } from "../harness/assert.ts";
import { Bot } from "../harness/bot.ts";
import { FrameClient } from "../harness/frame_client.ts";
import { settled, unsentAt } from "../harness/kernel.ts";
import { ByteCheck, mapChunks } from "../harness/long_stream.ts";
import { network, Program } from "../harness/program.ts";
import { ScriptedBackend } from "../harness/scripted_backend.ts";
import { WebSocketStream, type WebSocketStreamOptions } from "../harness/websocket_stream.ts";
import { concat, identification, smallMap, vanilla, welcome } from "../session/logins.ts";
import { masked } from "../transport/websocket/frames.ts";
import { ObservedServer } from "./observed_server.ts";
import { Player } from "./player.ts";
import { depart, visit } from "./visit.ts";

const MIB = 1 << 20;
const MODES = [["main", "parse"], ["raw", "raw"]] as const;
const FRAMINGS = ["binary", "text", "bytes", "fragments", "torn"] as const;
const CPE = { extensions: presets.CLASSICUBE };
const BINARY = 2;
/** What a session may hold back for a client that does not read, and what the program needs besides. */
const MAX_GROWTH = 25 * MIB;

/** A program in front of one server, `hub`. */
interface Stage extends AsyncDisposable {
  readonly hub: ObservedServer;
  readonly program: Program;
}

/** @param listener Further lines of the listener `main`. */
async function setUp(listener: readonly string[] = []): Promise<Stage> {
  const hub = await ObservedServer.start(presets.mcgalaxy());
  const program = await Program.start({ config: network([{ name: "hub", address: hub.address }], { listener }) });
  return {
    hub,
    program,
    async [Symbol.asyncDispose](): Promise<void> {
      await program[Symbol.asyncDispose]();
      await hub[Symbol.asyncDispose]();
    },
  };
}

function connect(program: Program, options: WebSocketStreamOptions = {}, listener = "main"): Promise<WebSocketStream> {
  const { hostname, port } = program.target(listener);
  return WebSocketStream.connect(`ws://${hostname}:${port}/`, options);
}

for (const [listener, mode] of MODES) {
  Deno.test(`${mode}: ws clients play among those of raw TCP on one port, however they cut their messages`, async (t) => {
    await using stage = await setUp();
    const { hub, program } = stage;
    await using fellow = await Player.join(program.target(listener), hub, { name: "fellow", ...CPE });
    for (const framing of FRAMINGS) {
      await t.step(framing, async () => {
        const stream = await connect(program, { framing }, listener);
        assertEquals(stream.socket.protocol, "ClassiCube");
        await using visitor = await Player.over(stream, hub, { name: framing, ...CPE });
        await visit(visitor, [fellow]);
        await stream.ping(Uint8Array.of(1, 2, 3));
        await depart(visitor, [fellow]);
        assertEquals((await stream.closed).code, 1000);
        const end = await program.until(() => program.endings.find(({ player }) => player === framing), "the end");
        assertEquals([end.code, end.reason, end.ip, end.server], ["CP", "client-left", "127.0.0.1", "hub"]);
      });
    }
  });
}

Deno.test("/server moves a ws client from one server to another and back", async () => {
  await using hub = await ObservedServer.start({ ...presets.mcgalaxy(), name: "The hub" });
  await using arena = await ObservedServer.start({ ...presets.classicborne(), name: "The arena" });
  const backends = [{ name: "hub", address: hub.address }, { name: "arena", address: arena.address }];
  await using program = await Program.start({ config: network(backends) });
  const stream = await connect(program, { framing: "torn" });
  await using player = await Player.over(stream, hub, { name: "ws", ...CPE });
  for (const [name, from, to] of [["arena", hub, arena], ["hub", arena, hub]] as const) {
    await player.bot.chat(`/server ${name}`);
    await to.joined("ws");
    await from.left("ws");
    await player.bot.until(({ state }) => state.isJoined && state.player.serverName === `The ${name}`, name);
    await player.bot.chat(`now in ${name}`);
    await to.heard("ws", [`now in ${name}`]);
  }
  player.assertMap();
  await player.leave();
  assertEquals([(await program.ended(1)).moves, (await stream.closed).code], [2, 1000]);
});

for (const [listener, mode] of MODES) {
  Deno.test(`${mode}: a server's kick is read by a ws client before the close`, async () => {
    await using stage = await setUp();
    const stream = await connect(stage.program, {}, listener);
    await using player = await Player.over(stream, stage.hub, { name: "ws", ...CPE });
    stage.hub.server.kick("ws", "&cEnough");
    assertEquals(await player.bot.kicked(), "&cEnough");
    await player.bot.closed();
    assertEquals([(await stream.closed).code, player.bot.violations], [1000, []]);
  });
}

Deno.test("the edge's own kick is read by a ws client before the close", async () => {
  await using stage = await setUp();
  const stream = await connect(stage.program);
  await using bot = Bot.over(stream, { name: "no name" });
  assertMatch(await bot.kicked(), /^Names have 1 to 16 letters.* \[PA-\w{5}\]$/);
  assertEquals((await stream.closed).code, 1000);
});

Deno.test("a ws client that stops in order gets its own code back", async () => {
  await using stage = await setUp();
  for (const code of [1000, 1001, 3456, undefined]) {
    const stream = await connect(stage.program);
    await using player = await Player.over(stream, stage.hub, { name: "ws", ...CPE });
    stream.socket.close(code);
    assertEquals((await stream.closed).code, code ?? 1005);
    await stage.hub.left("ws");
    await player.bot.closed();
  }
  await stage.program.ended(4);
  assertEquals(stage.program.endings.map(({ code, reason }) => `${code} ${reason}`), Array(4).fill("CP client-left"));
});

for (
  const [how, reason, leave] of [
    ["ends the connection without a close frame", "client-left", (client: FrameClient) => client.halfClose()],
    ["resets the connection", "client-reset", (client: FrameClient) => client.reset()],
  ] as const
) {
  Deno.test(`a client that ${how} in play has left, and the log says ${reason}`, async () => {
    await using stage = await setUp();
    // Whose map is not complete yet has left during that. In raw mode nobody looks.
    for (const [listener, step, count] of [["main", "playable", 1], ["raw", "joined", 2]] as const) {
      await using client = await FrameClient.connect(stage.program.target(listener));
      await client.send(masked(BINARY, identification("ws", "-", 0)));
      await stage.hub.joined("ws");
      await stage.program.until(() => stage.program.lines(step).length === count, "the player in play");
      await leave(client);
      await stage.hub.left("ws");
      await client.over();
    }
    await stage.program.ended(2);
    assertEquals(stage.program.endings.map((end) => `${end.code} ${end.reason}`), Array(2).fill(`CP ${reason}`));
  });
}

Deno.test("the address in a header is believed from those who may tell it, and from nobody else", async () => {
  for (
    const [lines, headers, wanted] of [
      [['real_ip_from = ["127.0.0.0/8"]'], { "X-Real-IP": "192.0.2.7" }, "192.0.2.7"],
      [['real_ip_from = ["127.0.0.0/8"]'], { "X-Forwarded-For": "192.0.2.8, 127.0.0.1" }, "192.0.2.8"],
      [['real_ip_from = ["192.0.2.0/24"]'], { "X-Real-IP": "192.0.2.7" }, "127.0.0.1"],
    ] as const
  ) {
    await using stage = await setUp(lines);
    await using player = await Player.over(await connect(stage.program, { headers }), stage.hub, { name: "ws" });
    await player.leave();
    assertEquals((await stage.program.ended(1)).ip, wanted);
  }
});

for (const [listener, mode] of MODES) {
  Deno.test(`${mode}: a ws client that reads slowly costs little memory, and gets every byte of a large map`, async () => {
    const size = 50 * MIB;
    const start = concat(
      welcome(vanilla()),
      smallMap(vanilla()),
      encodePacket("LevelInitialize", vanilla(), { volume: 1 }),
    );
    const login = identification("ws", "-", 0);
    let sent = 0;
    await using backend = ScriptedBackend.listen(async (peer) => {
      if (await peer.read(login.length).catch(() => undefined) === undefined) return;
      await peer.write(start);
      for (const piece of mapChunks(size)) {
        await peer.write(piece);
        sent += piece.length;
      }
      await peer.closed;
    });
    const { target } = backend;
    assert("port" in target);
    const config = [network([{ name: "hub", address: `127.0.0.1:${target.port}` }]), "[health]", 'interval = "1h"'];
    await using program = await Program.start({ config: config.join("\n") });
    const stream = await connect(program, {}, listener);
    const before = await program.residentBytes();
    await stream.write(login);
    // Nothing is read here, so that in the end nothing moves any more.
    const waiting = (): readonly number[] | undefined => {
      const [toClient, toEdge] = [unsentAt(program.target(listener).port), unsentAt(target.port)];
      return toClient === undefined || toEdge === undefined ? undefined : [sent, toClient, toEdge];
    };
    await settled(waiting, "the backend waiting");
    assert(sent < size / 2, `the backend was rid of ${sent} bytes`);
    const growth = await program.residentBytes() - before;
    assert(growth < MAX_GROWTH, `grew by ${growth} bytes`);
    const check = new ByteCheck(concatLazily(start, mapChunks(size)));
    const buffer = new Uint8Array(64 << 10);
    while (!check.isComplete) {
      const count = await stream.read(buffer);
      assert(count !== null);
      check.take(buffer.subarray(0, count));
    }
    await stream.closeWrite();
    assertEquals((await stream.closed).code, 1000);
  });
}

function* concatLazily(first: Uint8Array, rest: Iterable<Uint8Array>): Generator<Uint8Array> {
  yield first;
  yield* rest;
}

Deno.test("a listener without WebSockets turns browsers away, and takes everybody else", async () => {
  await using stage = await setUp(["websocket = false"]);
  const { hub, program } = stage;
  await assertRejects(() => connect(program));
  const { reason, detail } = await program.ended(1);
  assertEquals([reason, detail], ["not-classic", "it begins with 47 45 54 20 2f 20 48 54 …"]);
  await using player = await Player.join(program.target(), hub, { name: "tcp" });
  await using other = await Player.over(await connect(program, {}, "raw"), hub, { name: "ws" });
  await other.seesPlayer("tcp");
  await player.leave();
});

Deno.test("somebody who opens the address in a browser reads how to join", async () => {
  await using stage = await setUp();
  const { hostname, port } = stage.program.target();
  const response = await fetch(`http://${hostname}:${port}/`);
  const { status, headers } = response;
  assertEquals([status, headers.get("Content-Type"), headers.get("Upgrade")], [426, "text/plain", "websocket"]);
  assertMatch(await response.text(), /^This is a Minecraft Classic server: to join, start ClassiCube /);
  assertEquals((await stage.program.ended(1)).reason, "bad-http");
});
