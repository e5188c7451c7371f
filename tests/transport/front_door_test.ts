import { type DoorOptions, enter, type Entry } from "../../lib/transport/front_door.ts";
import { writeProxyHeader } from "../../lib/transport/proxy_protocol.ts";
import type { Conn } from "../../lib/transport/conn.ts";
import { TlsLayer } from "../../lib/transport/tls.ts";
import { assert, assertEquals } from "../harness/assert.ts";
import { makeCertificate } from "../harness/certificate.ts";
import { seeded, splitEvery } from "../harness/chunks.ts";
import { CAN_RESET, resetConnection } from "../harness/reset.ts";
import { masked } from "./websocket/frames.ts";
import { readAll, readBytes, TcpPair, writePieces } from "./websocket/tcp_pair.ts";

const DEADLINE_MS = 5000;
const LOCAL_PEER = "127.0.0.1";
const PEER = { address: LOCAL_PEER, port: 40_000 };
const CLASSIC = Uint8Array.of(0, 7, 0x4e, 0x6f, 0x74, 0x63, 0x68);
const BINARY_FRAME = 2;
const V1_HEADER = latin1("PROXY TCP4 192.0.2.7 198.51.100.1 56818 25565\r\n");
const V2_HEADER = writeProxyHeader({
  source: { address: "192.0.2.7", port: 56818 },
  destination: { address: "198.51.100.1", port: 25565 },
});

function latin1(text: string): Uint8Array {
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0));
}

function join(...parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

function request(...headers: readonly string[]): Uint8Array {
  const lines = [
    "GET / HTTP/1.1",
    "Host: edge",
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
    ...headers,
  ];
  return latin1(`${lines.join("\r\n")}\r\n\r\n`);
}

/** Takes "TLS" off that is only a byte of its own. */
async function takeOffByte(conn: Conn): Promise<Conn> {
  assertEquals(await conn.read(new Uint8Array(1)), 1);
  return conn;
}

/** A door that trusts this machine, unless `options` say otherwise. */
function door(options: Partial<DoorOptions> = {}): DoorOptions {
  const isLocal = (address: string): boolean => address === LOCAL_PEER;
  return { websocket: true, proxyFrom: isLocal, realIpFrom: isLocal, ...options };
}

/** What becomes of a client that sends `pieces` and stays. */
async function knock(
  pieces: readonly Uint8Array[],
  { options = door(), peer = LOCAL_PEER }: { readonly options?: DoorOptions; readonly peer?: string } = {},
): Promise<Entry & { readonly said: string }> {
  using pair = await TcpPair.open();
  const entering = enter(pair.far, { ...PEER, address: peer }, options, AbortSignal.timeout(DEADLINE_MS));
  for (const piece of pieces) await writePieces(pair.near, piece, piece.length);
  const entry = await entering;
  if (entry.kind === "turned-away") return { ...entry, said: "" };
  const said = await readBytes(entry.conn, CLASSIC.length);
  return { ...entry, said: said.toHex() };
}

/** What matters about an entry: its transport, whether it was secure, and the address; or the reason. */
function summary(entry: Entry): string {
  if (entry.kind === "turned-away") return `${entry.reason} ${entry.address}`;
  return `${entry.transport}${entry.secure ? " secure" : ""} ${entry.address}`;
}

interface Visit {
  readonly name: string;
  readonly sent: Uint8Array;
  readonly options?: Partial<DoorOptions>;
  readonly peer?: string;
  readonly expected: string;
}

const TLS = Uint8Array.of(0x16);
const FRAME = masked(BINARY_FRAME, CLASSIC);
const LET_IN: readonly Visit[] = [
  { name: "Classic", sent: CLASSIC, expected: "tcp 127.0.0.1" },
  { name: "Classic from an IPv4-mapped peer", sent: CLASSIC, peer: "::ffff:192.0.2.1", expected: "tcp 192.0.2.1" },
  {
    name: "Classic on a listener with a certificate",
    sent: CLASSIC,
    options: { tls: takeOffByte },
    expected: "tcp 127.0.0.1",
  },
  { name: "PROXY v1", sent: join(V1_HEADER, CLASSIC), expected: "tcp 192.0.2.7" },
  { name: "PROXY v2", sent: join(V2_HEADER, CLASSIC), expected: "tcp 192.0.2.7" },
  {
    name: "PROXY of a listed IPv4-mapped peer",
    sent: join(V2_HEADER, CLASSIC),
    peer: "::ffff:127.0.0.1",
    expected: "tcp 192.0.2.7",
  },
  { name: "PROXY v2 LOCAL", sent: join(writeProxyHeader(), CLASSIC), expected: "tcp 127.0.0.1" },
  { name: "PROXY UNKNOWN", sent: join(latin1("PROXY UNKNOWN\r\n"), CLASSIC), expected: "tcp 127.0.0.1" },
  { name: "a long PROXY header", sent: join(longHeader(), CLASSIC), expected: "tcp 192.0.2.7" },
  { name: "TLS", sent: join(TLS, CLASSIC), options: { tls: takeOffByte }, expected: "tcp secure 127.0.0.1" },
  { name: "a WebSocket", sent: join(request(), FRAME), expected: "websocket 127.0.0.1" },
  {
    name: "PROXY, TLS and a WebSocket",
    sent: join(V1_HEADER, TLS, request("X-Real-IP: 203.0.113.9"), FRAME),
    options: { tls: takeOffByte, realIpFrom: (address) => address === "192.0.2.7" },
    expected: "websocket secure 203.0.113.9",
  },
  {
    name: "X-Real-IP of a trusted peer",
    sent: join(request("x-real-ip: 203.0.113.9", "X-Forwarded-For: 203.0.113.9"), FRAME),
    expected: "websocket 203.0.113.9",
  },
  {
    name: "X-Real-IP of a trusted peer that X-Forwarded-For contradicts",
    sent: join(request("X-Real-IP: 203.0.113.9", "X-Forwarded-For: 203.0.113.8"), FRAME),
    expected: "websocket 127.0.0.1",
  },
  {
    name: "X-Forwarded-For of a trusted peer",
    sent: join(request("X-Forwarded-For: 203.0.113.7", "X-Forwarded-For: 203.0.113.8, 127.0.0.1"), FRAME),
    expected: "websocket 203.0.113.8",
  },
  {
    name: "X-Real-IP of another peer",
    sent: join(request("X-Real-IP: 203.0.113.9"), FRAME),
    peer: "192.0.2.1",
    expected: "websocket 192.0.2.1",
  },
  {
    name: "X-Real-IP of a client behind a PROXY header",
    sent: join(V1_HEADER, request("X-Real-IP: 203.0.113.9"), FRAME),
    expected: "websocket 192.0.2.7",
  },
];

Deno.test("the port is the client's as far as it was told: the peer's, that of a PROXY header, or none", async () => {
  const ports: number[] = [];
  for (const sent of [CLASSIC, join(writeProxyHeader(), CLASSIC), join(V1_HEADER, CLASSIC), join(V2_HEADER, CLASSIC)]) {
    const entry = await knock([sent]);
    ports.push(entry.kind === "classic" ? entry.port : -1);
  }
  for (const header of ["X-Real-IP: 203.0.113.9", "X-Real-IP: unknown"]) {
    const entry = await knock([join(request(header), FRAME)]);
    ports.push(entry.kind === "classic" ? entry.port : -1);
  }
  assertEquals(ports, [PEER.port, PEER.port, 56818, 56818, 0, PEER.port]);
});

const KEPT_OUT: readonly Visit[] = [
  { name: "SSH", sent: latin1("SSH-2.0-OpenSSH"), expected: "not-classic 127.0.0.1" },
  {
    name: "HTTP without WebSockets",
    sent: request(),
    options: { websocket: false },
    expected: "not-classic 127.0.0.1",
  },
  { name: "TLS without a certificate", sent: join(TLS, CLASSIC), expected: "not-classic 127.0.0.1" },
  { name: "TLS in TLS", sent: join(TLS, TLS), options: { tls: takeOffByte }, expected: "not-classic 127.0.0.1" },
  {
    name: "PROXY v1 of an unlisted peer",
    sent: join(V1_HEADER, CLASSIC),
    peer: "192.0.2.1",
    expected: "not-classic 192.0.2.1",
  },
  {
    name: "PROXY v2 of an unlisted peer",
    sent: join(V2_HEADER, CLASSIC),
    peer: "192.0.2.1",
    expected: "not-classic 192.0.2.1",
  },
  { name: "a second PROXY header", sent: join(V1_HEADER, V2_HEADER, CLASSIC), expected: "not-classic 192.0.2.7" },
  {
    name: "a PROXY header in TLS",
    sent: join(TLS, V1_HEADER, CLASSIC),
    options: { tls: takeOffByte },
    expected: "not-classic 127.0.0.1",
  },
  {
    name: "a PROXY header in a WebSocket",
    sent: join(request(), masked(BINARY_FRAME, V1_HEADER)),
    expected: "not-classic 127.0.0.1",
  },
  {
    name: "another request in a WebSocket",
    sent: join(request(), masked(BINARY_FRAME, request())),
    expected: "not-classic 127.0.0.1",
  },
  { name: "a bad PROXY v1 header", sent: latin1("PROXY TCP4 nonsense\r\n"), expected: "bad-proxy-header 127.0.0.1" },
  { name: "a bad PROXY v2 header", sent: V2_HEADER.with(12, 0x31), expected: "bad-proxy-header 127.0.0.1" },
  {
    name: "failing TLS",
    sent: TLS,
    options: { tls: () => Promise.reject(new Error("no handshake")) },
    expected: "bad-tls 127.0.0.1",
  },
  {
    name: "frames that are not masked",
    sent: join(request(), Uint8Array.of(0x82, 1, 0)),
    expected: "cut-short 127.0.0.1",
  },
];

function longHeader(): Uint8Array {
  const fields = new Uint8Array(4096 - V2_HEADER.length);
  const header = join(V2_HEADER, fields);
  new DataView(header.buffer).setUint16(14, header.length - 16);
  return header;
}

function visit({ sent, options, peer }: Visit, size: number): Promise<Entry & { readonly said: string }> {
  return knock(splitEvery(sent, size), { options: door(options), peer: peer ?? LOCAL_PEER });
}

for (const known of LET_IN) {
  for (const size of [1, 7, 600, 10_000]) {
    if (size > 600 && known.sent.length <= 600 || size === 1 && known.sent.length > 600) continue;
    Deno.test(`the door lets in ${known.name} in pieces of ${size} bytes, and keeps what follows`, async () => {
      const entry = await visit(known, size);
      assertEquals([summary(entry), entry.said], [known.expected, CLASSIC.toHex()]);
    });
  }
}

for (const known of KEPT_OUT) {
  Deno.test(`the door turns away ${known.name}, and closes`, async () => {
    assertEquals(summary(await visit(known, 10_000)), known.expected);
  });
}

Deno.test("a client that is turned away finds its connection closed", async () => {
  using pair = await TcpPair.open();
  await pair.near.write(latin1("SSH-"));
  await enter(pair.far, PEER, door(), AbortSignal.timeout(DEADLINE_MS));
  assertEquals(await pair.near.read(new Uint8Array(1)).catch(() => null), null);
});

Deno.test("the first bytes of a stranger are told, no more", async () => {
  const entry = await knock([latin1("SSH-2.0-OpenSSH")]);
  assertEquals(entry.kind === "turned-away" && entry.detail, "it begins with 53 53 48 2d 32 2e 30 2d …");
});

Deno.test("a client that closes without a byte is empty, also behind a PROXY header", async () => {
  for (const sent of [new Uint8Array(0), V1_HEADER, writeProxyHeader()]) {
    using pair = await TcpPair.open();
    await writePieces(pair.near, sent, sent.length);
    await pair.near.closeWrite();
    const entry = await enter(pair.far, PEER, door(), AbortSignal.timeout(DEADLINE_MS));
    assertEquals(entry.kind === "turned-away" && entry.reason, "empty");
  }
});

Deno.test({
  name: "a client that resets without a byte is empty",
  ignore: !CAN_RESET,
  fn: async () => {
    using pair = await TcpPair.open();
    const entering = enter(pair.far, PEER, door(), AbortSignal.timeout(DEADLINE_MS));
    resetConnection(pair.near);
    assertEquals(summary(await entering), "empty 127.0.0.1");
  },
});

Deno.test("a client that closes before it can be told what it speaks is cut short", async () => {
  for (const sent of [latin1("GE"), V1_HEADER.subarray(0, 3), V1_HEADER.subarray(0, 20), V2_HEADER.subarray(0, 27)]) {
    using pair = await TcpPair.open();
    await writePieces(pair.near, sent, sent.length);
    await pair.near.closeWrite();
    assertEquals(
      summary(await enter(pair.far, PEER, door(), AbortSignal.timeout(DEADLINE_MS))),
      "cut-short 127.0.0.1",
    );
  }
});

Deno.test("the answer to a refused request arrives, however much the client still sends", async () => {
  using pair = await TcpPair.open();
  const entering = enter(pair.far, PEER, door(), AbortSignal.timeout(DEADLINE_MS));
  await writePieces(pair.near, latin1("GET / HTTP/1.1\r\nHost: edge\r\n\r\n"), 1000);
  await writePieces(pair.near, new Uint8Array(20_000), 20_000);
  await pair.near.closeWrite();
  const answer = new TextDecoder().decode(await readAll(pair.near));
  assert(answer.startsWith("HTTP/1.1 426 "), answer);
  assertEquals(summary(await entering), "bad-http 127.0.0.1");
});

Deno.test("a WebSocket that carries something else is closed in order, however much the client still sends", async () => {
  using pair = await TcpPair.open();
  const entering = enter(pair.far, PEER, door(), AbortSignal.timeout(DEADLINE_MS));
  const sent = join(request(), masked(BINARY_FRAME, latin1("SSH-")), masked(BINARY_FRAME, new Uint8Array(20_000)));
  await writePieces(pair.near, sent, sent.length);
  await pair.near.closeWrite();
  const answer = await readAll(pair.near);
  assertEquals(answer.subarray(-4), Uint8Array.of(0x88, 2, 1000 >> 8, 1000 & 255));
  assertEquals(summary(await entering), "not-classic 127.0.0.1");
});

for (
  const [stage, sent] of [
    ["nothing", new Uint8Array(0)],
    ["half a PROXY header", V1_HEADER.subarray(0, 20)],
    ["half a request", request().subarray(0, 40)],
    ["a WebSocket without a frame", request()],
    ["half a signature", latin1("GE")],
  ] as const
) {
  Deno.test(`the deadline ends a client that sent ${stage}, and a stop of the program at once too`, async () => {
    for (const reason of ["too-slow", "given-up"]) {
      using pair = await TcpPair.open();
      const control = new AbortController();
      const entering = enter(pair.far, PEER, door(), control.signal);
      await writePieces(pair.near, sent, Math.max(1, sent.length));
      // The answer of a WebSocket shows that the request was read.
      if (stage.startsWith("a WebSocket")) await readBytes(pair.near, 12);
      control.abort(reason === "too-slow" ? new DOMException("late", "TimeoutError") : new Error("the end"));
      assertEquals(summary(await entering), `${reason} 127.0.0.1`);
      await readAll(pair.near).catch(() => {});
    }
  });
}

Deno.test("a signal that has aborted already turns away at once", async () => {
  using pair = await TcpPair.open();
  await pair.near.write(CLASSIC);
  const entry = await enter(pair.far, PEER, door(), AbortSignal.abort(new Error("the end")));
  assertEquals(summary(entry), "given-up 127.0.0.1");
});

Deno.test("a signal that aborts later does nothing to a client that is in", async () => {
  using pair = await TcpPair.open();
  const control = new AbortController();
  await pair.near.write(CLASSIC);
  const entry = await enter(pair.far, PEER, door(), control.signal);
  control.abort();
  assert(entry.kind === "classic");
  assertEquals(await readBytes(entry.conn, CLASSIC.length), CLASSIC);
});

Deno.test("real TLS is taken off, in front of Classic, a WebSocket and a refused request", async () => {
  await using certificate = await makeCertificate();
  await using layer = await TlsLayer.open(certificate.certPath, certificate.keyPath);
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const tls = door({ tls: (conn, signal) => layer.accept(conn, signal) });
  const caCerts = [certificate.authority];

  /** What becomes of a client that sends `sent`, and what it was answered by the time it is closed. */
  async function knockSecurely(sent: Uint8Array): Promise<[entry: string, answer: string]> {
    const dialling = Deno.connectTls({ hostname: "localhost", port: listener.addr.port, caCerts });
    const conn = await listener.accept();
    using client = await dialling;
    const entering = enter(conn, PEER, tls, AbortSignal.timeout(DEADLINE_MS));
    await writePieces(client, sent, sent.length);
    const answering = readAll(client);
    const entry = await entering;
    if (entry.kind === "classic") {
      assertEquals(await readBytes(entry.conn, CLASSIC.length), CLASSIC);
      entry.conn.close();
    }
    return [summary(entry), new TextDecoder().decode(await answering).slice(0, 12)];
  }

  assertEquals(await knockSecurely(CLASSIC), ["tcp secure 127.0.0.1", ""]);
  assertEquals(await knockSecurely(join(request(), FRAME)), ["websocket secure 127.0.0.1", "HTTP/1.1 101"]);
  assertEquals(await knockSecurely(latin1("GET / HTTP/1.1\r\nHost: edge\r\n\r\n")), [
    "bad-http 127.0.0.1",
    "HTTP/1.1 426",
  ]);
  assertEquals(await knockSecurely(latin1("SSH-")), ["not-classic 127.0.0.1", ""]);
});

Deno.test("the deadline ends a client that stays silent behind TLS, and one that never ends its handshake", async () => {
  await using certificate = await makeCertificate();
  await using layer = await TlsLayer.open(certificate.certPath, certificate.keyPath);
  const tls = door({ tls: (conn, signal) => layer.accept(conn, signal) });
  for (const sent of [Uint8Array.of(0x16, 3, 1), Uint8Array.of(0x16)]) {
    using pair = await TcpPair.open();
    const entering = enter(pair.far, PEER, tls, AbortSignal.timeout(100));
    await writePieces(pair.near, sent, sent.length);
    assertEquals(summary(await entering), "too-slow 127.0.0.1");
  }
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const dialling = Deno.connectTls({
    hostname: "localhost",
    port: listener.addr.port,
    caCerts: [certificate.authority],
  });
  const conn = await listener.accept();
  const control = new AbortController();
  const entering = enter(conn, PEER, tls, control.signal);
  using client = await dialling;
  await client.handshake();
  control.abort(new DOMException("late", "TimeoutError"));
  assertEquals(summary(await entering), "too-slow 127.0.0.1");
});

Deno.test("random bytes are let in or turned away, never an error", async () => {
  const random = seeded(7);
  const beginnings = [new Uint8Array(0), V1_HEADER, V2_HEADER, request(), latin1("PROXY "), latin1("GET ")];
  for (let round = 0; round < 300; round++) {
    using pair = await TcpPair.open();
    const sent = join(random.pick(beginnings), random.bytes(random.below(60)));
    if (sent.length > 0) sent[random.below(sent.length)] = random.below(256);
    await writePieces(pair.near, sent, Math.max(1, sent.length));
    await pair.near.closeWrite();
    const entry = await enter(pair.far, PEER, door(), AbortSignal.timeout(DEADLINE_MS));
    assert(
      entry.kind === "classic" || !["too-slow", "given-up"].includes(entry.reason),
      `round ${round}: ${summary(entry)}`,
    );
  }
});
