import { ClassicServer } from "../../lib/demo/server.ts";
import { encodePacket } from "../../lib/protocol/packets.ts";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "../harness/assert.ts";
import type { Bot, BotOptions } from "../harness/bot.ts";
import { eventually } from "../harness/kernel.ts";
import { serveWorld } from "../harness/login_script.ts";
import { Program, programCommand } from "../harness/program.ts";
import { ScriptedBackend } from "../harness/scripted_backend.ts";
import { Waits } from "../harness/waits.ts";
import { reply, ScriptedList } from "../heartbeat/scripted_list.ts";
import { BELIEVES_CALLERS, callFrom } from "./callers.ts";
import { independentKey, independentKeys } from "./independent_keys.ts";
import { ObservedServer } from "./observed_server.ts";
import { VerifyingServer } from "./verifying_server.ts";

const MODES = ["parse", "raw"] as const;
const WRONG_KEY = /^Login failed! Close the game and sign in again \[PA-\w+\]$/;
const BAD_NAME = /^Names have 1 to 16 letters, digits, _ or \. \[PA-\w+\]$/;
const LONG_NAME = /^Your name is too long for this network \[PA-\w+\]$/;
const NAME_TAKEN = /^Somebody of your name is playing already \[PA-\w+\]$/;
const REPLACED = /^You have logged in from somewhere else \[C[DMP]-\w+\]$/;
const FULL = /^The network is full, please try again soon \[PA-\w+\]$/;
const HOUR_MS = 3_600_000;
/** Bytes that wait for a player before their backend is not read any more. */
const SOFT_LIMIT = 256 << 10;

/** A listener "parse" and a listener "raw" before one backend, and what else is in the configuration. */
function gate(
  { address }: { readonly address: string },
  listener: readonly string[],
  rest: readonly string[] = [],
): string {
  return [
    ...MODES.flatMap((mode) => [
      "[[listener]]",
      `name = "${mode}"`,
      `mode = "${mode}"`,
      'bind = "127.0.0.1:0"',
      'pool = "all"',
      BELIEVES_CALLERS,
      ...listener,
    ]),
    "[[pool]]",
    'name = "all"',
    'backends = ["hub"]',
    "[[backend]]",
    'name = "hub"',
    `address = "${address}"`,
    ...rest,
  ].join("\n");
}

/** Runs `test` with a data directory that outlives the program. */
async function withData(test: (dataDir: string) => Promise<void>): Promise<void> {
  const dataDir = await Deno.makeTempDir({ prefix: "kurafuto-test-" });
  try {
    await test(dataDir);
  } finally {
    await Deno.remove(dataDir, { recursive: true });
  }
}

/** Stops the program; its whole log must hold none of `secrets`, in any case. */
async function stopSilent(program: Program, secrets: readonly string[]): Promise<void> {
  assertEquals(await program.stop(), 0);
  const log = program.log.map((line) => JSON.stringify(line).toLowerCase());
  assert(log.length > 10, `the log has ${log.length} lines`);
  for (const secret of secrets.filter(({ length }) => length > 4)) {
    const told = log.find((line) => line.includes(secret.toLowerCase()));
    assertEquals(told, undefined, `the log tells ${secret}`);
  }
}

/** A name whose key under `salt` begins with a zero. */
async function nameOfZero(salt: string): Promise<{ readonly name: string; readonly key: string }> {
  const names = Array.from({ length: 400 }, (_, index) => `Zero${index}`);
  const keys = await independentKeys(names.map((name) => ({ salt, name })));
  const found = keys.findIndex((key) => key.startsWith("0"));
  return { name: names[found] ?? "", key: keys[found] ?? "" };
}

interface Attempt {
  readonly what: string;
  readonly name: string;
  readonly key: string;
  /** What the player reads; absent where they are let in. */
  readonly refusal?: RegExp;
}

const SALTS = {
  now: "NowNowNowNowNowNow12345678901234",
  previous: "PreviousPreviousPrevious12345678",
  waiting: "WaitingWaitingWaitingWaiting1234",
  ended: "EndedEndedEndedEndedEnded1234567",
  foreign: "ForeignForeignForeignForeign1234",
} as const;

/** Salts as an edge may find them; the service has not heard of the one of now. */
function saltFile(): string {
  const at = (ms: number): string => new Date(Date.now() + ms).toISOString();
  return [
    `${SALTS.now} made ${at(-HOUR_MS)}`,
    `${SALTS.waiting} until replaced`,
    `${SALTS.previous} until ${at(HOUR_MS)}`,
    `${SALTS.ended} until ${at(-1)}`,
    "",
  ].join("\n");
}

async function attempts(): Promise<Attempt[]> {
  const { name: zero, key: zeroKey } = await nameOfZero(SALTS.now);
  const keyUnder = (salt: keyof typeof SALTS, name: string): Promise<string> => independentKey(SALTS[salt], name);
  const right = await keyUnder("now", "Alice");
  const name = "Alice";
  const refusal = WRONG_KEY;
  const cafe = "Caf\u00e9";
  return [
    { what: "the right key", name, key: right },
    { what: "the right key in upper case", name, key: right.toUpperCase() },
    {
      what: "the right key of a name of 16 characters",
      name: "A234567890_.bcDE",
      key: await keyUnder("now", "A234567890_.bcDE"),
    },
    { what: "a key that begins with 0", name: zero, key: zeroKey },
    { what: "the same without its zeros", name: zero, key: zeroKey.replace(/^0+/, "") },
    { what: "a key of the salt before, within the overlap", name, key: await keyUnder("previous", name) },
    { what: "a key of a salt whose end is not known yet", name, key: await keyUnder("waiting", name) },
    { what: "a key of an older salt", name, key: await keyUnder("ended", name), refusal },
    { what: "a key of another list", name, key: await keyUnder("foreign", name), refusal },
    { what: "a key of no salt", name, key: await independentKey("", name), refusal },
    { what: "another player's key", name, key: await keyUnder("now", "Bob"), refusal },
    { what: "the key of the name in other case", name, key: await keyUnder("now", "alice"), refusal },
    { what: "the right key for the name in other case", name: "ALICE", key: right, refusal },
    { what: "no key", name, key: "", refusal },
    { what: "-", name, key: "-", refusal },
    { what: "(none)", name, key: "(none)", refusal },
    { what: "zeros", name, key: "0".repeat(32), refusal },
    { what: "the salt itself", name, key: SALTS.now, refusal },
    { what: "a key cut short", name, key: right.slice(0, -1), refusal },
    { what: "a key with one digit more", name, key: `${right}0`, refusal },
    { what: "a key with a zero more in front", name, key: `0${right}`, refusal },
    { what: "the key twice, which fills the field", name, key: right + right, refusal },
    { what: "a key of other letters", name, key: "\u00e9".repeat(32), refusal },
    { what: "a name with a letter of code page 437", name: cafe, key: await keyUnder("now", cafe), refusal: BAD_NAME },
    {
      what: "a name of 17 characters",
      name: "A".repeat(17),
      key: await keyUnder("now", "A".repeat(17)),
      refusal: BAD_NAME,
    },
    { what: "no name", name: "", key: await keyUnder("now", ""), refusal: BAD_NAME },
  ];
}

Deno.test("who is let in is decided by the key, in parse and in raw mode, and no key or salt is logged", async () => {
  const table = await attempts();
  await withData(async (dataDir) => {
    for (const mode of MODES) await Deno.writeTextFile(`${dataDir}/salt-${mode}`, saltFile());
    await using server = await ObservedServer.start();
    await using program = await Program.start({ config: gate(server, []), dataDir });
    for (const mode of MODES) {
      for (const [index, { what, name, key, refusal }] of table.entries()) {
        // From an address of its own, so that no refusal is slowed down.
        await using bot = await callFrom(`192.0.2.${index + 1}`, program.target(mode), { name, key });
        if (refusal === undefined) {
          await bot.joined();
          const { login } = await server.joined(name);
          assertEquals(login.key, key, `${what}, ${mode}`);
          bot.close();
          await program.ended(program.endings.length + 1);
          await server.left(name);
        } else {
          assertMatch(await bot.kicked(), refusal, `${what}, ${mode}`);
        }
      }
    }
    await stopSilent(program, [...Object.values(SALTS), ...table.map(({ key }) => key)]);
  });
});

/** The salt that a server list was told last. */
function toldSalt({ requests }: ScriptedList): string {
  return saltIn(requests.at(-1));
}

function saltIn(heartbeat = ""): string {
  return /[&?\n]salt=([^&]*)/.exec(heartbeat)?.[1] ?? "";
}

/** Both listeners are in both lists; names of the second one's players get `_b`. */
function listedGate({ address, salt }: VerifyingServer, lists: readonly [ScriptedList, ScriptedList]): string {
  const heartbeats = MODES.flatMap((mode) =>
    lists.flatMap((list, index) => [
      "[[heartbeat]]",
      `listener = "${mode}"`,
      `url = "${list.url("127.0.0.1")}"`,
      'interval = "1s"',
      `name_suffix = "${["", "_b"][index]}"`,
    ])
  );
  return gate({ address }, [], [`salt = "${salt}"`, ...heartbeats]);
}

/** The salt that `list` makes keys of for the players of `mode`'s listener. */
async function saltAt(list: ScriptedList, program: Program, mode: string): Promise<string> {
  const { port } = program.target(mode);
  const last = (): string | undefined => list.requests.findLast((request) => request.includes(`port=${port}&`));
  await list.until(() => last() !== undefined, `a heartbeat of ${mode}`);
  return saltIn(last());
}

Deno.test("two lists vouch for two players of one name, whom servers can tell apart; a restart turns nobody away who has a key", async () => {
  await withData(async (dataDir) => {
    await using verifying = await VerifyingServer.start();
    const { server, salt: serverSalt } = verifying;
    await using first = new ScriptedList();
    await using second = new ScriptedList();
    const config = listedGate(verifying, [first, second]);
    const secrets = [serverSalt];
    const keys = new Map<string, string>();

    const play = async (program: Program, mode: string): Promise<void> => {
      const [plain, marked] = [keys.get(`${mode} plain`), keys.get(`${mode} marked`)];
      assert(plain !== undefined && marked !== undefined);
      await using alice = await callFrom("192.0.2.1", program.target(mode), { name: "Alice", key: plain });
      await using other = await callFrom("192.0.2.2", program.target(mode), { name: "Alice", key: marked });
      await Promise.all([alice.joined(), other.joined()]);
      // The server takes nobody whose key does not prove that name to it.
      for (const name of ["Alice", "Alice_b"]) {
        assertEquals((await server.joined(name)).login.key, await independentKey(serverSalt, name));
      }
      const long = "A".repeat(15);
      const longKey = await independentKey(await saltAt(second, program, mode), long);
      await using tooLong = await callFrom("192.0.2.3", program.target(mode), { name: long, key: longKey });
      assertMatch(await tooLong.kicked(), LONG_NAME);
      // Nobody reaches the other's name by typing it.
      await using thief = await callFrom("192.0.2.4", program.target(mode), { name: "Alice_b", key: marked });
      assertMatch(await thief.kicked(), WRONG_KEY);
    };

    {
      await using program = await Program.start({ config, dataDir });
      for (const mode of MODES) {
        const salts = [await saltAt(first, program, mode), await saltAt(second, program, mode)] as const;
        for (const salt of salts) assertMatch(salt, /^[A-Za-z0-9]{32}$/);
        secrets.push(...salts);
        keys.set(`${mode} plain`, await independentKey(salts[0], "Alice"));
        keys.set(`${mode} marked`, await independentKey(salts[1], "Alice"));
        await play(program, mode);
      }
      assertEquals(new Set(secrets).size, 5);
      await stopSilent(program, [...secrets, ...keys.values()]);
    }
    for (const list of [first, second]) list.requests.length = 0;
    {
      await using program = await Program.start({ config, dataDir });
      for (const mode of MODES) await play(program, mode);
      assert(secrets.includes(toldSalt(first)) && secrets.includes(toldSalt(second)), "the salts are other ones");
      await stopSilent(program, [...secrets, ...keys.values()]);
    }
    for await (const { name, isFile } of Deno.readDir(dataDir)) {
      if (!isFile || !name.startsWith("salt-")) continue;
      assertEquals((await Deno.stat(`${dataDir}/${name}`)).mode ?? 0, 0o100600, name);
    }
  });
});

Deno.test("a faulty file of salts ends the start, and its content is not told", async () => {
  await withData(async (dataDir) => {
    await Deno.writeTextFile(`${dataDir}/salt-raw`, "Secret Secret\n");
    const path = `${dataDir}/kurafuto.toml`;
    const config = gate({ address: "127.0.0.1:1" }, []);
    await Deno.writeTextFile(path, `[edge]\ndata_dir = "${dataDir}"\n[log]\nlevel = "debug"\n${config}`);
    const { code, stdout, stderr } = await programCommand(["run", "-c", path]).output();
    const [said, logged] = [new TextDecoder().decode(stdout), new TextDecoder().decode(stderr)];
    assertEquals([code, said], [78, ""]);
    assertStringIncludes(logged, `Cannot use the salts in ${dataDir}/salt-raw: line 1 is none`);
    assertEquals(logged.includes("Secret"), false);
    assertEquals(await Deno.readTextFile(`${dataDir}/salt-raw`), "Secret Secret\n");
  });
});

Deno.test("a salt that is old is replaced while the edge runs, and keys made with it count until the overlap is over", async () => {
  await withData(async (dataDir) => {
    await using server = await ObservedServer.start();
    await using list = new ScriptedList();
    const path = `${dataDir}/salt-parse@127.0.0.1_${list.port}`;
    const madeAt = new Date(Date.now() - 61_000).toISOString();
    await Deno.writeTextFile(path, `${SALTS.now} made ${madeAt} published\n`);
    list.play = reply("500 Internal Server Error", "text/html", "down");
    const config = gate(server, [], [
      "[auth]",
      'salt_rotation = "1m"',
      'salt_overlap = "2s"',
      "[[heartbeat]]",
      'listener = "parse"',
      `url = "${list.url("127.0.0.1")}"`,
      'interval = "1s"',
    ]);
    await using program = await Program.start({ config, dataDir });
    const key = await independentKey(SALTS.now, "Alice");
    const login = async (number: number): Promise<Bot> => {
      return await callFrom(`192.0.2.${number}`, program.target("parse"), { name: "Alice", key });
    };
    // The list has not heard of the new salt, and still makes keys of the old one.
    await list.until(() => toldSalt(list) !== "" && toldSalt(list) !== SALTS.now, "another salt");
    const renewed = toldSalt(list);
    {
      await using bot = await login(1);
      await bot.joined();
    }
    await program.ended(1);
    list.play = reply("200 OK", "text/plain", "https://list.example/play/0123456789abcdef0123456789abcdef/");
    await program.until(() => program.lines("listed")[0], "the listing");
    {
      await using bot = await callFrom("192.0.2.2", program.target("parse"), {
        name: "Alice",
        key: await independentKey(renewed, "Alice"),
      });
      await bot.joined();
    }
    const deadline = performance.now() + 10_000;
    for (let number = 3;; number++) {
      await using bot = await login(number);
      const outcome = await Promise.race([bot.joined().then(() => "in"), bot.kicked()]);
      if (outcome !== "in") {
        assertMatch(outcome, WRONG_KEY);
        break;
      }
      assert(performance.now() < deadline, "the old key counts for ever");
    }
    await stopSilent(program, [SALTS.now, renewed, key]);
  });
});

Deno.test("who fails again and again hears of it ever later, others do not, and a right key is let in at once", async () => {
  await withData(async (dataDir) => {
    for (const mode of MODES) await Deno.writeTextFile(`${dataDir}/salt-${mode}`, SALTS.now);
    await using server = await ObservedServer.start();
    await using program = await Program.start({ config: gate(server, []), dataDir });
    const target = program.target("parse");
    const guess = (address: string): Promise<Bot> => callFrom(address, target, { name: "Alice", key: "-" });
    const waits: number[] = [];
    for (let count = 0; count < 6; count++) {
      const begun = performance.now();
      await using bot = await guess("192.0.2.1");
      assertMatch(await bot.kicked(), WRONG_KEY);
      waits.push(performance.now() - begun);
    }
    const [fourth = 0, fifth = 0, sixth = 0] = waits.slice(3);
    assert(fourth >= 249 && fifth >= 499 && sixth >= 999, `the waits were ${waits.map(Math.round)} ms`);
    const key = await independentKey(SALTS.now, "Alice");
    // The next one waits two seconds.
    await using guesser = await guess("192.0.2.1");
    let told = false;
    const hears = guesser.kicked().then(() => told = true);
    await using neighbour = await guess("192.0.2.2");
    assertMatch(await neighbour.kicked(), WRONG_KEY);
    await using right = await callFrom("192.0.2.1", target, { name: "Alice", key });
    await right.joined();
    assertEquals(told, false);
    await hears;
  });
});

/** A server on which only one can have a name, the one who was first. */
class Jealous implements AsyncDisposable {
  readonly #events: string[] = [];
  readonly #waits = new Waits(() => `it saw ${this.#events}`);
  readonly #server: ClassicServer;

  private constructor(start: (tell: (event: string) => void) => ClassicServer) {
    this.#server = start((event) => {
      this.#events.push(event);
      this.#waits.changed();
    });
  }

  static async start(): Promise<Jealous> {
    let tell: (event: string) => void = () => {};
    const server = await ClassicServer.start({
      duplicateName: "newcomer",
      onEvent: (event) => {
        if (event.kind === "joined" || event.kind === "left") tell(`${event.kind} ${event.player}`);
      },
    });
    return new Jealous((told) => {
      tell = told;
      return server;
    });
  }

  get address(): string {
    return this.#server.address;
  }

  /** Waits until exactly this has happened. */
  async saw(...events: readonly string[]): Promise<void> {
    await this.#waits.until(() => this.#events.length >= events.length, `${events}`);
    assertEquals(this.#events, [...events]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server[Symbol.asyncDispose]();
  }
}

for (const mode of MODES) {
  Deno.test(`who proves a name takes it over, and the backend never sees it twice, in ${mode} mode`, async () => {
    await withData(async (dataDir) => {
      await Deno.writeTextFile(`${dataDir}/salt-${mode}`, SALTS.now);
      await using server = await Jealous.start();
      await using program = await Program.start({ config: gate(server, []), dataDir });
      const enter = async (address: string, name: string): Promise<Bot> => {
        return await callFrom(address, program.target(mode), { name, key: await independentKey(SALTS.now, name) });
      };
      await using old = await enter("192.0.2.1", "Alice");
      await old.joined();
      await server.saw("joined Alice");
      await using next = await enter("192.0.2.2", "Alice");
      // In raw mode nobody knows where a packet of the edge's own could stand.
      if (mode === "parse") assertMatch(await old.kicked(), REPLACED);
      await old.closed();
      await next.joined();
      await server.saw("joined Alice", "left Alice", "joined Alice");
      await using other = await enter("192.0.2.3", "aLICE");
      await other.joined();
      await next.closed();
      await server.saw("joined Alice", "left Alice", "joined Alice", "left Alice", "joined aLICE");
      // Without the key nothing happens to who is there.
      await using liar = await callFrom("192.0.2.4", program.target(mode), { name: "Alice", key: "-" });
      assertMatch(await liar.kicked(), WRONG_KEY);
      await program.ended(3);
      assertEquals([program.endings.length, other.violations], [3, []]);
      assertEquals(program.endings.map(({ reason }) => reason), ["replaced", "replaced", "wrong-key"]);
    });
  });
}

Deno.test("of two who come for a name that is playing, the later gets it", async () => {
  await withData(async (dataDir) => {
    await Deno.writeTextFile(`${dataDir}/salt-parse`, SALTS.now);
    await using server = await Jealous.start();
    await using program = await Program.start({ config: gate(server, []), dataDir });
    const options: BotOptions = { name: "Alice", key: await independentKey(SALTS.now, "Alice") };
    await using old = await callFrom("192.0.2.1", program.target("parse"), options);
    await old.joined();
    // Does not take its kick, which holds its end up.
    old.pauseReading();
    await using first = await callFrom("192.0.2.2", program.target("parse"), options);
    await using second = await callFrom("192.0.2.3", program.target("parse"), options);
    await second.joined();
    assertMatch(await first.kicked(), /^You have logged in from somewhere else \[CA-\w+\]$/);
    await server.saw("joined Alice", "left Alice", "joined Alice");
  });
});

/** A backend that never stops talking to whoever comes first. */
function talkative(): ScriptedBackend {
  let players = 0;
  return ScriptedBackend.listen(async (peer) => {
    const { dialect } = await serveWorld(peer, { size: { x: 4, y: 4, z: 4 } });
    const isFirst = players++ === 0;
    const line = encodePacket("Message", dialect, { type: 0, message: "Blah, blah, blah" });
    const lines = new Uint8Array(1_000 * line.length);
    for (let at = 0; at < lines.length; at += line.length) lines.set(line, at);
    while (isFirst && peer.isOpen) await peer.write(lines);
    await peer.closed;
  });
}

for (const driver of ["deno", "epoll"]) {
  Deno.test({
    name: `who proves a name takes it over within seconds from a client that hangs, with the driver ${driver}`,
    ignore: driver === "epoll" && Deno.build.os !== "linux",
    fn: async () => {
      await withData(async (dataDir) => {
        await Deno.writeTextFile(`${dataDir}/salt-parse`, SALTS.now);
        await using backend = talkative();
        const { target } = backend;
        assert("port" in target);
        await using program = await Program.start({
          config: gate({ address: `127.0.0.1:${target.port}` }, [], ["[admin]", 'bind = "127.0.0.1:0"']),
          edge: [`driver = "${driver}"`],
          dataDir,
        });
        await program.until(() => program.lines("admin").length > 0, "the admin API");
        const options: BotOptions = { name: "Alice", key: await independentKey(SALTS.now, "Alice") };
        await using old = await callFrom("192.0.2.1", program.target("parse"), options);
        await old.joined();
        old.pauseReading();
        const isStuck = async (): Promise<boolean> => {
          const response = await fetch(`${program.admin}/metrics`);
          return Number(/^kurafuto_buffer_bytes (\d+)$/m.exec(await response.text())?.[1]) > SOFT_LIMIT;
        };
        await eventually(isStuck, "a client that takes no more");
        await using next = await callFrom("192.0.2.2", program.target("parse"), options);
        await next.joined();
        assertEquals(program.endings.map(({ reason }) => reason), ["replaced"]);
      });
    },
  });
}

for (
  const [rule, listener, rest] of [
    ["keys are not asked for", ['auth = "off"'], []],
    ["the configuration says so", [], ["[auth]", 'duplicate_names = "refuse-new"']],
  ] as const
) {
  Deno.test(`where ${rule}, a name that is playing is refused`, async () => {
    await withData(async (dataDir) => {
      for (const mode of MODES) await Deno.writeTextFile(`${dataDir}/salt-${mode}`, SALTS.now);
      await using server = await Jealous.start();
      await using program = await Program.start({ config: gate(server, listener, rest), dataDir });
      const options: BotOptions = { name: "Alice", key: await independentKey(SALTS.now, "Alice") };
      {
        await using old = await callFrom("192.0.2.1", program.target("parse"), options);
        await old.joined();
        for (const mode of MODES) {
          await using next = await callFrom("192.0.2.2", program.target(mode), options);
          assertMatch(await next.kicked(), NAME_TAKEN);
        }
        await server.saw("joined Alice");
      }
      await program.ended(3);
      await using again = await callFrom("192.0.2.2", program.target("raw"), options);
      await again.joined();
    });
  });
}

Deno.test("a listener that asks for no key takes anybody, also where a list makes it known", async () => {
  await using server = await ObservedServer.start();
  await using list = new ScriptedList();
  const heartbeat = ["[[heartbeat]]", 'listener = "parse"', `url = "${list.url("127.0.0.1")}"`, 'name_suffix = "_a"'];
  await using program = await Program.start({ config: gate(server, ['auth = "off"'], heartbeat) });
  await list.until(() => toldSalt(list) !== "", "a heartbeat");
  for (const [name, key] of [["Alice", "-"], ["Bob", await independentKey(toldSalt(list), "Bob")]] as const) {
    await using bot = await callFrom("192.0.2.1", program.target("parse"), { name, key });
    await bot.joined();
    await server.joined(name);
  }
});

Deno.test("when the network is full the next player is told so, until somebody leaves", async () => {
  await using server = await ObservedServer.start();
  await using program = await Program.start({ config: gate(server, ['auth = "off"']), edge: ["max_players = 2"] });
  await using alice = await callFrom("192.0.2.1", program.target("parse"), { name: "Alice" });
  await using bob = await callFrom("192.0.2.2", program.target("raw"), { name: "Bob" });
  await Promise.all([alice.joined(), bob.joined()]);
  for (const mode of MODES) {
    await using carol = await callFrom("192.0.2.3", program.target(mode), { name: "Carol" });
    assertMatch(await carol.kicked(), FULL);
  }
  bob.close();
  await program.ended(3);
  await using carol = await callFrom("192.0.2.3", program.target("parse"), { name: "Carol" });
  await carol.joined();
});
