import { ClassicServer } from "../../lib/demo/server.ts";
import { CLASSICUBE } from "../../lib/demo/presets.ts";
import { encodePacket, readPacket } from "../../lib/protocol/packets.ts";
import manifest from "../../deno.json" with { type: "json" };
import { minimalToml } from "../config/minimal_toml.ts";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "../harness/assert.ts";
import { Bot } from "../harness/bot.ts";
import { eventually } from "../harness/kernel.ts";
import { network, Program, programCommand } from "../harness/program.ts";
import { quietPort } from "../harness/quiet_port.ts";
import { Waits } from "../harness/waits.ts";
import { concat, extensionList, identification, vanilla } from "../session/logins.ts";
import { StreamPlayer } from "./stream_player.ts";
import { waits } from "./waiting.ts";

const MIB = 1 << 20;
const EXIT_MS = 20_000;
const DEMO_PORT = 25565;
const KICK_SIZE = 65;
const TIME = String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z`;

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the program until it ends by itself. */
async function run(...args: readonly string[]): Promise<Outcome> {
  const { code, stdout, stderr } = await programCommand(args).output();
  return { code, stdout: new TextDecoder().decode(stdout), stderr: new TextDecoder().decode(stderr) };
}

/** Runs `test` with the path of a configuration in a folder of its own. */
async function withConfig(toml: string, test: (path: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "kurafuto-test-" });
  try {
    const path = `${folder}/kurafuto.toml`;
    await Deno.writeTextFile(path, `[edge]\ndata_dir = "${folder}/data"\n${toml}`);
    await test(path);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** The program as a process with somebody at the keyboard, whose output is looked at as it comes, line by line. */
class Running implements AsyncDisposable {
  readonly stderr: string[] = [];
  readonly stdout: string[] = [];
  readonly #child: Deno.ChildProcess;
  readonly #keyboard: WritableStreamDefaultWriter<Uint8Array>;
  readonly #waits = new Waits(() => `it said last: ${JSON.stringify(this.stderr.slice(-3))}`, EXIT_MS);
  readonly #reading: Promise<unknown>;

  constructor(...args: readonly string[]) {
    this.#child = programCommand(args, "piped").spawn();
    const { stdin, stdout, stderr } = this.#child;
    this.#keyboard = stdin.getWriter();
    this.#reading = Promise.all([this.#read(stdout, this.stdout), this.#read(stderr, this.stderr)])
      .then(() => this.#waits.end("the program has ended"));
  }

  /** Waits for something in the output. */
  until<T>(probe: () => T | undefined | null | false, what: string): Promise<T> {
    return this.#waits.until(probe, what);
  }

  /** Waits for the first listener of a log in text and returns its port. */
  async port(): Promise<number> {
    const find = (): RegExpExecArray | null => /listening listener=\S+ address=\S+:(\d+)/.exec(this.stderr.join("\n"));
    return Number((await this.until(find, "a listener"))[1]);
  }

  /** Types a line and waits until the program has said `answer` one time more than before. */
  async type(line: string, answer: string): Promise<void> {
    const answers = (): number => this.stdout.filter((said) => said === answer).length;
    const before = answers();
    await this.#keyboard.write(new TextEncoder().encode(`${line}\n`));
    await this.until(() => answers() > before, `the answer to ${line}`);
  }

  kill(signal: Deno.Signal): void {
    this.#child.kill(signal);
  }

  /** Waits for the end. Returns the exit code. */
  async ended(): Promise<number> {
    const killer = setTimeout(() => this.#child.kill("SIGKILL"), EXIT_MS);
    const { code } = await this.#child.status;
    clearTimeout(killer);
    await this.#reading;
    // Nobody reads there any more.
    await this.#keyboard.abort().catch(() => {});
    return code;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill("SIGKILL");
    } catch {
      // It has ended.
    }
    await this.ended();
  }

  async #read(stream: ReadableStream<Uint8Array>, lines: string[]): Promise<void> {
    let rest = "";
    for await (const text of stream.pipeThrough(new TextDecoderStream())) {
      const parts = (rest + text).split("\n");
      rest = parts.pop() ?? "";
      lines.push(...parts);
      this.#waits.changed();
    }
    if (rest !== "") lines.push(rest);
  }
}

/** Chat for a player without CPE. */
function manyLines(size: number): Uint8Array {
  const line = encodePacket("Message", vanilla(), { type: 0, message: "a line" });
  const lines = new Uint8Array(Math.floor(size / line.length) * line.length);
  for (let at = 0; at < lines.length; at += line.length) lines.set(line, at);
  return lines;
}

/** A log line for people, with one of the levels and messages that the program has. */
const TEXT_LINE = new RegExp(
  `^${TIME} (DEBUG|INFO |WARN |ERROR) ` +
    "(sockets are driven|listening|client identified|backend (listed its extensions|took the player|did not take a player)|" +
    "first map is complete|session ended|stopping|stopped)(?= \\w+=|$)",
);

/** What players say who want to write into the log. Every character stands for one byte, below 32 for some. */
const FORGERY = "x◙2026-01-01T00:00:00.000Z INFO  session ended player=Notch";

/** Everything a player can put into the log: a name, a software's name. */
const FORGERIES: readonly Uint8Array[] = [
  identification(FORGERY),
  identification("◙{}◙"),
  concat(identification("Steve"), extensionList(CLASSICUBE, FORGERY)),
];

/** Sends every forgery in a connection of its own, and waits for the kicks. */
async function forge(port: number): Promise<void> {
  for (const bytes of FORGERIES) {
    using conn = await Deno.connect({ port });
    await conn.write(bytes);
    await new Response(conn.readable).arrayBuffer();
  }
}

async function isRefused(target: { readonly hostname: string; readonly port: number }): Promise<boolean> {
  try {
    (await Deno.connect(target)).close();
    return false;
  } catch (error) {
    if (error instanceof Deno.errors.ConnectionRefused) return true;
    // It was accepted, and closed with the port.
    if (error instanceof Deno.errors.ConnectionReset) return false;
    throw error;
  }
}

for (const signal of ["SIGTERM", "SIGINT"] as const) {
  Deno.test(`${signal} tells every player why they go, and ends the program with 0`, async () => {
    await using server = await ClassicServer.start({ outputLimit: 64 * MIB });
    // A port that nobody else is given once it is free.
    const config = network([{ name: "hub", address: server.address }]).replace(
      "127.0.0.1:0",
      `127.0.0.1:${quietPort()}`,
    );
    const program = await Program.start({ config });
    const target = program.target();
    await using first = await Bot.connect(target, { name: "First", extensions: CLASSICUBE });
    await using second = await Bot.connect(target, { name: "Second", positionInterval: 20 });
    await using raw = await Bot.connect(program.target("raw"), { name: "Raw", extensions: CLASSICUBE });
    await using deaf = await Bot.connect(target, { name: "Deaf" });
    await Promise.all([first, second, raw, deaf].map((bot) => bot.joined()));
    await using newcomer = await StreamPlayer.connect(target, [], (player) => player.send(identification("New")));
    await program.until(() => program.lines("joined").length === 4, "four players");
    await newcomer.answered();
    deaf.pauseReading();
    server.sendBytes("Deaf", manyLines(20 * MIB));
    const start = performance.now();
    const stopped = program.stop(signal);
    for (const bot of [first, second]) {
      assertMatch(await bot.kicked(), /^The network is going down, please come back soon \[OP-[0-9A-Z]{5}\]$/);
    }
    const lastPacket = (await newcomer.finished()).slice(-KICK_SIZE);
    const { reason } = readPacket("DisconnectPlayer", vanilla(), lastPacket);
    assertMatch(reason, /^The network is going down, please come back soon \[OA-[0-9A-Z]{5}\]$/);
    newcomer.close();
    await Promise.all([first, second, raw].map((bot) => bot.closed()));
    // Deno lets go of the port only when its pending accept has ended; the deaf player keeps the program longer than that.
    await eventually(() => isRefused(target), "the port closed");
    assertEquals(program.lines("stopped"), []);
    assertEquals(await stopped, 0);
    const took = performance.now() - start;
    assert(took < 10_000, `took ${took} ms`);
    assertEquals(program.lines("stopping").map(({ signal, sessions }) => [signal, sessions]), [[signal, 5]]);
    assertEquals(program.lines("ended").map(({ reason }) => reason), Array(5).fill("shutdown"));
    assertEquals(program.log.at(-1)?.event, "stopped");
  });
}

Deno.test("a second signal ends the program at once", async () => {
  await using server = await ClassicServer.start();
  for (const second of ["SIGTERM", "SIGINT"] as const) {
    const program = await Program.start({
      config: network([{ name: "hub", address: server.address }]),
      edge: ['drain_timeout = "60s"'],
    });
    await using deaf = await Bot.connect(program.target(), { name: "Deaf" });
    await deaf.joined();
    deaf.pauseReading();
    const stopped = program.stop("SIGTERM");
    await program.until(() => program.lines("stopping").length > 0, "the first signal's effect");
    Deno.kill(program.pid, second);
    // Whoever has not ended long before those 60 s is killed.
    assertEquals(await stopped, 130);
  }
});

Deno.test("a signal in the middle of the start stops the program in order", async () => {
  await withConfig(network([{ name: "hub", address: "127.0.0.1:25566" }]), async (path) => {
    for (let i = 0; i < 5; i++) {
      await using program = new Running("run", "-c", path);
      await program.until(() => program.stderr.length > 0, "a first line");
      program.kill("SIGTERM");
      assertEquals(await program.ended(), 0);
      assertMatch(program.stderr.at(-1) ?? "", new RegExp(`^${TIME} INFO  stopped$`));
    }
  });
});

Deno.test("a wrong command line ends with 2 and the nearest right one", async () => {
  for (
    const [args, message] of [
      [["run", "--confg", "x"], 'Cannot use flag --confg as it is unknown (did you mean "--config"?)'],
      [["rnu"], 'Cannot run command "rnu" as it is unknown (did you mean "run"?)'],
    ] as const
  ) {
    assertEquals(await run(...args), { code: 2, stdout: "", stderr: `kurafuto: ${message}\nTry kurafuto --help\n` });
  }
});

Deno.test("a port in use ends with 75, an address of another machine with 1", async () => {
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  for (const [bind, code] of [[`127.0.0.1:${taken.addr.port}`, 75], ["192.0.2.1:25565", 1]] as const) {
    const first = ["[[listener]]", 'name = "first"', 'bind = "127.0.0.1:0"', 'pool = "lobby"', 'auth = "off"'];
    const toml = minimalToml({ listener: 'auth = "off"' }).replace("127.0.0.1:25565", bind);
    await withConfig([...first, toml].join("\n"), async (path) => {
      const { code: found, stderr } = await run("run", "-c", path);
      assertEquals(found, code);
      assertMatch(stderr, new RegExp(`^${TIME} ERROR Cannot bind listener 'main' to ${bind}: .+$`, "m"));
    });
  }
});

Deno.test("a heartbeat absorber whose port is in use ends with 75, faulty access lists with 78, each with what and where", async () => {
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const bind = `127.0.0.1:${taken.addr.port}`;
  const listener = minimalToml({ listener: 'auth = "off"' }).replace("127.0.0.1:25565", "127.0.0.1:0");
  await withConfig(`${listener}\n[heartbeat_absorber]\nbind = "${bind}"`, async (path) => {
    const { code, stderr } = await run("run", "-c", path);
    assertEquals(code, 75);
    assertMatch(stderr, new RegExp(`^${TIME} ERROR Cannot bind heartbeat_absorber to ${bind}: .+$`, "m"));
  });
  const folder = await Deno.makeTempDir({ prefix: "kurafuto-test-" });
  await Deno.writeTextFile(`${folder}/access.toml`, '[[ban]]\nnam = "Griefer"\n');
  await withConfig(listener, async (path) => {
    const { code, stderr } = await run("run", "-c", path, "--set", `edge.data_dir=${folder}`);
    assertEquals(code, 78);
    assertMatch(stderr, /access\.toml:2: ban\[0\]\.nam: .*did you mean .?name/);
  });
  await Deno.remove(folder, { recursive: true });
});

Deno.test("a start that fails lets nobody in before and runs no events command, and is told beside the log's file too", async () => {
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const bind = `127.0.0.1:${taken.addr.port}`;
  const listener = minimalToml({ listener: 'auth = "off"' }).replace("127.0.0.1:25565", "127.0.0.1:0");
  await withConfig(`${listener}\n[admin]\nbind = "${bind}"`, async (path) => {
    const folder = path.slice(0, path.lastIndexOf("/"));
    const output = ["[events]", `command = ["touch", "${folder}/ran"]`, "[log]", `file = "${folder}/log"`];
    await Deno.writeTextFile(path, `\n${output.join("\n")}\n`, { append: true });
    const { code, stderr } = await run("run", "-c", path);
    assertEquals(code, 75);
    assertMatch(stderr, new RegExp(`^kurafuto: Cannot bind admin to ${bind}: .+ \\(is another edge running\\?\\)\\n$`));
    const log = await Deno.readTextFile(`${folder}/log`);
    assertStringIncludes(log, stderr.slice("kurafuto: ".length));
    assert(!log.includes("listening"), log);
    assert(!Array.from(Deno.readDirSync(folder), ({ name }) => name).includes("ran"));
  });
});

Deno.test("a bad configuration ends with 78, file and line of each problem", async () => {
  const toml = minimalToml({ listener: 'mod = "parse"', pool: 'fallback = ["hob"]' });
  await withConfig(toml, async (path) => {
    for (const command of ["run", "check"]) {
      const { code, stdout, stderr } = await run(command, "-c", path);
      assertEquals([code, stdout], [78, ""]);
      const [first, second, ...more] = stderr.trimEnd().split("\n");
      assertEquals(first, `${path}:7: listener[0].mod: Cannot use key as it is unknown (did you mean "mode"?)`);
      assertMatch(second ?? "", /:14: pool\[0\]\.fallback\[0\]: .*"hob"/);
      assertEquals(more, []);
    }
  });
});

Deno.test("files that cannot be used end the start with 78, each told with its key and path", async () => {
  await withConfig(
    minimalToml({ listener: 'auth = "off"' }).replace("127.0.0.1:25565", "127.0.0.1:0"),
    async (path) => {
      for (const key of ["log.file", "events.file", "edge.data_dir"]) {
        const { code, stderr } = await run(
          "run",
          "-c",
          path,
          "--set",
          `edge.data_dir=${path}-data`,
          "--set",
          `${key}=${path}/x`,
        );
        assertEquals(code, 78, stderr);
        assertStringIncludes(stderr, `Cannot use ${key} '${path}/x': Not a directory`);
      }
      await Deno.remove(`${path}-data`, { recursive: true });
    },
  );
  const { code, stderr } = await run("check", "-c", "/proc/self/environ");
  const why = "it is one of the system's own (name a copy of it)";
  assertEquals([code, stderr], [78, `/proc/self/environ: Cannot read file as ${why}\n`]);
});

Deno.test("check says what a good configuration has", async () => {
  await withConfig(minimalToml({ rest: "[admin]" }), async (path) => {
    const { code, stdout, stderr } = await run("check", "-c", path);
    assertEquals([code, stdout, stderr], [0, `${path}: ok (1 listener, 1 backend, 1 pool)\n`, ""]);
  });
});

Deno.test("--version, --help and schema say so and end with 0", async () => {
  assertEquals(await run("--version"), { code: 0, stdout: `kurafuto ${manifest.version}\n`, stderr: "" });
  const surroundings = JSON.parse((await run("--version", "--json")).stdout);
  assertEquals(surroundings.version, manifest.version);
  assertMatch(surroundings.deno, /^\d+\.\d+\.\d+/);
  const help = await run("--help");
  assertEquals([help.code, help.stderr], [0, ""]);
  for (const word of ["run", "check", "schema", "demo", "--config", "--set", "75", "78"]) {
    assertStringIncludes(help.stdout, word);
  }
  const schema = await run("schema");
  assertEquals([schema.code, schema.stderr], [0, ""]);
  assertEquals(Object.keys(JSON.parse(schema.stdout).properties).includes("listener"), true);
});

Deno.test("nothing a player or a backend says adds a line to the log in text, or hides one", async () => {
  await using server = await ClassicServer.start({ onLogin: { kick: FORGERY } });
  await withConfig(network([{ name: "hub", address: server.address }]), async (path) => {
    await using program = new Running("run", "-c", path, "--log-level", "debug");
    await forge(await program.port());
    const isOver = (): boolean =>
      program.stderr.filter((line) => line.includes("session ended")).length >= FORGERIES.length;
    await program.until(isOver, "the end of every session");
    program.kill("SIGTERM");
    assertEquals(await program.ended(), 0);
    for (const line of program.stderr) assertMatch(line, TEXT_LINE);
    assertEquals(program.stderr.filter((line) => / session ended session=\w{5} /.test(line)).length, FORGERIES.length);
    assertEquals(program.stderr.some((line) => /\p{Cc}/u.test(line)), false);
  });
});

Deno.test("every line of the log in JSON is one object, whatever players and backends say", async () => {
  await using server = await ClassicServer.start({ onLogin: { kick: FORGERY } });
  await withConfig(network([{ name: "hub", address: server.address }]), async (path) => {
    await using program = new Running("run", "-c", path, "--log-format", "json", "--log-level", "debug");
    const listening = await program.until(
      () => program.stderr.find((line) => line.includes("listening")),
      "a listener",
    );
    await forge(Number(JSON.parse(listening).address.split(":").at(-1)));
    const isOver = (): boolean => program.stderr.filter((line) => line.includes('"ended"')).length >= FORGERIES.length;
    await program.until(isOver, "the end of every session");
    program.kill("SIGTERM");
    assertEquals(await program.ended(), 0);
    const lines = program.stderr.map((line) => JSON.parse(line));
    for (const { time, level, msg, event } of lines) {
      assertMatch(time, new RegExp(`^${TIME}$`));
      assertMatch(`${level} ${event}`, /^(debug|info|warn) [a-z-]+$/);
      assertEquals(typeof msg, "string");
    }
    const ended = lines.filter(({ event }) => event === "ended");
    assertEquals(ended.map(({ reason }) => reason), ["bad-name", "bad-name", "backend-kick"]);
    assertStringIncludes(ended[2].detail, FORGERY.slice(1));
  });
});

Deno.test("a log that nobody reads any more stops nobody from playing", async () => {
  await using server = await ClassicServer.start();
  await withConfig(network([{ name: "hub", address: server.address }]), async (path) => {
    const child = programCommand(["run", "-c", path, "--log-level", "debug"]).spawn();
    await child.stdout.cancel();
    const reader = child.stderr.getReader();
    let log = "";
    while (!log.includes("listener=main")) log += new TextDecoder().decode((await reader.read()).value);
    await reader.cancel();
    const port = Number(/listener=main address=\S+:(\d+)/.exec(log)?.[1]);
    for (let i = 0; i < 3; i++) {
      await using bot = await Bot.connect({ hostname: "127.0.0.1", port });
      await bot.joined();
    }
    child.kill("SIGTERM");
    assertEquals((await child.status).code, 0);
  });
});

/** Takes the demo's port; `undefined` where somebody else has it. */
function takeDemoPort(): Deno.TcpListener | undefined {
  try {
    return Deno.listen({ hostname: "127.0.0.1", port: DEMO_PORT });
  } catch (error) {
    if (error instanceof Deno.errors.AddrInUse) return undefined;
    throw error;
  }
}

function isDemoPortFree(): boolean {
  using listener = takeDemoPort();
  return listener !== undefined;
}

Deno.test("the demo ends with 75 when its port is in use", async () => {
  using _taken = takeDemoPort();
  const { code, stderr } = await run("demo");
  assertEquals(code, 75);
  assertStringIncludes(stderr, `Cannot start the demo: port ${DEMO_PORT} of 127.0.0.1 is in use by another program`);
});

Deno.test({
  name: "the demo needs no configuration, says where to connect, and ends in order",
  ignore: !isDemoPortFree(),
  fn: async () => {
    await using demo = new Running("demo");
    await demo.until(() => demo.stdout.some((line) => line.includes(`127.0.0.1:${DEMO_PORT}`)), "where to connect");
    assertEquals(await demo.port(), DEMO_PORT);
    await using bot = await Bot.connect({ hostname: "127.0.0.1", port: DEMO_PORT }, { extensions: CLASSICUBE });
    await bot.joined();
    demo.kill("SIGINT");
    assertMatch(await bot.kicked(), /^The network is going down/);
    await bot.closed();
    assertEquals(await demo.ended(), 0);
  },
});

Deno.test({
  name:
    "a world stopped at the demo's console loses its players to the other one, and takes them when it is started again",
  ignore: !isDemoPortFree(),
  fn: async () => {
    await using demo = new Running("demo");
    await demo.port();
    await using bot = await Bot.connect({ hostname: "127.0.0.1", port: DEMO_PORT }, { extensions: CLASSICUBE });
    let words = 0;
    const stands = async (world: string): Promise<void> => {
      await bot.until(({ state }) => state.isJoined && state.player.serverName === world, `the world ${world}`);
      await bot.chat(`in ${world} ${++words}`);
      await bot.chatLine(new RegExp(`: &fin ${world} ${words}$`));
    };
    const seen = (state: "up" | "down", world: string): Promise<unknown> => {
      const change = `backend is ${state} server=${world}`;
      return demo.until(() => demo.stderr.some((line) => line.includes(change)), change);
    };
    await stands("hub");
    await bot.chat("/server arena");
    await stands("arena");
    await demo.type("stop arena", "arena is stopped; start arena opens it again");
    await stands("hub");
    await demo.type("stop hub", "hub is stopped; start hub opens it again");
    await waits(bot, "hub has kicked you: &fServer is shutting down");
    await seen("down", "hub");
    await demo.type("start hub", "hub is open again");
    await stands("hub");
    await demo.type("start arena", "arena is open again");
    await seen("up", "arena");
    await bot.chat("/server arena");
    await stands("arena");
    assertEquals(bot.violations, []);
    demo.kill("SIGTERM");
    assertMatch(await bot.kicked(), /^The network is going down/);
    await bot.closed();
    assertEquals(await demo.ended(), 0);
    const ends = demo.stderr.filter((line) => line.includes("session ended"));
    assertEquals(ends.length, 1);
    assertMatch(ends[0] ?? "", / server=arena servers="hub,arena,hub,hub,arena" moves=4 code=OP reason=shutdown /);
  },
});
