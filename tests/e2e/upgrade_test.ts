/** Upgrades of the real program while everybody plays. */
import { AdminClient } from "../../lib/admin/client.ts";
import { parseEndpoint } from "../../lib/admin/endpoint.ts";
import { CLASSICUBE, mcgalaxy } from "../../lib/demo/presets.ts";
import { ClassicServer } from "../../lib/demo/server.ts";
import { encodePacket } from "../../lib/protocol/packets.ts";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "../harness/assert.ts";
import { Bot } from "../harness/bot.ts";
import { makeCertificate } from "../harness/certificate.ts";
import { eventually } from "../harness/kernel.ts";
import { ByteCheck, chatLines, mapChunks } from "../harness/long_stream.ts";
import { DENO_FLAGS, network, programCommand } from "../harness/program.ts";
import { type Peer, PeerGone, ScriptedBackend } from "../harness/scripted_backend.ts";
import { Relay } from "../harness/relay.ts";
import { concat, identification, smallMap, vanilla, welcome } from "../session/logins.ts";
import { WebSocketStream } from "../harness/websocket_stream.ts";
import { acceptWebSocket } from "../../lib/transport/websocket/server_handshake.ts";
import { writeAll } from "../../lib/transport/write_all.ts";
import { Lineage } from "./lineage.ts";
import { isIn, serverOf } from "./stage.ts";
import { StreamPlayer } from "./stream_player.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
const IDENTIFICATION = identification("Steve", "-", 0);
/** What a backend says first: a login, a small map, and the beginning of one that does not end. */
const START = concat(
  welcome(vanilla()),
  smallMap(vanilla()),
  encodePacket("LevelInitialize", vanilla(), { volume: 1 }),
);
/** Milliseconds between two pieces of a stream that lasts as long as upgrades do. */
const PIECE_MS = 5;
/** Bytes by which such a piece ends before a packet does. */
const TAIL_SIZE = 13;
const CHAT_SIZE = encodePacket("PlayerMessage", vanilla(), { partial: 0, message: "" }).length;

/** @param driver The one that it is about, where another is not forced upon all tests. */
function upgradeTest(name: string, fn: () => Promise<void>, driver = "epoll"): void {
  const canRun = Deno.build.os === "linux" && [undefined, driver].includes(Deno.env.get("KURAFUTO_EDGE__DRIVER"));
  Deno.test({ name, ignore: !canRun, fn });
}

/** Two servers, and the program in front of them. */
class Network implements AsyncDisposable {
  readonly hub: ClassicServer;
  readonly lineage: Lineage;
  readonly #running: AsyncDisposableStack;

  private constructor(hub: ClassicServer, lineage: Lineage, running: AsyncDisposableStack) {
    this.hub = hub;
    this.lineage = lineage;
    this.#running = running;
  }

  static async start(edge: readonly string[] = [], lines: readonly string[] = []): Promise<Network> {
    await using starting = new AsyncDisposableStack();
    const hub = starting.use(await ClassicServer.start({ ...mcgalaxy(), name: "hub", maxPlayers: 200 }));
    const arena = starting.use(await ClassicServer.start({ ...mcgalaxy(), name: "arena", maxPlayers: 200 }));
    const config = [
      network([{ name: "hub", address: hub.address }, { name: "arena", address: arena.address }], {
        pool: ["join_rate = 10_000"],
      }),
      ...lines,
    ].join("\n");
    const lineage = starting.use(await Lineage.start({ config, edge: ["max_players = 1000", ...edge] }));
    return new Network(hub, lineage, starting.move());
  }

  async join(name: string, at = "main"): Promise<Bot> {
    const bot = await Bot.connect(this.lineage.program.target(at), { name, extensions: CLASSICUBE });
    await bot.joined();
    return bot;
  }

  /** Checks that nobody has noticed anything: the players that are here, and somebody who comes. */
  async assertUndisturbed(players: readonly Bot[], newcomer: string): Promise<void> {
    await Promise.all(players.map((player) => player.ping()));
    await using late = await this.join(newcomer);
    await late.ping();
    assertEquals([...players, late].flatMap(({ violations }) => violations), []);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#running.disposeAsync();
  }
}

function* withStart(stream: Iterable<Uint8Array>): Generator<Uint8Array> {
  yield START;
  yield* stream;
}

/** A stream of whole packets until `signal` aborts, in pieces that end within a packet; but for the last, which is the end of one. */
function* torn(stream: Iterable<Uint8Array>, signal: AbortSignal): Generator<Uint8Array> {
  let tail: Uint8Array = new Uint8Array(0);
  for (const piece of stream) {
    if (signal.aborted) break;
    const end = piece.length - TAIL_SIZE;
    yield concat(tail, piece.subarray(0, end));
    tail = piece.subarray(end);
  }
  yield tail;
}

/** Sends one piece after the other. Returns how many bytes that were. */
async function sendAll(pieces: Iterable<Uint8Array>, send: (piece: Uint8Array) => Promise<void>): Promise<number> {
  let sent = 0;
  for (const piece of pieces) {
    await send(piece);
    sent += piece.length;
    await new Promise((resolve) => setTimeout(resolve, PIECE_MS));
  }
  return sent;
}

/** A script that becomes another program. */
async function script(command: string): Promise<string> {
  const path = `${await Deno.makeTempDir({ prefix: "kurafuto-test-" })}/program`;
  await Deno.writeTextFile(path, `#!/bin/sh\n${command}\n`, { mode: 0o755 });
  return path;
}

function falseHeir(after: string, end: "die" | "hang"): Promise<string> {
  return script(`exec ${Deno.execPath()} run -q --allow-all ${ROOT}tests/e2e/false_heir_main.ts ${after} ${end}`);
}

upgradeTest("everybody plays on through an upgrade, the old process ends and the new one takes newcomers", async () => {
  await using network = await Network.start();
  const { lineage, hub } = network;
  await using players = new AsyncDisposableStack();
  const bots: Bot[] = [];
  for (let i = 0; i < 20; i++) {
    bots.push(players.use(await network.join(`player${i}`, i < 16 ? "main" : "raw")));
  }
  const [traveller] = bots;
  assert(traveller !== undefined);
  await traveller.chat("/server arena");
  await isIn(traveller, "arena");
  const before = await lineage.status();
  assertMatch(await lineage.command(), /^process \d+ has taken over: 20 sessions went over\n$/);
  await lineage.predecessorGone();
  await eventually(() => hub.connections.open === 19, "one connection for each player, beside those of checks");
  const after = await lineage.status();
  assertEquals([after.players, after.sessions, after.listeners], [20, 20, before.listeners]);
  await network.assertUndisturbed(bots, "late");
  await traveller.chat("/server hub");
  await isIn(traveller, "hub");
  assertEquals(lineage.program.endings.map(({ player, reason }) => [player, reason]), [["late", "client-left"]]);
});

upgradeTest("upgrades follow each other by signal, and players come, go and move in between", async () => {
  await using network = await Network.start();
  const { lineage } = network;
  await using steve = await network.join("Steve");
  for (let round = 0; round < 3; round++) {
    await using guest = await network.join(`guest${round}`);
    await lineage.signal();
    await lineage.predecessorGone();
    await network.assertUndisturbed([steve, guest], `late${round}`);
    const to = round % 2 === 0 ? "arena" : "hub";
    await steve.chat(`/server ${to}`);
    await isIn(steve, to);
  }
});

upgradeTest("every byte that was on its way comes through, both ways, in parse mode and in raw mode", async () => {
  const greeted = Promise.withResolvers<Peer>();
  let next = greeted;
  await using backend = ScriptedBackend.listen(async (peer) => {
    try {
      await peer.read(IDENTIFICATION.length);
      await peer.write(START);
    } catch (error) {
      // The edge only wants to know whether anybody listens.
      if (error instanceof PeerGone) return;
      throw error;
    }
    next.resolve(peer);
    await peer.closed;
  });
  const { target } = backend;
  assert("port" in target);
  const address = `${target.hostname}:${target.port}`;
  await using lineage = await Lineage.start({
    config: [network([{ name: "hub", address }]), "[health]", 'interval = "1h"'].join("\n"),
  });
  for (const mode of ["main", "raw"]) {
    next = Promise.withResolvers<Peer>();
    await using player = await StreamPlayer.connect(lineage.program.target(mode), withStart(mapChunks(Infinity)));
    await player.received(START.length);
    const peer = await next.promise;
    const over = new AbortController();
    const check = new ByteCheck(chatLines(Infinity));
    let unread = 0;
    const [map, chat] = [
      sendAll(torn(mapChunks(Infinity), over.signal), (piece) => peer.write(piece)),
      sendAll(torn(chatLines(Infinity), over.signal), async (piece) => {
        await player.send(piece);
        unread += piece.length;
        // The edge keeps what is no whole packet yet.
        const whole = unread - unread % CHAT_SIZE;
        check.take(await peer.read(whole));
        unread -= whole;
      }),
    ];
    // Where the edge ends the session, why is told below.
    for (const sending of [map, chat]) sending.catch(() => {});
    await lineage.upgrade();
    await lineage.predecessorGone();
    // What the edge has taken of the map and the player has not goes over, too.
    player.pauseReading();
    await lineage.upgrade();
    await lineage.predecessorGone();
    player.resumeReading();
    over.abort();
    assertEquals(lineage.program.endings.filter(({ reason }) => reason !== "client-left"), []);
    await player.received(START.length + await map);
    const said = await chat;
    assertEquals(check.position, said);
  }
});

upgradeTest("whoever connects while an upgrade is under way joins as ever", async () => {
  await using network = await Network.start();
  await using players = new AsyncDisposableStack();
  const upgrading = { isOver: false };
  const coming = (async (): Promise<Bot[]> => {
    const bots: Bot[] = [];
    while (!upgrading.isOver) bots.push(players.use(await network.join(`player${bots.length}`)));
    return bots;
  })();
  await network.lineage.upgrade();
  upgrading.isOver = true;
  const bots = await coming;
  assert(bots.length > 1, `${bots.length} players came`);
  await network.assertUndisturbed(bots, "late");
});

upgradeTest("a player who was logging in goes over once that is done, and the old process waits for it", async () => {
  await using network = await Network.start(['drain_timeout = "20s"']);
  const { lineage } = network;
  await using conn = await Deno.connect(lineage.program.target());
  const half = IDENTIFICATION.length / 2;
  await writeAll(conn, IDENTIFICATION.subarray(0, half));
  await eventually(async () => (await lineage.status()).sessions === 1, "the session");
  assertStringIncludes(await lineage.upgrade(), "0 sessions went over; 1 session cannot and drains");
  await writeAll(conn, IDENTIFICATION.subarray(half));
  await lineage.program.until(() => lineage.program.lines("handed-over").length > 0, "the second handover");
  await lineage.predecessorGone();
  assertEquals((await lineage.status()).players, 1);
});

upgradeTest("players of a listener that is gone stay behind, and keep nobody else from going over", async () => {
  await using network = await Network.start(['drain_timeout = "20s"']);
  const { lineage } = network;
  await using alex = await network.join("Alex", "raw");
  await using conn = await Deno.connect(lineage.program.target());
  await writeAll(conn, IDENTIFICATION.subarray(0, 10));
  await eventually(async () => (await lineage.status()).sessions === 2, "the session");
  const { path } = lineage.program;
  const config = await Deno.readTextFile(path);
  const without = config.replace(/\[\[listener\]\]\nname = "raw"\n[^[]*/, "");
  assert(without.length < config.length);
  await Deno.writeTextFile(path, without);
  assertStringIncludes(await lineage.upgrade(), "0 sessions went over; 2 sessions cannot and drain");
  await writeAll(conn, IDENTIFICATION.subarray(10));
  await lineage.program.until(() => lineage.program.lines("handed-over").length > 0, "the second handover");
  await alex.ping();
  await alex.halfClose();
  await alex.closed();
  await lineage.predecessorGone();
  assertEquals((await lineage.status()).players, 1);
  assertEquals(lineage.program.endings.map(({ player, reason }) => [player, reason]), [["Alex", "client-left"]]);
});

upgradeTest("whoever is still logging in to the old process cannot have a name that plays in the new one", async () => {
  await using network = await Network.start();
  const { lineage } = network;
  await using steve = await network.join("Steve");
  await using conn = await Deno.connect(lineage.program.target());
  await writeAll(conn, IDENTIFICATION.subarray(0, 10));
  await eventually(async () => (await lineage.status()).sessions === 2, "the session");
  assertStringIncludes(await lineage.upgrade(), "1 session went over; 1 session cannot and drains");
  await writeAll(conn, IDENTIFICATION.subarray(10));
  assertMatch(await new Response(conn.readable).text(), /is playing already/);
  await lineage.predecessorGone();
  await network.assertUndisturbed([steve], "late");
});

upgradeTest("players go over whose browser or server speaks WebSocket, however their messages are cut", async () => {
  await using hub = await ClassicServer.start({ ...mcgalaxy(), name: "hub" });
  await using relay = new Relay(hub.port, async (conn) => {
    const entry = await acceptWebSocket(conn, new AbortController().signal);
    return entry.kind === "open" ? entry.conn : undefined;
  });
  const config = [network([{ name: "hub", address: relay.address }]), 'forward_ip = "websocket"'].join("\n");
  await using lineage = await Lineage.start({ config });
  const { hostname, port } = lineage.program.target();
  await using players = new AsyncDisposableStack();
  const bots: Bot[] = [];
  for (const framing of ["binary", "fragments", "torn"] as const) {
    const stream = players.use(await WebSocketStream.connect(`ws://${hostname}:${port}/`, { framing }));
    bots.push(players.use(Bot.over(stream, { name: framing, extensions: CLASSICUBE })));
  }
  bots.push(players.use(await Bot.connect(lineage.program.target(), { name: "Steve", extensions: CLASSICUBE })));
  await Promise.all(bots.map((bot) => bot.joined()));
  for (let round = 0; round < 2; round++) {
    await lineage.upgrade();
    await lineage.predecessorGone();
    await Promise.all(bots.map((bot) => bot.ping()));
  }
  await eventually(
    () => hub.connections.open === bots.length,
    "one connection for each player, beside those of checks",
  );
  assertEquals([lineage.program.endings, bots.flatMap(({ violations }) => violations)], [[], []]);
});

upgradeTest("a player behind TLS is told that the network is upgraded, and may stay for a while", async () => {
  await using certificate = await makeCertificate();
  const { certPath, keyPath, authority } = certificate;
  const secure = ["[[listener]]", 'name = "secure"', 'bind = "127.0.0.1:0"', 'pool = "all"', 'auth = "off"'];
  const files = [`tls_cert = "${certPath}"`, `tls_key = "${keyPath}"`];
  await using network = await Network.start(['drain_timeout = "3s"'], [...secure, ...files]);
  const { lineage } = network;
  await using steve = await network.join("Steve");
  const stream = await Deno.connectTls({ ...lineage.program.target("secure"), caCerts: [authority] });
  await using alex = Bot.over(stream, { name: "Alex", extensions: CLASSICUBE });
  await alex.joined();
  assertStringIncludes(await lineage.upgrade(), "1 session went over; 1 session cannot and drains");
  await alex.chatLine(/The network is upgraded/);
  await alex.closed();
  await lineage.predecessorGone();
  await network.assertUndisturbed([steve], "late");
});

upgradeTest("a new process that cannot take over leaves everybody where they are, and says why", async () => {
  await using network = await Network.start();
  const { lineage } = network;
  await using steve = await network.join("Steve");
  await using alex = await network.join("Alex", "raw");
  const { path } = lineage.program;
  const bad = `${path}.bad`;
  await Deno.writeTextFile(bad, "[edge]\nname = 7\n");
  const config = await Deno.readTextFile(path);
  await using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const bind = `bind = "127.0.0.1:${taken.addr.port}"`;
  const run = (file: string): Promise<string> =>
    script(`exec ${Deno.execPath()} ${DENO_FLAGS.join(" ")} run -c ${file}`);
  let files = 0;
  const runWith = async (text: string): Promise<string> => {
    const file = `${path}.${files++}`;
    await Deno.writeTextFile(file, text);
    return await run(file);
  };
  const withAdmin = (line: string): Promise<string> => runWith(config.replace(/(?<=\[admin\]\n).*/, line));
  const cases: readonly (readonly [to: string, why: string])[] = [
    [`${path}.missing`, "No such file"],
    [path, "others than root"],
    [await script("exit 1"), "ended with code 1"],
    [await run(bad), `\n${bad}:2: edge.name: Cannot use value`],
    [
      await runWith(`${config}\n[[listener]]\nname = "more"\n${bind}\npool = "all"\nauth = "off"\n`),
      "Cannot bind listener 'more'",
    ],
    [await runWith(`${config}\n[heartbeat_absorber]\n${bind}\n`), "Cannot bind heartbeat_absorber"],
    [await withAdmin(bind), "Cannot bind admin"],
    [await withAdmin('token_file = "/no/such/token"'), "Cannot use admin.token_file '/no/such/token'"],
    [await runWith(config.replace("[log]", '[log]\nfile = "/no/such/log"')), "Cannot use log.file"],
    [await runWith(`${config}\n[events]\nfile = "/no/such/events"\n`), "Cannot use events.file"],
    [await falseHeir("nothing", "die"), "ended with code 3"],
    [await falseHeir("nonsense", "die"), "hands over in version 3, this one in 2"],
    [await falseHeir("hello", "die"), "ended with code 3"],
    [await falseHeir("ready", "die"), "ended with code 3"],
    [await falseHeir("sessions", "die"), "ended with code 3"],
    [await falseHeir("adopted", "die"), "ended with code 3"],
    [await falseHeir("sessions", "hang"), "did not take over within 5 s"],
    [await falseHeir("adopted", "hang"), "did not take over within 5 s"],
  ];
  await Deno.chmod(path, 0o666);
  for (const [index, [to, why]] of cases.entries()) {
    const answer = await lineage.refused(to);
    assertStringIncludes(answer, why, to);
    await network.assertUndisturbed([steve, alex], `late${index}`);
  }
  assertEquals((await lineage.status()).players, 2);
  assertEquals(lineage.program.lines("upgrade-refused").length, cases.length);
});

upgradeTest("an upgrade that was refused does not stand in the way of the next", async () => {
  await using network = await Network.start();
  await using steve = await network.join("Steve");
  assertStringIncludes(await network.lineage.refused(await falseHeir("sessions", "die")), "ended with code 3");
  await network.lineage.upgrade();
  await network.assertUndisturbed([steve], "late");
});

upgradeTest("a reload is refused as long as another process is about to take over, and not afterwards", async () => {
  await using network = await Network.start();
  const { lineage } = network;
  using client = lineage.client();
  const refused = lineage.refused(await falseHeir("sessions", "hang"));
  await lineage.program.until(() => lineage.program.lines("upgrade").length > 0, "the begin of the upgrade");
  const { result, lines } = await client.reload(undefined);
  assertEquals(result, "refused");
  assertStringIncludes(lines.join(), "another process is about to take over");
  await refused;
  assertEquals((await client.reload(undefined)).result, "unchanged");
});

upgradeTest("the new process goes by the file as it is then", async () => {
  await using network = await Network.start();
  const { lineage } = network;
  await using steve = await network.join("Steve");
  const text = await Deno.readTextFile(lineage.program.path);
  await Deno.writeTextFile(
    lineage.program.path,
    `${text}\n[[listener]]\nname = "more"\nbind = "127.0.0.1:0"\npool = "all"\nauth = "off"\n`,
  );
  await lineage.upgrade();
  await using alex = await network.join("Alex", "more");
  await network.assertUndisturbed([steve, alex], "late");
});

upgradeTest(
  "a drill ends with the process that it runs in, and whoever began it reads what players saw until then",
  async () => {
    await using network = await Network.start([], ["[drill]", "enabled = true"]);
    const { lineage } = network;
    await using steve = await network.join("Steve");
    const ids: unknown[] = [];
    for (const round of [1, 2]) {
      const command = programCommand(["drill", "stall", "--backend", "hub", "--for", "1h", "-c", lineage.program.path])
        .spawn();
      const { drill } = await lineage.program.until(() => lineage.program.lines("drill-begun")[round - 1], "a drill");
      ids.push(drill);
      await lineage.upgrade();
      const { code, stdout, stderr } = await command.output();
      assertEquals(code, 0);
      assertMatch(new TextDecoder().decode(stdout), /^Steve +hub +\d+ ms +unaffected\nstall before hub .+, 0 lost\n$/m);
      assertStringIncludes(new TextDecoder().decode(stderr), "kurafuto: the edge ended the drill");
      await lineage.predecessorGone();
    }
    assert(ids[0] !== ids[1], `both drills are ${ids[0]}`);
    const reasons = lineage.program.lines("drill-ended").map(({ why }) => why);
    assertEquals(reasons, ["another process has taken over", "another process has taken over"]);
    await network.assertUndisturbed([steve], "late");
  },
);

upgradeTest(
  "the new process has its admin API and absorber where the file says, be it where they were or elsewhere",
  async () => {
    await using network = await Network.start([], ["[heartbeat_absorber]", 'bind = "127.0.0.1:0"']);
    const { lineage } = network;
    await using steve = await network.join("Steve");
    const { path } = lineage.program;
    const config = await Deno.readTextFile(path);
    const { port } = new URL(`http://${lineage.program.lines("absorbing")[0]?.address}`);
    await Deno.writeTextFile(path, config.replace(/(?<=absorber\]\nbind = "127\.0\.0\.1:)0/, port));
    const missing = (): number => lineage.program.lines("listen-failed").length;
    for (const round of [1, 2]) {
      await lineage.upgrade();
      await lineage.program.until(() => lineage.program.lines("absorbing").length > round, "the absorber");
      await lineage.predecessorGone();
    }
    await Deno.writeTextFile(path, config.replace(/(?<=\[admin\]\n).*/, 'bind = "127.0.0.1:0"'));
    await lineage.upgrade();
    const address = lineage.program.lines("admin")[3]?.address;
    using client = new AdminClient(parseEndpoint(String(address)));
    assertEquals([(await client.status()).players, missing()], [1, 0]);
    await network.assertUndisturbed([steve], "late");
  },
);

upgradeTest("the command tells what is wrong with the file, and ends with 78", async () => {
  await using network = await Network.start();
  const { path } = network.lineage.program;
  await Deno.writeTextFile(path, `[oops]\n${await Deno.readTextFile(path)}`);
  const { code, stderr } = await programCommand(["upgrade", "-c", path]).output();
  assertEquals(code, 78);
  const title =
    "kurafuto: Cannot upgrade, and everything goes on as before: the new process refuses its configuration:";
  assertStringIncludes(new TextDecoder().decode(stderr), `${title}\n    ${path}:1: oops: `);
  assertStringIncludes(String(network.lineage.program.lines("upgrade-problem")[0]?.problem), ":1: oops: ");
});

upgradeTest("a backend that was drained stays so", async () => {
  await using network = await Network.start();
  const { lineage } = network;
  using client = lineage.client();
  await client.drainBackend("hub", { move: false });
  await lineage.upgrade();
  await using steve = await network.join("Steve");
  assertEquals(serverOf(steve), "arena");
});

upgradeTest('the driver "deno" cannot hand anything over, and says so', async () => {
  await using network = await Network.start(['driver = "deno"']);
  assertStringIncludes(await network.lineage.refused(), 'the driver is "deno"');
}, "deno");
