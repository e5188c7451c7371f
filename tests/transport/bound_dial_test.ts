import { dialFrom } from "../../lib/transport/bound_dial.ts";
import type { Conn } from "../../lib/transport/conn.ts";
import { assert, assertEquals, assertRejects } from "../harness/assert.ts";
import { settled, unsentAt } from "../harness/kernel.ts";
import { CAN_RESET, resetConnection } from "../harness/reset.ts";

const HOST = "127.0.0.1";
const FROM = "127.12.34.56";
const NEVER = new AbortController().signal;
const MEBIBYTE = 1 << 20;

async function pair(host = HOST): Promise<{ conn: Conn; peer: Deno.TcpConn }> {
  using listener = Deno.listen({ hostname: HOST, port: 0 });
  const accepting = listener.accept();
  return { conn: await dialFrom(FROM, { host, port: listener.addr.port }, NEVER), peer: await accepting };
}

async function writeAll(conn: Pick<Conn, "write">, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await conn.write(bytes.subarray(at));
}

/** What is read until the end, or until `length` bytes are there. */
async function read(conn: Pick<Conn, "read">, length = Infinity): Promise<Uint8Array> {
  const bytes: Uint8Array<ArrayBuffer>[] = [];
  for (let size = 0; size < length;) {
    const buffer = new Uint8Array(5000);
    const count = await conn.read(buffer);
    if (count === null) break;
    bytes.push(buffer.subarray(0, count));
    size += count;
  }
  return new Uint8Array(await new Blob(bytes).arrayBuffer());
}

function pattern(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => index ^ (index >> 8) ^ (index >> 16));
}

function test(name: string, fn: () => Promise<void>): void {
  Deno.test({ name, fn, sanitizeResources: true, sanitizeOps: true });
}

for (const host of [HOST, "localhost"]) {
  test(`a server on ${host} sees the address that was dialled from`, async () => {
    const { conn, peer } = await pair(host);
    assertEquals(peer.remoteAddr.hostname, FROM);
    conn.close();
    peer.close();
  });
}

test("bytes go both ways at the same time, unchanged", async () => {
  const { conn, peer } = await pair();
  const bytes = pattern(MEBIBYTE);
  const [up, down] = await Promise.all([
    read(peer, MEBIBYTE),
    read(conn, MEBIBYTE),
    writeAll(conn, bytes),
    writeAll(peer, bytes),
  ]);
  assert(up.length === MEBIBYTE && up.every((byte, at) => byte === bytes[at]), "up is not the same");
  assert(down.length === MEBIBYTE && down.every((byte, at) => byte === bytes[at]), "down is not the same");
  conn.close();
  peer.close();
});

test("each side may finish first and still be told something", async () => {
  for (const turned of [false, true]) {
    const { conn, peer } = await pair();
    const [first, second]: Conn[] = turned ? [peer, conn] : [conn, peer];
    assert(first !== undefined && second !== undefined);
    await writeAll(first, pattern(100));
    await first.closeWrite();
    assertEquals(await read(second), pattern(100));
    await writeAll(second, pattern(200));
    await second.closeWrite();
    assertEquals(await read(first), pattern(200));
    assertEquals(await first.read(new Uint8Array(1)), null);
    conn.close();
    peer.close();
  }
});

test("who does not read makes the peer wait", async () => {
  if (Deno.build.os !== "linux") return;
  const { conn, peer } = await pair();
  let written = 0;
  const filling = (async () => {
    while (written < 256 * MEBIBYTE) written += await peer.write(new Uint8Array(MEBIBYTE));
  })().catch(() => {});
  const waiting = (): readonly number[] | undefined => {
    const unsent = unsentAt(peer.localAddr.port);
    return unsent === undefined ? undefined : [written, unsent];
  };
  await settled(waiting, "a peer that waits");
  assert(written < 64 * MEBIBYTE, `${written} bytes were taken`);
  conn.close();
  await filling;
  peer.close();
});

test("closing ends a read that is under way, and everything after it", async () => {
  const { conn, peer } = await pair();
  const reading = assertRejects(() => conn.read(new Uint8Array(1)), Deno.errors.BadResource);
  conn.close();
  conn.close();
  await reading;
  await assertRejects(() => conn.write(new Uint8Array(1)));
  await assertRejects(() => conn.closeWrite());
  assertEquals(await peer.read(new Uint8Array(1)), null);
  peer.close();
});

test("a peer that breaks off is told after what it had said", async () => {
  if (!CAN_RESET) return;
  const { conn, peer } = await pair();
  await writeAll(peer, pattern(100));
  assertEquals(await read(conn, 100), pattern(100));
  const reading = assertRejects(() => conn.read(new Uint8Array(1)), Error, "ECONNRESET");
  resetConnection(peer);
  await reading;
  peer.close();
  conn.close();
});

test("nobody who listens, or an address that is not this machine's, is told", async () => {
  const listener = Deno.listen({ hostname: HOST, port: 0 });
  const address = { host: HOST, port: listener.addr.port };
  await assertRejects(() => dialFrom("192.0.2.1", address, NEVER));
  listener.close();
  await assertRejects(() => dialFrom(FROM, address, NEVER), Error, "ECONNREFUSED");
});

test("a dial is given up when asked, before it begins and while it lasts", async () => {
  using listener = Deno.listen({ hostname: HOST, port: 0 });
  const address = { host: HOST, port: listener.addr.port };
  await assertRejects(() => dialFrom(FROM, address, AbortSignal.abort(new Error("before"))), Error, "before");
  const stop = new AbortController();
  const dialling = assertRejects(() => dialFrom(FROM, address, stop.signal), Error, "meanwhile");
  stop.abort(new Error("meanwhile"));
  await dialling;
});
