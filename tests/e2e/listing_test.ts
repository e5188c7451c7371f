/** The program's entries in public server lists, against lists that do what lists do. */
import { CLASSICUBE } from "../../lib/demo/presets.ts";
import manifest from "../../deno.json" with { type: "json" };
import { assert, assertEquals, assertMatch, assertNotEquals, assertStringIncludes } from "../harness/assert.ts";
import { Bot } from "../harness/bot.ts";
import { eventually } from "../harness/kernel.ts";
import { type LogLine, Program } from "../harness/program.ts";
import { quietPort } from "../harness/quiet_port.ts";
import { CAN_RESET } from "../harness/reset.ts";
import { RECORDED_BODY } from "../heartbeat/facts.ts";
import { LISTED, type Play, PLAY_URL, refusal, reply, ScriptedList } from "../heartbeat/scripted_list.ts";
import { independentKey } from "./independent_keys.ts";
import { ObservedServer } from "./observed_server.ts";

const OTHER_URL = "https://list.example/play/fedcba9876543210";
const OTHER_LISTED = reply("200 OK", "text/plain", OTHER_URL);
/** Why a list that nobody runs does not have the server. */
const REFUSES = /refuses connections/;
/** Lists are asked as often as the configuration allows. */
const OFTEN = 'interval = "1s"';
const SOON = { timeoutMs: 10_000 };
/** A heartbeat is given up after ten seconds. */
const GIVEN_UP = { timeoutMs: 20_000 };
/** Less than the interval between heartbeats where nothing is configured. */
const AT_ONCE = { timeoutMs: 20_000 };

/** The form that a heartbeat posts: names and values, as they were sent. */
function form(body: string): readonly (readonly [name: string, value: string])[] {
  const [first, ...fields] = body.split("&");
  assertEquals(first, "");
  return fields.map((field) => {
    const [name = "", ...rest] = field.split("=");
    return [name, rest.join("=")];
  });
}

/** One heartbeat that a list was sent. */
function beatOf(request: string): Readonly<Record<string, string>> {
  return Object.fromEntries(form(request.split("\r\n\r\n")[1] ?? ""));
}

function lastBeat({ requests }: ScriptedList): Readonly<Record<string, string>> {
  return beatOf(requests.at(-1) ?? "");
}

/** A folder that is removed with `owner`. */
async function temporaryFolder(owner: AsyncDisposableStack): Promise<string> {
  const folder = await Deno.makeTempDir({ prefix: "kurafuto-test-" });
  owner.defer(() => Deno.remove(folder, { recursive: true }));
  return folder;
}

/** What an entry is made of. */
interface Entry {
  /** Where it is sent. */
  readonly url: string;
  /** Further lines. @default none */
  readonly lines?: readonly string[];
}

interface SceneOptions {
  /** Further lines of the listener "main". @default it takes any name */
  readonly listener?: readonly string[];
  /** @default a folder that is removed with the scene */
  readonly dataDir?: string;
}

/** The program with one server, whose listener "main" is in lists, and "other" in none. */
class Scene implements AsyncDisposable {
  readonly program: Program;
  readonly dataDir: string;
  readonly #running: AsyncDisposableStack;

  private constructor(program: Program, dataDir: string, running: AsyncDisposableStack) {
    this.program = program;
    this.dataDir = dataDir;
    this.#running = running;
  }

  static async start(
    entries: readonly Entry[],
    { listener = ['auth = "off"'], dataDir }: SceneOptions = {},
  ): Promise<Scene> {
    await using starting = new AsyncDisposableStack();
    const folder = dataDir ?? await temporaryFolder(starting);
    const server = starting.use(await ObservedServer.start({ extensions: CLASSICUBE }));
    const config = [
      ...["[[listener]]", 'name = "main"', 'bind = "127.0.0.1:0"', 'pool = "all"', ...listener],
      ...["[[listener]]", 'name = "other"', 'bind = "127.0.0.1:0"', 'pool = "all"', 'auth = "off"'],
      ...["[[pool]]", 'name = "all"', 'backends = ["hub"]'],
      ...["[[backend]]", 'name = "hub"', `address = "${server.address}"`],
      ...entries.flatMap(({ url, lines = [] }) => ["[[heartbeat]]", 'listener = "main"', `url = "${url}"`, ...lines]),
    ].join("\n");
    const edge = ['name = "&aMy &fnetwork: café"', "max_players = 77"];
    const program = starting.use(await Program.start({ config, edge, dataDir: folder }));
    return new Scene(program, folder, starting.move());
  }

  /** The file with the entries' addresses, line by line. */
  async playUrls(): Promise<readonly string[]> {
    const text = await Deno.readTextFile(`${this.dataDir}/play-url-main.txt`).catch(() => "");
    return text === "" ? [] : text.trimEnd().split("\n");
  }

  /** Waits for the `count`-th line of an event about a list. */
  told(event: "listed" | "not-listed", list: ScriptedList, count = 1): Promise<LogLine> {
    const probe = (): LogLine | undefined => this.#lines(event, list)[count - 1];
    return this.program.until(probe, `${event} of the list at ${list.port}`, GIVEN_UP);
  }

  /** Waits for the line that says that nobody listens where a list was: a heartbeat may have been under way as it was closed. */
  refused(list: ScriptedList): Promise<LogLine> {
    const probe = (): LogLine | undefined =>
      this.#lines("not-listed", list).find(({ cause }) => REFUSES.test(String(cause)));
    return this.program.until(probe, `connections refused at ${list.port}`, GIVEN_UP);
  }

  /** Logs in, and says how it went: the name that the edge knows the player by, or why it does not. */
  async logIn(name: string, key: string): Promise<string> {
    const count = this.program.lines("ended").length;
    await using bot = await Bot.connect(this.program.target(), { name, key });
    const outcome = await Promise.race([bot.joined().then(() => "joined"), bot.kicked(SOON)]);
    bot.close();
    const end = await this.program.until(() => this.program.lines("ended")[count], `${name}'s end`);
    return outcome === "joined" ? String(end.player) : String(end.reason);
  }

  /** Checks that no salt that a list was told is in the log. */
  assertDiscreet(...lists: readonly ScriptedList[]): void {
    const salts = new Set(lists.flatMap(({ requests }) => requests.map((request) => beatOf(request).salt ?? "")));
    const log = JSON.stringify(this.program.log);
    for (const salt of salts) assert(salt.length === 32 && !log.includes(salt), "a salt is in the log");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#running.disposeAsync();
  }

  #lines(event: string, { port }: ScriptedList): readonly LogLine[] {
    return this.program.lines(event).filter(({ list }) => list === `localhost:${port}`);
  }
}

Deno.test("the first heartbeat comes at once, and is the recorded one of MCGalaxy field by field", async () => {
  await using list = new ScriptedList();
  await using scene = await Scene.start([{ url: list.url() }]);
  await list.until(() => list.requests.length > 0, "the first heartbeat", AT_ONCE);
  const [head = "", body = ""] = list.requests[0]?.split("\r\n\r\n") ?? [];
  const [requestLine, ...headers] = head.split("\r\n");
  assertEquals(requestLine, "POST /heartbeat.jsp HTTP/1.1");
  const named = headers.map((header) => header.toLowerCase()).filter((header) => !header.startsWith("accept"));
  assertEquals(named.toSorted(), [
    `content-length: ${body.length}`,
    "content-type: application/x-www-form-urlencoded",
    `host: localhost:${list.port}`,
    `user-agent: kurafuto ${manifest.version}`,
  ]);
  const fields = form(body);
  assertEquals(fields.map(([name]) => name), form(RECORDED_BODY).map(([name]) => name));
  const { salt = "", ...rest } = Object.fromEntries(fields);
  assertMatch(salt, /^[A-Za-z0-9]{32}$/);
  assertEquals(rest, {
    port: String(scene.program.target().port),
    max: "77",
    name: "My%20network%3A%20caf%C3%A9",
    public: "True",
    version: "7",
    users: "0",
    software: `Kurafuto%20${manifest.version}`,
    web: "True",
  });
  const listed = await scene.told("listed", list);
  assertEquals([listed.listener, listed.url, listed.level], ["main", PLAY_URL, "info"]);
  await eventually(async () => (await scene.playUrls()).join() === PLAY_URL, "the address in its file");
  scene.assertDiscreet(list);
});

Deno.test("port, visibility and WebSocket are told as configured", async () => {
  await using list = new ScriptedList();
  const lines = ["port = 12345", "public = false"];
  await using _scene = await Scene.start([{ url: list.url(), lines }], {
    listener: ['auth = "off"', "websocket = false"],
  });
  await list.until(() => list.requests.length > 0, "the first heartbeat");
  const { port, public: isPublic, web } = lastBeat(list);
  assertEquals([port, isPublic, web], ["12345", "False", "False"]);
});

Deno.test("players of the listener are counted while they come and go, and nobody else", async () => {
  await using list = new ScriptedList();
  await using scene = await Scene.start([{ url: list.url(), lines: [OFTEN] }]);
  const counts = async (users: number): Promise<void> => {
    const { length } = list.requests;
    const isTold = (): boolean =>
      list.requests.slice(length).some((request) => beatOf(request).users === String(users));
    await list.until(isTold, `${users} players`, SOON);
  };
  const join = async (listener: string, name: string): Promise<Bot> => {
    const bot = await Bot.connect(scene.program.target(listener), { name });
    await bot.joined();
    return bot;
  };
  await counts(0);
  await using _elsewhere = await join("other", "Elsewhere");
  await using _silent = await Deno.connect(scene.program.target());
  await using steve = await join("main", "Steve");
  await counts(1);
  await using alex = await join("main", "Alex");
  await counts(2);
  steve.close();
  await counts(1);
  alex.close();
  await counts(0);
});

/** Bad replies, each of which a list of its own gives; and why that list does not have the server then. */
const BAD: readonly (readonly [play: Play, reason: string, cause: RegExp])[] = [
  [refusal("Port 25599 not open, you may need to port forward it."), "refused", /cannot reach port 25599/],
  [refusal("Only first 256 unicode codepoints may be used in server names."), "refused", /name too long/],
  [reply("200 OK", "text/html", "<!DOCTYPE html><title>Down</title>"), "unreadable", /web page/],
  [reply("500 Internal Server Error", "text/html", "<html>oops</html>"), "http-error", /status 500/],
  [reply("503 Service Unavailable", "text/plain", PLAY_URL), "http-error", /status 503/],
  [reply("302 Found", "text/html", "", "Location: https://elsewhere.example/\r\n"), "redirected", /elsewhere\.example/],
  [reply("200 OK", "text/plain", ""), "unreadable", /empty/],
  [reply("200 OK", "text/plain", "\0\x1b[2J\u202e".repeat(50)), "unreadable", /no reply of a list/],
  [reply("200 OK", "text/plain", "x".repeat(100_000)), "unreadable", /longer than 65536 bytes/],
  [{ bytes: "garbage\r\n\r\n", then: "close" }, "unreachable", /no HTTP/],
  [{ bytes: "HTTP/1.1 200 OK\r\nCont", then: "close" }, "unreachable", /before its reply was complete/],
  [{ bytes: LISTED.bytes.slice(0, -5), then: CAN_RESET ? "reset" : "close" }, "unreachable", /before its reply/],
  [{ bytes: LISTED.bytes.slice(0, -5), then: "hold" }, "late", /within 10000 ms/],
  [{ bytes: "", then: "hold" }, "late", /within 10000 ms/],
];

/** Milliseconds that each of `count` pings takes, the fewest first. */
async function pings(bot: Bot, count: number): Promise<readonly number[]> {
  const times: number[] = [];
  for (let i = 0; i < count; i++) {
    const start = performance.now();
    await bot.ping();
    times.push(performance.now() - start);
  }
  return times.toSorted((a, b) => a - b);
}

Deno.test("listings recover from every bad reply and keep their addresses; players notice nothing", async () => {
  await using running = new AsyncDisposableStack();
  const lists = BAD.map(() => running.use(new ScriptedList()));
  const refusing = new ScriptedList({ port: quietPort() });
  await using scene = await Scene.start([...lists, refusing].map((list) => ({ url: list.url(), lines: [OFTEN] })));
  await using bot = await Bot.connect(scene.program.target(), { name: "Steve", extensions: CLASSICUBE });
  await bot.joined();
  await Promise.all([...lists, refusing].map((list) => scene.told("listed", list)));
  const before = await pings(bot, 500);

  for (const [index, [play]] of BAD.entries()) {
    const list = lists[index];
    if (list !== undefined) list.play = play;
  }
  const { port } = refusing;
  await refusing[Symbol.asyncDispose]();
  let isOver = false;
  const playing = (async () => {
    const times: number[] = [];
    while (!isOver) times.push(...await pings(bot, 10));
    return times.toSorted((a, b) => a - b);
  })();
  const failures = await Promise.all(lists.map((list) => scene.told("not-listed", list)));
  failures.push(await scene.refused(refusing));
  isOver = true;
  const during = await playing;
  for (
    const [index, [, reason, cause]] of [...BAD, [LISTED, "unreachable", REFUSES] as const].entries()
  ) {
    const line = failures[index];
    assertEquals([line?.reason, line?.level], [reason, "warn"]);
    assertMatch(String(line?.cause), cause);
    assert(line?.advice !== "");
  }
  assert(during.length > 100, `${during.length} pings`);
  const [median, worst] = [during[during.length >> 1] ?? 0, during.at(-1) ?? 0];
  assert(median < 3 * (before[before.length >> 1] ?? 0) + 5, `a ping took ${median} ms, before ${before[250]} ms`);
  assert(worst < 1_000, `a ping took ${worst} ms`);
  assertEquals((await scene.playUrls()).length, lists.length + 1);

  for (const list of lists) list.play = OTHER_LISTED;
  await using again = new ScriptedList({ port });
  const recovered = await Promise.all([...lists, again].map((list) => scene.told("listed", list, 2)));
  assert(recovered.every(({ failures }) => Number(failures) > 0));
  const urls = [...lists.map(() => OTHER_URL), PLAY_URL];
  await eventually(async () => (await scene.playUrls()).join() === urls.join(), "the new addresses in their file");
  await bot.ping();
  assertEquals([bot.violations, scene.program.lines("crashed")], [[], []]);
  scene.assertDiscreet(...lists, again);
});

Deno.test("of two lists one that is dead is no harm to the other, and is told when it lives", async () => {
  const dead = new ScriptedList({ port: quietPort() });
  const { port } = dead;
  await dead[Symbol.asyncDispose]();
  await using alive = new ScriptedList();
  alive.play = OTHER_LISTED;
  await using scene = await Scene.start([dead, alive].map((list) => ({ url: list.url(), lines: [OFTEN] })));
  await Promise.all([scene.told("not-listed", dead), scene.told("listed", alive)]);
  await alive.until(() => alive.requests.length >= 3, "three heartbeats");
  assertEquals(await scene.playUrls(), [OTHER_URL]);
  await using _living = new ScriptedList({ port });
  await scene.told("listed", dead);
  await eventually(async () => (await scene.playUrls()).join() === [PLAY_URL, OTHER_URL].join(), "both addresses");
  assertEquals(scene.program.lines("not-listed").length, 1);
});

Deno.test("keys of each list's own salt let players in, by the names that this list's players have", async () => {
  await using one = new ScriptedList();
  await using two = new ScriptedList();
  await using scene = await Scene.start([{ url: one.url() }, { url: two.url(), lines: ['name_suffix = ".b"'] }], {
    listener: ['auth = "mppass"'],
  });
  await Promise.all([one, two].map((list) => list.until(() => list.requests.length > 0, "the first heartbeat")));
  const [salt = "", other = ""] = [lastBeat(one).salt, lastBeat(two).salt];
  assertNotEquals(salt, other);
  assertEquals(await scene.logIn("Steve", await independentKey(salt, "Steve")), "Steve");
  assertEquals(await scene.logIn("Steve", await independentKey(other, "Steve")), "Steve.b");
  assertEquals(await scene.logIn("Alex", await independentKey(salt, "Steve")), "wrong-key");
  assertEquals(await scene.logIn("Steve.b", await independentKey(other, "Steve")), "wrong-key");
  const made = await independentKey(salt, "Steve");
  scene.assertDiscreet(one, two);
  assert(!JSON.stringify(scene.program.log).includes(made), "a key is in the log");
});

Deno.test("salts outlive a restart", async () => {
  await using list = new ScriptedList();
  await using running = new AsyncDisposableStack();
  const options = { listener: ['auth = "mppass"'], dataDir: await temporaryFolder(running) };
  const salts: (string | undefined)[] = [];
  for (let run = 1; run <= 2; run++) {
    await using scene = await Scene.start([{ url: list.url() }], options);
    await list.until(() => list.requests.length === run, "the first heartbeat");
    salts.push(lastBeat(list).salt);
    assertEquals(await scene.logIn("Steve", await independentKey(salts[0] ?? "", "Steve")), "Steve");
  }
  assertEquals(salts[1], salts[0]);
});

Deno.test("a salt that is old is replaced, the next heartbeat tells the new one, and keys of both let players in", async () => {
  await using list = new ScriptedList();
  await using running = new AsyncDisposableStack();
  const dataDir = await temporaryFolder(running);
  const old = "abcdefghijklmnopqrstuvwxyz012345";
  const path = `${dataDir}/salt-main@localhost_${list.port}`;
  await Deno.writeTextFile(path, `${old} made 2020-01-01T00:00:00.000Z published\n`);
  await using scene = await Scene.start([{ url: list.url(), lines: [OFTEN] }], {
    listener: ['auth = "mppass"'],
    dataDir,
  });
  await list.until(() => list.requests.length > 0 && lastBeat(list).salt !== old, "a new salt", SOON);
  const { salt = "" } = lastBeat(list);
  assertMatch(salt, /^[A-Za-z0-9]{32}$/);
  assertEquals(await scene.logIn("Steve", await independentKey(old, "Steve")), "Steve");
  assertEquals(await scene.logIn("Alex", await independentKey(salt, "Alex")), "Alex");
  await eventually(async () => (await Deno.readTextFile(path)).includes(`${old} until 2`), "the old salt's end");
  assertStringIncludes(await Deno.readTextFile(path), `${salt} made `);
  scene.assertDiscreet(list);
});

Deno.test("a list that repeats the salt does not bring it into the log", async () => {
  await using list = new ScriptedList();
  await using scene = await Scene.start([{ url: list.url(), lines: [OFTEN] }]);
  await scene.told("listed", list);
  const { salt = "" } = lastBeat(list);
  list.play = refusal(`The salt ${salt} is no good.`);
  assertMatch(String((await scene.told("not-listed", list)).cause), /The salt … is no good/);
  scene.assertDiscreet(list);
});

Deno.test("the program stops in time while a heartbeat hangs", async () => {
  await using list = new ScriptedList();
  list.play = { bytes: "", then: "hold" };
  await using scene = await Scene.start([{ url: list.url() }]);
  await list.until(() => list.requests.length > 0, "the heartbeat");
  const start = performance.now();
  assertEquals(await scene.program.stop(), 0);
  // The heartbeat would hang for ten seconds.
  assert(performance.now() - start < 5_000, "it took too long");
  await list.until(() => list.abandoned === 1, "the end of the connection");
});
