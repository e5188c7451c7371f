/** Who a player is by their address, with real load balancers and web servers between them and the program. */
import { addEntry } from "../../lib/command_line/access_commands.ts";
import { CLASSICUBE } from "../../lib/demo/presets.ts";
import { dialFrom } from "../../lib/transport/bound_dial.ts";
import { PrefixedConn } from "../../lib/transport/prefixed_conn.ts";
import { writeProxyHeader } from "../../lib/transport/proxy_protocol.ts";
import type { Conn } from "../../lib/transport/conn.ts";
import { receiveHead } from "../../lib/transport/websocket/receive_head.ts";
import { WebSocketConn } from "../../lib/transport/websocket/websocket_conn.ts";
import { writeAll } from "../../lib/transport/write_all.ts";
import { assert, assertEquals, assertStringIncludes } from "../harness/assert.ts";
import { Bot } from "../harness/bot.ts";
import { Haproxy } from "../harness/haproxy.ts";
import { Nginx } from "../harness/nginx.ts";
import { type LogLine, NO_LIMITS, Program } from "../harness/program.ts";
import { tcpThrough } from "../harness/relay.ts";
import { concat, identification } from "../session/logins.ts";
import { ObservedServer } from "./observed_server.ts";
import { testWith } from "../harness/installed.ts";

const test = testWith("haproxy", "nginx");

const NEVER = new AbortController().signal;
/** Where whatever is in front of the edge connects from. */
const FRONT = "127.0.0.1";
const IPV6 = { source: "2001:db8::7", neighbour: "2001:db8::8", stranger: "2001:db8:0:1::7" };
/** An address that somebody only claims to have. */
const CLAIMED = "203.0.113.66";
/** A ban is taken up within two seconds. */
const FOLLOWED = { timeoutMs: 10_000 };

interface Place {
  readonly hostname: string;
  readonly port: number;
}

/** One server behind listeners that believe whom they are told to. */
const LISTENERS: readonly (readonly [name: string, ...lines: readonly string[]])[] = [
  ["main", 'bind = "127.0.0.1:0"', `proxy_protocol_from = ["${FRONT}"]`],
  ["raw", 'bind = "127.0.0.1:0"', `proxy_protocol_from = ["${FRONT}"]`, 'mode = "raw"'],
  ["both-families", 'bind = "[::]:0"', `proxy_protocol_from = ["${FRONT}"]`],
  ["ipv6", 'bind = "[::1]:0"', 'proxy_protocol_from = ["::1"]'],
  ["web", 'bind = "127.0.0.1:0"', `real_ip_from = ["${FRONT}"]`],
  ["trusting-nobody", 'bind = "127.0.0.1:0"'],
];

class Scene implements AsyncDisposable {
  readonly program: Program;
  readonly server: ObservedServer;
  readonly #dataDir: string;

  private constructor(program: Program, server: ObservedServer, dataDir: string) {
    this.program = program;
    this.server = server;
    this.#dataDir = dataDir;
  }

  static async start(perAddress = 100): Promise<Scene> {
    const server = await ObservedServer.start({ extensions: CLASSICUBE });
    const dataDir = await Deno.makeTempDir({ prefix: "kurafuto-test-" });
    const limits = NO_LIMITS.filter((line) => !line.startsWith("connections_per_address"));
    const config = [
      ...LISTENERS.flatMap(([name, ...lines]) => [
        "[[listener]]",
        `name = "${name}"`,
        'pool = "all"',
        'auth = "off"',
        ...lines,
      ]),
      "[[pool]]",
      'name = "all"',
      'backends = ["hub"]',
      "[[backend]]",
      'name = "hub"',
      `address = "${server.address}"`,
      "[limits]",
      ...limits,
      `connections_per_address = ${perAddress}`,
    ].join("\n");
    return new Scene(await Program.start({ config, dataDir }), server, dataDir);
  }

  /** Where a listener is reached over IPv4 or, where it has nothing else, over IPv6. */
  place(listener: string): Place {
    const { hostname, port } = this.program.target(listener);
    return { hostname: hostname === "::1" ? hostname : FRONT, port };
  }

  /** The same, as HAProxy and nginx write it. */
  route(listener: string): string {
    const { hostname, port } = this.place(listener);
    return hostname.includes(":") ? `[${hostname}]:${port}` : `${hostname}:${port}`;
  }

  async ban(address: string): Promise<void> {
    await addEntry(this.#dataDir, "ban", address, { lifetimeMs: undefined, reason: undefined });
  }

  /** Plays over a connection for a moment, under a name that nobody else has had, and returns the line about the session's end. */
  async visit(conn: Deno.Conn, name: string): Promise<LogLine> {
    await using bot = Bot.over(conn, { name, extensions: CLASSICUBE });
    await bot.joined();
    await bot.ping();
    await bot.halfClose();
    await bot.closed();
    return await this.end(name);
  }

  /** The line about the end of that player's session. */
  end(name: string): Promise<LogLine> {
    return this.program.until(() => this.program.lines("ended").find(({ player }) => player === name), `${name}'s end`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.program[Symbol.asyncDispose]();
    await this.server[Symbol.asyncDispose]();
    await Deno.remove(this.#dataDir, { recursive: true });
  }
}

/** A connection to `place` from another address of this machine. */
async function from(address: string, { hostname, port }: Place): Promise<Deno.TcpConn> {
  return await tcpThrough(await dialFrom(address, { host: hostname, port }, NEVER));
}

/** A WebSocket to `place` from another address of this machine, asked for with further headers, as a connection. */
async function webFrom(
  address: string,
  { hostname, port }: Place,
  headers: readonly string[] = [],
): Promise<Deno.Conn> {
  const conn = await dialFrom(address, { host: hostname, port }, NEVER);
  return await tcpThrough(await upgrade(conn, headers));
}

async function upgrade(conn: Conn, headers: readonly string[]): Promise<Conn> {
  const request = [
    "GET / HTTP/1.1",
    "Host: play.example",
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    ...headers,
    "\r\n",
  ];
  await writeAll(conn, new TextEncoder().encode(request.join("\r\n")));
  const answer = await receiveHead(conn);
  assert(answer.kind === "head");
  assertEquals(answer.head.startLine[1], "101");
  return new WebSocketConn(new PrefixedConn(conn, answer.rest), "client");
}

/** What a load balancer in front of the load balancer says about a client. */
function headerOf(address: string): Uint8Array {
  const destination = { address: address.includes(":") ? "2001:db8::1" : "198.51.100.1", port: 25565 };
  return writeProxyHeader({ source: { address, port: 56818 }, destination });
}

/** Reads until the other side has closed or broken the connection, and closes it. Returns what was heard. */
async function heardUntilEnd(conn: Deno.Conn): Promise<number> {
  const buffer = new Uint8Array(1024);
  let heard = 0;
  for (let count = await nextRead(conn, buffer); count !== null; count = await nextRead(conn, buffer)) heard += count;
  conn.close();
  return heard;
}

function nextRead(conn: Deno.Conn, buffer: Uint8Array): Promise<number | null> {
  return conn.read(buffer).catch(() => null);
}

for (const sending of ["send-proxy", "send-proxy-v2"]) {
  test(`behind HAProxy with ${sending} log, limits and bans go by the player's own address`, async () => {
    await using scene = await Scene.start(1);
    await using haproxy = await Haproxy.start({ server: scene.route("main"), serverLine: sending });
    await using steve = Bot.over(await from("127.1.2.3", haproxy), { name: "Steve", extensions: CLASSICUBE });
    await steve.joined();

    await using second = Bot.over(await from("127.1.2.3", haproxy), { name: "Second" });
    assertStringIncludes(await second.kicked(), "Too many connections from your address");
    const { ip, reason } = await scene.end("Second");
    assertEquals([ip, reason], ["127.1.2.3", "too-many-connections"]);

    await using alex = Bot.over(await from("127.1.2.4", haproxy), { name: "Alex", extensions: CLASSICUBE });
    await alex.joined();
    await scene.ban("127.1.2.4");
    assertStringIncludes(await alex.kicked(FOLLOWED), "You are banned");
    await alex.closed();
    await using again = Bot.over(await from("127.1.2.4", haproxy), { name: "Again" });
    assertStringIncludes(await again.kicked(), "You are banned");
    assertEquals((await scene.end("Again")).ip, "127.1.2.4");

    await steve.ping();
    await steve.halfClose();
    await steve.closed();
    const end = await scene.end("Steve");
    assertEquals([end.ip, `${end.code} ${end.reason}`, steve.violations], ["127.1.2.3", "CP client-left", []]);
  });

  test(`behind HAProxy with ${sending} the address is right in every mode and over every family`, async () => {
    await using scene = await Scene.start();
    for (const [index, listener] of ["raw", "both-families", "ipv6"].entries()) {
      await using haproxy = await Haproxy.start({ server: scene.route(listener), serverLine: sending });
      const { listener: found, ip } = await scene.visit(await from("127.1.2.5", haproxy), `Steve${index}`);
      assertEquals([found, ip], [listener, "127.1.2.5"]);
    }
  });

  test(`behind HAProxy with ${sending} an IPv6 player has their own address, and limits one network of /64`, async () => {
    await using scene = await Scene.start(1);
    await using haproxy = await Haproxy.start({
      server: scene.route("main"),
      bind: "accept-proxy",
      serverLine: sending,
    });
    const come = async (address: string, name: string): Promise<Bot> => {
      const conn = await Deno.connect(haproxy);
      await conn.write(headerOf(address));
      return Bot.over(conn, { name });
    };
    await using first = await come(IPV6.source, "First");
    await first.joined();
    await using neighbour = await come(IPV6.neighbour, "Neighbour");
    assertStringIncludes(await neighbour.kicked(), "Too many connections from your address");
    await using stranger = await come(IPV6.stranger, "Stranger");
    await stranger.joined();
    for (const bot of [first, stranger]) bot.close();
    const ends = await Promise.all(["First", "Neighbour", "Stranger"].map((name) => scene.end(name)));
    assertEquals(ends.map(({ ip }) => ip), Object.values(IPV6));
  });
}

for (
  const serverLine of [
    "check inter 50ms",
    "send-proxy check inter 50ms",
    "send-proxy-v2 check inter 50ms",
    "check check-send-proxy inter 50ms",
  ]
) {
  test(`HAProxy's own checks (${serverLine}) harm nobody and are counted as empty`, async () => {
    await using scene = await Scene.start(2);
    const { program } = scene;
    // Without that HAProxy resets a connection before it is one.
    const lines = ["option tcp-check", "tcp-check connect default linger"];
    await using haproxy = await Haproxy.start({ server: scene.route("main"), serverLine, lines });
    const checks = (): readonly LogLine[] => program.lines("turned-away");
    await program.until(() => checks().length >= 10, "ten checks");
    const { ip } = await scene.visit(await from("127.1.2.3", haproxy), "Steve");
    assertEquals(ip, serverLine.startsWith("check") ? FRONT : "127.1.2.3");
    const counted = await program.until(() => program.lines("turned-away-many")[0], "their count");
    assertEquals([counted.reason, counted.level], ["empty", "debug"]);
    assertEquals(checks().filter(({ reason }) => reason !== "empty"), []);
    assertEquals(program.lines("ended").length, 1);
  });
}

test("a PROXY header from a network that is not listed changes nothing, and ends the connection", async () => {
  await using scene = await Scene.start(1);
  const { program } = scene;
  await scene.ban("127.9.9.9");
  const line = new TextEncoder().encode("PROXY TCP4 127.9.9.9 127.0.0.1 56818 25565\r\n");
  const headers = [line, headerOf("127.9.9.9"), headerOf(IPV6.source), writeProxyHeader()];
  for (const [index, listener] of ["main", "raw", "trusting-nobody", "web"].entries()) {
    for (const header of headers) {
      const conn = await from("127.5.5.5", scene.place(listener));
      const before = program.endings.length;
      await conn.write(concat(header, identification("Mallory")));
      assertEquals(await heardUntilEnd(conn), 0);
      const { event, ip, reason } = await program.ended(before + 1);
      assertEquals([event, ip, reason], ["turned-away", "127.5.5.5", "not-classic"]);
    }
    const { listener: found, ip } = await scene.visit(await from("127.5.5.5", scene.place(listener)), `Steve${index}`);
    assertEquals([found, ip], [listener, "127.5.5.5"]);
  }
});

test("a load balancer is believed once: what its client sends like it is not", async () => {
  await using scene = await Scene.start();
  const conn = await Deno.connect(scene.place("main"));
  await conn.write(concat(headerOf("127.1.2.3"), headerOf(CLAIMED), identification("Mallory")));
  assertEquals(await heardUntilEnd(conn), 0);
  const { event, ip, reason } = await scene.program.ended(1);
  assertEquals([event, ip, reason], ["turned-away", "127.1.2.3", "not-classic"]);
});

test("half a PROXY header and a broken one end their connections, and nobody else's", async () => {
  await using scene = await Scene.start();
  const broken = headerOf("127.1.2.3").with(12, 0x31);
  for (
    const [bytes, reason] of [[headerOf("127.1.2.3").subarray(0, 20), "cut-short"], [
      broken,
      "bad-proxy-header",
    ]] as const
  ) {
    const conn = await Deno.connect(scene.place("main"));
    const before = scene.program.endings.length;
    await conn.write(bytes);
    await conn.closeWrite();
    await heardUntilEnd(conn);
    assertEquals((await scene.program.ended(before + 1)).reason, reason);
  }
  assertEquals((await scene.visit(await Deno.connect(scene.place("main")), "Steve")).ip, FRONT);
});

/** What nginx is told to say about its clients, and what a client claims that must not be believed. */
const WEB_SERVERS: readonly (readonly [what: string, headers: readonly string[], claim: string])[] = [
  ["X-Real-IP", ["X-Real-IP $remote_addr"], `X-Real-IP: ${CLAIMED}`],
  [
    "X-Forwarded-For",
    ["X-Forwarded-For $proxy_add_x_forwarded_for", 'X-Real-IP ""'],
    `X-Forwarded-For: ${CLAIMED}`,
  ],
];

for (const [what, headers, claim] of WEB_SERVERS) {
  test(`${what} of a listed nginx is believed, by the log and by bans, and what its client claims is not`, async () => {
    await using scene = await Scene.start();
    await using nginx = await Nginx.start(scene.route("web"), headers);
    assertEquals((await scene.visit(await webFrom("127.7.7.7", nginx, [claim]), "Steve")).ip, "127.7.7.7");
    await scene.ban("127.7.7.7");
    await scene.program.until(() => scene.program.lines("access")[0], "the new ban list", FOLLOWED);
    await using banned = Bot.over(await webFrom("127.7.7.7", nginx, [claim]), { name: "Banned" });
    assertStringIncludes(await banned.kicked(), "You are banned");
    assertEquals((await scene.visit(await webFrom("127.7.7.8", nginx, [claim]), "Alex")).ip, "127.7.7.8");
  });

  test(`${what} from a network that is not listed is not believed`, async () => {
    await using scene = await Scene.start();
    await using nginx = await Nginx.start(scene.route("trusting-nobody"), headers);
    assertEquals((await scene.visit(await webFrom("127.7.7.7", nginx, [claim]), "Steve")).ip, FRONT);
    const direct = await webFrom("127.7.7.7", scene.place("web"), [claim]);
    assertEquals((await scene.visit(direct, "Alex")).ip, "127.7.7.7");
  });
}

test("a web server may tell an IPv6 address, and what is no address is passed over", async () => {
  await using scene = await Scene.start();
  const visits: readonly (readonly [header: string, ip: string])[] = [
    ["X-Real-IP: 2001:DB8::7", "2001:db8::7"],
    ["x-real-ip: ::ffff:192.0.2.7", "192.0.2.7"],
    ["X-Real-IP: unknown", FRONT],
    ["X-Forwarded-For: 192.0.2.7, nonsense", FRONT],
  ];
  for (const [index, [header, ip]] of visits.entries()) {
    const conn = await webFrom(FRONT, scene.place("web"), [header]);
    assertEquals((await scene.visit(conn, `Steve${index}`)).ip, ip);
  }
});
