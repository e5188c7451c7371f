import { AwaitedLeg } from "../../../lib/transport/epoll/awaited_leg.ts";
import { EpollLeg } from "../../../lib/transport/epoll/epoll_leg.ts";
import { EpollSockets } from "../../../lib/transport/epoll/epoll_sockets.ts";
import { Beat } from "../../../lib/transport/beat.ts";
import type { LegEvents } from "../../../lib/transport/leg.ts";
import { Nap } from "../../../lib/transport/nap.ts";
import { PrefixedConn } from "../../../lib/transport/prefixed_conn.ts";
import { OPCODE } from "../../../lib/transport/websocket/frame.ts";
import { WebSocketConn } from "../../../lib/transport/websocket/websocket_conn.ts";
import { WebSocketLeg } from "../../../lib/transport/websocket/websocket_leg.ts";
import { assert, assertEquals, assertThrows } from "../../harness/assert.ts";
import { frame, masked } from "../websocket/frames.ts";
import { readBytes } from "./ground.ts";

const PACE = { beat: new Beat(), nap: new Nap() };

function sockets(): EpollSockets {
  return new EpollSockets((error) => {
    throw error;
  });
}

/** Resolves with what a leg has told once that is as many bytes as `count`. */
function heard(
  count: number,
): { readonly events: LegEvents; readonly bytes: Promise<number[]>; readonly gone: Promise<void> } {
  const [bytes, gone] = [Promise.withResolvers<number[]>(), Promise.withResolvers<void>()];
  const all: number[] = [];
  const events: LegEvents = {
    asked: undefined,
    bytes: (chunk) => {
      all.push(...chunk);
      if (all.length === count) bytes.resolve(all);
    },
    ended: () => {},
    failed: () => {},
    drained: () => {},
    gone: gone.resolve,
  };
  return { events, bytes: bytes.promise, gone: gone.promise };
}

Deno.test("a connection becomes a leg that goes on where it was read, and one through another layer as well", async () => {
  const epoll = sockets();
  const acceptor = epoll.listen("127.0.0.1", 0);
  for (const isLayered of [false, true]) {
    const peer = await Deno.connect(acceptor.addr);
    await peer.write(Uint8Array.of(1, 2, 3));
    const conn = await acceptor.accept();
    const buffer = new Uint8Array(8);
    const count = await conn.read(buffer) ?? 0;
    const rest = buffer.slice(1, count);
    if (!isLayered) conn.unread?.(rest);
    const { events, bytes, gone } = heard(2);
    const leg = epoll.openLeg(isLayered ? new PrefixedConn(conn, rest) : conn, events, PACE);
    assert(isLayered ? leg instanceof AwaitedLeg : leg instanceof EpollLeg);
    leg.start();
    assertEquals(await bytes, [2, 3]);
    leg.write(Uint8Array.of(4), false);
    leg.flush();
    assertEquals([await peer.read(buffer), buffer[0]], [1, 4]);
    leg.abort();
    await gone;
    peer.close();
  }
  acceptor.close();
  await epoll.close();
});

Deno.test("a WebSocket over a connection is a leg that the loop tells, unless it is still saying something", async () => {
  const epoll = sockets();
  const acceptor = epoll.listen("127.0.0.1", 0);
  for (const isSpeaking of [false, true]) {
    const peer = await Deno.connect(acceptor.addr);
    const websocket = new WebSocketConn(await acceptor.accept(), "server");
    await peer.write(masked(OPCODE.binary, [1, 2, 3]));
    const buffer = new Uint8Array(16);
    assertEquals(await websocket.read(buffer), 3);
    websocket.unread(buffer.slice(1, 3));
    if (isSpeaking) websocket.write(Uint8Array.of(4));
    const { events, bytes, gone } = heard(2);
    const leg = epoll.openLeg(websocket, events, PACE);
    assert(isSpeaking ? leg instanceof AwaitedLeg : leg instanceof WebSocketLeg);
    leg.start();
    assertEquals(await bytes, [2, 3]);
    if (!isSpeaking) leg.write(Uint8Array.of(4), false);
    leg.flush();
    assertEquals(await readBytes(peer, 3), frame(OPCODE.binary, [4]));
    leg.abort();
    await gone;
    peer.close();
  }
  acceptor.close();
  await epoll.close();
});

Deno.test("what another process has opened is used by its descriptors", async () => {
  const [theirs, ours] = [sockets(), sockets()];
  const acceptor = theirs.listen("127.0.0.1", 0);
  const inherited = ours.inherited.acceptor(acceptor.descriptor ?? -1);
  assertEquals(inherited.addr, acceptor.addr);
  const peer = await Deno.connect(inherited.addr);
  const conn = await inherited.accept();
  assertEquals(conn.remoteAddr, peer.localAddr);
  await peer.write(Uint8Array.of(5));
  assertEquals(await conn.read(new Uint8Array(8)), 1);
  conn.close();
  assertEquals(await peer.read(new Uint8Array(8)), null);
  peer.close();
  assertThrows(() => ours.inherited.acceptor(-1), Error, "Bad file descriptor (os error 9)");
  inherited.close();
  await Promise.all([theirs.close(), ours.close()]);
});
