/** Reloads of the real program that fail half-way, come at a bad time or take away what somebody is just using. */
import type { BackendDetails, ReloadPlan } from "../../lib/admin/control.ts";
import * as presets from "../../lib/demo/presets.ts";
import { assert, assertEquals, assertMatch } from "../harness/assert.ts";
import { Bot } from "../harness/bot.ts";
import { NO_LIMITS, Program, programCommand } from "../harness/program.ts";
import { quietPort } from "../harness/quiet_port.ts";
import { identification } from "../session/logins.ts";
import { ObservedServer } from "./observed_server.ts";
import { ADMIN, backend, CPE, isIn, listener, pool, serverOf, Stage, toml } from "./stage.ts";

const SALT = "abcdefghijklmnopqrst\n";
/** Nothing listens there. */
const RUIN = "127.0.0.1:1";

async function accepts(hostname: string, port: number): Promise<boolean> {
  const conn = await Deno.connect({ hostname, port }).catch(() => undefined);
  conn?.close();
  return conn !== undefined;
}

/** Makes a file that holds up whoever reads it until the test writes what is in it. */
async function makeGate(path: string): Promise<void> {
  const { success } = await new Deno.Command("mkfifo", { args: [path] }).output();
  assert(success, path);
}

/** Resolves when the program reads the file. */
async function atGate(path: string): Promise<Deno.FsFile> {
  return await Deno.open(path, { write: true });
}

async function openGate(file: Deno.FsFile, text: string): Promise<void> {
  await file.write(new TextEncoder().encode(text));
  file.close();
}

function keyed(text: string): string {
  return text.replaceAll('auth = "off"', 'auth = "mppass"');
}

Deno.test("a reload that fails at its last step has closed, bound and begun nothing", async () => {
  const [port, first, second] = [quietPort(), quietPort(), quietPort()];
  await using stage = await Stage.start(
    ...listener({ name: "moving", bind: `127.0.0.1:${port}` }),
    "[events]",
    'command = ["sleep", "1000"]',
    "[heartbeat_absorber]",
    `bind = "127.0.0.1:${first}"`,
  );
  const { program } = stage;
  await using steve = await stage.join("Steve", "moving");
  const config = stage.config(
    ...listener({ name: "moving", bind: `127.0.0.2:${port}` }),
    "[events]",
    'command = ["sleep", "2000"]',
    `file = "${program.path}-nowhere/events"`,
    "[heartbeat_absorber]",
    `bind = "127.0.0.1:${second}"`,
  );
  await program.rewrite({ config, level: "info" });
  assertEquals((await stage.hangUp()).result, "refused");
  assertMatch(String(program.lines("reload-problem")[0]?.problem), /Cannot use (log|events)\.file/);
  const details = program.lines("turned-away").length;
  assertEquals(await Promise.all([accepts("127.0.0.1", port), accepts("127.0.0.2", port)]), [true, false]);
  assertEquals(await Promise.all([accepts("127.0.0.1", first), accepts("127.0.0.1", second)]), [true, false]);
  assertEquals(program.lines("events-command").length, 1);
  await using alex = await stage.join("Alex", "moving");
  assertEquals(serverOf(alex), "hub");
  await steve.ping();
  await program.until(() => program.lines("turned-away").length > details, "a line of the level debug");
  await program.rewrite({ config: config.replace("-nowhere/", "-") });
  assertEquals((await stage.hangUp()).result, "applied");
  await using late = await Bot.connect({ hostname: "127.0.0.2", port }, { name: "Late", ...CPE });
  await late.joined();
});

Deno.test("a log file that cannot be opened leaves the log, and the program that gets events, as they are", async () => {
  const events = ["[events]", 'command = ["sleep", "1000"]'];
  await using stage = await Stage.start(...events);
  const { program } = stage;
  const text = await Deno.readTextFile(program.path);
  const file = `${program.path}-nowhere/log`;
  const changed = text.replace('level = "debug"', `level = "error"\nfile = "${file}"`).replace("1000", "2000");
  await Deno.writeTextFile(program.path, changed);
  assertEquals((await stage.hangUp()).result, "refused");
  await using steve = await stage.join("Steve");
  await program.until(() => program.lines("joined").length === 1, "a line below errors");
  assertEquals([program.lines("events-command").length, steve.violations], [1, []]);
});

Deno.test("who has connected to a listener that is gone, with its pool, before they log in is told so and counted no more", async () => {
  const limits = ["[limits]", "connections_per_address = 3", ...NO_LIMITS.slice(1)];
  await using stage = await Stage.start(
    ...limits,
    ...pool("vip", ["arena"]),
    ...keyed(toml(listener({ name: "keyed", pool: "vip" }))).split("\n"),
  );
  const { program } = stage;
  const target = program.target("keyed");
  const hello = identification("Notch");
  using early = await Deno.connect(target);
  using later = await Deno.connect(target);
  await early.write(hello.subarray(0, 10));
  using last = await Deno.connect(target);
  await last.write(new TextEncoder().encode("?"));
  await program.until(() => program.lines("turned-away").length === 1, "all three accepted");
  assertEquals((await stage.reload(stage.config(...limits))).result, "applied");
  await early.write(hello.subarray(10));
  await later.write(hello);
  for (const conn of [early, later]) {
    const answer = new TextDecoder("latin1").decode(await new Response(conn.readable).arrayBuffer());
    assertMatch(answer, /The network is going down/);
  }
  await using players = new AsyncDisposableStack();
  for (const name of ["first", "second", "third"]) players.use(await stage.join(name));
  assertEquals(program.lines("crashed"), []);
});

Deno.test("players in the waiting room wait for the pool that their listener leads to now", async () => {
  await using stage = await Stage.start();
  const ruins = (games: string): string =>
    toml(
      listener({ name: "main", pool: games }),
      ["[[backend]]", 'name = "ruin"', `address = "${RUIN}"`],
      backend("arena", stage.arena),
      pool("attic", ["ruin"]),
      pool(games, [games === "games" ? "ruin" : "arena"]),
    );
  assertEquals((await stage.reload(ruins("games"))).result, "applied");
  await stage.program.until(() => stage.program.lines("backend-down").length > 0, "the ruin down");
  await using steve = await Bot.connect(stage.program.target(), { name: "Steve", ...CPE });
  await stage.program.until(() => stage.program.lines("waiting").length === 1, "the waiting room");
  assertEquals((await stage.reload(ruins("matches"))).result, "applied");
  await isIn(steve, "arena");
});

Deno.test("a backend whose address changes is checked there at once", async () => {
  await using stage = await Stage.start();
  const at = (address: string): string =>
    toml(
      listener({ name: "main" }),
      ["[[backend]]", 'name = "hub"', `address = "${address}"`],
      pool("lobby", ["hub"]),
      ["[health]", 'interval = "1h"', "rise = 1", "fall = 1"],
    );
  assertEquals((await stage.reload(at(RUIN))).result, "applied");
  await stage.program.until(() => stage.program.lines("backend-down").length > 0, "the ruin down");
  await using steve = await Bot.connect(stage.program.target(), { name: "Steve", ...CPE });
  await stage.program.until(() => stage.program.lines("waiting").length === 1, "the waiting room");
  assertEquals((await stage.reload(at(stage.hub.address))).result, "applied");
  await isIn(steve, "hub");
});

Deno.test("players whose backend is gone play on where nobody else takes them, and go when somebody does", async () => {
  await using stage = await Stage.start(...ADMIN, ...listener({ name: "raw", lines: ['mode = "raw"'] }));
  await using steve = await stage.join("Steve");
  await using raw = await stage.join("Raw", "raw");
  const without = (...more: readonly string[]): string =>
    toml(
      listener({ name: "main" }),
      listener({ name: "raw", lines: ['mode = "raw"'] }),
      ["[[backend]]", 'name = "ruin"', `address = "${RUIN}"`],
      pool("lobby", ["ruin", ...more.length > 0 ? ["arena"] : []]),
      more,
      ADMIN,
    );
  await stage.program.rewrite({ config: without() });
  const plan = await stage.get<ReloadPlan>("/v1/plan");
  assertEquals(plan.moves, [{ player: "Steve", from: "hub" }]);
  assertEquals((await stage.reload(without())).result, "applied");
  await stage.program.until(() => stage.program.lines("backend-down").length > 0, "the ruin down");
  for (const bot of [steve, raw]) await bot.ping();
  assertEquals([serverOf(steve), stage.program.lines("ended")], ["hub", []]);
  await stage.reload(without(...backend("arena", stage.arena)));
  await isIn(steve, "arena");
  await raw.ping();
  assertEquals([serverOf(raw), raw.violations], ["hub", []]);
  const { backends } = await stage.get<{ readonly backends: readonly BackendDetails[] }>("/v1/backends");
  assertEquals(backends.map(({ name, players }) => `${name} ${players}`), ["ruin 0", "arena 1"]);
});

Deno.test("TERM in the middle of a reload ends the program, and nothing is bound for the new configuration", async () => {
  await using stage = await Stage.start();
  const { program } = stage;
  await using steve = await stage.join("Steve");
  const gate = `${program.path.replace(/[^/]*$/, "data")}/salt-slow`;
  await makeGate(gate);
  await program.rewrite({ config: stage.config(...keyed(toml(listener({ name: "slow" }))).split("\n")) });
  Deno.kill(program.pid, "SIGHUP");
  const file = await atGate(gate);
  Deno.kill(program.pid, "SIGHUP");
  const stopped = program.stop("SIGTERM");
  await program.until(() => program.lines("stopping").length === 1, "the end begun");
  await openGate(file, SALT);
  assertMatch(await steve.kicked(), /^The network is going down/);
  assertEquals(await stopped, 0);
  assertEquals(program.lines("reload").map(({ result }) => result), ["refused"]);
  assertEquals(program.lines("reload-declined").map(({ why }) => why), ["the edge is stopping"]);
  assertEquals(program.lines("listening").map(({ listener }) => listener), ["main"]);
});

/**
 * Starts the program and sends it signals when it reads that file, which is then as it should be. It must reload once it is up, and end
 * without a fault at TERM.
 */
async function signalledAt(name: "kurafuto.toml" | "salt-main"): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "kurafuto-test-" });
  const lines = ["[edge]", `data_dir = "${folder}"`, "[[backend]]", 'name = "hub"', `address = "${RUIN}"`];
  const config = toml(lines, listener({ name: "main" }), pool("lobby", ["hub"]));
  const files = { "kurafuto.toml": keyed(config), "salt-main": SALT };
  const [path, gate] = [`${folder}/kurafuto.toml`, `${folder}/${name}`];
  if (gate !== path) await Deno.writeTextFile(path, files["kurafuto.toml"]);
  await makeGate(gate);
  const child = programCommand(["run", "-c", path]).spawn();
  const file = await atGate(gate);
  for (const signal of ["SIGHUP", "SIGUSR1"] as const) child.kill(signal);
  await Deno.remove(gate);
  await Deno.writeTextFile(gate, files[name], { mode: 0o600 });
  await openGate(file, files[name]);
  let log = "";
  let isReloaded = false;
  for await (const text of child.stderr.pipeThrough(new TextDecoderStream())) {
    log += text;
    if (isReloaded || !log.includes("configuration is what runs already")) continue;
    isReloaded = true;
    child.kill("SIGTERM");
  }
  await child.stdout.cancel();
  assertEquals((await child.status).code, 0, log);
  await Deno.remove(folder, { recursive: true });
}

for (const name of ["kurafuto.toml", "salt-main"] as const) {
  Deno.test(`HUP and USR1 while the program starts and reads ${name} do not end it: it reloads once it is up`, () =>
    signalledAt(name));
}

Deno.test("TERM behind a request to drain lets players have their time; QUIT does not", async () => {
  for (const [signal, code] of [["SIGTERM", 0], ["SIGQUIT", 130]] as const) {
    await using hub = await ObservedServer.start({ ...presets.mcgalaxy(), name: "hub" });
    const config = toml(listener({ name: "main" }), backend("hub", hub), pool("lobby", ["hub"]), ADMIN);
    const program = await Program.start({ config, edge: ['drain_timeout = "2s"'] });
    await using steve = await Bot.connect(program.target(), { name: "Steve", ...CPE });
    await steve.joined();
    const began = performance.now();
    await (await fetch(`${program.admin}/v1/drain`, { method: "POST" })).body?.cancel();
    await steve.chatLine(/The network goes down now/);
    assertEquals(await program.stop(signal), code);
    if (code === 0) assert(performance.now() - began > 900);
    assertEquals(program.lines("ended").map(({ reason }) => reason), code === 0 ? ["shutdown"] : []);
  }
});
