/** WebSockets as legs, over real sockets of the epoll driver. */
import { EpollLeg } from "../../../lib/transport/epoll/epoll_leg.ts";
import type { LegSocket } from "../../../lib/transport/leg.ts";
import { OPCODE } from "../../../lib/transport/websocket/frame.ts";
import { FrameReader } from "../../../lib/transport/websocket/frame_reader.ts";
import { WebSocketLeg } from "../../../lib/transport/websocket/websocket_leg.ts";
import { assert, assertEquals } from "../../harness/assert.ts";
import { Told } from "../told.ts";
import { Ground, readBytes } from "../epoll/ground.ts";
import { closing, concat, counting, frame, masked } from "./frames.ts";

interface Started {
  readonly leg: LegSocket;
  readonly told: Told;
  readonly peer: Deno.TcpConn;
}

/** A leg of a WebSocket's server that has started, and its peer. */
async function startLeg(ground: Ground, unread: Uint8Array = new Uint8Array(0)): Promise<Started> {
  const { stream, peer } = await ground.stream();
  const told = new Told();
  const websocket = { reader: new FrameReader("server"), nextMask: undefined, unread };
  const leg = new WebSocketLeg(
    websocket,
    told,
    (events) => new EpollLeg({ stream, unread: undefined, isReadable: true }, events),
  );
  ground.use({ close: () => leg.abort() });
  leg.start();
  return { leg, told, peer };
}

Deno.test("what messages carry is told, and what is written becomes messages", async () => {
  await using ground = new Ground();
  const { leg, told, peer } = await startLeg(ground, counting(3));
  await told.until(3);
  await peer.write(concat(masked(OPCODE.binary, counting(4, 3)), masked(OPCODE.text, counting(2, 7)).subarray(0, 7)));
  await told.until(8);
  await peer.write(masked(OPCODE.text, counting(2, 7)).subarray(7));
  await told.until(9);
  assertEquals(concat(...told.chunks), counting(9));
  leg.write(counting(5), false);
  leg.write(new Uint8Array(0), false);
  leg.write(counting(300), false);
  leg.flush();
  const expected = concat(frame(OPCODE.binary, counting(5)), frame(OPCODE.binary, counting(300)));
  assertEquals(await readBytes(peer, expected.length), expected);
});

Deno.test("a ping is answered at once, and only the last of those that come while the peer does not read", async () => {
  await using ground = new Ground();
  const { leg, told, peer } = await startLeg(ground);
  await peer.write(concat(masked(OPCODE.ping, [1]), masked(OPCODE.ping, [2])));
  const pong = frame(OPCODE.pong, [2]);
  assertEquals(await readBytes(peer, pong.length), pong);
  const large = new Uint8Array(60_000);
  while (leg.pending === 0) {
    leg.write(large, false);
    leg.flush();
  }
  const { written, pending } = leg;
  for (const payload of [3, 4]) await peer.write(masked(OPCODE.ping, [payload]));
  await peer.write(masked(OPCODE.binary, [0]));
  await told.until(1);
  assertEquals(leg.pending, pending);
  await readBytes(peer, written - pong.length + pending);
  const last = frame(OPCODE.pong, [4]);
  assertEquals(await readBytes(peer, last.length), last);
});

Deno.test("the end of the peer's frames is answered, and told once the peer has closed the connection", async () => {
  await using ground = new Ground();
  const { leg, told, peer } = await startLeg(ground);
  await peer.write(concat(masked(OPCODE.binary, [1]), masked(OPCODE.close, closing(1000))));
  const answer = frame(OPCODE.close, closing(1000));
  assertEquals(await readBytes(peer, 100), answer);
  leg.write(counting(9), false);
  leg.flush();
  assertEquals([leg.pending, told.all], [0, [1]]);
  peer.close();
  await told.until(1, "ended");
  leg.close();
  await told.until(1, "ended", "gone");
});

Deno.test("whoever breaks a rule is told so, and has a second to read it", async () => {
  await using ground = new Ground();
  const { leg, told, peer } = await startLeg(ground);
  await peer.write(frame(OPCODE.binary, [1]));
  const [first, second, ...code] = await readBytes(peer, 100);
  assertEquals([first, second, code], [0x88, 2, [...closing(1002)]]);
  // Nothing of what comes behind it is told.
  await peer.write(masked(OPCODE.binary, [1]));
  await told.until("failed: Cannot read the WebSocket: a frame is not masked");
  leg.abort();
  await told.until("failed: Cannot read the WebSocket: a frame is not masked", "gone");
});

Deno.test("closing says so in a frame, behind what was written", async () => {
  await using ground = new Ground();
  const { leg, told, peer } = await startLeg(ground);
  leg.write(Uint8Array.of(7), false);
  leg.close();
  const expected = concat(frame(OPCODE.binary, [7]), frame(OPCODE.close, closing(1000)));
  assertEquals(await readBytes(peer, 100), expected);
  await peer.write(masked(OPCODE.close, closing(1000)));
  peer.close();
  await told.until("gone");
});

Deno.test("another process can go on between two messages, and nowhere else", async () => {
  await using ground = new Ground();
  const { leg, told, peer } = await startLeg(ground);
  const message = masked(OPCODE.binary, counting(4));
  for (const [index, piece] of [message.subarray(0, 3), message.subarray(3, 8)].entries()) {
    await peer.write(piece);
    if (index === 1) await told.until(2);
    await ground.allTold();
    assertEquals(leg.suspend?.(), undefined);
  }
  await peer.write(message.subarray(8));
  await told.until(4);
  const suspended = leg.suspend?.();
  assert(suspended !== undefined);
  suspended.resume();
  await peer.write(concat(masked(OPCODE.binary, [4], { final: false })));
  await told.until(5);
  assertEquals(leg.suspend?.(), undefined);
  await peer.write(masked(OPCODE.continuation, [5]));
  await told.until(6);
  leg.suspend?.()?.release();
  await peer.write(masked(OPCODE.binary, [6]));
  await ground.allTold();
  await told.until(6);
});
