import { WebSocketConn } from "../../../lib/transport/websocket/websocket_conn.ts";
import { writeAll } from "../../../lib/transport/write_all.ts";
import { assert, assertEquals, assertRejects } from "../../harness/assert.ts";
import { seeded, splitAtRandom } from "../../harness/chunks.ts";
import { FakeConn } from "../fake_conn.ts";
import { closing, concat, counting, frame, MASK, masked } from "./frames.ts";
import { readAll, readBytes, TcpPair, writePieces } from "./tcp_pair.ts";

/** Reads up to the end, and tells how it ended. */
async function readToEnd(conn: WebSocketConn): Promise<{ payload: Uint8Array; failure: string | undefined }> {
  const payload: number[] = [];
  const buffer = new Uint8Array(100);
  try {
    for (let count = await conn.read(buffer); count !== null; count = await conn.read(buffer)) {
      assert(count > 0);
      payload.push(...buffer.subarray(0, count));
    }
    return { payload: Uint8Array.from(payload), failure: undefined };
  } catch (error) {
    assert(error instanceof Error);
    return { payload: Uint8Array.from(payload), failure: error.message };
  }
}

for (const size of [1, 2, 3, 1000]) {
  Deno.test(`a server reads over TCP what comes ${size} bytes at a time, and answers`, async () => {
    using pair = await TcpPair.open();
    const conn = new WebSocketConn(pair.far, "server");
    const frames = concat(
      masked(1, [1], { final: false }),
      masked(9, [70, 71]),
      masked(0, []),
      masked(2, counting(300)),
      masked(8, closing(3001, "bye")),
      masked(2, [99]),
    );
    const reading = readToEnd(conn);
    await writePieces(pair.near, frames, size);
    await pair.near.closeWrite();
    assertEquals(await reading, { payload: concat(Uint8Array.of(1), counting(300)), failure: undefined });
    assertEquals(await readAll(pair.near), concat(frame(10, [70, 71]), frame(8, closing(3001))));
  });
}

for (
  const [what, bytes, code, failure] of [
    ["an unmasked frame", frame(2, [1]), 1002, "a frame is not masked"],
    ["a reserved bit", masked(2, [1], { reserved: 4 }), 1002, "a reserved bit is set"],
    ["a frame of 65,537 bytes", masked(2, [], { length: 65537 }), 1009, "a frame has 65537 bytes"],
    ["a wrong close code", masked(8, closing(1005)), 1002, "close code 1005 must not be sent"],
  ] as const
) {
  Deno.test(`a server closes with ${code} on ${what}, once what came before is read`, async () => {
    using pair = await TcpPair.open();
    const conn = new WebSocketConn(pair.far, "server");
    await writeAll(pair.near, concat(masked(2, [5]), bytes, masked(2, counting(9000))));
    const reading = readToEnd(conn);
    assertEquals(await readAll(pair.near), frame(8, closing(code)));
    await pair.near.closeWrite();
    assertEquals(await reading, { payload: Uint8Array.of(5), failure: `Cannot read the WebSocket: ${failure}` });
    await assertRejects(() => conn.read(new Uint8Array(1)), Error, failure);
    assertEquals(await conn.write(Uint8Array.of(1)), 1);
  });
}

for (
  const [what, frames, ending] of [
    ["broke a rule", masked(9, [], { final: false }), "Cannot read the WebSocket: a control frame is fragmented"],
    ["closed the WebSocket", masked(8, closing(1001)), undefined],
  ] as const
) {
  Deno.test(`what a peer still sends that ${what} does not cost it the close frame`, async () => {
    using pair = await TcpPair.open();
    const conn = new WebSocketConn(pair.far, "server");
    await writeAll(pair.near, frames);
    const more = writeAll(pair.near, new Uint8Array(500_000)).then(() => pair.near.closeWrite());
    assertEquals((await readToEnd(conn)).failure, ending);
    conn.close();
    await more;
    assertEquals(await readAll(pair.near), frame(8, closing(ending === undefined ? 1001 : 1002)));
  });
}

Deno.test("the end of a peer that closes neither the WebSocket nor the connection is told within a second or so", async () => {
  using pair = await TcpPair.open();
  const conn = new WebSocketConn(pair.far, "server");
  await writeAll(pair.near, frame(2, [1]));
  const start = performance.now();
  await assertRejects(() => conn.read(new Uint8Array(9)), Error, "a frame is not masked");
  const tookMs = performance.now() - start;
  assert(tookMs > 900 && tookMs < 3000, `it took ${tookMs} ms`);
});

Deno.test("the end of a peer that never stops sending is told all the same", async () => {
  const inner = new FakeConn();
  let sent = 0;
  inner.read = (buffer = new Uint8Array(0)): Promise<number> => {
    buffer.set(frame(2, [1]));
    sent += buffer.length;
    return Promise.resolve(buffer.length);
  };
  const conn = new WebSocketConn(inner, "server");
  await assertRejects(() => conn.read(new Uint8Array(9)), Error, "a frame is not masked");
  assertEquals([inner.taken, inner.calls], [frame(8, closing(1002)), ["closeWrite"]]);
  assert(sent < 2 << 20, `${sent} bytes were read`);
});

Deno.test("a client masks each frame with another mask, and closes on a masked one", async () => {
  using pair = await TcpPair.open();
  const conn = new WebSocketConn(pair.near, "client");
  for (let i = 0; i < 20; i++) await conn.write(counting(10));
  const got = await readBytes(pair.far, 20 * 16);
  const seen = new Set<string>();
  for (let at = 0; at < got.length; at += 16) {
    const mask = [...got.subarray(at + 2, at + 6)];
    assertEquals(got.subarray(at, at + 16), masked(2, counting(10), { mask }));
    seen.add(mask.join());
  }
  assertEquals(seen.size, 20);
  await writeAll(pair.far, frame(2, [1, 2], { mask: MASK }));
  const reading = readToEnd(conn);
  const close = await readBytes(pair.far, 8);
  await pair.far.closeWrite();
  assertEquals((await reading).failure, "Cannot read the WebSocket: a frame is masked");
  assertEquals(close, masked(8, closing(1002), { mask: [...close.subarray(2, 6)] }));
});

Deno.test("the end of the connection without a close frame is the end", async () => {
  using pair = await TcpPair.open();
  const conn = new WebSocketConn(pair.far, "server");
  await writeAll(pair.near, concat(masked(2, [1]), masked(2, [2, 3]).subarray(0, 5)));
  await pair.near.closeWrite();
  assertEquals(await readToEnd(conn), { payload: Uint8Array.of(1), failure: undefined });
});

Deno.test("finishing sends one close frame behind what was written, and reading goes on", async () => {
  using pair = await TcpPair.open();
  const conn = new WebSocketConn(pair.far, "server");
  const writing = conn.write(counting(1000));
  await conn.closeWrite();
  assertEquals(await writing, 1000);
  await writeAll(pair.near, concat(masked(2, [7]), masked(9, [1]), masked(8, closing(1000))));
  await pair.near.closeWrite();
  assertEquals(await readToEnd(conn), { payload: Uint8Array.of(7), failure: undefined });
  assertEquals(await readAll(pair.near), concat(frame(2, counting(1000)), frame(8, closing(1000))));
  assertEquals(await conn.write(Uint8Array.of(1)), 1);
});

Deno.test("a close without a code is answered without one", async () => {
  using pair = await TcpPair.open();
  const conn = new WebSocketConn(pair.far, "server");
  await writeAll(pair.near, masked(8));
  await pair.near.closeWrite();
  assertEquals(await conn.read(new Uint8Array(9)), null);
  await conn.closeWrite();
  assertEquals(await readAll(pair.near), frame(8));
});

Deno.test("closing closes the connection", async () => {
  using pair = await TcpPair.open();
  const conn = new WebSocketConn(pair.far, "server");
  conn.close();
  assertEquals(await readAll(pair.near), new Uint8Array(0));
});

Deno.test("a WebSocket over a WebSocket carries random chunks both ways", async () => {
  using pair = await TcpPair.open();
  const client = new WebSocketConn(pair.near, "client");
  const server = new WebSocketConn(pair.far, "server");
  const random = seeded(7);
  const bytes = random.bytes(400_000);
  for (const [from, to] of [[client, server], [server, client]] as const) {
    const reading = readBytes(to, bytes.length);
    for (const piece of splitAtRandom(bytes.subarray(0, 200_000), random)) {
      assertEquals(await from.write(piece), piece.length);
    }
    assertEquals(await from.write(bytes.subarray(200_000)), 200_000);
    const got = await reading;
    assertEquals(got.length, bytes.length);
    assertEquals(got.findIndex((byte, index) => byte !== bytes[index]), -1);
  }
});

/** A connection whose peer has sent `chunks` and then ended. */
class SentConn extends FakeConn {
  readonly #chunks: Uint8Array[];

  constructor(chunks: readonly Uint8Array[]) {
    super();
    this.#chunks = [...chunks];
  }

  override read(buffer: Uint8Array): Promise<number | null> {
    const chunk = this.#chunks.shift();
    if (chunk === undefined) return Promise.resolve(null);
    buffer.set(chunk);
    return Promise.resolve(chunk.length);
  }
}

Deno.test("a peer that pings and does not read is owed only the latest pong", async () => {
  const pings = Array.from({ length: 1000 }, (_, index) => masked(9, [index >> 8, index & 255]));
  const inner = new SentConn([masked(9, [9]), masked(2, [1]), ...pings, masked(2, [2])]);
  const conn = new WebSocketConn(inner, "server");
  inner.hold();
  const buffer = new Uint8Array(100);
  assertEquals(await conn.read(buffer), 1);
  assertEquals(await conn.read(buffer), 1);
  inner.release();
  assertEquals(await conn.write(Uint8Array.of(3)), 1);
  assertEquals(inner.taken, concat(frame(10, [9]), frame(10, [3, 231]), frame(2, [3])));
});

Deno.test("a ping is not answered behind our close frame", async () => {
  const inner = new SentConn([masked(9, [4]), masked(8, closing(1000))]);
  const conn = new WebSocketConn(inner, "server");
  await conn.closeWrite();
  assertEquals(await readToEnd(conn), { payload: new Uint8Array(0), failure: undefined });
  assertEquals(inner.taken, frame(8, closing(1000)));
});

for (const takes of [1, 3]) {
  Deno.test(`frames do not mix when one write takes ${takes} bytes`, async () => {
    const inner = new SentConn([masked(9, [4]), masked(2, [1]), masked(8, closing(1001))]);
    inner.takes = takes;
    const conn = new WebSocketConn(inner, "server");
    const writes = [conn.write(counting(5)), conn.write(counting(200))];
    assertEquals(await readToEnd(conn), { payload: Uint8Array.of(1), failure: undefined });
    assertEquals(await Promise.all(writes), [5, 200]);
    const expected = concat(frame(2, counting(5)), frame(2, counting(200)), frame(10, [4]), frame(8, closing(1001)));
    assertEquals(inner.taken, expected);
  });
}

Deno.test("a peer that takes no close frame is told of within a second or so", async () => {
  const inner = new SentConn([frame(2, [1])]);
  inner.hold();
  const conn = new WebSocketConn(inner, "server");
  await assertRejects(() => conn.read(new Uint8Array(9)), Error, "a frame is not masked");
});

Deno.test("a write that fails is told to who wrote, and one that answers to nobody", async () => {
  const inner = new SentConn([masked(9), masked(2, [1]), masked(8)]);
  inner.failure = new Deno.errors.BrokenPipe("Broken pipe");
  const conn = new WebSocketConn(inner, "server");
  assertEquals(await readToEnd(conn), { payload: Uint8Array.of(1), failure: undefined });
  const other = new WebSocketConn(inner, "server");
  await assertRejects(() => other.write(Uint8Array.of(1)), Deno.errors.BrokenPipe);
});

Deno.test("reading into no room reads nothing", async () => {
  const conn = new WebSocketConn(new SentConn([masked(2, [1])]), "server");
  assertEquals(await conn.read(new Uint8Array(0)), 0);
  assertEquals(await conn.read(new Uint8Array(9)), 1);
});
