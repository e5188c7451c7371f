/** The generator on real sockets, with no peer in between. Its sockets are those of Linux: elsewhere they cannot even be imported. */
import { type Leg, MeasurementError } from "../../bench/leg.ts";
import { VANILLA } from "../../bench/login.ts";
import type { Socket } from "../../bench/sockets.ts";
import { knownSizes } from "../../lib/protocol/packet_table.ts";
import { encodePacket } from "../../lib/protocol/packets.ts";
import { assert, assertEquals, assertThrows } from "../harness/assert.ts";

const ignore = Deno.build.os !== "linux";
const SIZES = knownSizes("s2c", VANILLA);
const MAX_POLLS = 1_000;

// Here and not first in a test: libc stays loaded, which a test must not leave behind.
if (!ignore) await import("../../bench/sockets.ts");

/** A leg that writes down the ids of its packets, connected to a bare socket. */
async function connectedLeg(): Promise<
  Disposable & { socket: Socket; ids: number[]; ended: () => boolean; poll: () => void; leg: Leg }
> {
  const { Poller } = await import("../../bench/sockets.ts");
  const { Leg } = await import("../../bench/leg.ts");
  const poller = new Poller();
  let accepted: Socket | undefined;
  const port = poller.listen((socket) => accepted = socket);
  const ids: number[] = [];
  let ended = false;
  const leg = new Leg(poller.connect(port), SIZES, (bytes, at) => ids.push(bytes.getUint8(at)), () => ended = true);
  pollUntil(() => poller.poll(10), () => accepted !== undefined);
  if (accepted === undefined) throw new Error("Cannot connect: nobody accepted");
  return {
    leg,
    socket: accepted,
    ids,
    ended: () => ended,
    poll: () => poller.poll(10),
    [Symbol.dispose]: () => poller[Symbol.dispose](),
  };
}

function pollUntil(poll: () => void, done: () => boolean): void {
  for (let polls = 0; polls < MAX_POLLS && !done(); polls++) poll();
  assert(done(), "it did not happen in time");
}

Deno.test({
  name: "Leg frames packets that arrive byte by byte",
  ignore,
  fn: async () => {
    using pair = await connectedLeg();
    const packets = [
      encodePacket("SpawnPlayer", VANILLA, { playerId: 1, playerName: "A", x: 1, y: 2, z: 3, yaw: 4, pitch: 5 }),
      encodePacket("Ping", VANILLA, {}),
      encodePacket("LevelFinalize", VANILLA, { xSize: 1, ySize: 1, zSize: 1 }),
    ];
    for (const byte of packets.flatMap((packet) => [...packet])) {
      pair.socket.send(Uint8Array.of(byte));
      pair.poll();
    }
    pollUntil(pair.poll, () => pair.ids.length >= packets.length);
    assertEquals(pair.ids, packets.map((packet) => packet[0]));
  },
});

Deno.test({
  name: "Leg refuses a packet id that nobody knows",
  ignore,
  fn: async () => {
    using pair = await connectedLeg();
    pair.socket.send(Uint8Array.of(0xfe));
    assertThrows(() => pollUntil(pair.poll, () => pair.ids.length > 0), MeasurementError, "id is 254");
  },
});

Deno.test({
  name: "Leg tells whoever wants to know of a packet that nobody knows, and goes on behind what came with it",
  ignore,
  fn: async () => {
    using pair = await connectedLeg();
    const faults: string[] = [];
    pair.leg.onFault = ({ message }) => faults.push(message);
    pair.socket.send(Uint8Array.of(0xfe, 1, 1));
    pollUntil(pair.poll, () => faults.length > 0);
    pair.socket.send(encodePacket("Ping", VANILLA, {}));
    pollUntil(pair.poll, () => pair.ids.length > 0);
    assertEquals(pair.ids, [1]);
  },
});

Deno.test({
  name: "Leg is told of the end when it writes to somebody who has gone",
  ignore,
  fn: async () => {
    using pair = await connectedLeg();
    pair.socket.close();
    for (let writes = 0; writes < 3; writes++) pair.leg.write(Uint8Array.of(1, 2, 3));
    pollUntil(pair.poll, pair.ended);
  },
});

Deno.test({
  name: "Leg sends what does not fit the socket once there is room, in order",
  ignore,
  fn: async () => {
    using pair = await connectedLeg();
    const sent = Uint8Array.from({ length: 16 * 1024 ** 2 }, (_, index) => index >> 12);
    pair.leg.write(sent);
    pair.leg.write(Uint8Array.of(1, 2, 3));
    assert(pair.leg.pendingBytes > 0, "the socket took everything at once");
    const received = new Uint8Array(sent.length + 3);
    let length = 0;
    pair.socket.onReadable = () => length += pair.socket.receive(received.subarray(length)) ?? 0;
    pollUntil(pair.poll, () => length === received.length);
    assertEquals(pair.leg.pendingBytes, 0);
    assert(sent.every((byte, index) => received[index] === byte), "the bytes differ");
    assertEquals([...received.subarray(sent.length)], [1, 2, 3]);
  },
});

Deno.test({
  name: "Leg tells that the other side has closed",
  ignore,
  fn: async () => {
    using pair = await connectedLeg();
    pair.socket.close();
    pollUntil(pair.poll, pair.ended);
    assert(!pair.leg.isOpen);
  },
});

Deno.test({
  name: "Positions all arrive when nothing is in between",
  ignore,
  fn: async () => {
    const { Load } = await import("../../bench/load.ts");
    const { Positions } = await import("../../bench/scenarios/positions.ts");
    for (const delivery of ["batched", "unbatched"] as const) {
      using load = new Load();
      const positions = new Positions(load, "vanilla", 5, delivery);
      positions.run(200);
      positions.drain();
      assert(positions.received > 5 * 5, `only ${positions.received} packets came`);
      assert(positions.times().toClientP50 > 0);
    }
  },
});

Deno.test({
  name: "MapStreams all arrive when nothing is in between",
  ignore,
  fn: async () => {
    const { Load } = await import("../../bench/load.ts");
    const { MapStreams } = await import("../../bench/scenarios/map_streams.ts");
    using load = new Load();
    const maps = new MapStreams(load, "vanilla", { count: 2, writeSize: 64 * 1024, writesPerTurn: 1 });
    maps.start();
    load.pollUntil("get a megabyte", 5_000, () => maps.receivedBytes > 1e6);
    maps.finish();
    assert(maps.receivedBytes > 1e6);
  },
});
