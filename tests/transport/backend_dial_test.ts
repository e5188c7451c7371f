import { DENO_SOCKETS } from "../../lib/transport/deno_sockets.ts";
import { type BackendTarget, Caller, dialBackend } from "../../lib/transport/backend_dial.ts";
import { LoopbackAddresses } from "../../lib/transport/loopback_addresses.ts";
import { readProxyHeader, writeProxyHeader } from "../../lib/transport/proxy_protocol.ts";
import type { Conn } from "../../lib/transport/conn.ts";
import { acceptWebSocket } from "../../lib/transport/websocket/server_handshake.ts";
import { assert, assertEquals, assertMatch, assertRejects } from "../harness/assert.ts";
import { eventually } from "../harness/kernel.ts";
import { FakeConn } from "./fake_conn.ts";
import { readAll, readBytes } from "./websocket/tcp_pair.ts";

const NEVER = new AbortController().signal;
const SOURCE = { address: "192.0.2.7", port: 56818 };
const DESTINATION = { address: "198.51.100.1", port: 25565 };
const WORDS = Uint8Array.of(0, 7, 0x53, 0x74, 0x65, 0x76, 0x65);

type ForwardIp = BackendTarget["forwardIp"];

function callerNamed(name: string, loopbacks = new LoopbackAddresses()): Caller {
  return new Caller(name, SOURCE, DESTINATION, loopbacks);
}

/** A test that leaves nothing open. */
function test(name: string, fn: () => Promise<void>): void {
  Deno.test({ name, fn, sanitizeResources: true, sanitizeOps: true });
}

/** A backend, and the connection that was dialled to it. */
class Dialled implements Disposable {
  readonly conn: Conn;
  readonly peer: Deno.Conn;

  private constructor(conn: Conn, peer: Deno.Conn) {
    this.conn = conn;
    this.peer = peer;
  }

  static async over(forwardIp: ForwardIp, caller: Caller | undefined, path?: string): Promise<Dialled> {
    using listener = path === undefined
      ? Deno.listen({ hostname: "127.0.0.1", port: 0 })
      : Deno.listen({ transport: "unix", path });
    const { addr } = listener;
    const address = addr.transport === "tcp"
      ? { kind: "tcp", host: addr.hostname, port: addr.port } as const
      : { kind: "unix", path: path ?? "" } as const;
    const dialling = dialBackend(DENO_SOCKETS, { address, forwardIp }, caller, NEVER);
    return new Dialled(await dialling, await listener.accept());
  }

  /** What the peer is told from the first byte on, when `WORDS` is all that is said. */
  async hears(): Promise<Uint8Array> {
    await this.conn.write(WORDS);
    await this.conn.closeWrite();
    return await readAll(this.peer);
  }

  get from(): string {
    const { remoteAddr } = this.peer;
    return remoteAddr.transport === "tcp" ? remoteAddr.hostname : remoteAddr.transport;
  }

  [Symbol.dispose](): void {
    this.conn.close();
    this.peer.close();
  }
}

for (const caller of [callerNamed("Steve"), undefined]) {
  const who = caller === undefined ? "a check" : "a player";

  test(`off: nothing stands in front of what is said for ${who}`, async () => {
    using dialled = await Dialled.over("off", caller);
    assertEquals(dialled.from, "127.0.0.1");
    assertEquals(await dialled.hears(), WORDS);
  });

  test(`proxy-v2: one header stands in front of what is said for ${who}`, async () => {
    using dialled = await Dialled.over("proxy-v2", caller);
    const heard = await dialled.hears();
    const header = readProxyHeader(heard);
    assert(header.kind === "header");
    assertEquals(heard.subarray(0, header.size), writeProxyHeader(caller));
    assertEquals([header.source, heard.subarray(header.size)], [caller?.source, WORDS]);
  });

  test(`websocket: the request names ${caller?.source.address ?? "nobody"} for ${who}`, async () => {
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const address = { kind: "tcp", host: "127.0.0.1", port: listener.addr.port } as const;
    const dialling = dialBackend(DENO_SOCKETS, { address, forwardIp: "websocket" }, caller, NEVER);
    using peer = await listener.accept();
    const entry = await acceptWebSocket(peer, NEVER);
    assert(entry.kind === "open");
    assertEquals([entry.header("X-Real-IP"), entry.header("Host")], [
      caller?.source.address,
      `127.0.0.1:${listener.addr.port}`,
    ]);
    const conn = await dialling;
    await conn.write(WORDS);
    assertEquals(await readBytes(entry.conn, WORDS.length), WORDS);
    conn.close();
  });
}

test("a Unix socket takes each way but loopback's, which it is dialled without", async () => {
  const folder = await Deno.makeTempDir();
  for (const forwardIp of ["off", "loopback", "proxy-v2"] as const) {
    using dialled = await Dialled.over(forwardIp, callerNamed("Steve"), `${folder}/${forwardIp}`);
    const heard = await dialled.hears();
    assertEquals([dialled.from, heard.subarray(-WORDS.length)], ["unix", WORDS]);
    assertEquals(heard.length, WORDS.length + (forwardIp === "proxy-v2" ? 28 : 0));
  }
  await Deno.remove(folder, { recursive: true });
});

test("loopback: a player's dials come from one address, which no other player has", async () => {
  const loopbacks = new LoopbackAddresses();
  const [steve, alex] = [callerNamed("Steve", loopbacks), callerNamed("Alex", loopbacks)];
  using first = await Dialled.over("loopback", steve);
  using second = await Dialled.over("loopback", steve);
  using other = await Dialled.over("loopback", alex);
  using check = await Dialled.over("loopback", undefined);
  assertMatch(first.from, /^127\.\d+\.\d+\.\d+$/);
  assertEquals([second.from, check.from], [first.from, "127.0.0.1"]);
  assert(other.from !== first.from && other.from !== check.from);
  assertEquals(await first.hears(), WORDS);
});

test("loopback: a player takes an address at the first dial, and gives it back once, when they leave", async () => {
  const loopbacks = new LoopbackAddresses({ limit: 1 });
  const [steve, alex] = [callerNamed("Steve", loopbacks), callerNamed("Alex", loopbacks)];
  steve.leave();
  assertEquals(loopbacks.entries(), []);
  using hers = await Dialled.over("loopback", alex);
  using first = await Dialled.over("loopback", steve);
  assertEquals([hers.from, first.from], [alex.loopback, "127.0.0.1"], "the table is full");
  alex.leave();
  alex.leave();
  using his = await Dialled.over("loopback", steve);
  assertEquals([his.from, loopbacks.entries()], [
    steve.loopback,
    [{ player: "steve", address: his.from, inUse: true }],
  ]);
});

test("a backend that nobody runs rejects in each way, and leaves nothing open", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const address = { kind: "tcp", host: "127.0.0.1", port: listener.addr.port } as const;
  listener.close();
  for (const forwardIp of ["off", "websocket", "loopback", "proxy-v2"] as const) {
    await assertRejects(() => dialBackend(DENO_SOCKETS, { address, forwardIp }, callerNamed("Steve"), NEVER));
  }
});

test("giving up ends a dial whose backend does not answer, and closes its connection", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const address = { kind: "tcp", host: "127.0.0.1", port: listener.addr.port } as const;
  const stop = new AbortController();
  const dialling = assertRejects(
    () => dialBackend(DENO_SOCKETS, { address, forwardIp: "websocket" }, callerNamed("Steve"), stop.signal),
    Error,
    "enough",
  );
  using peer = await listener.accept();
  await readBytes(peer, 1);
  stop.abort(new Error("enough"));
  await dialling;
  await readAll(peer);
  for (const forwardIp of ["off", "websocket", "loopback", "proxy-v2"] as const) {
    const given = AbortSignal.abort(new Error("before"));
    await assertRejects(() => dialBackend(DENO_SOCKETS, { address, forwardIp }, callerNamed("Steve"), given), Error);
  }
});

/** Dials a backend whose connection is `conn`, and says on whose behalf by a header. */
function dialOver(conn: Conn, signal: AbortSignal): Promise<Conn> {
  const address = { kind: "tcp", host: "192.0.2.1", port: 25565 } as const;
  const sockets = { dial: () => Promise.resolve(conn) };
  return dialBackend(sockets, { address, forwardIp: "proxy-v2" }, callerNamed("Steve"), signal);
}

test("proxy-v2: the connection is closed where the header cannot be written", async () => {
  const conn = new FakeConn();
  conn.failure = new Deno.errors.ConnectionReset("reset by the test");
  await assertRejects(() => dialOver(conn, NEVER), Error, "reset by the test");
  assertEquals(conn.calls, ["close"]);
});

test("proxy-v2: giving up ends a dial whose header nobody takes, and closes its connection", async () => {
  const conn = new FakeConn();
  const stop = new AbortController();
  conn.hold();
  const dialling = assertRejects(() => dialOver(conn, stop.signal), Error, "enough");
  await eventually(() => conn.handed.length > 0, "a header that is being written");
  stop.abort(new Error("enough"));
  await dialling;
  assertEquals(conn.calls, ["close"]);
});

test("an IPv6 backend is named in brackets to a server of WebSockets", async () => {
  using listener = Deno.listen({ hostname: "::1", port: 0 });
  const address = { kind: "tcp", host: "::1", port: listener.addr.port } as const;
  const dialling = dialBackend(DENO_SOCKETS, { address, forwardIp: "websocket" }, undefined, NEVER);
  using peer = await listener.accept();
  const entry = await acceptWebSocket(peer, NEVER);
  assertEquals(entry.kind === "open" && entry.header("Host"), `[::1]:${listener.addr.port}`);
  (await dialling).close();
});
