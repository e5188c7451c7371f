/** Faults on purpose: the real program, told by its own command what to break, and players who see it. */
import { CLASSICUBE } from "../../lib/demo/presets.ts";
import type { DrillReport } from "../../lib/admin/control.ts";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "../harness/assert.ts";
import { Bot } from "../harness/bot.ts";
import { Program, programCommand } from "../harness/program.ts";
import { order } from "../load/admin_calls.ts";
import { ObservedServer } from "./observed_server.ts";

/** Milliseconds of silence after which a backend counts as stalled. */
const IDLE_MS = 1_000;
/** The same where no player is to be taken for lost, however slow the machine is. */
const LONG_IDLE_MS = 5_000;
/** Milliseconds within which players must be somewhere else, or in the waiting room, once their backend is known to be lost. */
const PROMISED_MS = 2_000;
/** Milliseconds between two pings of a server, so that it may have been silent for as long when a drill begins. */
const PING_MS = 100;
/** Milliseconds before a drill in which the server was last heard, at most: silence counts from there. */
const LAST_HEARD_MS = 5 * PING_MS;
const DRILLS = ["[drill]", "enabled = true"];

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Two servers, the second of which takes those whom the first has lost, and the program in front of them. */
class Stage implements AsyncDisposable {
  readonly program: Program;
  readonly #running: AsyncDisposableStack;
  readonly #config: readonly string[];

  private constructor(program: Program, config: readonly string[], running: AsyncDisposableStack) {
    this.program = program;
    this.#config = config;
    this.#running = running;
  }

  static async set(idleMs = IDLE_MS): Promise<Stage> {
    await using running = new AsyncDisposableStack();
    const [hub, arena] = [
      running.use(await ObservedServer.start({ name: "hub", extensions: CLASSICUBE, pingIntervalMs: PING_MS })),
      running.use(await ObservedServer.start({ name: "arena", extensions: CLASSICUBE, pingIntervalMs: PING_MS })),
    ];
    const config = [
      ...["[[listener]]", 'name = "main"', 'bind = "127.0.0.1:0"', 'pool = "lobby"', 'auth = "off"'],
      ...["[[listener]]", 'name = "raw"', 'bind = "127.0.0.1:0"', 'mode = "raw"', 'pool = "lobby"', 'auth = "off"'],
      ...["[[pool]]", 'name = "lobby"', 'backends = ["hub"]', 'fallback = ["games"]', "recent = false"],
      ...["[[pool]]", 'name = "games"', 'backends = ["arena"]', "recent = false"],
      ...["[[backend]]", 'name = "hub"', `address = "${hub.address}"`],
      ...["[[backend]]", 'name = "arena"', `address = "${arena.address}"`],
      ...["[health]", 'interval = "1h"', "fall = 100", `backend_idle_timeout = "${idleMs}ms"`],
      ...["[admin]", 'bind = "127.0.0.1:0"'],
    ];
    const program = running.use(await Program.start({ config: [...config, ...DRILLS].join("\n") }));
    await program.until(() => program.lines("admin").length > 0, "the admin API");
    return new Stage(program, config, running.move());
  }

  /** Somebody who plays on the hub. */
  async player(name: string, listener = "main"): Promise<Bot> {
    const bot = await Bot.connect(this.program.target(listener), { name, extensions: CLASSICUBE });
    await bot.joined();
    return this.#running.use(bot);
  }

  /** Starts the command `drill`, which begins one. */
  begin(...args: readonly string[]): Deno.ChildProcess {
    return programCommand(["drill", ...args, "--admin", this.program.admin]).spawn();
  }

  /** Runs the command `drill` to its end. */
  async drill(...args: readonly string[]): Promise<Outcome> {
    return await ending(this.begin(...args));
  }

  /** Waits until a drill runs. @param count How many have begun by then. */
  async begun(count = 1): Promise<void> {
    await this.program.until(() => this.program.lines("drill-begun").length === count, "a drill");
  }

  /** Brings somebody back to the hub. */
  async bringBack(bot: Bot): Promise<void> {
    await order(this.program, `/v1/players/${bot.name}/move`, { to: "hub" });
    await isOn(bot, "hub");
  }

  /** Puts a configuration without drills into effect. */
  async forbidDrills(): Promise<void> {
    await this.program.rewrite({ config: this.#config.join("\n") });
    assertEquals((await order(this.program, "/v1/reload")).status, 200);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#running[Symbol.asyncDispose]();
  }
}

async function ending(command: Deno.ChildProcess): Promise<Outcome> {
  const { code, stdout, stderr } = await command.output();
  return { code, stdout: new TextDecoder().decode(stdout), stderr: new TextDecoder().decode(stderr) };
}

async function isOn(bot: Bot, server: string): Promise<void> {
  await bot.until(({ state }) => state.isJoined && state.player.serverName === server, `the world of ${server}`);
}

/** Milliseconds that the table says it took `player` to be on the arena. */
function msUntilMoved({ stdout }: Outcome, player: string): number {
  const [, ms] = new RegExp(`^${player} +hub +\\d+ ms +moved to arena after (\\d+) ms$`, "m").exec(stdout) ?? [];
  assert(ms !== undefined, stdout);
  return Number(ms);
}

Deno.test("players whose backend dies, breaks off, hangs, vanishes or raves play elsewhere, and the operator reads how soon", async (t) => {
  await using stage = await Stage.set();
  const steve = await stage.player("Steve");
  const alex = await stage.player("Alex");
  const cases = [
    { fault: "death", detectMs: 0 },
    { fault: "reset", detectMs: 0 },
    { fault: "garbage", detectMs: 0 },
    { fault: "stall", detectMs: IDLE_MS },
    { fault: "half-open", detectMs: IDLE_MS },
  ];
  for (const { fault, detectMs } of cases) {
    await t.step(fault, async () => {
      const outcome = await stage.drill(fault, "--backend", "hub", "--player", "Steve", "--for", "3s");
      assertEquals([outcome.code, outcome.stderr], [0, ""], outcome.stdout);
      const ms = msUntilMoved(outcome, "Steve");
      assert(ms >= detectMs - LAST_HEARD_MS && ms <= detectMs + PROMISED_MS, `moved after ${ms} ms`);
      assertMatch(outcome.stdout, /^ +\d\.\d{3} s {2}Steve {2}lost by hub: backend-/m);
      assertMatch(outcome.stdout, /^ +\d\.\d{3} s {2}Steve {2}on arena$/m);
      assertMatch(outcome.stdout, /1 player met it, 0 lost$/m);
      await isOn(steve, "arena");
      assertEquals(alex.state.player.serverName, "hub");
      await stage.bringBack(steve);
    });
  }
  assertEquals([...steve.violations, ...alex.violations], []);
});

Deno.test("bytes that come late move nobody, and come in time again when the drill is over", async () => {
  await using stage = await Stage.set(LONG_IDLE_MS);
  const steve = await stage.player("Steve");
  const roundTrip = async (): Promise<number> => {
    const start = performance.now();
    const line = `at ${start}`;
    const since = steve.state.screen.chat.length;
    await steve.chat(line);
    await steve.chatLine(new RegExp(line), { since });
    return performance.now() - start;
  };
  const quick = await roundTrip();
  const drill = ending(stage.begin("delay", "--backend", "hub", "--delay", "300ms", "--for", "4s", "--json"));
  await stage.begun();
  const slow = await roundTrip();
  assert(slow >= 600, `${slow} ms, before ${quick} ms`);
  const { code, stdout } = await drill;
  const report: DrillReport = JSON.parse(stdout);
  assertEquals([code, report.state, report.lost, report.seen.length], [0, "over", 0, 1]);
  assertEquals(report.seen.map(({ player, outcome }) => [player, outcome.kind]), [["Steve", "unaffected"]]);
  assert((report.seen[0]?.silenceMs ?? 0) >= 250, stdout);
  const after: number[] = [];
  for (let i = 0; i < 10; i++) after.push(await roundTrip());
  assert(Math.min(...after) < 300, `${after} ms`);
  assertEquals([steve.state.player.serverName, steve.violations], ["hub", []]);
});

Deno.test("a pause that is shorter than is allowed costs nobody anything", async () => {
  await using stage = await Stage.set(LONG_IDLE_MS);
  const steve = await stage.player("Steve");
  const { code, stdout } = await stage.drill("stall", "--backend", "hub", "--for", "600ms");
  assertEquals(code, 0);
  const [, silence] = /^Steve +hub +(\d+) ms +unaffected$/m.exec(stdout) ?? [];
  assert(Number(silence) >= 500, stdout);
  await steve.ping();
  assertEquals([steve.state.player.serverName, steve.violations], ["hub", []]);
});

Deno.test("who has nowhere to go is in the waiting room in time, and back when the drill is over", async () => {
  await using stage = await Stage.set();
  const steve = await stage.player("Steve");
  await order(stage.program, "/v1/backends/arena/drain", {});
  const { code, stdout } = await stage.drill("death", "--backend", "hub", "--for", "3s");
  assertEquals(code, 0);
  const [, ms] = /^Steve +hub +\d+ ms +waiting room after (\d+) ms$/m.exec(stdout) ?? [];
  assert(Number(ms) <= PROMISED_MS, stdout);
  await isOn(steve, "hub");
  assertEquals(steve.violations, []);
});

Deno.test("what becomes of somebody who was logging in is told too, though the drill is over by then", async () => {
  await using stage = await Stage.set();
  for (const [index, fault] of (["stall", "half-open"] as const).entries()) {
    const drill = ending(stage.begin(fault, "--backend", "hub", "--for", "3s"));
    await stage.begun(index + 1);
    await using late = await Bot.connect(stage.program.target(), { name: `Late${index}`, extensions: CLASSICUBE });
    const { code, stdout } = await drill;
    assertEquals(code, 0);
    const [, silence] =
      new RegExp(`^${late.name} +- +(\\d+) ms +(?:joined \\w+|waiting room) after \\d+ ms$`, "m").exec(stdout) ?? [];
    assert(Number(silence) >= 300, stdout);
    await late.joined();
  }
});

Deno.test("as long as a drill runs, those whom it is for do not come to the backend, and others do", async () => {
  await using stage = await Stage.set();
  const steve = await stage.player("Steve");
  const drill = ending(stage.begin("death", "--backend", "hub", "--player", "steve", "--for", "1h"));
  await isOn(steve, "arena");
  const since = steve.state.screen.chat.length;
  await steve.chat("/server hub");
  await steve.chatLine(/&c/, { since });
  const alex = await stage.player("Alex");
  assertEquals([steve.state.player.serverName, alex.state.player.serverName], ["arena", "hub"]);
  const [begun] = stage.program.lines("drill-begun");
  assertEquals((await order(stage.program, `/v1/drills/${begun?.drill}/end`)).status, 200);
  const { code, stdout } = await drill;
  assertEquals(code, 0);
  assertMatch(stdout, /Steve {2}not taken by hub: connection refused by a drill$/m);
  await stage.bringBack(steve);
});

Deno.test("players of raw mode are lost with their backend, which the command says and ends with 1", async () => {
  await using stage = await Stage.set();
  const steve = await stage.player("Steve", "raw");
  const { code, stdout } = await stage.drill("reset", "--backend", "hub", "--for", "1s");
  await steve.closed();
  assertEquals(code, 1);
  assertMatch(stdout, /^Steve +hub +\d+ ms +lost, disconnected with S[MP]-\w+, backend-lost, after \d+ ms$/m);
  assertMatch(stdout, /1 player met it, 1 lost$/m);
});

Deno.test("Ctrl-C, TERM and HUP end a drill, and what players saw is told all the same", async () => {
  await using stage = await Stage.set(LONG_IDLE_MS);
  const steve = await stage.player("Steve");
  const signals: readonly Deno.Signal[] = Deno.build.os === "windows" ? ["SIGINT"] : ["SIGINT", "SIGTERM", "SIGHUP"];
  for (const [index, signal] of signals.entries()) {
    const command = stage.begin("delay", "--backend", "hub", "--delay", "100ms", "--for", "1h");
    await stage.begun(index + 1);
    command.kill(signal);
    const { code, stdout } = await ending(command);
    assertEquals(code, 0, signal);
    const begun = stage.program.lines("drill-begun")[index];
    assertStringIncludes(stdout, `drill ${begun?.drill}: delay before hub\n`);
    assertMatch(stdout, /^Steve +hub +\d+ ms +unaffected$/m);
    const reasons = stage.program.lines("drill-ended").map(({ why }) => why);
    assertEquals(reasons, Array.from({ length: index + 1 }, () => "an operator ended it"));
  }
  await steve.ping();
});

Deno.test("no drill outlives a reload that forbids drills, and none begins afterwards", async () => {
  await using stage = await Stage.set(LONG_IDLE_MS);
  const steve = await stage.player("Steve");
  const drill = ending(stage.begin("stall", "--backend", "hub", "--for", "1h"));
  await stage.begun();
  await stage.forbidDrills();
  assertMatch((await drill).stdout, /^Steve +hub +\d+ ms +unaffected$/m);
  await steve.ping();
  const refused = await stage.drill("stall", "--backend", "hub");
  assertEquals([refused.code, refused.stdout], [1, ""]);
  assertStringIncludes(refused.stderr, "set enabled = true in [drill]");
  assertEquals(stage.program.lines("drill-begun").length, 1);
});

Deno.test("an edge that stops ends its drills first, so that players read its goodbye", async () => {
  await using stage = await Stage.set();
  const steve = await stage.player("Steve");
  const drill = ending(stage.begin("half-open", "--backend", "hub", "--for", "1h"));
  await stage.begun();
  await order(stage.program, "/v1/drain");
  assertStringIncludes(await steve.kicked(), "going down");
  await drill;
  assertEquals(stage.program.lines("drill-ended").map(({ why }) => why), ["the edge is stopping"]);
});
