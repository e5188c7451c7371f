/** How the program takes leave of its players when it is told to stop. */
import { CLASSICUBE } from "../../lib/demo/presets.ts";
import { ClassicServer } from "../../lib/demo/server.ts";
import { measured } from "../e2e/percentiles.ts";
import { assert, assertEquals, assertMatch, assertRejects } from "../harness/assert.ts";
import { Bot, type BotOptions } from "../harness/bot.ts";
import { Program } from "../harness/program.ts";
import { ask, order } from "./admin_calls.ts";

const PLAYERS = 300;
const FEW = 20;
/** One in so many is in the waiting room. */
const WAITING_EVERY = 15;
const AT_A_TIME = 50;
const WAIT_MS = 20_000;
const DRAIN_MS = 8_000;
/** Milliseconds until everybody is told: much less than a drain takes. */
const TOLD_MS = 3_000;
/** Milliseconds until a program that is to stop at once has stopped. */
const AT_ONCE_MS = 3_000;
const NOTICE = /The network goes down now/;
const GOODBYE = /^The network is going down, please come back soon \[(O[A-Z]-\w+)\]$/;

const CLIENTS: readonly BotOptions[] = [{ extensions: CLASSICUBE }, { protocol: 7 }, { protocol: 5 }];

/** A program with players, and the servers they are on. */
class Network implements AsyncDisposable {
  readonly bots: Bot[] = [];
  readonly program: Program;
  readonly #running: AsyncDisposableStack;

  private constructor(program: Program, running: AsyncDisposableStack) {
    this.program = program;
    this.#running = running;
  }

  static async open(drainTimeout: string): Promise<Network> {
    await using opening = new AsyncDisposableStack();
    const servers = await Promise.all(["hub", "arena"].map(async (name) => {
      return opening.use(await ClassicServer.start({ name, maxPlayers: 200 }));
    }));
    const config = [
      ...["[[listener]]", 'name = "main"', 'bind = "127.0.0.1:0"', 'pool = "town"', 'auth = "off"'],
      ...["[[listener]]", 'name = "lost"', 'bind = "127.0.0.1:0"', 'pool = "ruins"', 'auth = "off"'],
      ...["[[pool]]", 'name = "town"', 'backends = ["hub", "arena"]', 'balance = "least-players"', "join_rate = 10000"],
      ...["[[pool]]", 'name = "ruins"', 'backends = ["ruin"]'],
      ...["[[backend]]", 'name = "hub"', `address = "${servers[0]?.address}"`],
      ...["[[backend]]", 'name = "arena"', `address = "${servers[1]?.address}"`],
      // Nothing listens there.
      ...["[[backend]]", 'name = "ruin"', 'address = "127.0.0.1:1"'],
      ...["[admin]", 'bind = "127.0.0.1:0"'],
    ];
    const program = opening.use(
      await Program.start({
        config: config.join("\n"),
        edge: ["max_players = 1000", `drain_timeout = "${drainTimeout}"`],
      }),
    );
    await program.until(() => program.lines("admin").length > 0, "the admin API");
    return new Network(program, opening.move());
  }

  /** `count` players join, one after the other as far as the edge is concerned. */
  async join(count: number): Promise<void> {
    while (this.bots.length < count) {
      const numbers = Array.from({ length: Math.min(AT_A_TIME, count - this.bots.length) }, (_, index) => {
        return this.bots.length + index;
      });
      const coming = await Promise.all(numbers.map((number) => {
        const target = this.program.target(number % WAITING_EVERY === 0 ? "lost" : "main");
        return Bot.connect(target, { ...CLIENTS[number % CLIENTS.length], name: `P${number}`, timeoutMs: WAIT_MS });
      }));
      for (const bot of coming) this.bots.push(this.#running.use(bot));
      await Promise.all(coming.map((bot) => bot.joined()));
    }
  }

  /** When each player reads that the end is near, as of `performance.now()`. */
  told(): Promise<readonly number[]> {
    return Promise.all(this.bots.map(async (bot) => {
      await bot.chatLine(NOTICE);
      return performance.now();
    }));
  }

  /** When each player is disconnected, and the words. */
  dismissed(): Promise<readonly { readonly at: number; readonly words: string }[]> {
    return Promise.all(this.bots.map(async (bot) => {
      const words = await bot.kicked();
      const at = performance.now();
      await bot.closed();
      return { at, words };
    }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#running[Symbol.asyncDispose]();
  }
}

/** The most of `times` within any `ms` milliseconds. */
function mostWithin(times: readonly number[], ms: number): number {
  return Math.max(...times.map((from) => times.filter((at) => at >= from && at < from + ms).length));
}

Deno.test(`${PLAYERS} players are told at once, and dismissed one by one until the time is over`, async (t) => {
  await using network = await Network.open(`${DRAIN_MS}ms`);
  const { program, bots } = network;
  await network.join(PLAYERS);
  const last = bots.at(-1);
  const kicked = bots.at(-2);
  assert(last !== undefined && kicked !== undefined);
  const here = last.state.player.serverName;
  // Two who do nothing about it: one who never reads what they are told, and one who has not even said who they are.
  await using deaf = await Bot.connect(program.target(), { name: "Deaf", extensions: CLASSICUBE, timeoutMs: WAIT_MS });
  await deaf.joined();
  deaf.pauseReading();
  using silent = await Deno.connect(program.target());

  const start = performance.now();
  const stopping = program.stop("SIGTERM");
  const dismissing = network.dismissed();
  const silencing = silent.read(new Uint8Array(1)).then((end) => ({ end, ms: performance.now() - start }));
  // Whatever fails before they are awaited is told first.
  for (const awaited of [dismissing, silencing]) awaited.catch(() => {});
  const told = (await network.told()).map((at) => at - start);
  await t.step("nobody can join any more, nor go on doing so", async () => {
    await assertRejects(() => Deno.connect(program.target()), Deno.errors.ConnectionRefused);
    const { end, ms } = await silencing;
    assertEquals(end, null);
    assert(ms <= TOLD_MS, `who had said nothing was let go after ${ms} ms`);
  });
  await t.step("the edge is healthy, not ready, and draining", async () => {
    assertEquals((await ask(program, "/healthz")).status, 200);
    assertEquals(await ask(program, "/readyz"), { status: 503, body: { ready: false, why: "the edge is draining" } });
    assertEquals((await ask<{ state: string }>(program, "/v1/status")).body.state, "draining");
  });
  await t.step("operators can move, kick and announce, but not reload", async () => {
    const there = here === "hub" ? "arena" : "hub";
    assertEquals((await order(program, `/v1/players/${last.name}/move`, { to: there })).status, 200);
    await last.until(({ state }) => state.isJoined && state.player.serverName === there, `the world of ${there}`);
    assertEquals((await order(program, `/v1/players/${kicked.name}/kick`, { reason: "Off you go" })).status, 200);
    assertMatch(await kicked.kicked(), /^Off you go \[/);
    const { body } = await order<{ players: number }>(program, "/v1/announce", { text: "Last words" });
    assert(body.players > 0);
    await last.chatLine(/Last words/);
    Deno.kill(program.pid, "SIGHUP");
    const reload = await order<{ lines: readonly string[] }>(program, "/v1/reload");
    assertEquals([reload.status, reload.body.lines], [409, ["the edge is stopping"]]);
  });
  const dismissals = await dismissing;
  const code = await stopping;
  const took = performance.now() - start;

  const times = dismissals.map(({ at }) => at - start);
  measured("told", told);
  measured("dismissed", times);
  const most = mostWithin(times, DRAIN_MS / 6);
  console.log(JSON.stringify({ most, first: Math.min(...times), last: Math.max(...times), took }));
  await t.step("everybody is told at once, and the time is used", () => {
    assert(Math.max(...told) <= TOLD_MS, `the last one was told after ${Math.max(...told)} ms`);
    for (const [index, at] of told.entries()) assert(at <= (times[index] ?? 0), "somebody was told too late");
    assert(most <= PLAYERS / 3, `${most} were dismissed in a sixth of the time`);
    assert(Math.max(...times) > DRAIN_MS / 2, `the last one was dismissed after ${Math.max(...times)} ms`);
  });
  await t.step("each reads why, and the code that finds the session in the log", () => {
    const words = dismissals.map(({ words }) => GOODBYE.exec(words)?.[1] ?? words);
    const logged = program.lines("ended").map(({ code, session }) => `${code}-${session}`);
    const unknown = words.filter((code) => !logged.includes(code));
    assertEquals(unknown.map((text) => text.replace(/\[.*/, "")), ["Off you go "]);
    assertEquals(new Set(logged).size, PLAYERS + 1);
  });
  await t.step("the program ends in time, and has kept no session", () => {
    assertEquals(code, 0);
    assert(took <= DRAIN_MS, `the end took ${took} ms`);
    const reasons = program.lines("ended").map(({ reason }) => reason);
    assertEquals(reasons.filter((reason) => reason !== "shutdown"), ["kicked"]);
    assertEquals(program.lines("stopped").length, 1);
    assertEquals(program.lines("crashed"), []);
  });
  for (const bot of bots) assertEquals(bot.violations, []);
});

for (const signal of ["SIGTERM", "SIGINT"] as const) {
  Deno.test(`a second ${signal} ends the program at once`, async () => {
    await using network = await Network.open("60s");
    await network.join(FEW);
    const stopping = network.program.stop(signal);
    await network.told();
    const start = performance.now();
    Deno.kill(network.program.pid, signal);
    assertEquals(await stopping, 130);
    const took = performance.now() - start;
    assert(took <= AT_ONCE_MS, `the end took ${took} ms`);
    await Promise.all(network.bots.map((bot) => bot.closed()));
  });
}

/** What ends the program without waiting. */
const QUICK = [
  ["QUIT", "60s", "SIGQUIT"],
  ["TERM where players are given no time", "0s", "SIGTERM"],
] as const;

for (const [what, drainTimeout, signal] of QUICK) {
  Deno.test(`${what} ends the program as soon as everybody has read why`, async () => {
    await using network = await Network.open(drainTimeout);
    await network.join(FEW);
    const start = performance.now();
    const stopping = network.program.stop(signal);
    for (const { words } of await network.dismissed()) assertMatch(words, GOODBYE);
    assertEquals(await stopping, 0);
    const took = performance.now() - start;
    assert(took <= AT_ONCE_MS, `the end took ${took} ms`);
    for (const { state, violations } of network.bots) {
      assertEquals(violations, []);
      assertEquals(state.screen.chat.filter((line) => NOTICE.test(line)), []);
    }
  });
}

Deno.test("TERM ends a program without players at once, however much time they would be given", async () => {
  await using network = await Network.open("60s");
  const start = performance.now();
  assertEquals(await network.program.stop("SIGTERM"), 0);
  const took = performance.now() - start;
  assert(took <= AT_ONCE_MS, `the end took ${took} ms`);
});
