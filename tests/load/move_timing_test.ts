import { generateArena } from "../../lib/demo/arena.ts";
import { generateHub } from "../../lib/demo/hub.ts";
import { seededRandom } from "../../lib/demo/noise.ts";
import type { ClassicServerOptions } from "../../lib/demo/options.ts";
import { ClassicServer } from "../../lib/demo/server.ts";
import { generateFlat, World } from "../../lib/demo/world.ts";
import { ExtensionSet } from "../../lib/protocol/extensions.ts";
import { LEVEL_CHUNK_SIZE, levelPackets } from "../../lib/protocol/level_packets.ts";
import { GARDEN_SIZES } from "../../lib/session/waiting_garden.ts";
import { assert, assertEquals } from "../harness/assert.ts";
import { Bot } from "../harness/bot.ts";
import { type LogLine, Program } from "../harness/program.ts";
import { type ClientKind, CLIENTS } from "../e2e/kinds.ts";
import { branches } from "../e2e/networks.ts";
import { measured, percentiles } from "../e2e/percentiles.ts";
import { ServerProcess } from "../e2e/server_process.ts";

const WAIT_MS = 30_000;
const POSITION_MS = 50;
const MOVES = 40;
/** Milliseconds that any part of a move may take, on a machine that has other things to do. */
const MOVE_MS = 1_000;
const PLAYERS = 30;
const ROUNDS = 3;
/** Milliseconds from the death of a backend to another world. */
const CLOSE_MS = 250;
/** Milliseconds from the end of `backend_idle_timeout` to another world. */
const STALL_MS = 2_000;
const IDLE_MS = 1_000;
const PING_MS = 200;
/** Unlike any other world there. */
const STEADY_WIDTH = 48;
const POOL = ["join_rate = 10000"];
/** Blocks that every client knows. */
const BLOCK_COUNT = 50;
const MEGABYTE = 1 << 20;

Deno.test("a move takes no time to speak of, not even into a map of a megabyte", async (t) => {
  await using running = new AsyncDisposableStack();
  const start = async (options: ClassicServerOptions): Promise<ClassicServer> =>
    running.use(await ClassicServer.start({ maxPlayers: PLAYERS, ...options }));
  const worlds = { hub: generateHub(), arena: generateArena(), noise: newNoise(1), clamour: newNoise(2) };
  const plain = { protocol: 7, cpe: false, extensions: ExtensionSet.EMPTY } as const;
  assert(levelPackets(worlds.noise, plain).length * LEVEL_CHUNK_SIZE > MEGABYTE);
  const servers = await Promise.all(
    Object.entries(worlds).map(async ([name, world]) => ({ name, address: (await start({ name, world })).address })),
  );
  const program = running.use(await Program.start({ config: branches(servers, POOL) }));
  for (const [what, here, there] of [["ordinary maps", "hub", "arena"], ["1 MB maps", "noise", "clamour"]] as const) {
    for (const client of CLIENTS.filter(({ name }) => name === "none" || name === "ccube")) {
      await t.step(`${what}, clients with ${client.name}`, async () => {
        const bots = await Promise.all(
          Array.from({ length: 3 }, (_, index) => join(program, here, client, `${client.name}_${here}${index}`)),
        );
        const before = program.lines("moved").length;
        const seen = await Promise.all(bots.map((bot) => goBackAndForth(bot, here, there)));
        const moves = await movesSince(program, before, bots.length * MOVES);
        const say = (part: string): string => `  ${what}, clients with ${client.name}: ${part}`;
        const parts = [
          measured(say("dial to commit"), moves.map(({ dial_ms }) => Number(dial_ms))),
          measured(say("fence"), moves.map(({ fence_ms }) => Number(fence_ms))),
          measured(say("request to standing there"), seen.flat()),
        ];
        for (const bot of bots) await leave(bot);
        for (const { p99 } of parts) assert(p99 <= MOVE_MS, `p99 is ${p99} ms`);
      });
    }
  }
});

Deno.test("whoever loses a backend that dies plays elsewhere or waits within 250 ms", async () => {
  const elsewhere: number[][] = [];
  const waiting: number[][] = [];
  for (let round = 0; round < ROUNDS; round++) await killOneByOne(elsewhere, waiting);
  for (const [what, rounds] of [["playing elsewhere", elsewhere], ["in the waiting room", waiting]] as const) {
    measured(`  backend died, ${what}`, rounds.flat());
    const worst = rounds.map((times) => percentiles(times).p99).toSorted((a, b) => a - b);
    // What else the machine has to do only ever adds to the times: the calmest round tells.
    assert((worst[0] ?? Infinity) <= CLOSE_MS, `p99 is ${worst} ms`);
    assert((worst.at(-1) ?? Infinity) <= STALL_MS, `p99 is ${worst} ms`);
  }
});

/** Kills servers one after the other under the same players; adds milliseconds from each death to the next world. */
async function killOneByOne(elsewhere: number[][], waiting: number[][]): Promise<void> {
  await using running = new AsyncDisposableStack();
  // Worlds differ in size, so that a client tells by itself where it is.
  const servers = await Promise.all(["first", "second", "third", "fourth"].map(async (name, index) => {
    const xSize = 40 + 8 * index;
    const server = running.use(await ClassicServer.start({ name, world: generateFlat(xSize, 32, 16) }));
    return { name, xSize, server, address: server.address };
  }));
  const program = running.use(await Program.start({ config: chain(servers) }));
  const bots = await crowd(program, "first");
  for (const [index, { server }] of servers.entries()) {
    const arriving = bots.map((bot) => nextWorld(bot));
    const start = performance.now();
    await server.kill();
    const times = (await Promise.all(arriving)).map((time) => time - start);
    const next = servers[index + 1];
    (next === undefined ? waiting : elsewhere).push(times);
    const { xSize } = next ?? GARDEN_SIZES;
    await Promise.all(
      bots.map((bot) =>
        bot.until(({ state }) => state.isJoined && state.map.size.x === xSize, `the world after ${index + 1} deaths`)
      ),
    );
  }
  for (const bot of bots) await leave(bot);
  assertEquals(program.lines("lost").length, servers.length * PLAYERS);
}

Deno.test("whoever is on a backend that stalls plays elsewhere within 2 s of the timeout", async () => {
  await using running = new AsyncDisposableStack();
  const stalling = running.use(
    await ServerProcess.start({ software: "demo", options: { name: "stalling", pingIntervalMs: PING_MS } }, () => {}),
  );
  const steady = running.use(
    await ClassicServer.start({ pingIntervalMs: PING_MS, world: generateFlat(STEADY_WIDTH, 32, 16) }),
  );
  const config = [
    chain([
      { name: "stalling", address: `127.0.0.1:${stalling.port}` },
      { name: "steady", address: steady.address },
    ]),
    "[health]",
    `backend_idle_timeout = "${IDLE_MS}ms"`,
  ];
  const program = running.use(await Program.start({ config: config.join("\n") }));
  const bots = await crowd(program, "stalling");
  const arriving = bots.map((bot) => inWorldOf(bot, STEADY_WIDTH));
  const start = performance.now();
  stalling.stall();
  const times = (await Promise.all(arriving)).map((time) => time - start - IDLE_MS);
  const { p99 } = measured("  backend stalled, playing elsewhere after the timeout", times);
  for (const bot of bots) await leave(bot);
  assertEquals(program.lines("lost").map(({ reason }) => reason), Array(PLAYERS).fill("backend-stalled"));
  assert(p99 <= STALL_MS, `p99 is ${p99} ms`);
});

/** A world that does not compress: a megabyte and a bit on the wire. */
function newNoise(seed: number): World {
  const world = new World({ xSize: 192, ySize: 64, zSize: 128 });
  const random = seededRandom(seed);
  for (let index = 0; index < world.blocks.length; index++) world.blocks[index] = Math.floor(BLOCK_COUNT * random());
  return world;
}

/** The TOML of pools with one backend each, of which each falls back to the next; the listener leads to the first. */
function chain(backends: readonly { readonly name: string; readonly address: string }[]): string {
  return backends.flatMap(({ name, address }, index) => {
    const next = backends[index + 1];
    return [
      "[[listener]]",
      `name = "${name}"`,
      'bind = "127.0.0.1:0"',
      `pool = "${name}-pool"`,
      'auth = "off"',
      "[[pool]]",
      `name = "${name}-pool"`,
      `backends = ["${name}"]`,
      `fallback = [${next === undefined ? "" : `"${next.name}-pool"`}]`,
      ...POOL,
      "[[backend]]",
      `name = "${name}"`,
      `address = "${address}"`,
    ];
  }).join("\n");
}

async function join(program: Program, listener: string, client: ClientKind, name: string): Promise<Bot> {
  const extensions = client.extensions === undefined ? {} : { extensions: client.extensions };
  const options = { name, positionInterval: POSITION_MS, timeoutMs: WAIT_MS, ...extensions };
  const bot = await Bot.connect(program.target(listener), options);
  await bot.joined();
  return bot;
}

/** Clients of all kinds. */
async function crowd(program: Program, listener: string): Promise<readonly Bot[]> {
  const kinds = Array.from({ length: PLAYERS }, (_, index) => CLIENTS[index % CLIENTS.length] ?? { name: "none" });
  return await Promise.all(kinds.map((kind, index) => join(program, listener, kind, `${kind.name}_${index}`)));
}

async function leave(bot: Bot): Promise<void> {
  await bot.halfClose();
  await bot.closed();
  assertEquals(bot.violations, []);
}

/** When the player stands in a world of another server, as of `performance.now()`. */
async function nextWorld(bot: Bot): Promise<number> {
  const { identifications } = bot.state.player;
  const { loaded } = bot.state.map;
  return await bot.until(({ state }) => {
    const isThere = state.player.identifications > identifications && state.map.loaded > loaded && state.isJoined;
    return isThere && performance.now();
  }, "another world");
}

/** When the player stands in a world as wide as that, as of `performance.now()`. */
async function inWorldOf(bot: Bot, xSize: number): Promise<number> {
  const isThere = ({ state }: Bot): number | false => state.isJoined && state.map.size.x === xSize && performance.now();
  return await bot.until(isThere, `a world ${xSize} wide`);
}

/** Milliseconds that each move took from the request until the player stood there. */
async function goBackAndForth(bot: Bot, here: string, there: string): Promise<readonly number[]> {
  const times: number[] = [];
  for (let move = 0; move < MOVES; move++) {
    const arriving = nextWorld(bot);
    const start = performance.now();
    bot.chat(`/server ${move % 2 === 0 ? there : here}`);
    times.push(await arriving - start);
    // The move of a client without extensions is over when it says where it stands.
    const { x, y, z } = bot.state.entities.self.position ?? { x: 0, y: 0, z: 0 };
    await bot.move(x, y, z);
  }
  return times;
}

async function movesSince(program: Program, before: number, count: number): Promise<readonly LogLine[]> {
  return await program.until(
    () => {
      const moves = program.lines("moved").slice(before);
      return moves.length === count && moves;
    },
    `${count} moves`,
    { timeoutMs: WAIT_MS },
  );
}
