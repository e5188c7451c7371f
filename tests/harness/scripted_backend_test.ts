import { assertEquals, assertRejects } from "./assert.ts";
import { CAN_RESET } from "./reset.ts";
import { dial, Link, type Target } from "./link.ts";
import { type Peer, PeerGone, ScriptedBackend } from "./scripted_backend.ts";
import { ExtensionSet } from "../../lib/protocol/extensions.ts";
import type { Dialect } from "../../lib/protocol/packet_table.ts";
import { encodePacket } from "../../lib/protocol/packets.ts";

const PLAIN: Dialect = { protocol: 7, cpe: false, extensions: ExtensionSet.EMPTY };
const HELLO = encodePacket("PlayerMessage", PLAIN, { partial: 255, message: "hello" });
const POSITION = encodePacket("PlayerPosition", PLAIN, { held: 255, x: 1, y: 2, z: 3, yaw: 4, pitch: 5 });

/** A connection that keeps what it receives. */
async function connect(
  target: Target,
): Promise<{ link: Link; received: number[]; [Symbol.asyncDispose](): Promise<void> }> {
  const received: number[] = [];
  const link = new Link(await dial(target, 1000), (chunk) => received.push(...chunk));
  return { link, received, [Symbol.asyncDispose]: () => link[Symbol.asyncDispose]() };
}

/** Runs a script against one connection that sends `sent` and ends, and returns what it received. */
async function run(script: (peer: Peer) => Promise<unknown>, ...sent: readonly Uint8Array[]): Promise<number[]> {
  await using backend = ScriptedBackend.listen(async (peer) => {
    await script(peer);
  }, { timeoutMs: 200 });
  await using client = await connect(backend.target);
  for (const bytes of sent) await client.link.write(bytes);
  await client.link.closeWrite();
  await client.link.ended;
  return client.received;
}

Deno.test("Peer.read() returns exactly as many bytes as asked for, however they came", async () => {
  const reads: number[][] = [];
  await run(
    async (peer) => {
      reads.push([...await peer.read(1)], [...await peer.read(3)], [...await peer.read(2)]);
      assertEquals([...peer.received], [1, 2, 3, 4, 5, 6]);
    },
    Uint8Array.of(1, 2),
    Uint8Array.of(3, 4, 5, 6),
  );
  assertEquals(reads, [[1], [2, 3, 4], [5, 6]]);
});

Deno.test("Peer.read() rejects with PeerGone where the connection ends first", async () => {
  await run(async (peer) => {
    await assertRejects(
      () => peer.read(3),
      PeerGone,
      "Cannot see 3 bytes from the peer: the connection is over (finished)",
    );
  }, Uint8Array.of(1, 2));
});

Deno.test("Peer.read() rejects after its time while the connection is open", async () => {
  await using backend = ScriptedBackend.listen(async (peer) => {
    await assertRejects(() => peer.read(1, { timeoutMs: 5 }), Error, "not within 5 ms");
    await peer.write(Uint8Array.of(1));
  });
  await using client = await connect(backend.target);
  await client.link.ended;
  assertEquals(client.received, [1]);
});

Deno.test("Peer.readPacket() reads the fields of the expected packet", async () => {
  await run(async (peer) => {
    assertEquals(await peer.readPacket("PlayerMessage", PLAIN), { partial: 255, message: "hello" });
  }, HELLO);
});

Deno.test("Peer.readPacket() rejects another packet and an id that clients never send", async () => {
  await run(
    async (peer) => {
      await assertRejects(
        () => peer.readPacket("PlayerMessage", PLAIN),
        Error,
        "Cannot read PlayerMessage: PlayerPosition came",
      );
      await assertRejects(() => peer.readAny(PLAIN), Error, "Cannot read a packet: 0x2 is not legal from a client");
    },
    POSITION,
    Uint8Array.of(2),
  );
});

Deno.test("Peer.skipTo() drops the packets before the one it is asked for", async () => {
  await run(
    async (peer) => {
      assertEquals((await peer.skipTo("PlayerMessage", PLAIN)).message, "hello");
      assertEquals((await peer.readPacket("PlayerPosition", PLAIN)).x, 1);
    },
    POSITION,
    POSITION,
    HELLO,
    POSITION,
  );
});

Deno.test("ScriptedBackend closes a connection when its script ends, behind what it wrote", async () => {
  assertEquals(await run((peer) => peer.write(Uint8Array.of(7, 8, 9))), [7, 8, 9]);
});

Deno.test("ScriptedBackend throws at its disposal what a script threw", async () => {
  await assertRejects(() => run(() => Promise.reject(new TypeError("bad script"))), TypeError, "bad script");
});

Deno.test("ScriptedBackend takes a script whose peer went away for one that ended in order", async () => {
  assertEquals(await run((peer) => peer.read(10)), []);
});

Deno.test("ScriptedBackend counts connections that are open and that were accepted", async () => {
  await using backend = ScriptedBackend.listen(async (peer) => {
    await peer.closed;
  });
  await using first = await connect(backend.target);
  await using _second = await connect(backend.target);
  await backend.until(() => backend.open === 2, "two connections");
  first.link.close();
  await backend.until(() => backend.open === 1, "one connection");
  assertEquals(backend.accepted, 2);
});

Deno.test("ScriptedBackend.peer() waits for a connection", async () => {
  await using backend = ScriptedBackend.listen((peer) => peer.closed.then(() => {}));
  const waiting = backend.peer(0);
  await using _client = await connect(backend.target);
  assertEquals((await waiting).isOpen, true);
});

Deno.test("ScriptedBackend listens on a Unix socket", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await using backend = ScriptedBackend.listen((peer) => peer.write(Uint8Array.of(5)), { path: `${folder}/x.sock` });
    assertEquals(backend.target, { path: `${folder}/x.sock` });
    await using client = await connect(backend.target);
    assertEquals([await client.link.ended, client.received], ["finished", [5]]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("ScriptedBackend that stopped listening refuses connections and keeps those it has", async () => {
  await using backend = ScriptedBackend.listen(async (peer) => {
    await peer.write(await peer.read(1));
  });
  const { target } = backend;
  await using client = await connect(target);
  await backend.peer(0);
  await backend.stopListening();
  await assertRejects(() => dial(target, 1000), Deno.errors.ConnectionRefused);
  await client.link.write(Uint8Array.of(3));
  await client.link.ended;
  assertEquals(client.received, [3]);
});

Deno.test("ScriptedBackend without read-ahead leaves bytes to the system until its script reads", async () => {
  const read = Promise.withResolvers<void>();
  await using backend = ScriptedBackend.listen(async (peer) => {
    await read.promise;
    assertEquals(peer.received.length, 0);
    assertEquals([...await peer.read(3)], [1, 2, 3]);
  }, { readAhead: 0 });
  await using client = await connect(backend.target);
  await client.link.write(Uint8Array.of(1, 2, 3));
  read.resolve();
  await client.link.ended;
});

Deno.test("ScriptedBackend with little read-ahead still reads as much as a script asks for", async () => {
  const bytes = new Uint8Array(300_000).fill(9);
  const script = async (peer: Peer): Promise<void> =>
    assertEquals((await peer.read(bytes.length)).length, bytes.length);
  await using backend = ScriptedBackend.listen(script, { readAhead: 10 });
  await using client = await connect(backend.target);
  await client.link.write(bytes);
  assertEquals(await client.link.ended, "finished");
});

Deno.test({
  name: "Peer.reset() breaks the connection",
  ignore: !CAN_RESET,
  async fn(): Promise<void> {
    await using backend = ScriptedBackend.listen((peer) => Promise.resolve(peer.reset()));
    await using client = await connect(backend.target);
    assertEquals(await client.link.ended, "broken");
  },
});

Deno.test("Peer.halfClose() ends what it sends and goes on reading", async () => {
  await using backend = ScriptedBackend.listen(async (peer) => {
    await peer.halfClose();
    assertEquals([...await peer.read(1)], [4]);
  });
  await using client = await connect(backend.target);
  assertEquals(await client.link.ended, "finished");
  await client.link.write(Uint8Array.of(4));
  await (await backend.peer(0)).closed;
});
