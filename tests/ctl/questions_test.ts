import type { ReloadPlan } from "../../lib/admin/control.ts";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "../harness/assert.ts";
import { fakePlayer, fakeTrail } from "../admin/fake_control.ts";
import { Subject } from "../admin/subject.ts";
import { at, cells, run } from "./run.ts";

Deno.test("ctl players lists who is where, with --json as the API says it", async () => {
  await using subject = await Subject.open();
  subject.control.playerList.push(fakePlayer({ name: "Herobrine", state: "waiting", backend: "", session: "A-4" }));
  const { code, stdout, stderr } = await run(["ctl", "players", ...at(subject)]);
  assertEquals([code, stderr], [0, ""]);
  assertEquals(cells(stdout), [
    ["PLAYER", "ON", "STATE", "THERE", "ONLINE", "MOVES", "VIA", "FROM", "CLIENT", "SESSION"],
    ["Notch", "hub", "playing", "1h 0m", "1h 6m", "0", "main", "192.0.2.7", "ClassiCube 1.3.7", "A-1"],
    ["jeb_", "hub", "playing", "1m 0s", "1m 15s", "0", "main, browser, TLS", "192.0.2.7", "ClassiCube web", "A-2"],
    ["Dinnerbone", "games", "playing", "1m 0s", "1m 15s", "3", "main", "192.0.2.7", "ClassiCube 1.3.7", "A-3"],
    ["Herobrine", "-", "waiting", "-", "1m 15s", "0", "main", "192.0.2.7", "ClassiCube 1.3.7", "A-4"],
  ]);
  const json = await run(["ctl", "players", "--json", ...at(subject)]);
  assertEquals(JSON.parse(json.stdout), { players: subject.control.players() });
  subject.control.playerList.splice(0);
  assertEquals((await run(["ctl", "players", ...at(subject)])).stdout, "nobody is here\n");
});

Deno.test("what players and servers say cannot drive the terminal, in tables or as JSON", async () => {
  await using subject = await Subject.open();
  subject.control.playerList.push(fakePlayer({ name: "Evil", client: "\x1b]0;owned\x07\u009b2J\u202e" }));
  for (const json of [[], ["--json"]]) {
    const { stdout } = await run(["ctl", "players", ...json, ...at(subject)]);
    assert(!/[\p{Cf}\p{Cc}]/u.test(stdout.replaceAll("\n", "")), JSON.stringify(stdout));
    assertStringIncludes(stdout, "\\u001b]0;owned\\u0007\\u009b2J\\u202e");
  }
});

Deno.test("colours are for terminals, and for people who want them", async () => {
  await using subject = await Subject.open();
  const args = ["ctl", "backends", ...at(subject)];
  assertStringIncludes((await run(args, { isTerminal: true })).stdout, "\x1b[31mdown\x1b[0m");
  assertStringIncludes((await run(args, { isTerminal: true, env: { NO_COLOR: "" } })).stdout, "\x1b[");
  for (const io of [{ isTerminal: false }, { isTerminal: true, env: { NO_COLOR: "1" } }]) {
    assert(!(await run(args, io)).stdout.includes("\x1b"));
  }
});

Deno.test("ctl backends lists how they are doing", async () => {
  await using subject = await Subject.open();
  for (const backend of subject.control.backendList) backend.since = new Date(Date.now() - 133_000).toISOString();
  const { code, stdout } = await run(["ctl", "backends", ...at(subject)]);
  assertEquals(code, 0);
  assertEquals(cells(stdout.replaceAll(/ANSWERS IN/g, "ANSWERS")).map((row) => row.toSpliced(2, 1)), [
    ["BACKEND", "STATE", "PLAYERS", "ANSWERS", "POOLS", "ADDRESS", "CAUSE"],
    ["hub", "up", "2", "2.5 ms", "lobby", "127.0.0.1:25566"],
    ["games", "up", "1/20", "2.5 ms", "lobby", "127.0.0.1:25567"],
    ["attic", "down", "0", "-", "lobby", "127.0.0.1:25568", "connection refused"],
  ]);
  assertMatch(stdout, /^hub +up +2m [1-5]\ds /m);
});

Deno.test("ctl status tells how the edge is doing", async () => {
  await using subject = await Subject.open();
  subject.control.facts.playersLost = 2;
  subject.control.facts.config = {
    ...subject.control.facts.config,
    lastReload: { at: new Date().toISOString(), result: "refused", detail: "a bad\x1b file" },
    confirmBy: new Date(Date.now() + 59_900).toISOString(),
  };
  const { code, stdout } = await run(["ctl", "status", ...at(subject)]);
  assertEquals(code, 0);
  assertMatch(stdout, /^edge +My network, running for 1h 10m, version 0\.1\.0$/m);
  assertMatch(stdout, /^players +3 of 256, 0 in the waiting room; 4 sessions$/m);
  assertMatch(stdout, /^lost +2 players$/m);
  assertMatch(stdout, /^moves +3, 3 in the last 30 minutes$/m);
  assertMatch(stdout, /^listener +main on 0\.0\.0\.0:25565, 3 players$/m);
  assertMatch(stdout, /^listing +main in www\.classicube\.net: listed, last beat .+ ago, https:.+$/m);
  assertMatch(stdout, /^reload +refused \ds ago: a bad\\u001b file$/m);
  assertMatch(stdout, /^confirm +within 5\ds, or the last reload is rolled back$/m);
  subject.control.facts.playersLost = 1;
  assertMatch((await run(["ctl", "status", ...at(subject)])).stdout, /^lost +1 player$/m);
});

Deno.test("ctl explain tells how a session went, with what was decided between", async () => {
  await using subject = await Subject.open();
  const { code, stdout } = await run(["ctl", "explain", "notch", ...at(subject)]);
  assertEquals(code, 0);
  assertEquals(stdout.split("\n"), [
    "Notch, session A-1, by main from 192.0.2.7, since 2026-05-01T12:00:00.000Z",
    " 0 ms  accepted  came through main",
    "12 ms  decided   pool lobby, first: hub",
    "           BACKEND  STATE  PLAYERS  SHARE  WHY NOT",
    "       ->  hub      up     2        100%",
    "           games    up     1/20     40%",
    "           attic    down   0        100%",
    "31 ms  joined    hub has taken the player",
    "",
  ]);
  subject.control.trails.push(fakeTrail("", "A-2"));
  const nameless = await run(["ctl", "explain", "A-2", ...at(subject)]);
  assertMatch(nameless.stdout, /^\(no name\), session A-2, by main /);
  const unknown = await run(["ctl", "explain", "Notsch", ...at(subject)]);
  assertEquals([unknown.code, unknown.stdout], [1, ""]);
  assertMatch(unknown.stderr, /^kurafuto: Cannot explain as no session .+ \(did you mean "Notch"\?\)\n$/);
});

Deno.test("orders are carried out, and what became of them is told", async () => {
  await using subject = await Subject.open();
  const told: string[] = [];
  const lines = [
    ["ctl", "move", "dinnerbone", "hub"],
    ["ctl", "kick", "jeb_", "be", "nice", "next time"],
    ["ctl", "kick", "Dinnerbone"],
    ["ctl", "announce", "Back", "in", "5", "minutes"],
    ["ctl", "drain", "hub", "--move"],
    ["ctl", "drain", "games"],
    ["ctl", "enable", "hub"],
    ["upgrade"],
    ["upgrade", "--to", "/opt/new/../kurafuto"],
    ["drain"],
  ];
  for (const line of lines) {
    const { code, stdout, stderr } = await run([...line, ...at(subject)]);
    assertEquals([code, stderr], [0, ""]);
    told.push(stdout.trimEnd());
  }
  assertEquals(subject.control.orders, [
    ["move", "dinnerbone", "hub"],
    ["kick", "jeb_", "be nice next time"],
    ["kick", "Dinnerbone", ""],
    ["announce", "Back in 5 minutes"],
    ["drain", "hub", { move: true }],
    ["drain", "games", { move: false }],
    ["enable", "hub"],
    ["upgrade", undefined],
    ["upgrade", "/opt/kurafuto"],
    ["drainEdge"],
  ]);
  assertEquals(told.slice(0, 4), [
    "Dinnerbone is on the way to hub",
    "jeb_ was kicked",
    "Dinnerbone was kicked",
    "told to 1 player",
  ]);
});

Deno.test("an upgrade that was refused is told with all that is wrong, and ends with 78 where the file is to blame, with 75 where an address is in use", async () => {
  await using subject = await Subject.open();
  const upgrade = (...flags: string[]): ReturnType<typeof run> => run(["upgrade", ...flags, ...at(subject)]);
  assertEquals(await upgrade("--to", "/bad"), { code: 1, stdout: "", stderr: "kurafuto: Cannot upgrade: no\n" });
  assertEquals(await upgrade("--to", "/odd"), {
    code: 78,
    stdout: "",
    stderr: "kurafuto: Cannot upgrade:\n    a\n    b\\u001b\n",
  });
  const { code, stdout, stderr } = await upgrade("--to", "/odd", "--json");
  const { result, problems, error } = JSON.parse(stdout);
  assertEquals([code, stderr, result, problems, error.code], [78, "", "refused", ["a", "b\x1b"], "refused"]);
  const done = await upgrade("--json");
  assertEquals([done.code, JSON.parse(done.stdout)], [0, {
    result: "upgraded",
    message: "process 7 has taken over",
    pid: 7,
    sessions: 3,
    staying: 1,
  }]);
});

Deno.test("what the edge refuses is told on standard error, with the nearest name, and ends with 1", async () => {
  await using subject = await Subject.open();
  const unknown = await run(["ctl", "kick", "Notsch", ...at(subject)]);
  assertEquals([unknown.code, unknown.stdout], [1, ""]);
  assertEquals(
    unknown.stderr,
    'kurafuto: Cannot find player: current value is "Notsch" (did you mean "Notch"?)\n',
  );
  const down = await run(["ctl", "move", "Notch", "attic", ...at(subject)]);
  assertEquals([down.code, down.stderr], [1, "kurafuto: Cannot move Notch: attic is down\n"]);
});

Deno.test("plan prints what a reload would change and who would be moved", async () => {
  await using subject = await Subject.open();
  const { code, stdout } = await run(["plan", ...at(subject)]);
  assertEquals(code, 0);
  assertEquals(stdout.split("\n"), [
    '+ backend "arena"',
    '    address = "127.0.0.1:25569"',
    '- backend "games"',
    "~ limits",
    "    packets_per_second: 500 -> 300",
    "1 player would be moved:",
    "    Dinnerbone from games",
    "",
  ]);
});

Deno.test("plan ends with 78 where a reload would be refused, and with 0 where it would do nothing", async () => {
  await using subject = await Subject.open();
  const plan: ReloadPlan = { result: "invalid", changes: [], problems: ["kurafuto.toml:3: edge: bad\x1b"], moves: [] };
  subject.control.nextPlan = plan;
  const invalid = await run(["plan", ...at(subject)]);
  assertEquals([invalid.code, invalid.stdout], [78, ""]);
  assertEquals(
    invalid.stderr,
    "kurafuto: Cannot reload as the configuration is invalid:\n    kurafuto.toml:3: edge: bad\\u001b\n",
  );
  const json = await run(["plan", "--json", ...at(subject)]);
  assertEquals([json.code, json.stderr, JSON.parse(json.stdout)], [78, "", plan]);
  subject.control.nextPlan = { ...plan, result: "restart", problems: ["edge.data_dir"] };
  assertEquals((await run(["plan", ...at(subject)])).code, 78);
  subject.control.nextPlan = { ...plan, result: "unchanged", problems: [] };
  const unchanged = await run(["plan", ...at(subject)]);
  assertEquals([unchanged.code, unchanged.stdout], [0, "a reload would change nothing\n"]);
  subject.control.nextPlan = { ...plan, result: "stopping", problems: ["the edge is stopping"] };
  const stopping = await run(["plan", ...at(subject)]);
  assertEquals([stopping.code, stopping.stderr], [1, "kurafuto: Cannot reload:\n    the edge is stopping\n"]);
  const change = { kind: "added", what: "drill", details: [] } as const;
  subject.control.nextPlan = { ...plan, result: "changes", changes: [change], problems: [], warnings: ["so\x1b so"] };
  const warned = await run(["plan", ...at(subject)]);
  assertEquals([warned.code, warned.stdout], [0, "+ drill\nwarning: so\\u001b so\n"]);
});

Deno.test("reload tells what it has changed, and ends with 1 where it was refused, with 78 where the file is to blame, with 75 where an address is in use", async () => {
  await using subject = await Subject.open();
  const applied = await run(["reload", ...at(subject)]);
  assertEquals([applied.code, applied.stdout], [
    0,
    'the configuration is in effect:\n    backend "arena" added\n',
  ]);
  for (const [code, blame] of [[1, {}], [78, { badConfig: true }], [75, { temporary: true }]] as const) {
    subject.control.reloads.push({ result: "refused", lines: ["kurafuto.toml:1: no"], ...blame });
    const refused = await run(["reload", ...at(subject)]);
    assertEquals([refused.code, refused.stdout, refused.stderr], [
      code,
      "",
      "kurafuto: Cannot reload, and nothing was changed:\n    kurafuto.toml:1: no\n",
    ]);
  }
  subject.control.reloads.push({ result: "unchanged", lines: [] });
  assertEquals((await run(["reload", ...at(subject)])).stdout, "the configuration was in effect already\n");
});

Deno.test("a reload can be tried, and then confirmed or rolled back", async () => {
  await using subject = await Subject.open();
  const early = await run(["confirm", ...at(subject)]);
  assertEquals([early.code, early.stderr], [1, "kurafuto: Cannot confirm: no reload waits for it\n"]);
  const confirmBy = new Date(Date.now() + 59_500).toISOString();
  subject.control.reloads.push({ result: "applied", lines: [], confirmBy });
  const tried = await run(["reload", "--confirm", "60s", ...at(subject)]);
  assertMatch(tried.stdout, /in effect\nit is rolled back in 5\ds, unless you run: kurafuto confirm\n$/);
  assertEquals(subject.control.orders.at(-1), ["reload", 60_000]);
  const confirmed = await run(["confirm", ...at(subject)]);
  assertEquals([confirmed.code, confirmed.stdout], [0, "the configuration stays\n"]);
  await run(["reload", "--confirm", "60s", ...at(subject)]);
  const back = await run(["rollback", ...at(subject)]);
  assertEquals([back.code, back.stdout.split("\n")[0]], [0, "the configuration of before is in effect again:"]);
  const again = await run(["rollback", ...at(subject)]);
  const trouble = "kurafuto: Cannot roll back, and nothing was changed:\n    no reload waits to be confirmed\n";
  assertEquals([again.code, again.stderr], [1, trouble]);
});

Deno.test("health ends with 0 for an edge that runs, with 1 for one that is not ready or not there", async () => {
  const subject = await Subject.open();
  const flags = at(subject);
  assertEquals(await run(["health", ...flags]), { code: 0, stdout: "healthy\n", stderr: "" });
  assertEquals(await run(["health", "--ready", ...flags]), { code: 0, stdout: "ready\n", stderr: "" });
  subject.control.drainEdge();
  assertEquals((await run(["health", ...flags])).code, 0);
  const draining = await run(["health", "--ready", ...flags]);
  assertEquals([draining.code, draining.stdout], [1, ""]);
  assertStringIncludes(draining.stderr, "is not ready: HTTP status is 503");
  await subject[Symbol.asyncDispose]();
  const gone = await run(["health", ...flags]);
  assertEquals([gone.code, gone.stdout], [1, ""]);
  assertMatch(gone.stderr, /^kurafuto: Cannot reach the edge at .+ \(is it running\?\): nothing listens there\n$/);
});

Deno.test("complete prints the names that the edge knows, and nothing where there is none to ask", async () => {
  const subject = await Subject.open();
  const flags = at(subject);
  const names = async (kind: string): Promise<readonly string[]> =>
    (await run(["complete", kind, ...flags])).stdout.trimEnd().split("\n");
  assertEquals(await names("players"), ["Notch", "jeb_", "Dinnerbone"]);
  assertEquals(await names("backends"), ["hub", "games", "attic"]);
  assertEquals(await names("destinations"), ["hub", "games", "attic", "lobby"]);
  await subject[Symbol.asyncDispose]();
  assertEquals(await run(["complete", "players", ...flags]), { code: 1, stdout: "", stderr: "" });
  assertEquals(await run(["complete", "players"]), { code: 1, stdout: "", stderr: "" });
});
