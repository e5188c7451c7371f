import { assertEquals, assertRejects } from "../../harness/assert.ts";
import { writeAll } from "../../../lib/transport/write_all.ts";
import { Ground, pattern, readBytes } from "./ground.ts";

Deno.test("bytes that were given back are read again first, however small the buffer", async () => {
  await using ground = new Ground();
  const { conn, peer } = await ground.connect();
  await peer.write(Uint8Array.of(4, 5));
  conn.unread(Uint8Array.of(3));
  conn.unread(Uint8Array.of(1, 2));
  const read: number[] = [];
  while (read.length < 5) {
    const buffer = new Uint8Array(2);
    const count = await conn.read(buffer);
    read.push(...buffer.subarray(0, count ?? 0));
  }
  assertEquals(read, [1, 2, 3, 4, 5]);
});

Deno.test("a read waits for what comes, and ends with the peer's", async () => {
  await using ground = new Ground();
  const { conn, peer } = await ground.connect();
  const reading = conn.read(new Uint8Array(8));
  await peer.write(Uint8Array.of(1));
  assertEquals(await reading, 1);
  const last = conn.read(new Uint8Array(8));
  await peer.closeWrite();
  assertEquals(await last, null);
});

Deno.test("a write waits for the peer to take it", async () => {
  await using ground = new Ground();
  const { conn, peer } = await ground.connect();
  const size = 16 << 20;
  const writing = writeAll(conn, pattern(size)).then(() => conn.closeWrite());
  assertEquals((await readBytes(peer, size + 1)).length, size);
  await writing;
});

Deno.test("closing ends a read and a write that wait, and everything afterwards", async () => {
  await using ground = new Ground();
  const { conn } = await ground.connect();
  const reading = conn.read(new Uint8Array(8));
  const writing = writeAll(conn, new Uint8Array(16 << 20));
  conn.close();
  await assertRejects(() => reading, Deno.errors.BadResource, "Cannot read: the connection is closed");
  await assertRejects(() => writing, Deno.errors.BadResource, "Cannot write: the connection is closed");
  await assertRejects(() => conn.read(new Uint8Array(8)), Deno.errors.BadResource);
  await assertRejects(() => conn.closeWrite(), Deno.errors.BrokenPipe);
  conn.close();
});

Deno.test("both ends of a connection are told, and no others once it is closed", async () => {
  await using ground = new Ground();
  const { conn, peer } = await ground.connect();
  assertEquals([conn.localAddr, conn.remoteAddr], [peer.remoteAddr, peer.localAddr]);
  conn.close();
  await ground.connect();
  assertEquals(conn.localAddr.hostname, "");
});
