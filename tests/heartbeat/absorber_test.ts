import { type Address, parseAddress } from "../../lib/config/address.ts";
import { parseNetwork } from "../../lib/config/network.ts";
import {
  type BackendBeat,
  HeartbeatAbsorber,
  type HeartbeatAbsorberOptions,
  type RefusedBeat,
} from "../../lib/heartbeat/absorber.ts";
import { BindError } from "../../lib/transport/bind_error.ts";
import { assert, assertEquals, assertThrows } from "../harness/assert.ts";

const SALT = "0123456789abcdefghijABCDEFGHIJ99";
/** What MCGalaxy 1.9.5.3 posts. */
const CAPTURE = `&port=25599&max=16&name=RealServer&public=False&version=7&salt=${SALT}&users=0` +
  "&software=MCGalaxy%201.9.5.3&web=True";
const BEAT = {
  ...{ port: 25599, players: 0, maxPlayers: 16, salt: SALT, name: "RealServer", software: "MCGalaxy 1.9.5.3" },
  ...{ public: false, version: 7, web: true },
};
const BACKENDS: readonly { readonly name: string; readonly address: Address }[] = [
  { name: "hub", address: parseAddress("127.0.0.1:25599") },
  { name: "Games.2", address: parseAddress("localhost:25599") },
  { name: "socket", address: parseAddress("unix:/run/socket.sock") },
  { name: "afar", address: parseAddress("192.0.2.7:25599") },
  { name: "named", address: parseAddress("game.example:25599") },
  { name: "lost", address: parseAddress("lost.example:25599") },
];
const URL_OF_HUB = "http://www.classicube.net/server/play/0123456789abcdef0123456789abcdef/";

/** A running absorber, and what it told. */
class Subject implements AsyncDisposable {
  readonly absorber: HeartbeatAbsorber;
  readonly beats: BackendBeat[] = [];
  readonly refused: RefusedBeat[] = [];

  constructor(options: Partial<HeartbeatAbsorberOptions> = {}) {
    this.absorber = new HeartbeatAbsorber({
      bind: { kind: "tcp", host: "127.0.0.1", port: 0 },
      from: ["127.0.0.0/8", "::1"].map(parseNetwork),
      backends: BACKENDS,
      playUrl: (backend) => backend === "hub" ? URL_OF_HUB : undefined,
      onBeat: (beat) => this.beats.push(beat),
      onRefused: (refused) => this.refused.push(refused),
      onAcceptFailed: (error) => {
        throw error;
      },
      hosts: {
        resolve: (host) =>
          host === "game.example" ? Promise.resolve(["127.0.0.1"]) : Promise.reject(new Error("no such host")),
      },
      ...options,
    });
  }

  get url(): string {
    const { hostname, port } = this.absorber.address;
    return `http://${hostname.includes(":") ? `[${hostname}]` : hostname}:${port}`;
  }

  /** Posts a form with fetch; answers with the status and the text. */
  async post(path: string, body = CAPTURE, headers: Record<string, string> = {}): Promise<[number, string]> {
    return await answerOf(await fetch(`${this.url}${path}`, { method: "POST", body, headers }));
  }

  connect(hostname = this.absorber.address.hostname): Promise<Deno.TcpConn> {
    return Deno.connect({ hostname, port: this.absorber.address.port });
  }

  /** Sends bytes as they are, and reads until the end. */
  async send(text: string): Promise<string> {
    using conn = await this.connect();
    await conn.write(new TextEncoder().encode(text));
    return await readAll(conn);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.absorber.stop();
  }
}

async function answerOf(response: Response): Promise<[number, string]> {
  return [response.status, await response.text()];
}

/** Everything until the end of a connection; a reset ends it, too. */
async function readAll(conn: Deno.Conn): Promise<string> {
  let text = "";
  const buffer = new Uint8Array(4096);
  while (true) {
    const count = await conn.read(buffer).catch(() => null);
    if (count === null) return text;
    text += new TextDecoder().decode(buffer.subarray(0, count));
  }
}

function failure(why: string): string {
  return `{"errors":[["Cannot take heartbeat: ${why}"]],"response":"","status":"fail"}`;
}

const POST = [
  "POST /hb/hub HTTP/1.1",
  "User-Agent: MCGalaxy 1.9.5.3",
  "Content-Type: application/x-www-form-urlencoded",
  `Content-Length: ${CAPTURE.length}`,
  "Host: 127.0.0.1:8090",
  "",
  CAPTURE,
].join("\r\n");

Deno.test("a heartbeat of MCGalaxy is taken, and the URL of the network answered", async () => {
  await using subject = new Subject();
  const answer = await subject.send(POST);
  assertEquals(answer.split("\r\n"), [
    "HTTP/1.1 200 OK",
    "Content-Type: text/plain; charset=utf-8",
    `Content-Length: ${URL_OF_HUB.length}`,
    "Cache-Control: no-store",
    "Connection: close",
    "",
    URL_OF_HUB,
  ]);
  assertEquals([subject.beats, subject.refused], [[{ ...BEAT, backend: "hub" }], []]);
});

Deno.test("a heartbeat may come as a query", async () => {
  await using subject = new Subject();
  const answer = await answerOf(await fetch(`${subject.url}/hb/hub?${CAPTURE}`));
  assertEquals([answer, subject.beats], [[200, URL_OF_HUB], [{ ...BEAT, backend: "hub" }]]);
});

Deno.test("without a known URL an answer still counts as success", async () => {
  await using subject = new Subject();
  const [status, text] = await subject.post("/hb/socket");
  assertEquals([status, text], [200, "socket is behind the edge, players join there"]);
  assert(!text.includes('"errors":'));
});

Deno.test("a backend's name may be escaped and in any case", async () => {
  await using subject = new Subject();
  for (const name of ["Games.2", "games.2", "GAMES%2E2", "%67ames.2"]) {
    assertEquals((await subject.post(`/hb/${name}`))[0], 200, name);
  }
  assertEquals(subject.beats.map(({ backend }) => backend), ["Games.2", "Games.2", "Games.2", "Games.2"]);
});

Deno.test("names that differ only in case are told apart", async () => {
  const address = parseAddress("127.0.0.1:25599");
  await using subject = new Subject({ backends: [{ name: "HUB", address }, { name: "hub", address }] });
  await subject.post("/hb/hub");
  await subject.post("/hb/HUB");
  assertEquals(subject.beats.map(({ backend }) => backend), ["hub", "HUB"]);
});

Deno.test("a request in single bytes is taken", async () => {
  await using subject = new Subject();
  using conn = await subject.connect();
  conn.setNoDelay();
  for (const byte of new TextEncoder().encode(POST)) await conn.write(Uint8Array.of(byte));
  assert((await readAll(conn)).startsWith("HTTP/1.1 200 "));
  assertEquals(subject.beats.length, 1);
});

Deno.test("a sender that closes its half after the request has its answer", async () => {
  await using subject = new Subject();
  using conn = await subject.connect();
  await conn.write(new TextEncoder().encode(POST));
  await conn.closeWrite();
  assert((await readAll(conn)).startsWith("HTTP/1.1 200 "));
});

Deno.test("a sender that asks first is told to go on", async () => {
  await using subject = new Subject();
  using conn = await subject.connect();
  const [head = "", body = ""] = POST.split("\r\n\r\n");
  await conn.write(new TextEncoder().encode(`${head}\r\nExpect: 100-continue\r\n\r\n`));
  const buffer = new Uint8Array(100);
  const count = await conn.read(buffer);
  assertEquals(new TextDecoder().decode(buffer.subarray(0, count ?? 0)), "HTTP/1.1 100 Continue\r\n\r\n");
  await conn.write(new TextEncoder().encode(body));
  assert((await readAll(conn)).startsWith("HTTP/1.1 200 "));
});

Deno.test("many heartbeats at one time are all taken", async () => {
  await using subject = new Subject();
  const names = ["hub", "Games.2", "socket", "named"];
  const answers = await Promise.all(Array.from({ length: 40 }, (_, i) => subject.post(`/hb/${names[i % 4]}`)));
  assertEquals(answers.every(([status]) => status === 200), true);
  for (const name of names) assertEquals(subject.beats.filter(({ backend }) => backend === name).length, 10);
});

Deno.test("what is no heartbeat of a backend is refused with the reason", async () => {
  await using subject = new Subject();
  const unknown = (name: string, nearest = ""): string =>
    `it must be of a configured backend: current value is \\"${name}\\"${nearest}`;
  const cases: readonly (readonly [path: string, body: string, status: number, why: string])[] = [
    ["/", CAPTURE, 404, "its path must be /hb/<backend>"],
    ["/hb/", CAPTURE, 404, "its path must be /hb/<backend>"],
    ["/hb/hub/x", CAPTURE, 404, "its path must be /hb/<backend>"],
    ["/heartbeat.jsp", CAPTURE, 404, "its path must be /hb/<backend>"],
    ["/hb/hbu", CAPTURE, 404, unknown("hbu", ' (did you mean \\"hub\\"?)')],
    ["/hb/%ff", CAPTURE, 404, unknown("%ff")],
    ["/hb/hub", "", 400, "'port' is missing, 'users' is missing, 'max' is missing, 'salt' is missing"],
    ["/hb/hub", CAPTURE.replace("users=0", "users=-1"), 400, "'users' must be a whole number from 0 to 1000000"],
    ["/hb/hub", `salt=a+b${CAPTURE}`, 400, "'salt' must be 1 to 64 printable ASCII characters without spaces"],
    [
      "/hb/hub",
      CAPTURE.replace("25599", "25565"),
      409,
      "it says port 25565, but the backend's address is 127.0.0.1:25599",
    ],
    ["/hb/afar", CAPTURE, 409, "it comes from 127.0.0.1, but the backend's address is 192.0.2.7:25599"],
    ["/hb/lost", CAPTURE, 503, "the host of the backend's address lost.example:25599 cannot be resolved now"],
    ["/hb/hub", CAPTURE.padEnd(4097, "x"), 413, "its body is longer than 4096 bytes"],
  ];
  for (const [path, body, status, why] of cases) {
    assertEquals(await subject.post(path, body), [status, failure(why)], path);
  }
  assertEquals(subject.refused.map(({ status }) => status), cases.map(([, , status]) => status));
  assertEquals(subject.refused[7], {
    peer: "127.0.0.1",
    backend: "hub",
    status: 400,
    why: "'users' must be a whole number from 0 to 1000000",
  });
  assertEquals(subject.beats, []);
  assert(!JSON.stringify(subject.refused).includes(SALT));
});

Deno.test("a body of 4 KiB is taken, and ports are not compared where there is none", async () => {
  await using subject = new Subject();
  assertEquals((await subject.post("/hb/hub", `${CAPTURE}&x=`.padEnd(4096, "x")))[0], 200);
  assertEquals((await subject.post("/hb/socket", CAPTURE.replace("25599", "1")))[0], 200);
});

Deno.test("other methods are refused, with those that are taken", async () => {
  await using subject = new Subject();
  for (const method of ["PUT", "DELETE", "HEAD", "OPTIONS"]) {
    const response = await fetch(`${subject.url}/hb/hub?${CAPTURE}`, { method });
    assertEquals([response.status, response.headers.get("allow")], [405, "GET, POST"], method);
    await response.body?.cancel();
  }
  assertEquals(subject.beats, []);
});

Deno.test("a web page cannot send heartbeats", async () => {
  await using subject = new Subject();
  for (const header of ["Origin: null", "Referer: http://x/", "Sec-Fetch-Site: cross-site"]) {
    assert(
      (await subject.send(POST.replace("User-Agent: MCGalaxy 1.9.5.3", header))).startsWith("HTTP/1.1 403 "),
      header,
    );
  }
  const get = (host: string): Promise<string> =>
    subject.send(`GET /hb/hub?${CAPTURE} HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
  for (const host of ["rebound.example:8090", "127.0.0.1.example"]) {
    assert((await get(host)).startsWith("HTTP/1.1 403 "), host);
  }
  assertEquals(subject.beats, []);
  for (const host of ["127.0.0.1:8090", "[::1]:8090", "[::ffff:127.0.0.1]", "edge:8090", "localhost"]) {
    assert((await get(host)).startsWith("HTTP/1.1 200 "), host);
  }
});

Deno.test("a sender of no listed network is refused before it has said anything", async () => {
  await using subject = new Subject({ from: [parseNetwork("192.0.2.0/24")] });
  using conn = await subject.connect();
  assert((await readAll(conn)).startsWith("HTTP/1.1 403 "));
  assertEquals(await subject.post("/hb/hub"), [
    403,
    failure("its sender's address is not in heartbeat_absorber.from"),
  ]);
  assertEquals(subject.refused.map(({ peer, backend }) => [peer, backend]), [
    ["127.0.0.1", undefined],
    ["127.0.0.1", undefined],
  ]);
});

Deno.test("senders are known by IPv4, IPv6 and IPv4 in IPv6", async () => {
  await using v6 = new Subject({ bind: { kind: "tcp", host: "::1", port: 0 } });
  assertEquals((await v6.post("/hb/hub"))[0], 200);
  await using both = new Subject({ bind: { kind: "tcp", host: "::", port: 0 }, from: [parseNetwork("127.0.0.0/8")] });
  const { port } = both.absorber.address;
  const post = (host: string): Promise<Response> =>
    fetch(`http://${host}:${port}/hb/hub`, { method: "POST", body: CAPTURE });
  assertEquals((await answerOf(await post("127.0.0.1")))[0], 200);
  assertEquals((await answerOf(await post("[::1]")))[0], 403);
  assertEquals(both.refused[0]?.peer, "::1");
});

Deno.test("whoever takes too long is told so, and closed", async () => {
  await using subject = new Subject({ deadlineMs: 100 });
  for (const text of ["", "POST /hb", POST.slice(0, -1)]) {
    assert((await subject.send(text)).startsWith("HTTP/1.1 408 "), text);
  }
  assertEquals([subject.refused.map(({ status }) => status), subject.beats], [[408, 408, 408], []]);
});

Deno.test("a heartbeat that is posted must say how long it is", async () => {
  await using subject = new Subject();
  const answer = await subject.send(POST.replace(`Content-Length: ${CAPTURE.length}\r\n`, ""));
  assert(answer.startsWith("HTTP/1.1 411 "), answer);
  assertEquals(subject.refused.map(({ backend, status }) => [backend, status]), [["hub", 411]]);
});

Deno.test("half a request whose sender goes is nothing", async () => {
  await using subject = new Subject();
  for (const text of ["", "POST /hb", POST.slice(0, -1)]) {
    using conn = await subject.connect();
    await conn.write(new TextEncoder().encode(text));
    await conn.closeWrite();
    assertEquals(await readAll(conn), "", text);
  }
  assertEquals([subject.beats, subject.refused], [[], []]);
});

Deno.test("a sender of too much has its answer, and is listened to until it has seen it", async () => {
  await using subject = new Subject();
  using conn = await subject.connect();
  const head = POST.replace(`Content-Length: ${CAPTURE.length}`, "Content-Length: 1000000");
  await conn.write(new TextEncoder().encode(head));
  assert((await readAll(conn)).startsWith("HTTP/1.1 413 "));
  for (let i = 0; i < 10; i++) await conn.write(new Uint8Array(10_000));
});

Deno.test("a sender that never stops sending is cut off", async () => {
  await using subject = new Subject();
  using conn = await subject.connect();
  const junk = new Uint8Array(65_536).fill(0x78);
  const send = async (): Promise<void> => {
    while (true) await conn.write(junk);
  };
  const answer = readAll(conn);
  await send().catch(() => {});
  await answer;
  assertEquals(subject.refused.map(({ status }) => status), [431]);
});

Deno.test("idle connections keep nobody out: the oldest makes room", async () => {
  await using subject = new Subject();
  const idle = await Promise.all(Array.from({ length: 200 }, () => subject.connect()));
  assertEquals((await subject.post("/hb/hub"))[0], 200);
  const ended = idle.slice(0, 137).map(async (conn) => assertEquals(await readAll(conn), ""));
  await Promise.all(ended);
  for (const conn of idle) conn.close();
});

Deno.test("stopping closes what is open, at once", async () => {
  const subject = new Subject({ deadlineMs: 60_000 });
  const conns = await Promise.all(["", "POST /hb", POST.slice(0, -1)].map(async (text) => {
    const conn = await subject.connect();
    await conn.write(new TextEncoder().encode(text));
    return conn;
  }));
  const start = performance.now();
  await subject.absorber.stop();
  await subject.absorber.stop();
  assert(performance.now() - start < 10_000);
  for (const conn of conns) {
    assertEquals(await readAll(conn), "");
    conn.close();
  }
  assertEquals(subject.refused, []);
  const { hostname, port } = subject.absorber.address;
  assert(await Deno.connect({ hostname, port }).then(() => false, () => true));
});

Deno.test("an address that is taken is told", () => {
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const bind = { kind: "tcp", host: "127.0.0.1", port: taken.addr.port } as const;
  const error = assertThrows(() => new Subject({ bind }), BindError);
  assert(error.message.startsWith(`Cannot bind heartbeat_absorber to 127.0.0.1:${bind.port}: `), error.message);
  assertEquals(error.inUse, true);
  const elsewhere = { kind: "tcp", host: "192.0.2.7", port: 0 } as const;
  assertEquals(assertThrows(() => new Subject({ bind: elsewhere }), BindError).inUse, false);
});
