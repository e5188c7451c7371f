/** Reloads of the real program: what changes, what stays, and what is refused, while somebody plays. */
import { DatabaseSync } from "node:sqlite";
import type { EdgeStatus, PlayerStatus, ReloadPlan } from "../../lib/admin/control.ts";
import * as presets from "../../lib/demo/presets.ts";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "../harness/assert.ts";
import { Bot } from "../harness/bot.ts";
import { makeCertificate } from "../harness/certificate.ts";
import { testWith } from "../harness/installed.ts";
import { eventually } from "../harness/kernel.ts";
import { NO_LIMITS, Program } from "../harness/program.ts";
import { quietPort } from "../harness/quiet_port.ts";
import { PLAY_URL, ScriptedList } from "../heartbeat/scripted_list.ts";
import { concat, identification } from "../session/logins.ts";
import { ObservedServer } from "./observed_server.ts";
import { ADMIN, backend, CPE, isIn, listener, pool, serverOf, Stage, toml } from "./stage.ts";

Deno.test("a listener, a backend and a pool that were added take players, and those who play notice nothing", async () => {
  await using stage = await Stage.start();
  await using museum = await ObservedServer.start({ ...presets.mcgalaxy(), name: "museum" });
  await using steve = await stage.join("Steve");
  const added = toml(
    listener({ name: "side", pool: "past" }),
    backend("museum", museum),
    pool("past", ["museum"]),
  );
  const { result } = await stage.reload(stage.config(added));
  assertEquals(result, "applied");
  await using alex = await stage.join("Alex", "side");
  assertEquals([serverOf(alex), serverOf(steve)], ["museum", "hub"]);
  await steve.ping();
  await steve.chat("/server museum");
  await isIn(steve, "museum");
  assertEquals([steve.violations, alex.violations], [[], []]);
});

Deno.test("players of a backend that was removed go on with the fallback, in order of the join rate, and none is lost", async () => {
  await using stage = await Stage.start(...ADMIN);
  await using players = new AsyncDisposableStack();
  const bots: Bot[] = [];
  for (let i = 0; i < 6; i++) bots.push(players.use(await stage.join(`player${i}`)));
  assertEquals(bots.map(serverOf), Array(6).fill("hub"));
  const rest = toml(
    listener({ name: "main" }),
    backend("arena", stage.arena),
    pool("lobby", ["arena"], "join_rate = 2"),
    ADMIN,
  );
  await stage.program.rewrite({ config: rest });
  const plan = await stage.get<ReloadPlan>("/v1/plan");
  assertEquals([plan.result, plan.moves.length, plan.moves[0]], ["changes", 6, { player: "player0", from: "hub" }]);
  const began = performance.now();
  assertEquals((await stage.post("/v1/reload")).answer.result, "applied");
  await Promise.all(bots.map((bot) => isIn(bot, "arena")));
  assert(performance.now() - began > 2_000, "six logins at two a second");
  const listed = await stage.get<{ readonly players: readonly PlayerStatus[] }>("/v1/players");
  assertEquals(listed.players.map((player) => player.backend), Array(6).fill("arena"));
  assertEquals(stage.program.lines("moved").map(({ from, to, signal }) => `${from} ${to} ${signal}`), [
    ...Array(6).fill("hub arena drain"),
  ]);
  const metrics = await (await fetch(`${stage.program.admin}/metrics`)).text();
  const checked = metrics.match(/kurafuto_backend_checks_total\{backend="[a-z]+"/g) ?? [];
  assertEquals(new Set(checked), new Set(['kurafuto_backend_checks_total{backend="arena"']));
  assertEquals(bots.flatMap(({ violations }) => violations), []);
});

Deno.test("a listener that was removed refuses newcomers, and keeps those who came through it", async () => {
  await using stage = await Stage.start(...listener({ name: "side" }));
  await using steve = await stage.join("Steve", "side");
  const { port } = stage.program.target("side");
  assertEquals((await stage.reload(stage.config())).result, "applied");
  await eventually(async () => {
    const conn = await Deno.connect({ port }).catch(() => undefined);
    conn?.close();
    return conn === undefined;
  }, "the port closed");
  await steve.ping();
  assertEquals(steve.violations, []);
});

Deno.test("a listener is rebound at the same port of another address", async () => {
  await using stage = await Stage.start();
  const port = quietPort();
  const at = (host: string): string => stage.config(...listener({ name: "moving", bind: `${host}:${port}` }));
  for (const host of ["0.0.0.0", "127.0.0.1", "127.0.0.2"]) {
    assertEquals((await stage.reload(at(host))).result, "applied");
    await using bot = await Bot.connect({ hostname: host === "0.0.0.0" ? "127.0.0.1" : host, port }, CPE);
    await bot.joined();
  }
});

Deno.test("what a reload cannot do is refused as a whole, says why, and leaves everything as it was", async () => {
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  await using stage = await Stage.start(...ADMIN, ...listener({ name: "side", bind: "127.0.0.1:0" }));
  const { program } = stage;
  await using steve = await stage.join("Steve");
  const state = async (): Promise<readonly string[]> => {
    const { config: { loadedAt }, listeners } = await stage.get<EdgeStatus>("/v1/status");
    return [loadedAt, ...listeners.map(({ name, address }) => `${name} ${address}`)];
  };
  const before = await state();
  const busy = listener({ name: "other", bind: `127.0.0.1:${taken.addr.port}` });
  const folder = `${program.path}-elsewhere`;
  type Refused = readonly [config: string, edge: readonly string[], why: RegExp];
  const otherDriver: Refused = [
    stage.config(...ADMIN),
    [`driver = "deno"`],
    /edge\.driver: Cannot change key while the edge runs/,
  ];
  const refused: readonly Refused[] = [
    [`${stage.config(...ADMIN)}\n[[x`, [], /Cannot read table name/],
    [`${stage.config(...ADMIN)}\n[[pool]]\nname = "p"\nbackends = ["nobody"]`, [], /nobody/],
    [stage.config(...ADMIN, ...busy), [], /Cannot bind listener 'other'.*in use/],
    [stage.config(), [], /admin: Cannot remove section while the edge runs/],
    // Where the environment says which driver the tests are run on, the file has no say in it.
    ...Deno.env.has("KURAFUTO_EDGE__DRIVER") ? [] : [otherDriver],
    [stage.config(...ADMIN, "[events]", `file = "${folder}/events"`), [], /Cannot use events\.file/],
    [stage.config(...ADMIN, ...listener({ name: "t", lines: ['tls_cert = "/x"', 'tls_key = "/x"'] })), [], /\/x/],
  ];
  for (const [config, edge, why] of refused) {
    await program.rewrite({ config, edge });
    const { status, answer } = await stage.post("/v1/reload");
    assertEquals([status, answer.result], [409, "refused"]);
    assertMatch(answer.lines.join("\n"), why);
    assertEquals(await state(), before);
    await using alex = await stage.join("Alex", "side");
    assertEquals(serverOf(alex), "hub");
  }
  await steve.ping();
  const metrics = await (await fetch(`${program.admin}/metrics`)).text();
  assertStringIncludes(metrics, "kurafuto_config_last_reload_successful 0\n");
});

Deno.test("limits, lists and the edge's own words are those of the configuration of now", async () => {
  await using stage = await Stage.start();
  await using steve = await stage.join("Steve");
  const changed = stage.config(
    "[limits]",
    ...NO_LIMITS.slice(1),
    "connections_per_address = 1",
    "[redirect]",
    'command = "/go"',
  );
  assertEquals((await stage.reload(changed)).result, "applied");
  await using alex = await Bot.connect(stage.program.target(), { name: "Alex", ...CPE });
  assertMatch(await alex.kicked(), /^Too many connections from your address/);
  await steve.chat("/go arena");
  await isIn(steve, "arena");
  await stage.program.rewrite({ config: stage.config(), edge: ["max_players = 1"] });
  await stage.hangUp();
  await using late = await Bot.connect(stage.program.target(), { name: "Late", ...CPE });
  assertMatch(await late.kicked(), /^The network is full/);
});

Deno.test("a listener asks for keys from the reload on that says so, and for none after the next", async () => {
  await using stage = await Stage.start();
  const asking = stage.config().replace('auth = "off"', 'auth = "mppass"');
  assertEquals((await stage.reload(asking)).result, "applied");
  await using steve = await Bot.connect(stage.program.target(), { name: "Steve", ...CPE });
  assertMatch(await steve.kicked(), /^Login failed/);
  assertEquals((await stage.reload(stage.config())).result, "applied");
  await using alex = await stage.join("Alex");
  assertEquals(serverOf(alex), "hub");
});

Deno.test("entries in public lists come and go, and the others are told nothing twice", async () => {
  await using list = new ScriptedList();
  await using other = new ScriptedList();
  const entry = (list: ScriptedList): readonly string[] => [
    "[[heartbeat]]",
    'listener = "main"',
    `url = "${list.url()}"`,
    'interval = "1h"',
  ];
  await using stage = await Stage.start(...entry(list));
  await eventually(() => list.requests.length === 1, "the first heartbeat");
  assertEquals((await stage.reload(stage.config(...entry(list), ...entry(other)))).result, "applied");
  await eventually(() => other.requests.length === 1, "a heartbeat to the other list");
  assertEquals((await stage.reload(stage.config(...entry(other)))).result, "applied");
  assertEquals([list.requests.length, other.requests.length], [1, 1]);
});

Deno.test("a public list that is gone from the configuration hears no more", async () => {
  await using list = new ScriptedList();
  await using other = new ScriptedList();
  const entry = ({ port }: ScriptedList): readonly string[] => [
    "[[heartbeat]]",
    'listener = "main"',
    `url = "http://127.0.0.1:${port}/heartbeat.jsp"`,
    'interval = "1s"',
  ];
  await using stage = await Stage.start(...entry(list), ...entry(other));
  await eventually(() => list.requests.length > 0, "the first heartbeat");
  assertEquals((await stage.reload(stage.config(...entry(other)))).result, "applied");
  const [before, others] = [list.requests.length, other.requests.length];
  await eventually(() => other.requests.length >= others + 2, "two further heartbeats to the other list");
  assertEquals(list.requests.length, before);
});

Deno.test("the file of a listener's addresses in public lists is empty when it is in none, and full when it is again", async () => {
  await using list = new ScriptedList();
  const entry = ["[[heartbeat]]", 'listener = "main"', `url = "${list.url()}"`, 'interval = "1h"'];
  await using stage = await Stage.start(...entry);
  const file = `${stage.program.path.replace(/[^/]*$/, "data")}/play-url-main.txt`;
  const reads = (text: string): Promise<boolean> =>
    eventually(async () => await Deno.readTextFile(file).catch(() => undefined) === text, `"${text}" in the file`);
  await reads(`${PLAY_URL}\n`);
  for (let i = 0; i < 2; i++) {
    await stage.reload(stage.config());
    await reads("");
    await stage.reload(stage.config(...entry));
    await reads(`${PLAY_URL}\n`);
  }
});

Deno.test("players are remembered beyond this run from the reload on that says so", async () => {
  await using hub = await ObservedServer.start({ ...presets.mcgalaxy(), name: "hub" });
  const config = (recent: boolean): string =>
    toml(listener({ name: "main" }), backend("hub", hub), pool("lobby", ["hub"], `recent = ${recent}`));
  await using program = await Program.start({ config: config(false) });
  await program.rewrite({ config: config(true) });
  Deno.kill(program.pid, "SIGHUP");
  await program.until(() => program.lines("reload").length === 1, "the end of the reload");
  await using steve = await Bot.connect(program.target(), { name: "Steve", ...CPE });
  await steve.joined();
  using database = new DatabaseSync(`${program.path.replace(/[^/]*$/, "data")}/recent.sqlite`, { readOnly: true });
  const rows = database.prepare("SELECT player, backend FROM recent");
  const found = await eventually(() => rows.get(), "a row");
  assertEquals({ ...found }, { player: "steve", backend: "hub" });
});

Deno.test("extensions that are excluded from the reload on are announced to nobody any more", async () => {
  await using stage = await Stage.start();
  const announced = async (name: string): Promise<string> => {
    using conn = await Deno.connect(stage.program.target());
    await conn.write(identification(name));
    let bytes: Uint8Array = new Uint8Array(0);
    // ExtInfo, whose last two bytes tell how many entries follow.
    const isWhole = (): boolean =>
      bytes.length > 66 && bytes.length >= 67 + 69 * ((bytes[65] ?? 0) * 256 + (bytes[66] ?? 0));
    const buffer = new Uint8Array(4096);
    while (!isWhole()) {
      const count = await conn.read(buffer);
      assert(count !== null, "the edge has closed");
      bytes = concat(bytes, buffer.slice(0, count));
    }
    return new TextDecoder("latin1").decode(bytes);
  };
  assertMatch(await announced("Steve"), /FastMap/);
  assertEquals((await stage.reload(stage.config("[cpe]", 'exclude = ["FastMap"]'))).result, "applied");
  assert(!(await announced("Alex")).includes("FastMap"));
});

Deno.test("the admin API asks for a token from the reload on that says so, and for another one after it has changed", async () => {
  await using stage = await Stage.start(...ADMIN);
  const path = `${stage.program.path}.token`;
  const status = async (token?: string): Promise<number> => {
    const headers = token === undefined ? {} : { Authorization: `Bearer ${token}` };
    const body = JSON.stringify({ text: "hello" });
    const response = await fetch(`${stage.program.admin}/v1/announce`, { method: "POST", headers, body });
    await response.body?.cancel();
    return response.status;
  };
  await Deno.writeTextFile(path, "first-token-of-all", { mode: 0o600 });
  assertEquals(await status(), 200);
  await stage.reload(stage.config(...ADMIN, `token_file = "${path}"`));
  assertEquals([await status(), await status("first-token-of-all")], [401, 200]);
  await Deno.writeTextFile(path, "second-token-of-all");
  await stage.hangUp();
  assertEquals([await status("first-token-of-all"), await status("second-token-of-all")], [401, 200]);
});

Deno.test("a reload that nobody confirms in time is undone, one that somebody confirms stays", async () => {
  await using stage = await Stage.start(...ADMIN);
  await using steve = await stage.join("Steve");
  const arenaOnly = toml(
    listener({ name: "main" }),
    backend("arena", stage.arena),
    pool("lobby", ["arena"], 'fallback = ["lobby"]'),
    ADMIN,
  );
  await stage.program.rewrite({ config: arenaOnly });
  const first = await stage.post("/v1/reload", { confirm: "5s" });
  assertEquals([first.answer.result, typeof first.answer.confirmBy, await stage.backends()], ["applied", "string", [
    "arena",
  ]]);
  await isIn(steve, "arena");
  await stage.program.until(
    () => stage.program.lines("reload").some(({ result }) => result === "rolled-back"),
    "the end",
  );
  assertEquals(await stage.backends(), ["hub", "arena"]);
  await using alex = await stage.join("Alex");
  assertEquals(serverOf(alex), "hub");
  assertEquals((await stage.post("/v1/reload", { confirm: "1h" })).answer.result, "applied");
  assertEquals((await stage.post("/v1/reload/confirm")).status, 200);
  assertEquals([(await stage.post("/v1/reload/confirm")).status, await stage.backends()], [409, ["arena"]]);
  assertEquals((await stage.get<EdgeStatus>("/v1/status")).config.confirmBy, undefined);
  await stage.program.rewrite({ config: stage.config(...ADMIN) });
  await stage.post("/v1/reload", { confirm: "1h" });
  assertEquals((await stage.post("/v1/reload/rollback")).answer.result, "rolled-back");
  assertEquals(await stage.backends(), ["arena"]);
});

Deno.test("a drained backend keeps its players, or has them moved, and takes newcomers again once it is enabled", async () => {
  await using stage = await Stage.start(...ADMIN);
  await using steve = await stage.join("Steve");
  assertEquals((await stage.post("/v1/backends/HUB/drain")).status, 200);
  await using alex = await stage.join("Alex");
  assertEquals([serverOf(steve), serverOf(alex)], ["hub", "arena"]);
  assertEquals((await stage.post("/v1/backends/hub/drain", { move: true })).status, 200);
  await isIn(steve, "arena");
  assertEquals((await stage.post("/v1/backends/hub/enable")).status, 200);
  for (const order of ["drain", "enable"]) {
    const { answer } = await stage.post(`/v1/backends/LOBBY/${order}`);
    assertEquals(Object(answer).error.message, 'There is no backend "LOBBY" (that is a pool; name a backend)');
  }
  await using late = await stage.join("Late");
  assertEquals([serverOf(late), serverOf(steve)], ["hub", "arena"]);
});

Deno.test("the log goes on in another file, at another level, and in a new one after USR1", async () => {
  await using stage = await Stage.start();
  const { program } = stage;
  const file = `${program.path}.log`;
  await program.rewrite({ config: stage.config() });
  const text = (await Deno.readTextFile(program.path)).replace('level = "debug"', `level = "info"\nfile = "${file}"`);
  await Deno.writeTextFile(program.path, text);
  Deno.kill(program.pid, "SIGHUP");
  const lines = (): string => {
    try {
      return Deno.readTextFileSync(file);
    } catch {
      return "";
    }
  };
  await eventually(() => lines().includes('"event":"reload"'), "the reload in the new file");
  await Deno.rename(file, `${file}.1`);
  Deno.kill(program.pid, "SIGUSR1");
  await eventually(() => Deno.stat(file).then(() => true, () => false), "a new file");
  const steve = await stage.join("Steve");
  steve.close();
  await eventually(() => lines().includes('"event":"ended"'), "the session in the new file");
  assert(!lines().includes('"event":"reload"') && !lines().includes('"level":"debug"'), lines());
});

testWith("openssl")(
  "a renewed certificate is used from the reload on, and those who came with the old one play on",
  async () => {
    await using old = await makeCertificate();
    await using renewed = await makeCertificate();
    await using stage = await Stage.start(
      ...listener({ name: "tls", lines: [`tls_cert = "${old.certPath}"`, `tls_key = "${old.keyPath}"`] }),
    );
    const connect = (authority: string): Promise<Deno.TlsConn> =>
      Deno.connectTls({ ...stage.program.target("tls"), caCerts: [authority] });
    await using steve = Bot.over(await connect(old.authority), { name: "Steve", ...CPE });
    await steve.joined();
    await Deno.copyFile(renewed.certPath, old.certPath);
    await Deno.copyFile(renewed.keyPath, old.keyPath);
    assertEquals((await stage.hangUp()).result, "applied");
    const [change] = stage.program.lines("reload-change");
    assertEquals(change?.change, 'listener "tls" has another certificate');
    assertEquals((await stage.hangUp()).result, "unchanged");
    await using alex = Bot.over(await connect(renewed.authority), { name: "Alex", ...CPE });
    await alex.joined();
    await steve.ping();
    assertEquals([steve.violations, alex.violations], [[], []]);
  },
);

Deno.test("heartbeats of backends are taken at another address, and of other backends", async () => {
  const [first, second] = [quietPort(), quietPort()];
  await using stage = await Stage.start("[heartbeat_absorber]", `bind = "127.0.0.1:${first}"`);
  const beat = async (port: number, name: string, server: ObservedServer): Promise<number> => {
    const query = new URLSearchParams({
      port: server.address.split(":")[1] ?? "",
      max: "32",
      name,
      public: "True",
      version: "7",
      salt: "abcdefghijklmnopqrst",
      users: "0",
    });
    const response = await fetch(`http://127.0.0.1:${port}/hb/${name}?${query}`);
    await response.body?.cancel();
    return response.status;
  };
  assertEquals(await beat(first, "hub", stage.hub), 200);
  const next = stage.config("[heartbeat_absorber]", `bind = "127.0.0.1:${second}"`).replaceAll('"arena"', '"museum"');
  assertEquals((await stage.reload(next)).result, "applied");
  assertEquals([await beat(second, "museum", stage.arena), await beat(second, "arena", stage.arena)], [200, 404]);
  await eventually(() => fetch(`http://127.0.0.1:${first}/`).then(() => false, () => true), "the old address closed");
});
