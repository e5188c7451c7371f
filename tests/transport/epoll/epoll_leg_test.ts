import { EpollLeg } from "../../../lib/transport/epoll/epoll_leg.ts";
import { assert, assertEquals } from "../../harness/assert.ts";
import { eventually } from "../../harness/kernel.ts";
import { resetConnection } from "../../harness/reset.ts";
import { Told } from "../told.ts";
import { Ground, pattern, readBytes } from "./ground.ts";

/** A leg that has started, and its peer. */
async function startLeg(
  ground: Ground,
  unread?: Uint8Array,
): Promise<{ readonly leg: EpollLeg; readonly told: Told; readonly peer: Deno.TcpConn }> {
  const { stream, peer } = await ground.stream();
  const told = new Told();
  const leg = new EpollLeg({ stream, unread, isReadable: true }, told);
  ground.use({ close: () => leg.abort() });
  leg.start();
  return { leg, told, peer };
}

/** More than the kernel takes for a peer that does not read. */
const TOO_MUCH = 16 << 20;
const RESET = "failed: Connection reset by peer (os error 104)";

Deno.test("what was read before there was a leg is told first", async () => {
  await using ground = new Ground();
  const { told, peer } = await startLeg(ground, Uint8Array.of(1, 2));
  await peer.write(Uint8Array.of(3));
  await told.until(3);
  assertEquals(told.chunks.flatMap((chunk) => [...chunk]), [1, 2, 3]);
});

Deno.test("the end is told though the kernel has told of it before there was a leg", async () => {
  await using ground = new Ground();
  const { conn, peer } = await ground.connect();
  await peer.write(new Uint8Array(100));
  await peer.closeWrite();
  // The connection is told what has happened so far, of which it reads a part.
  await ground.allTold();
  await conn.read(new Uint8Array(10));
  const told = new Told();
  const leg = new EpollLeg(conn.detach(), told);
  leg.start();
  await told.until(90, "ended");
  leg.abort();
});

Deno.test("what comes is told whenever it comes, before there is a leg, at that moment and later", async () => {
  await using ground = new Ground();
  const early = await ground.connect();
  await early.peer.write(Uint8Array.of(1));
  await ground.allTold();
  const late = await ground.connect();
  await late.peer.write(Uint8Array.of(1));
  for (const { conn, peer } of [early, late]) {
    const told = new Told();
    const leg = new EpollLeg(conn.detach(), told);
    leg.start();
    await told.until(1);
    await peer.write(Uint8Array.of(2));
    await told.until(2);
    leg.abort();
  }
});

Deno.test("a leg is told of what comes behind the bytes that emptied its connection", async () => {
  await using ground = new Ground();
  const { conn, peer } = await ground.connect();
  await peer.write(Uint8Array.of(1));
  await ground.allTold();
  assertEquals(await conn.read(new Uint8Array(10)), 1);
  assertEquals(conn.detach().isReadable, false);
  const told = new Told();
  const leg = new EpollLeg(conn.detach(), told);
  leg.start();
  await peer.write(Uint8Array.of(2));
  await peer.closeWrite();
  await told.until(1, "ended");
  leg.abort();
});

Deno.test("more than one read holds arrives whole", async () => {
  await using ground = new Ground();
  const { told, peer } = await startLeg(ground);
  const size = 1 << 20;
  const writer = peer.writable.getWriter();
  await writer.write(pattern(size));
  await writer.close();
  await told.until(size, "ended");
  const expected = pattern(size);
  let at = 0;
  for (const chunk of told.chunks) for (const byte of chunk) if (byte !== expected[at++]) throw new Error(`byte ${at}`);
});

Deno.test("a leg that is held tells nothing, and afterwards all of it with the end", async () => {
  await using ground = new Ground();
  const { leg, told, peer } = await startLeg(ground);
  leg.hold();
  await peer.write(new Uint8Array(5));
  await peer.closeWrite();
  await ground.allTold();
  assertEquals(told.all, []);
  leg.resume();
  await told.until(5, "ended");
});

Deno.test("a reset while a leg is held is told once it is held no more", async () => {
  await using ground = new Ground();
  const { leg, told, peer } = await startLeg(ground);
  leg.hold();
  resetConnection(peer);
  await ground.allTold();
  assertEquals(told.all, []);
  leg.resume();
  await told.until(RESET);
});

Deno.test("a write that fails is told after what the peer had said", async () => {
  await using ground = new Ground();
  const { leg, told, peer } = await startLeg(ground);
  leg.hold();
  await peer.write(new Uint8Array(7));
  leg.write(new Uint8Array(TOO_MUCH), false);
  leg.flush();
  assert(leg.pending > 0);
  resetConnection(peer);
  await told.until("drained");
  assertEquals([leg.broken, leg.pending], [true, 0]);
  leg.resume();
  await eventually(() => told.all.length > 1, "what the leg tells");
  assert(told.all.some((what) => /^failed: (Connection reset by peer|Broken pipe)/.test(String(what))), `${told.all}`);
});

Deno.test("what waits is told to be drained once the peer has taken it", async () => {
  await using ground = new Ground();
  const { leg, told, peer } = await startLeg(ground);
  leg.write(pattern(TOO_MUCH), false);
  leg.flush();
  assertEquals(leg.pending + leg.written, TOO_MUCH);
  assertEquals((await readBytes(peer, TOO_MUCH)).length, TOO_MUCH);
  await told.until("drained");
});

Deno.test("a leg that finishes sends what waits and then the end, and is read on", async () => {
  await using ground = new Ground();
  const { leg, told, peer } = await startLeg(ground);
  leg.write(pattern(TOO_MUCH), false);
  leg.finish();
  assertEquals((await readBytes(peer, TOO_MUCH + 1)).length, TOO_MUCH);
  await peer.write(Uint8Array.of(1));
  await told.until("drained", 1);
});

Deno.test("a leg that closes discards what comes, and is gone with the peer", async () => {
  await using ground = new Ground();
  const { leg, told, peer } = await startLeg(ground);
  leg.write(Uint8Array.of(1, 2, 3), false);
  leg.close();
  await peer.write(new Uint8Array(1000));
  assertEquals((await readBytes(peer, 4)).length, 3);
  assertEquals(told.all, []);
  peer.close();
  await told.until("gone");
});

Deno.test("a leg that closes while it is held reads on", async () => {
  await using ground = new Ground();
  const { leg, told, peer } = await startLeg(ground);
  leg.hold();
  await peer.write(new Uint8Array(1000));
  leg.close();
  peer.close();
  await told.until("gone");
});

Deno.test("a peer that never closes is left two seconds after it was sent everything", async () => {
  await using ground = new Ground();
  const { leg, told } = await startLeg(ground);
  const began = performance.now();
  leg.close();
  await told.until("gone");
  assert(performance.now() - began >= 1_900);
});

Deno.test("a leg that is closed within what it tells tells nothing more but that it is gone", async () => {
  await using ground = new Ground();
  const { leg, told, peer } = await startLeg(ground);
  told.react = () => leg.abort();
  await peer.write(new Uint8Array(10));
  await told.until(10, "gone");
  assert(leg.broken);
  leg.write(Uint8Array.of(1), false);
  leg.flush();
  leg.close();
  leg.abort();
  await told.until(10, "gone");
});

Deno.test("an error in what is told costs that leg and no other", async () => {
  await using ground = new Ground();
  const [one, other] = [await startLeg(ground), await startLeg(ground)];
  one.told.fault = new Error("by the test");
  await one.peer.write(Uint8Array.of(1));
  await one.told.until(1, "failed: by the test");
  await other.peer.write(Uint8Array.of(1));
  await other.told.until(1);
});

Deno.test("a leg that was stopped goes on as if nothing had happened", async () => {
  await using ground = new Ground();
  const { leg, told, peer } = await startLeg(ground);
  leg.write(pattern(TOO_MUCH), false);
  leg.flush();
  const suspended = leg.suspend();
  assert(suspended !== undefined);
  assertEquals([leg.pending, suspended.unsent.length], [0, TOO_MUCH - leg.written]);
  await peer.write(new Uint8Array(9));
  await peer.closeWrite();
  await ground.allTold();
  assertEquals(told.all, []);
  suspended.resume();
  leg.flush();
  const reading = readBytes(peer, TOO_MUCH);
  await told.until(9, "ended", "drained");
  const [read, expected] = [await reading, pattern(TOO_MUCH)];
  assert(read.every((byte, index) => byte === expected[index]));
});

Deno.test("a leg that another process has tells nothing, and its peer notices nothing", async () => {
  await using ground = new Ground();
  const { leg, told, peer } = await startLeg(ground);
  const suspended = leg.suspend();
  assert(suspended !== undefined);
  suspended.release();
  // In this process alone, that closes the connection.
  assertEquals(await peer.read(new Uint8Array(1)), null);
  assertEquals(told.all, []);
});

Deno.test("no other process could go on with a leg that ends or has bytes to be told", async () => {
  await using ground = new Ground();
  const [ended, finishing] = [await startLeg(ground), await startLeg(ground)];
  await ended.peer.closeWrite();
  await ended.told.until("ended");
  finishing.leg.finish();
  const { stream } = await ground.stream();
  const waiting = new EpollLeg({ stream, unread: Uint8Array.of(1), isReadable: false }, new Told());
  for (const leg of [ended.leg, finishing.leg, waiting]) assertEquals(leg.suspend(), undefined);
});
