import { dialFrom } from "../../lib/transport/bound_dial.ts";
import { encodePacket } from "../../lib/protocol/packets.ts";
import { writeAll } from "../../lib/transport/write_all.ts";
import { assert, assertEquals, assertMatch, assertNotEquals, assertStringIncludes } from "../harness/assert.ts";
import { Bot } from "../harness/bot.ts";
import { Program } from "../harness/program.ts";
import { ScriptedBackend } from "../harness/scripted_backend.ts";
import { Waits } from "../harness/waits.ts";
import { vanilla } from "../session/logins.ts";
import { independentKey } from "./independent_keys.ts";
import { ObservedServer } from "./observed_server.ts";
import { VerifyingServer } from "./verifying_server.ts";

const MODES = ["parse", "raw"] as const;
const EDGE_SALT = "EdgeEdgeEdgeEdgeEdgeEdge12345678";
const REFUSED_BY_EDGE = /^Login failed! Close the game and sign in again \[PA-\w+\]$/;
const REFUSED_BY_SERVER = "Login failed! Close the game and sign in again.";
/** So that only beats that the test asks for are sent. */
const NEVER_MS = 3_600_000;

/** An edge that checks names itself, before backends; takes heartbeats unless told otherwise. */
class Front implements AsyncDisposable {
  readonly program: Program;

  private constructor(program: Program) {
    this.program = program;
  }

  /** @param rest Further TOML; lines that belong to the last backend first. */
  static async start(
    dataDir: string,
    backends: readonly { readonly name: string; readonly address: string }[],
    rest: readonly string[] = ["[heartbeat_absorber]", 'bind = "127.0.0.1:0"'],
    health: readonly string[] = [],
  ): Promise<Front> {
    for (const mode of MODES) await Deno.writeTextFile(`${dataDir}/salt-${mode}`, EDGE_SALT);
    const config = [
      ...MODES.flatMap((mode) => [
        "[[listener]]",
        `name = "${mode}"`,
        `mode = "${mode}"`,
        'bind = "127.0.0.1:0"',
        'pool = "all"',
      ]),
      "[[pool]]",
      'name = "all"',
      `backends = [${backends.map(({ name }) => `"${name}"`).join(", ")}]`,
      'fallback = ["all"]',
      "[health]",
      'interval = "100ms"',
      "rise = 1",
      ...health,
      ...backends.flatMap(({ name, address }) => ["[[backend]]", `name = "${name}"`, `address = "${address}"`]),
      ...rest,
    ];
    const program = await Program.start({ config: config.join("\n"), dataDir });
    // It listens for heartbeats once it listens for players.
    if (rest.includes("[heartbeat_absorber]")) await program.until(() => program.lines("absorbing")[0], "the absorber");
    return new Front(program);
  }

  /** Where `backend` sends its heartbeats. */
  url(backend = "hub"): string {
    return `http://${this.program.lines("absorbing")[0]?.address}/hb/${backend}`;
  }

  /** Logs in with the key that the edge asks for. */
  async call(name: string, mode = "parse"): Promise<Bot> {
    return await Bot.connect(this.program.target(mode), { name, key: await independentKey(EDGE_SALT, name) });
  }

  /** Lets a player in through both listeners, one behind the other; the server must have checked the key of its own salt. */
  async assertLeadsTo({ server, salt }: VerifyingServer): Promise<void> {
    for (const [mode, name] of [["parse", "Alice"], ["raw", "Bob"]] as const) {
      const gone = this.program.endings.length;
      await using bot = await this.call(name, mode);
      await bot.joined();
      assertEquals((await server.joined(name)).login.key, await independentKey(salt, name));
      bot.close();
      await server.left(name);
      await this.program.ended(gone + 1);
    }
  }

  /** Stops the program; its whole log must hold none of `secrets`. */
  async stop(...secrets: readonly string[]): Promise<void> {
    assertEquals(await this.program.stop(), 0);
    const log = JSON.stringify(this.program.log);
    assertStringIncludes(log, "ended");
    for (const secret of [EDGE_SALT, ...secrets]) assertEquals(log.includes(secret), false, "the log tells a secret");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.program[Symbol.asyncDispose]();
  }
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

interface Beat {
  readonly port: number;
  readonly salt: string;
  readonly max?: number;
}

/** Posts one heartbeat by hand. */
async function post(
  url: string,
  { port, salt, max = 16 }: Beat,
): Promise<{ readonly status: number; readonly text: string }> {
  const body = `&port=${port}&max=${max}&name=Test&public=False&version=7&salt=${salt}&users=0&software=Test&web=True`;
  const response = await fetch(url, { method: "POST", body });
  return { status: response.status, text: await response.text() };
}

Deno.test("a server that checks keys itself takes those who come through the edge, and nobody else", async () => {
  await withData(async (dataDir) => {
    await using server = await VerifyingServer.start({ beatMs: NEVER_MS });
    await using front = await Front.start(dataDir, [{ name: "hub", address: server.address }]);
    const answer = await server.beatTo(front.url());
    assertEquals(answer.includes('"errors":'), false, answer);
    await front.assertLeadsTo(server);

    const edgeKey = await independentKey(EDGE_SALT, "Alice");
    for (const key of [edgeKey, "", "-", EDGE_SALT]) {
      await using stranger = await Bot.connect(server.server.target, { name: "Alice", key });
      assertEquals(await stranger.kicked(), REFUSED_BY_SERVER);
    }
    const serverKey = await independentKey(server.salt, "Alice");
    for (const key of [serverKey, "-"]) {
      for (const mode of MODES) {
        await using liar = await Bot.connect(front.program.target(mode), { name: "Alice", key });
        assertMatch(await liar.kicked(), REFUSED_BY_EDGE);
      }
    }
    await front.stop(server.salt, edgeKey, serverKey);
  });
});

Deno.test("a restarted server with another salt is followed at its first heartbeat, with the players it had", async () => {
  await withData(async (dataDir) => {
    await using server = await VerifyingServer.start({ beatMs: NEVER_MS });
    await using front = await Front.start(dataDir, [{ name: "hub", address: server.address }]);
    await server.beatTo(front.url());
    await using alice = await front.call("Alice");
    await alice.joined();
    await server.server.joined("Alice");
    const before = server.salt;
    await server.kill();
    await server.restart();
    assertNotEquals(server.salt, before);
    // Whoever comes now is in, and whoever was there comes back by themselves.
    await using carol = await front.call("Carol", "raw");
    await carol.joined();
    assertEquals((await server.server.joined("Carol")).login.key, await independentKey(server.salt, "Carol"));
    assertEquals((await server.server.joined("Alice")).login.key, await independentKey(server.salt, "Alice"));
    assertEquals([alice.violations, front.program.endings], [[], []]);
    await front.stop(before, server.salt);
  });
});

Deno.test("a restarted edge knows the salt before the next heartbeat", async () => {
  await withData(async (dataDir) => {
    await using server = await VerifyingServer.start({ beatMs: NEVER_MS });
    const backends = [{ name: "hub", address: server.address }];
    {
      await using front = await Front.start(dataDir, backends);
      await server.beatTo(front.url());
      await front.program.until(() => front.program.lines("salt-learned")[0], "the salt");
    }
    assertEquals((await Deno.stat(`${dataDir}/backend-salts`)).mode ?? 0, 0o100600);
    await using front = await Front.start(dataDir, backends);
    await front.assertLeadsTo(server);
    assertEquals(front.program.lines("salt-learned"), []);
    await front.stop(server.salt);
  });
});

Deno.test("a salt of the configuration counts without heartbeats, and against them", async () => {
  await withData(async (dataDir) => {
    await using server = await VerifyingServer.start({ beatMs: NEVER_MS });
    const backends = [{ name: "hub", address: server.address }];
    {
      await using front = await Front.start(dataDir, backends, [`salt = "${server.salt}"`]);
      await front.assertLeadsTo(server);
    }
    const absorber = ["[heartbeat_absorber]", 'bind = "127.0.0.1:0"'];
    await using front = await Front.start(dataDir, backends, [`salt = "${server.salt}"`, ...absorber]);
    const { status } = await post(front.url(), { port: server.server.server.port, salt: "S".repeat(32) });
    assertEquals(status, 200);
    await front.assertLeadsTo(server);
    assertEquals(front.program.lines("salt-learned"), []);
    await front.stop(server.salt);
  });
});

Deno.test("heartbeats that contradict the configuration change nothing, and tell nobody a salt", async () => {
  await withData(async (dataDir) => {
    await using server = await VerifyingServer.start({ beatMs: NEVER_MS });
    const from = ["[heartbeat_absorber]", 'bind = "127.0.0.1:0"', 'from = ["127.0.0.1"]'];
    await using front = await Front.start(dataDir, [{ name: "hub", address: server.address }], from);
    await server.beatTo(front.url());
    const { port } = server.server.server;
    const salt = "F".repeat(32);
    const answers = [
      await post(front.url(), { port: port === 1 ? 2 : 1, salt }),
      await post(front.url("other"), { port, salt }),
      await post(front.url(), { port, salt: `${salt} ${salt}` }),
      await post(front.url(), { port, salt, max: -1 }),
    ];
    assertEquals(answers.map(({ status }) => status), [409, 404, 400, 400]);
    const texts = answers.map(({ text }) => text);
    texts.push(await postFrom("127.1.0.1", front.url(), `port=${port}&max=16&users=0&salt=${salt}`));
    assertMatch(texts.at(-1) ?? "", /^HTTP\/1\.1 403 /);
    for (const text of texts) {
      assertStringIncludes(text, '"errors":');
      assertEquals([text.includes(salt), text.includes(server.salt)], [false, false]);
    }
    assertEquals(front.program.lines("salt-learned").length, 1);
    await front.assertLeadsTo(server);
    await front.stop(server.salt, salt);
  });
});

/** Posts a form from an address of this machine that the caller chooses. Returns the whole answer. */
async function postFrom(address: string, url: string, form: string): Promise<string> {
  const { hostname: host, port, pathname } = new URL(url);
  const conn = await dialFrom(address, { host, port: Number(port) }, AbortSignal.timeout(5_000));
  try {
    const head = [`POST ${pathname} HTTP/1.1`, `Host: ${host}`, `Content-Length: ${form.length}`];
    await writeAll(conn, new TextEncoder().encode(`${head.join("\r\n")}\r\n\r\n${form}`));
    const buffer = new Uint8Array(4096);
    let answer = "";
    for (let count = await conn.read(buffer); count !== null; count = await conn.read(buffer)) {
      answer += new TextDecoder().decode(buffer.subarray(0, count));
    }
    return answer;
  } finally {
    conn.close();
  }
}

Deno.test("health checks that log in show the key of the server's salt, and of each new one", async () => {
  await withData(async (dataDir) => {
    const keys: string[] = [];
    const waits = new Waits(() => `the keys were ${keys}`);
    let held = Promise.resolve();
    await using backend = ScriptedBackend.listen(async (peer) => {
      const { username, key } = await peer.readPacket("PlayerIdentification", vanilla());
      assertEquals(username, "probe");
      keys.push(key);
      waits.changed();
      await held;
      // An answer like any other: it is not asked again for minutes.
      await peer.write(encodePacket("DisconnectPlayer", vanilla(), { reason: REFUSED_BY_SERVER }));
      await peer.closed;
    });
    const { target } = backend;
    assert("port" in target);
    const address = `127.0.0.1:${target.port}`;
    const absorber = ["[heartbeat_absorber]", 'bind = "127.0.0.1:0"'];
    await using front = await Front.start(dataDir, [{ name: "hub", address }], absorber, ['login = "probe"']);
    await front.program.until(() => front.program.lines("check")[0], "a check that was not let in");
    assertEquals(keys, ["-"]);
    const learn = async (salt: string): Promise<void> => {
      const { status } = await post(front.url(), { port: target.port, salt });
      assertEquals(status, 200);
    };
    const shows = async (salt: string): Promise<void> => {
      const wanted = await independentKey(salt, "probe");
      await waits.until(() => keys.at(-1) === wanted, `the key ${wanted}`);
    };
    const [first, second] = ["A".repeat(32), "B".repeat(32)];
    const answer = Promise.withResolvers<void>();
    held = answer.promise;
    await learn(first);
    await shows(first);
    // While the check before still waits for its answer.
    await learn(second);
    answer.resolve();
    await shows(second);
  });
});

Deno.test("the room that a server says it has is shown by /server, and nobody is sent where there is none", async () => {
  await withData(async (dataDir) => {
    await using hub = await ObservedServer.start();
    await using games = await ObservedServer.start();
    const backends = [{ name: "hub", address: hub.address }, { name: "games", address: games.address }];
    await using front = await Front.start(dataDir, backends);
    const beat = { port: hub.server.port, salt: "A".repeat(32) };
    assertEquals((await post(front.url(), { ...beat, max: 1 })).status, 200);

    await using alice = await front.call("Alice");
    await alice.joined();
    await hub.joined("Alice");
    await using bob = await front.call("Bob");
    await bob.joined();
    await games.joined("Bob");
    await bob.chat("/server");
    assertMatch(await bob.chatLine(/hub/), /&6 {2}hub &71\/1 players, &6full$/);
    await bob.chat("/server hub");
    await bob.chatLine(/&chub is full$/);

    assertEquals((await post(front.url(), { ...beat, max: 2 })).status, 200);
    const since = bob.state.screen.chat.length;
    await bob.chat("/server");
    assertMatch(await bob.chatLine(/hub/, { since }), /&f {2}hub &71\/2 players$/);
    await bob.chat("/server hub");
    await hub.joined("Bob");
    await using carol = await front.call("Carol");
    await carol.joined();
    await games.joined("Carol");
    await front.stop(beat.salt);
  });
});
