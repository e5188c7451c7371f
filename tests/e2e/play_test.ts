import { createHash } from "node:crypto";
import type { ClassicServerOptions } from "../../lib/demo/options.ts";
import * as presets from "../../lib/demo/presets.ts";
import { ExtensionSet } from "../../lib/protocol/extensions.ts";
import { type PacketName, packetNamed, packetSize } from "../../lib/protocol/packet_table.ts";
import { assert, assertEquals, assertMatch } from "../harness/assert.ts";
import { Bot, type BotOptions } from "../harness/bot.ts";
import { eventually } from "../harness/kernel.ts";
import type { Target } from "../harness/link.ts";
import { serveWorld } from "../harness/login_script.ts";
import { type LogLine, network, Program } from "../harness/program.ts";
import { quietPort } from "../harness/quiet_port.ts";
import { ScriptedBackend } from "../harness/scripted_backend.ts";
import { ObservedServer } from "./observed_server.ts";
import { Player } from "./player.ts";
import { depart, waits } from "./waiting.ts";

const MODES = [["main", "parse"], ["raw", "raw"]] as const;
/** Nothing listens there: the port is reserved for something nobody runs, and the folder does not exist. */
const NOBODY = ["127.0.0.1:1", "unix:/nonexistent/kurafuto.sock"] as const;
const CPE: BotOptions = { extensions: presets.CLASSICUBE };
const NOBODY_NOW = "No server can take you now";
const NO_BACKEND = "No server can take you now, please try again soon";

/** Each backend is checked once, at the start. */
const CHECKED_ONCE = ["[health]", 'interval = "1h"'];

/**
 * An edge whose pool holds the given addresses in this order; the backends are called "b0", "b1" and so on.
 *
 * @param rest Further tables.
 */
function startEdge(
  addresses: readonly string[],
  pool: readonly string[] = [],
  rest: readonly string[] = [],
): Promise<Program> {
  const backends = addresses.map((address, index) => ({ name: `b${index}`, address }));
  return Program.start({ config: [network(backends, { pool }), ...rest].join("\n") });
}

/** Waits until the checks have taken all of `backends` out of service. */
async function downed(program: Program, ...backends: readonly string[]): Promise<void> {
  const down = (): readonly unknown[] => program.lines("backend-down").map(({ server }) => server);
  await program.until(() => down().length === backends.length, `${backends} down`);
  assertEquals(down().toSorted(), [...backends]);
}

function startServer(options: ClassicServerOptions = {}): Promise<ObservedServer> {
  return ObservedServer.start({ ...presets.mcgalaxy(), ...options });
}

function addressOf(target: Target): string {
  return "path" in target ? `unix:${target.path}` : `${target.hostname}:${target.port}`;
}

/** Connects, and returns what the player reads when the connection ends in a kick. */
async function kickAt(target: Target, options: BotOptions = {}): Promise<string> {
  await using bot = await Bot.connect(target, options);
  return await kickOf(bot);
}

async function kickOf(bot: Bot): Promise<string> {
  const reason = await bot.kicked();
  await bot.closed();
  assertEquals(bot.violations, []);
  return reason;
}

/** What the player reads where the edge ends the session in its own words. */
function withCode(text: string, { code, session }: LogLine): string {
  assertMatch(`${session}`, /^[0-9A-Z]{5}$/);
  return `${text} [${code}-${session}]`;
}

/** Which stages of a login the log's line has times of. */
function stagesOf({ handshake_ms, login_ms, map_ms }: LogLine): readonly string[] {
  const times = Object.entries({ handshake: handshake_ms, login: login_ms, map: map_ms });
  for (const [, ms] of times) assert(Number(ms) >= -1);
  return times.filter(([, ms]) => ms !== -1).map(([stage]) => stage);
}

/** What packets have together in a session without CPE. */
function sizeOf(...names: readonly PacketName[]): number {
  const dialect = { protocol: 7, cpe: false, extensions: ExtensionSet.EMPTY } as const;
  return names.reduce((size, name) => size + packetSize(packetNamed(name), dialect), 0);
}

const BALANCES = [["first", ["b0", "b0", "b0", "b0"]], ["round-robin", ["b0", "b1", "b0", "b1"]]] as const;
for (const [balance, wanted] of BALANCES) {
  Deno.test(`balance "${balance}" sends four players to ${wanted.join(", ")}`, async () => {
    await using first = await startServer();
    await using second = await startServer();
    await using program = await startEdge([first.address, second.address], [`balance = "${balance}"`]);
    await using players = new AsyncDisposableStack();
    for (const [index, backend] of wanted.entries()) {
      const server = backend === "b0" ? first : second;
      players.use(await Player.join(program.target(), server, { ...CPE, name: `player${index}` }));
    }
    const joined = (): readonly LogLine[] => program.lines("joined");
    await program.until(() => joined().length === wanted.length, "a line for each player");
    assertEquals(joined().map(({ server }) => server), [...wanted]);
  });
}

/** Backends that do not take a player, and what the log says about them. */
const UNWILLING: readonly { readonly why: string; readonly options: ClassicServerOptions; readonly cause: RegExp }[] = [
  { why: "closes the connection", options: { onLogin: "close" }, cause: /clos|reset/ },
  { why: "sends garbage", options: { onLogin: "garbage" }, cause: /unknown packet 238/ },
];

for (const { why, options, cause } of UNWILLING) {
  Deno.test(`a backend that ${why} is passed over for the next`, async () => {
    await using unwilling = await startServer(options);
    await using spare = await startServer();
    await using program = await startEdge([unwilling.address, spare.address]);
    await using player = await Player.join(program.target(), spare, CPE);
    await player.leave();
    const { server, code } = await program.ended(1);
    assertEquals([server, code], ["b1", "CP"]);
    const refused = program.lines("refused");
    assertEquals(refused.map(({ server }) => server), ["b0"]);
    assertMatch(`${refused[0]?.cause}`, cause);
  });
}

for (const [listener, mode] of MODES) {
  for (const address of NOBODY) {
    Deno.test(`a backend that nobody runs at ${address} is found out at the start, and not tried in ${mode} mode`, async () => {
      await using spare = await startServer();
      await using program = await startEdge([address, spare.address]);
      await downed(program, "b0");
      await using player = await Player.join(program.target(listener), spare, CPE);
      await player.leave();
      assertEquals((await program.ended(1)).server, "b1");
      assertEquals(program.lines("refused"), []);
    });
  }

  Deno.test(`a backend that has died since the last check is passed over for the next in ${mode} mode`, async () => {
    await using mortal = await startServer();
    await using spare = await startServer();
    await using program = await startEdge([mortal.address, spare.address], [], CHECKED_ONCE);
    await eventually(() => mortal.server.connections.accepted === 1, "the check at the start");
    await mortal.server.kill();
    await using player = await Player.join(program.target(listener), spare, CPE);
    await player.leave();
    assertEquals((await program.ended(1)).server, "b1");
    const refused = program.lines("refused");
    assertEquals(refused.map(({ server }) => server), ["b0"]);
    assertMatch(`${refused[0]?.cause}`, /refused/);
    assertEquals(program.lines("backend-down"), []);
  });

  Deno.test(`a backend's kick at login arrives word for word in ${mode} mode`, async () => {
    const words = "&cBanned: ☺ until &e1 May&c, ask üs for more [no code]";
    await using server = await startServer({ onLogin: { kick: words } });
    await using program = await startEdge([server.address]);
    assertEquals(await kickAt(program.target(listener), CPE), words);
    const { code, reason } = await program.ended(1);
    assertEquals([code, reason], mode === "parse" ? ["SD", "backend-kick"] : ["SP", "backend-closed"]);
  });

  Deno.test(`a backend's kick in play arrives word for word in ${mode} mode`, async () => {
    await using server = await startServer();
    await using program = await startEdge([server.address]);
    await using player = await Player.join(program.target(listener), server, CPE);
    server.server.kick(player.name, "&4Kicked: ♥ be nice [or else]");
    assertEquals(await kickOf(player.bot), "&4Kicked: ♥ be nice [or else]");
    const { code, reason } = await program.ended(1);
    assertEquals([code, reason], ["SP", mode === "parse" ? "backend-kick" : "backend-closed"]);
  });
}

Deno.test("without a living backend the player of a raw listener is told so, with the code of the log's line", async () => {
  await using program = await startEdge(NOBODY);
  await downed(program, "b0", "b1");
  for (const [index, options] of [CPE, {}].entries()) {
    const kick = await kickAt(program.target("raw"), options);
    const line = await program.ended(index + 1);
    assertEquals([line.code, line.reason, line.server], ["PD", "no-backend", ""]);
    assert(!stagesOf(line).includes("login"));
    assertEquals(kick, withCode(NO_BACKEND, line));
  }
  assertEquals(program.lines("refused"), []);
});

Deno.test("without a living backend the player waits in the waiting room until they leave", async () => {
  await using program = await startEdge(NOBODY);
  await downed(program, "b0", "b1");
  for (const [index, options] of [CPE, {}].entries()) {
    await using bot = await Bot.connect(program.target(), options);
    await waits(bot, NOBODY_NOW);
    assertEquals(program.lines("ended").length, index);
    await depart(bot);
    const line = await program.ended(index + 1);
    assertEquals([line.code, line.reason, line.server, line.moves], ["CD", "client-left", "", 0]);
    assertEquals(stagesOf(line), ["handshake"]);
  }
  assertEquals(program.lines("waiting").map(({ cause }) => cause), [NOBODY_NOW, NOBODY_NOW]);
  assertEquals(program.lines("refused"), []);
});

Deno.test("from the waiting room the player goes to the first backend that comes up", async () => {
  const port = quietPort();
  await using program = await startEdge([`127.0.0.1:${port}`], [], ["[health]", 'interval = "200ms"', "rise = 1"]);
  await downed(program, "b0");
  await using bot = await Bot.connect(program.target(), CPE);
  await waits(bot, NOBODY_NOW);
  await using server = await startServer({ port });
  await server.joined(bot.name);
  const line = await program.until(() => program.lines("moved")[0], "a move");
  assertEquals([line.from, line.to, line.signal], ["", "b0", "waiting"]);
  await bot.until(({ state }) => state.isJoined && state.map.size.x === server.world.xSize, "the backend's world");
  await depart(bot);
  const { code, server: last, moves } = await program.ended(1);
  assertEquals([code, last, moves], ["CP", "b0", 1]);
});

Deno.test('with on_kick = "fallback" the next backend takes a player whom the first kicks', async () => {
  await using strict = await startServer({ onLogin: { kick: "Server is full!" } });
  await using spare = await startServer();
  await using program = await startEdge([strict.address, spare.address], ['on_kick = "fallback"']);
  await using player = await Player.join(program.target(), spare, CPE);
  player.assertMap();
  await player.leave();
  assertEquals((await program.ended(1)).server, "b1");
  const refused = program.lines("refused").map(({ server, cause }) => `${server}: ${cause}`);
  assertEquals(refused, ["b0: kicked: Server is full!"]);
});

Deno.test('with on_kick = "fallback" the player reads the last kick in the waiting room where nobody takes them', async () => {
  await using full = await startServer({ onLogin: { kick: "Server is full!" } });
  await using strict = await startServer({ onLogin: { kick: "You are banned" } });
  await using program = await startEdge([full.address, strict.address], ['on_kick = "fallback"']);
  await using bot = await Bot.connect(program.target(), CPE);
  await waits(bot, `${NOBODY_NOW}: &fYou are banned`);
  await depart(bot);
  const { code, reason } = await program.ended(1);
  const refused = program.lines("refused").map(({ server, cause }) => `${server}: ${cause}`);
  assertEquals(refused.slice(0, 2), ["b0: kicked: Server is full!", "b1: kicked: You are banned"]);
  assertEquals([code, reason], ["CD", "client-left"]);
});

const LOST_IN_PLAY: Readonly<Record<string, string>> = {
  "backend-lost": "The connection to the server was lost",
  "backend-closed": "The server closed the connection",
};

Deno.test("a player whose only backend dies in play is told why in the waiting room, still connected", async () => {
  await using server = await startServer();
  await using program = await startEdge([server.address]);
  await using player = await Player.join(program.target(), server, CPE);
  await server.server.kill();
  const lost = await program.until(() => program.lines("lost")[0], "the loss");
  assertEquals(lost.server, "b0");
  await waits(player.bot, `b0: ${LOST_IN_PLAY[`${lost.reason}`]}`);
  await program.until(() => program.lines("waiting").length === 1, "a line about the wait");
  assertEquals(program.lines("ended"), []);
  await depart(player.bot);
  const line = await program.ended(1);
  assertEquals([line.code, line.reason, line.server], ["CP", "client-left", "b0"]);
});

Deno.test("a player whose backend dies in play goes on in the next one, still connected", async () => {
  await using mortal = await startServer();
  await using spare = await startServer();
  await using program = await startEdge([mortal.address, spare.address]);
  await using player = await Player.join(program.target(), mortal, CPE);
  await mortal.server.kill();
  await spare.joined(player.name);
  const moved = await program.until(() => program.lines("moved")[0], "a move");
  assertEquals([moved.from, moved.to, moved.signal], ["b0", "b1", "failure"]);
  assertEquals(program.lines("lost").map(({ server }) => server), ["b0"]);
  await depart(player.bot);
  const line = await program.ended(1);
  assertEquals([line.code, line.reason, line.server, line.moves], ["CP", "client-left", "b1", 1]);
});

Deno.test("a player whose backend goes silent in play goes on in the next one", async () => {
  await using stalling = ScriptedBackend.listen(async (peer) => {
    await serveWorld(peer, { size: { x: 4, y: 4, z: 4 } });
    await peer.closed;
  });
  await using spare = await startServer();
  const health = [...CHECKED_ONCE, 'backend_idle_timeout = "1s"'];
  await using program = await startEdge([addressOf(stalling.target), spare.address], [], health);
  await using bot = await Bot.connect(program.target(), { name: "Alex", positionInterval: 50 });
  await bot.joined();
  await spare.joined("Alex");
  const moved = await program.until(() => program.lines("moved")[0], "a move");
  assertEquals([moved.from, moved.to, moved.signal], ["b0", "b1", "failure"]);
  const lost = program.lines("lost").map(({ server, reason }) => [server, reason]);
  assertEquals(lost, [["b0", "backend-stalled"]]);
  await depart(bot);
  assertEquals((await program.ended(1)).code, "CP");
});

Deno.test("a player in the waiting room is told when the edge stops", async () => {
  await using program = await startEdge(NOBODY);
  await downed(program, "b0", "b1");
  await using bot = await Bot.connect(program.target(), CPE);
  await waits(bot, NOBODY_NOW);
  const stopped = program.stop();
  const kick = await kickOf(bot);
  assertEquals(await stopped, 0);
  const [line] = program.lines("ended");
  assert(line !== undefined);
  assertEquals([line.code, line.reason], ["OD", "shutdown"]);
  assertEquals(kick, withCode("The network is going down, please come back soon", line));
});

Deno.test("a player whose backend dies in the middle of the map is in the waiting room, still connected", async () => {
  await using server = await startServer({ onLogin: { closeAfterChunks: 1 } });
  await using program = await startEdge([server.address]);
  await using bot = await Bot.connect(program.target(), CPE);
  await waits(bot, "b0: The server closed the connection");
  await depart(bot);
  const line = await program.ended(1);
  const lost = program.lines("lost").map(({ server, reason }) => [server, reason]);
  // Two seconds later it is tried again.
  assertEquals(lost[0], ["b0", "backend-closed"]);
  assertEquals([line.code, line.reason, stagesOf(line)], ["CD", "client-left", ["handshake", "login"]]);
});

Deno.test("a silent backend is passed over for the next, and the log tells how long that and the map took", async () => {
  const [attemptMs, mapDelayMs] = [3000, 80];
  await using silent = await startServer({ onLogin: "silent" });
  await using slow = await startServer({ mapDelayMs });
  await using program = await startEdge([silent.address, slow.address]);
  await using player = await Player.join(program.target(), slow, CPE);
  await player.leave();
  const line = await program.ended(1);
  assertEquals([line.server, line.code], ["b1", "CP"]);
  const refused = program.lines("refused").map(({ server, cause }) => [server, cause]);
  assertEquals(refused, [["b0", "no answer in time"]]);
  assert(Number(line.login_ms) >= attemptMs - 1, `login_ms is ${line.login_ms}`);
  assert(Number(line.map_ms) >= mapDelayMs, `map_ms is ${line.map_ms}`);
  assert(Number(line.total_ms) >= Number(line.login_ms) + Number(line.map_ms), `total_ms is ${line.total_ms}`);
});

for (const [listener, mode] of MODES) {
  Deno.test(`the log counts what went over each wire in ${mode} mode`, async () => {
    await using backend = ScriptedBackend.listen(async (peer) => {
      await serveWorld(peer, { size: { x: 4, y: 4, z: 4 } });
      await peer.closed;
    });
    await using program = await startEdge([addressOf(backend.target)]);
    await using bot = await Bot.connect(program.target(listener), { name: "Alex" });
    await bot.joined();
    await bot.chat("hello");
    await bot.halfClose();
    await bot.closed();
    const line = await program.ended(1);
    const sent = sizeOf("PlayerIdentification", "PlayerMessage");
    assertEquals([line.bytes_from_client, line.bytes_to_server], [sent, sent]);
    const world = ["LevelInitialize", "LevelDataChunk", "LevelFinalize"] as const;
    const received = sizeOf("ServerIdentification", ...world, "SpawnPlayer");
    assertEquals([line.bytes_from_server, line.bytes_to_client], [received, received]);
    assertEquals(stagesOf(line), mode === "parse" ? ["handshake", "login", "map"] : ["handshake", "login"]);
    assertEquals([line.player, line.server, line.listener, line.code], ["Alex", "b0", listener, "CP"]);
  });
}

const WRONG_KEY = "Login failed! Close the game and sign in again";

function md5(text: string): string {
  return createHash("md5").update(text).digest("hex");
}

/** An edge that checks keys, on a parsing and a raw listener. */
function startGuarded(address: string, dataDir: string): Promise<Program> {
  const guarded = MODES.flatMap(([name, mode]) => [
    "[[listener]]",
    `name = "${name}"`,
    'bind = "127.0.0.1:0"',
    'pool = "all"',
    `mode = "${mode}"`,
    'auth = "mppass"',
  ]);
  const rest = ["[[pool]]", 'name = "all"', 'backends = ["hub"]', "[[backend]]", 'name = "hub"'];
  const config = [...guarded, ...rest, `address = "${address}"`, ...CHECKED_ONCE].join("\n");
  return Program.start({ config, dataDir });
}

async function saltIn(dataDir: string, listener: string): Promise<string> {
  const [salt = ""] = (await Deno.readTextFile(`${dataDir}/salt-${listener}`)).split(" ");
  return salt;
}

async function withDataDir(test: (dataDir: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "kurafuto-test-" });
  try {
    await test(`${folder}/data`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

for (const [listener, mode] of MODES) {
  Deno.test(`with auth = "mppass" only the key of the name lets in, in ${mode} mode`, () =>
    withDataDir(async (dataDir) => {
      await using server = await startServer();
      await using program = await startGuarded(server.address, dataDir);
      const salt = await saltIn(dataDir, listener);
      const otherSalt = await saltIn(dataDir, listener === "main" ? "raw" : "main");
      const wrong = ["", "-", md5(""), md5(`${salt}alex`), md5(`Alex${salt}`), md5(`${otherSalt}Alex`), salt];
      for (const [index, key] of wrong.entries()) {
        const kick = await kickAt(program.target(listener), { ...CPE, name: "Alex", key });
        const line = await program.ended(index + 1);
        assertEquals([line.code, line.reason, line.player, line.server], ["PA", "wrong-key", "Alex", ""]);
        assertEquals(stagesOf(line), []);
        assertEquals(kick, withCode(WRONG_KEY, line));
      }
      // The check at the start is all that the backend has seen.
      assertEquals(server.server.connections.accepted, 1);
      const key = md5(`${salt}Alex`);
      for (const given of [key, key.toUpperCase()]) {
        await using player = await Player.join(program.target(listener), server, { ...CPE, name: "Alex", key: given });
        assertEquals((await server.joined("Alex")).login.key, given);
        await player.leave();
      }
    }));
}

Deno.test("a salt is readable by its owner alone, and is kept over a restart", () =>
  withDataDir(async (dataDir) => {
    await using server = await startServer();
    const salts: string[] = [];
    for (const name of ["Before", "After"]) {
      await using program = await startGuarded(server.address, dataDir);
      salts.push(await saltIn(dataDir, "main"));
      await using _player = await Player.join(program.target(), server, { ...CPE, name, key: md5(salts[0] + name) });
    }
    assertMatch(salts[0] ?? "", /^[A-Za-z0-9]{16,}$/);
    assertEquals(salts[0], salts[1]);
    const mode = async (path: string): Promise<number> => ((await Deno.stat(path)).mode ?? 0) & 0o777;
    assertEquals([await mode(dataDir), await mode(`${dataDir}/salt-main`)], [0o700, 0o600]);
  }));
