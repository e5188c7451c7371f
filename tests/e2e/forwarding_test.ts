/** What backends learn of their players' addresses, in each of the ways that `forward_ip` names. */
import { parseConfig } from "../../lib/config/load.ts";
import { CLASSICUBE } from "../../lib/demo/presets.ts";
import type { ClassicServerOptions } from "../../lib/demo/options.ts";
import { type Edge, startEdge } from "../../lib/edge.ts";
import { ExtensionSet } from "../../lib/protocol/extensions.ts";
import { PacketBuffer } from "../../lib/protocol/packet_buffer.ts";
import { encodePacket } from "../../lib/protocol/packets.ts";
import { dialFrom } from "../../lib/transport/bound_dial.ts";
import type { Conn } from "../../lib/transport/conn.ts";
import { acceptWebSocket } from "../../lib/transport/websocket/server_handshake.ts";
import { assert, assertEquals, assertMatch, assertNotEquals } from "../harness/assert.ts";
import { Bot } from "../harness/bot.ts";
import { Haproxy } from "../harness/haproxy.ts";
import { eventually, type TcpEnd, tcpEnds } from "../harness/kernel.ts";
import { chatLines, mapChunks } from "../harness/long_stream.ts";
import { NO_LIMITS, Program } from "../harness/program.ts";
import { Relay, type TakeOff, tcpThrough } from "../harness/relay.ts";
import { type Peer, PeerGone, ScriptedBackend } from "../harness/scripted_backend.ts";
import { concat, identification, smallMap, vanilla, welcome } from "../session/logins.ts";
import { BELIEVES_CALLERS, CALLERS_PORT, callFrom } from "./callers.ts";
import { ObservedServer } from "./observed_server.ts";
import { Player } from "./player.ts";
import { StreamPlayer } from "./stream_player.ts";
import { testWith } from "../harness/installed.ts";
import { quietLog } from "../harness/quiet_log.ts";

const test = testWith("haproxy");

const MIB = 1 << 20;
const NEVER = new AbortController().signal;
const STEVE = { name: "Steve", address: "127.1.2.3" };
const ALEX = { name: "Alex", address: "127.1.2.4" };
/** How long a backend that is slow takes nothing. */
const STALL_MS = 600;
/** Checks come all the time, and say hello at first. None is too late on a slow machine. */
const BUSY_CHECKS = ["[health]", 'interval = "100ms"', 'timeout = "10s"', 'login = "Probe"'];
/** In which a slow machine, too, makes many of them. */
const MANY_CHECKS = { timeoutMs: 30_000 };
const RARE_CHECKS = ["[health]", 'interval = "1h"'];
/** What the servers here offer, which is less than everything. */
const OFFERED = ExtensionSet.of(
  "CustomBlocks",
  "FastMap",
  "TwoWayPing",
  "LongerMessages",
  "ExtPlayerList",
  "MessageTypes",
);
const MASKED = 0x80;
const OPCODE = { binary: 2, close: 8, pong: 10 };
const HEAD_END = "\r\n\r\n";

interface Backend {
  readonly name: string;
  readonly address: string;
}

/** A parsing and a raw listener, whose players may be on all `backends`, the first of them at first. */
function configOf(forwardIp: string, backends: readonly Backend[], ...more: readonly string[]): string {
  const listeners = [["main", "parse"], ["raw", "raw"]].flatMap(([name, mode]) => [
    "[[listener]]",
    `name = "${name}"`,
    'bind = "127.0.0.1:0"',
    `mode = "${mode}"`,
    'pool = "all"',
    'auth = "off"',
    BELIEVES_CALLERS,
  ]);
  return [
    ...listeners,
    "[[pool]]",
    'name = "all"',
    `backends = [${backends.map(({ name }) => `"${name}"`).join(", ")}]`,
    "recent = false",
    ...backends.flatMap(({ name, address }) => [
      "[[backend]]",
      `name = "${name}"`,
      `address = "${address}"`,
      `forward_ip = "${forwardIp}"`,
    ]),
    ...more,
  ].join("\n");
}

/** A bot that plays from an address of its own. */
async function playFrom(
  { name, address }: { readonly name: string; readonly address: string },
  { hostname, port }: { readonly hostname: string; readonly port: number },
  server: ObservedServer,
): Promise<Player> {
  const conn = await tcpThrough(await dialFrom(address, { host: hostname, port }, NEVER));
  return await Player.over(conn, server, { name, extensions: CLASSICUBE });
}

/** Has a player ask for another server, and waits until they are there; `moves` tells how often anybody was moved so far. */
async function moveTo(name: string, { bot }: Player, moves: () => number): Promise<void> {
  const before = moves();
  await bot.chat(`/server ${name}`);
  await eventually(() => moves() > before, `${bot.name} moved to ${name}`);
}

/** Two servers, each behind something that takes off and keeps what the edge says in front of Classic. */
class Pair implements AsyncDisposable {
  readonly hub: ObservedServer;
  readonly arena: ObservedServer;
  readonly backends: readonly Backend[];
  readonly #running: AsyncDisposableStack;

  private constructor(hub: ObservedServer, arena: ObservedServer, backends: Backend[], running: AsyncDisposableStack) {
    this.hub = hub;
    this.arena = arena;
    this.backends = backends;
    this.#running = running;
  }

  /** @param stand Puts something in front of the server at a port, and returns where that is reached. */
  static async start(
    stand: (name: string, port: number, running: AsyncDisposableStack) => Promise<string>,
    options: ClassicServerOptions = { extensions: OFFERED },
  ): Promise<Pair> {
    await using starting = new AsyncDisposableStack();
    const [hub, arena] = [await ObservedServer.start(options), await ObservedServer.start(options)];
    const backends: Backend[] = [];
    for (const [name, server] of [["hub", hub], ["arena", arena]] as const) {
      starting.use(server);
      backends.push({ name, address: await stand(name, server.server.port, starting) });
    }
    return new Pair(hub, arena, backends, starting.move());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#running.disposeAsync();
  }
}

/** Lines of the PROXY protocol, version 1, by the server they came to. */
class Lines {
  readonly #all: (readonly [server: string, line: string])[] = [];

  /** Takes off such a line. */
  keeping(server: string): TakeOff {
    return async (conn) => {
      let line = "";
      for (const byte = new Uint8Array(1); !line.endsWith("\r\n"); line += String.fromCharCode(byte[0] ?? 0)) {
        if (await conn.read(byte) === null) return undefined;
      }
      this.#all.push([server, line.trimEnd()]);
      return conn;
    };
  }

  /** Those about connections of `address`. */
  about(address: string): readonly (readonly [server: string, line: string])[] {
    return this.#all.filter(([, line]) => line.split(" ")[2] === address);
  }

  get count(): number {
    return this.#all.length;
  }
}

/** HAProxy, which takes the edge's header and tells on what it said. */
function behindHaproxy(lines: Lines): Parameters<typeof Pair.start>[0] {
  return async (name, port, running) => {
    const relay = running.use(new Relay(port, lines.keeping(name)));
    const options = { server: relay.address, bind: "accept-proxy", serverLine: "send-proxy" };
    const haproxy = running.use(await Haproxy.start(options));
    return `${haproxy.hostname}:${haproxy.port}`;
  };
}

test("proxy-v2: HAProxy with accept-proxy learns both ends of a player's connection, after a move too", async () => {
  const lines = new Lines();
  await using pair = await Pair.start(behindHaproxy(lines));
  await using program = await Program.start({ config: configOf("proxy-v2", pair.backends, ...BUSY_CHECKS) });
  const edge = program.target("main");
  await using steve = await playFrom(STEVE, edge, pair.hub);
  steve.assertMap();
  const moves = (): number => program.lines("moved").length;
  await moveTo("arena", steve, moves);
  await moveTo("hub", steve, moves);
  const isPlayers = ({ localPort, remotePort }: TcpEnd): boolean => localPort === edge.port && remotePort > 0;
  const ports = tcpEnds(edge.port).filter(isPlayers).map(({ remotePort }) => remotePort);
  assertEquals(ports.length, 1);
  const line = `PROXY TCP4 ${STEVE.address} ${edge.hostname} ${ports[0]} ${edge.port}`;
  assertEquals(lines.about(STEVE.address), [["hub", line], ["arena", line], ["hub", line]]);
  await using alex = await playFrom(ALEX, edge, pair.hub);
  await alex.seesPlayer("Steve");
  assertEquals(lines.about(ALEX.address).map(([server]) => server), ["hub"]);
  assertEquals([steve.bot.violations, alex.bot.violations], [[], []]);
});

test("proxy-v2: what a load balancer in front of the edge has told is told on", async () => {
  const lines = new Lines();
  await using pair = await Pair.start(behindHaproxy(lines));
  await using program = await Program.start({ config: configOf("proxy-v2", pair.backends, ...RARE_CHECKS) });
  const edge = program.target("main");
  for (
    const [address, family, destination] of [
      ["192.0.2.7", "TCP4", "127.0.0.1"],
      ["2001:db8::7", "TCP6", "::ffff:127.0.0.1"],
    ] as const
  ) {
    await using bot = await callFrom(address, edge, { name: STEVE.name });
    await bot.joined();
    const line = `PROXY ${family} ${address} ${destination} ${CALLERS_PORT} ${edge.port}`;
    assertEquals(lines.about(address), [["hub", line]]);
    bot.close();
    await pair.hub.left(STEVE.name);
  }
});

test("proxy-v2: in raw mode the address is told too", async () => {
  const lines = new Lines();
  await using pair = await Pair.start(behindHaproxy(lines));
  await using program = await Program.start({ config: configOf("proxy-v2", pair.backends, ...BUSY_CHECKS) });
  await using steve = await playFrom(STEVE, program.target("raw"), pair.hub);
  steve.assertMap();
  assertEquals(lines.about(STEVE.address).length, 1);
});

test("proxy-v2: checks, which tell no address, find servers well and learn what they offer", async () => {
  const lines = new Lines();
  await using pair = await Pair.start(behindHaproxy(lines));
  await using program = await Program.start({ config: configOf("proxy-v2", pair.backends, ...BUSY_CHECKS) });
  await using steve = await playFrom(STEVE, program.target("main"), pair.hub);
  const count = lines.count;
  await steve.bot.until(() => lines.count > count + 10, "more checks", MANY_CHECKS);
  await using alex = await playFrom(ALEX, program.target("main"), pair.hub);
  assertEquals(alex.bot.extensions, OFFERED);
  assertEquals(program.lines("backend-down"), []);
  assertEquals(program.lines("check"), []);
});

/** A connection that keeps what is read from it. */
class Kept implements Conn {
  readonly #inner: Conn;
  readonly #read = new PacketBuffer();

  constructor(inner: Conn) {
    this.#inner = inner;
  }

  /** Everything that was read. */
  get bytes(): Uint8Array {
    return this.#read.copy();
  }

  async read(buffer: Uint8Array): Promise<number | null> {
    const count = await this.#inner.read(buffer);
    this.#read.append(buffer, 0, count ?? 0);
    return count;
  }

  write(bytes: Uint8Array): Promise<number> {
    return this.#inner.write(bytes);
  }

  closeWrite(): Promise<void> {
    return this.#inner.closeWrite();
  }

  close(): void {
    this.#inner.close();
  }
}

/** A WebSocket that the edge opened. */
interface Opened {
  readonly server: string;
  /** The request, up to its empty line. */
  readonly head: string;
  /** The frames. */
  readonly rest: Uint8Array;
}

/** WebSockets that the edge opened, byte for byte. */
class WebSockets {
  readonly #all: (readonly [server: string, conn: Kept])[] = [];

  /** Takes off a WebSocket. */
  keeping(server: string): TakeOff {
    return async (conn) => {
      const kept = new Kept(conn);
      this.#all.push([server, kept]);
      const entry = await acceptWebSocket(kept, NEVER);
      return entry.kind === "open" ? entry.conn : undefined;
    };
  }

  /** Those whose request is there, in the order in which they came. */
  get opened(): readonly Opened[] {
    return this.#all.flatMap(([server, { bytes }]) => {
      const end = new TextDecoder("latin1").decode(bytes).indexOf(HEAD_END);
      if (end < 0) return [];
      const head = new TextDecoder().decode(bytes.subarray(0, end));
      return [{ server, head, rest: bytes.subarray(end + HEAD_END.length) }];
    });
  }

  /** Those that tell of `address`. */
  about(address: string): readonly Opened[] {
    return this.opened.filter(({ head }) => head.split("\r\n").includes(`X-Real-IP: ${address}`));
  }
}

/** What a client's frames are, and how many bytes each carries. Throws at one that is not allowed. */
function framesIn(bytes: Uint8Array): readonly { readonly opcode: number; readonly length: number }[] {
  const frames: { opcode: number; length: number }[] = [];
  for (let at = 0; at < bytes.length;) {
    const [first = 0, second = 0, high = 0, low = 0] = bytes.subarray(at, at + 4);
    const short = second & 0x7f;
    assert((second & MASKED) !== 0, "a frame is not masked");
    assert(short < 127, "a frame has more than 65,535 bytes");
    const length = short < 126 ? short : high << 8 | low;
    frames.push({ opcode: first & 0x0f, length });
    at += (short < 126 ? 6 : 8) + length;
  }
  return frames;
}

/** A server that takes WebSockets only. */
function onWebSocket(sockets: WebSockets): Parameters<typeof Pair.start>[0] {
  return (name, port, running) => Promise.resolve(running.use(new Relay(port, sockets.keeping(name))).address);
}

Deno.test("websocket: a server learns the address by X-Real-IP in exactly that case, after a move too", async () => {
  const sockets = new WebSockets();
  await using pair = await Pair.start(onWebSocket(sockets));
  await using program = await Program.start({ config: configOf("websocket", pair.backends, ...BUSY_CHECKS) });
  await using steve = await playFrom(STEVE, program.target("main"), pair.hub);
  steve.assertMap();
  await using alex = await playFrom(ALEX, program.target("main"), pair.hub);
  const moves = (): number => program.lines("moved").length;
  await moveTo("arena", steve, moves);
  await moveTo("hub", steve, moves);
  await steve.seesPlayer("Alex");
  const told = sockets.about(STEVE.address);
  assertEquals(told.map(({ server }) => server), ["hub", "arena", "hub"]);
  assertEquals(sockets.about(ALEX.address).map(({ server }) => server), ["hub"]);
  for (const { server, head, rest } of told) {
    const address = pair.backends.find(({ name }) => name === server)?.address;
    const [request, ...headers] = head.split("\r\n");
    assertEquals(request, "GET / HTTP/1.1");
    const withoutKey = headers.filter((header) => !/^Sec-WebSocket-Key: [A-Za-z0-9+/]{22}==$/.test(header));
    assertEquals(withoutKey.toSorted(), [
      "Connection: Upgrade",
      `Host: ${address}`,
      `Origin: http://${address}`,
      "Sec-WebSocket-Protocol: ClassiCube",
      "Sec-WebSocket-Version: 13",
      "Upgrade: websocket",
      `X-Real-IP: ${STEVE.address}`,
    ]);
    assertEquals(headers.length, withoutKey.length + 1);
    const allowed: readonly number[] = Object.values(OPCODE);
    assertEquals(framesIn(rest).filter(({ opcode }) => !allowed.includes(opcode)), []);
  }
  assertEquals([steve.bot.violations, alex.bot.violations], [[], []]);
});

Deno.test("websocket: in raw mode the address is told too", async () => {
  const sockets = new WebSockets();
  await using pair = await Pair.start(onWebSocket(sockets));
  await using program = await Program.start({ config: configOf("websocket", pair.backends, ...BUSY_CHECKS) });
  await using steve = await playFrom(STEVE, program.target("raw"), pair.hub);
  steve.assertMap();
  assertEquals(sockets.about(STEVE.address).map(({ server }) => server), ["hub"]);
});

for (const listener of ["main", "raw"]) {
  Deno.test(`websocket: a kick through ${listener} arrives word for word`, async () => {
    await using pair = await Pair.start(onWebSocket(new WebSockets()));
    await using program = await Program.start({ config: configOf("websocket", pair.backends, ...BUSY_CHECKS) });
    await using steve = await playFrom(STEVE, program.target(listener), pair.hub);
    pair.hub.server.kick(STEVE.name, "&eNo & no");
    assertEquals(await steve.bot.kicked(), "&eNo & no");
    await steve.bot.closed();
    const { code, reason } = await program.ended(1);
    // What passes in raw mode is not looked at.
    assertEquals(`${code} ${reason}`, listener === "raw" ? "SP backend-closed" : "SP backend-kick");
  });
}

Deno.test("websocket: checks find servers well, tell no address, and learn what they offer", async () => {
  const sockets = new WebSockets();
  await using pair = await Pair.start(onWebSocket(sockets));
  await using program = await Program.start({ config: configOf("websocket", pair.backends, ...BUSY_CHECKS) });
  await using steve = await playFrom(STEVE, program.target("main"), pair.hub);
  const checks = (): readonly Opened[] => sockets.opened.filter(({ head }) => !/x-real-ip/i.test(head));
  await steve.bot.until(() => checks().length > 20, "many checks", MANY_CHECKS);
  await using alex = await playFrom(ALEX, program.target("main"), pair.hub);
  assertEquals(alex.bot.extensions, OFFERED);
  assertEquals(program.lines("backend-down"), []);
});

/** What a scripted backend says first: a login, a small map, and the beginning of a large one. */
const START = concat(
  welcome(vanilla()),
  smallMap(vanilla()),
  encodePacket("LevelInitialize", vanilla(), { volume: 1 }),
);
const LOGIN = identification("Steve", "-", 0);

/** A backend that welcomes players and gives each of them to `script`; checks, which say nothing, pass by. */
function scripted(script: (peer: Peer) => Promise<void>, readAhead?: number): ScriptedBackend {
  const options = { timeoutMs: 15_000, ...readAhead !== undefined && { readAhead } };
  return ScriptedBackend.listen(async (peer) => {
    try {
      assertEquals(await peer.read(LOGIN.length), LOGIN);
    } catch (error) {
      if (error instanceof PeerGone) return;
      throw error;
    }
    await peer.write(START);
    await script(peer);
  }, options);
}

function portOf({ target }: ScriptedBackend): number {
  return "port" in target ? target.port : 0;
}

for (const listener of ["main", "raw"]) {
  Deno.test(`websocket: much in both directions through ${listener} arrives unchanged, in frames of 65,535 bytes at most`, async () => {
    const sockets = new WebSockets();
    const said = [...chatLines(MIB)];
    const over = Promise.withResolvers<void>();
    await using backend = scripted(async (peer) => {
      const [heard] = await Promise.all([
        peer.read(concat(...said).length),
        (async () => {
          for (const piece of mapChunks(5 * MIB)) await peer.write(piece);
        })(),
      ]);
      assertEquals(heard, concat(...said));
      over.resolve();
    });
    await using relay = new Relay(portOf(backend), sockets.keeping("hub"));
    const config = configOf("websocket", [{ name: "hub", address: relay.address }], ...RARE_CHECKS);
    await using program = await Program.start({ config });
    await using player = await StreamPlayer.connect(program.target(listener), [START, ...mapChunks(5 * MIB)]);
    await player.received(START.length);
    // More than a frame takes.
    await player.send(concat(...said));
    const sizes = [...mapChunks(5 * MIB)].reduce((sum, { length }) => sum + length, START.length);
    await player.received(sizes);
    await over.promise;
    const [socket] = sockets.about("127.0.0.1");
    assert(socket !== undefined);
    const frames = framesIn(socket.rest).filter(({ opcode }) => opcode === OPCODE.binary);
    assertEquals(frames.reduce((sum, { length }) => sum + length, 0), LOGIN.length + concat(...said).length);
    player.close();
    await program.until(() => program.lines("ended")[0], "the end");
  });
}

/** An edge in this process whose servers tell players apart by their addresses. */
function startLoopbackEdge(config: string, dataDir: string, onMoved: () => void): Promise<Edge> {
  const log = quietLog({ info: (event) => void (event === "moved" && onMoved()) });
  const text = ["[edge]", `data_dir = "${dataDir}"`, "[limits]", ...NO_LIMITS, config].join("\n");
  return startEdge(parseConfig(text, { path: "kurafuto.toml" }).config, log);
}

function mainOf(edge: Edge): Edge["listeners"][number] {
  const main = edge.listeners.find(({ name }) => name === "main");
  assert(main !== undefined);
  return main;
}

/** Where a server sees a player come from. */
async function seenAt(server: ObservedServer, { name }: { readonly name: string }): Promise<string> {
  return (await server.joined(name)).login.remoteHostname;
}

/** Nothing in front of a server. */
const bare = (_: string, port: number): Promise<string> => Promise.resolve(`127.0.0.1:${port}`);

Deno.test("loopback: each player has one address 127.x.y.z, on every server, after coming back and after a restart", async () => {
  await using pair = await Pair.start(bare, { extensions: CLASSICUBE });
  const config = configOf("loopback", pair.backends, ...RARE_CHECKS);
  const dataDir = await Deno.makeTempDir({ prefix: "kurafuto-test-" });
  const seen = new Set<string>();
  for (let run = 0; run < 2; run++) {
    let moves = 0;
    await using edge = await startLoopbackEdge(config, dataDir, () => moves++);
    await using steve = await playFrom(STEVE, mainOf(edge), pair.hub);
    await using alex = await playFrom(ALEX, mainOf(edge), pair.hub);
    const [hers, his] = [await seenAt(pair.hub, ALEX), await seenAt(pair.hub, STEVE)];
    seen.add(`${hers} ${his}`);
    assertNotEquals(hers, his);
    for (const address of [hers, his]) assertMatch(address, /^127(\.([1-9]|[1-9]\d|1\d\d|2[0-4]\d|25[0-4])){3}$/);
    assertEquals(edge.loopbacks, [
      { player: "steve", address: his, inUse: true },
      { player: "alex", address: hers, inUse: true },
    ]);
    await moveTo("arena", steve, () => moves);
    assertEquals(await seenAt(pair.arena, STEVE), his);
    await steve.bot.halfClose();
    await steve.bot.closed();
    await pair.arena.left(STEVE.name);
    await alex.bot.until(() => edge.sessions === 1, "Steve gone");
    assertEquals(edge.loopbacks.find(({ player }) => player === "steve"), {
      player: "steve",
      address: his,
      inUse: false,
    });
    await using again = await playFrom({ ...STEVE, address: "127.9.9.9" }, mainOf(edge), pair.hub);
    assertEquals(await seenAt(pair.hub, STEVE), his);
    assertEquals([steve, alex, again].flatMap(({ bot }) => bot.violations), []);
  }
  assertEquals(seen.size, 1);
  await Deno.remove(dataDir, { recursive: true });
});

/** Has as many join as are let in, up to `most`, and returns their number. */
async function countJoins(program: Program, listener: string, most: number): Promise<number> {
  await using bots = new AsyncDisposableStack();
  for (let count = 0; count < most; count++) {
    const bot = bots.use(await Bot.connect(program.target(listener), { name: `Bot${count}` }));
    const end = await Promise.race([bot.joined().then(() => "joined"), bot.kicked().then(() => "kicked")]);
    if (end === "kicked") return count;
  }
  return most;
}

Deno.test("loopback: more players get on a server than it takes from one address", async () => {
  await using server = await ObservedServer.start({ maxPlayersPerAddress: 1 });
  const backends = [{ name: "hub", address: server.address }];
  for (const listener of ["main", "raw"]) {
    await using program = await Program.start({ config: configOf("loopback", backends, ...BUSY_CHECKS) });
    assertEquals(await countJoins(program, listener, 6), 6);
  }
  await using program = await Program.start({ config: configOf("off", backends, ...BUSY_CHECKS) });
  let joins = 0;
  // A check may have the one place just then.
  await eventually(async () => (joins = await countJoins(program, "raw", 6)) > 0, "somebody on the server");
  assertEquals(joins, 1);
});

// Deno 2.7 keeps without a limit what a bound socket does not take, and may be what the executable was compiled with.
const WAITS_FOR_SLOW_BACKENDS = Deno.env.get("KURAFUTO_EXECUTABLE") === undefined &&
  !Deno.version.deno.startsWith("2.7.");

for (const [forwardIp, listener] of [["loopback", "main"], ["loopback", "raw"], ["websocket", "main"]] as const) {
  Deno.test({
    name: `${forwardIp}: a slow backend makes players of ${listener} wait, costs little memory, and gets everything`,
    ignore: forwardIp === "loopback" && !WAITS_FOR_SLOW_BACKENDS,
    fn: async () => {
      const said = concat(...chatLines(20 * MIB));
      const isSlow = Promise.withResolvers<void>();
      const over = Promise.withResolvers<void>();
      await using backend = scripted(async (peer) => {
        await isSlow.promise;
        assertEquals((await peer.read(said.length)).length, said.length);
        over.resolve();
      }, 0);
      await using relay = new Relay(portOf(backend), new WebSockets().keeping("hub"));
      const address = forwardIp === "loopback" ? `127.0.0.1:${portOf(backend)}` : relay.address;
      const config = configOf(forwardIp, [{ name: "hub", address }], ...RARE_CHECKS);
      await using program = await Program.start({ config });
      await using player = await StreamPlayer.connect(program.target(listener), [START]);
      await player.received(START.length);
      const before = await program.residentBytes();
      let isSent = false;
      const sending = player.send(said).then(() => isSent = true);
      try {
        const { port } = program.target(listener);
        const isStuck = (): boolean =>
          tcpEnds(port).some(({ remotePort, unsent }) => remotePort === port && unsent > 0);
        await eventually(isStuck, "a player who waits");
        await new Promise((resolve) => setTimeout(resolve, STALL_MS));
        const grown = await program.residentBytes() - before;
        assertEquals(isSent, false);
        assert(grown < 40 * MIB, `grew by ${grown} bytes`);
      } finally {
        // Whatever has failed, nobody waits for the backend any more.
        isSlow.resolve();
      }
      await over.promise;
      await sending;
    },
  });
}
