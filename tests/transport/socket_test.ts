import { Socket } from "../../lib/transport/socket.ts";
import { assert, assertEquals, assertStrictEquals } from "../harness/assert.ts";
import { seeded } from "../harness/chunks.ts";
import { eventually } from "../harness/kernel.ts";
import { FakeConn } from "./fake_conn.ts";

const MAX_WRITE = 64 << 10;
const CLOSING_MS = 2000;

/** A socket, its connection, and what it told about failed writes. */
function newSocket(): { socket: Socket; conn: FakeConn; failures: string[] } {
  const conn = new FakeConn();
  const failures: string[] = [];
  return { socket: new Socket(conn, (cause) => failures.push(cause)), conn, failures };
}

/** Bytes from 0 upwards, again and again. */
function counting(length: number, from = 0): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => from + index);
}

/** Lets everything happen that waits for no time. */
function turn(ms = 0): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

for (const takes of [1, 7, 1000, Infinity]) {
  Deno.test(`a socket writes in order when a write takes ${takes} bytes at most`, async () => {
    const { socket, conn } = newSocket();
    const random = seeded(takes === Infinity ? 0 : takes);
    conn.takes = takes;
    let length = 0;
    for (let i = 0; i < 50; i++) {
      const piece = counting(random.below(100), length);
      socket.enqueue(piece, random.below(2) === 0);
      length += piece.length;
      // Now and then a flush begins, and what follows comes while it is under way.
      if (random.below(5) === 0) socket.flush();
    }
    assertEquals(socket.pending, length);
    await socket.flush();
    assertEquals(conn.taken, counting(length));
    assertEquals([socket.pending, socket.written], [0, length]);
  });
}

Deno.test("a socket counts what the peer has not taken, also of the write under way", async () => {
  const { socket, conn } = newSocket();
  socket.enqueue(counting(10), false);
  conn.takes = 4;
  conn.hold();
  const flushed = socket.flush();
  assertEquals([socket.pending, socket.written], [10, 0]);
  conn.release();
  conn.hold();
  await turn();
  assertEquals(conn.handed.length, 2);
  assertEquals([socket.pending, socket.written], [6, 4]);
  conn.release();
  await flushed;
  assertEquals([socket.pending, socket.written], [0, 10]);
});

Deno.test("a socket copies what it is not lent", async () => {
  const { socket, conn } = newSocket();
  const bytes = counting(10);
  socket.enqueue(bytes, false);
  assertEquals(socket.holdsLent, false);
  bytes.fill(0xee);
  await socket.flush();
  assertEquals(conn.taken, counting(10));
});

Deno.test("a socket writes what it is lent as it is, and says until when it needs it", async () => {
  const { socket, conn } = newSocket();
  const bytes = counting(10);
  socket.enqueue(bytes, true);
  conn.hold();
  const flushed = socket.flush();
  assertEquals(socket.holdsLent, true);
  conn.release();
  await flushed;
  assertStrictEquals(conn.handed[0], bytes);
  assertEquals(socket.holdsLent, false);
});

Deno.test("a socket joins small pieces to one write, and leaves large ones alone", async () => {
  const { socket, conn } = newSocket();
  const large = counting(MAX_WRITE);
  for (const piece of [counting(10), counting(20), large, counting(30), counting(MAX_WRITE - 30), counting(1)]) {
    socket.enqueue(piece, true);
  }
  await socket.flush();
  assertEquals(conn.handed.map(({ length }) => length), [30, MAX_WRITE, 30, MAX_WRITE - 30, 1]);
  assertStrictEquals(conn.handed[1], large);
});

Deno.test("a socket flushed in vain flushes the next time", async () => {
  const { socket, conn } = newSocket();
  await socket.flush();
  socket.enqueue(counting(10), false);
  await socket.flush();
  assertEquals(conn.taken, counting(10));
});

Deno.test("a socket tells once that a write failed, and forgets what waits", async () => {
  const { socket, conn, failures } = newSocket();
  socket.enqueue(counting(MAX_WRITE), true);
  socket.enqueue(counting(MAX_WRITE), true);
  conn.failure = new Deno.errors.BrokenPipe("Broken pipe");
  await socket.flush();
  socket.enqueue(counting(10), false);
  await socket.flush();
  await socket.finish();
  assertEquals(failures, ["Broken pipe"]);
  assertEquals([socket.pending, socket.holdsLent], [0, false]);
  assertEquals([conn.handed.length, conn.calls], [1, []]);
});

Deno.test("a socket that is closed in the middle of a write reports no failure", async () => {
  const { socket, conn, failures } = newSocket();
  socket.enqueue(counting(10), false);
  conn.hold();
  const flushed = socket.flush();
  socket.abort();
  socket.abort();
  await flushed;
  assertEquals([failures, conn.calls, socket.pending], [[], ["close"], 0]);
});

Deno.test("a finished socket ends its side behind what was queued, and takes no more", async () => {
  const { socket, conn } = newSocket();
  socket.enqueue(counting(10), false);
  conn.hold();
  const finished = socket.finish();
  socket.enqueue(counting(20), false);
  assertEquals(conn.calls, []);
  conn.release();
  await finished;
  assertEquals([conn.taken, conn.calls], [counting(10), ["closeWrite"]]);
});

Deno.test("a peer that was faster with closing is no failure", async () => {
  const { socket, conn, failures } = newSocket();
  conn.failure = new Deno.errors.NotConnected("not connected");
  await socket.finish();
  assertEquals([failures, conn.calls], [[], ["closeWrite"]]);
});

Deno.test("a drained socket closes as soon as the peer has taken everything and closed", async () => {
  const { socket, conn } = newSocket();
  const peer = Promise.withResolvers<void>();
  socket.enqueue(counting(10), false);
  conn.hold();
  const drained = socket.drain(peer.promise);
  peer.resolve();
  conn.release();
  await turn();
  assertEquals([conn.taken, conn.calls], [counting(10), ["closeWrite", "close"]]);
  await drained;
});

Deno.test("a drained socket closes two seconds after its last byte, where the peer stays", async () => {
  const { socket, conn } = newSocket();
  const start = performance.now();
  await socket.drain(conn.closed);
  const elapsed = performance.now() - start;
  assert(elapsed >= CLOSING_MS - 1 && elapsed < CLOSING_MS + 10_000, `closed after ${elapsed} ms`);
});

Deno.test("a drained socket closes two seconds later too where the peer does not even take the end", async () => {
  const { socket, conn } = newSocket();
  conn.closeWrite = () => conn.closed;
  let drained = false;
  socket.drain(Promise.resolve()).then(() => drained = true);
  await eventually(() => drained, "the socket's end");
  assertEquals(conn.calls, ["close"]);
});

Deno.test("a drained socket leaves it to its owner how long the peer may take for what is queued", async () => {
  const { socket, conn } = newSocket();
  socket.enqueue(counting(10), false);
  conn.hold();
  const drained = socket.drain(conn.closed);
  await turn(CLOSING_MS + 50);
  assertEquals(conn.calls, []);
  conn.release();
  await turn();
  assertEquals([conn.taken, conn.calls], [counting(10), ["closeWrite"]]);
  socket.abort();
  await drained;
});
