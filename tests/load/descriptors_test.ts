/** What is seen in the numbers of descriptors: they are the whole process's, in which other tests would open and close some meanwhile. */
import { EpollConn } from "../../lib/transport/epoll/epoll_conn.ts";
import { EpollSockets } from "../../lib/transport/epoll/epoll_sockets.ts";
import { AF_INET, SOCK_STREAM } from "../../lib/transport/epoll/libc.ts";
import type { EpollStream } from "../../lib/transport/epoll/stream.ts";
import { SOON, withChannel } from "../handover/channel.ts";
import { assert, assertEquals, assertThrows } from "../harness/assert.ts";
import { resetConnection } from "../harness/reset.ts";
import { Ground, readBytes, watcher } from "../transport/epoll/ground.ts";

const test = (name: string, fn: () => Promise<void>): void =>
  Deno.test({ name, ignore: Deno.build.os !== "linux", fn });

test("a stream is closed once, and touches nothing that has its number afterwards", async () => {
  await using ground = new Ground();
  const { stream } = await ground.stream();
  const { descriptor } = stream;
  stream.close();
  assertEquals([stream.isOpen, stream.descriptor], [false, -1]);
  const others = [await ground.stream(), await ground.stream()];
  assert(others.some(({ stream: other }) => other.descriptor === descriptor));
  stream.close();
  stream.unwatch();
  stream.watch({ ready: () => {}, turn: () => {} });
  assertEquals(stream.read(new Uint8Array(1 << 16)), "ended");
  for (const failure of [stream.write(Uint8Array.of(1), 1), stream.finish()]) {
    assert(failure instanceof Deno.errors.BrokenPipe);
  }
  for (const { stream: other, peer } of others) {
    assertEquals(other.write(Uint8Array.of(7), 1), 1);
    assertEquals([...await readBytes(peer, 1)], [7]);
  }
});

test("what was told of a closed descriptor is not told to who has its number now", async () => {
  await using ground = new Ground();
  const [first, second] = [await ground.stream(), await ground.stream()];
  const told: string[] = [];
  /** Closes the other, whose number another gets, in the middle of the batch that tells of both. */
  const closes = (name: string, other: EpollStream) => (): void => {
    told.push(name);
    const { descriptor } = other;
    other.close();
    ground.loop.watch(socketNumbered(ground, descriptor), watcher({ ready: () => told.push("the new one") }));
  };
  first.stream.watch(watcher({ ready: closes("first", second.stream) }));
  second.stream.watch(watcher({ ready: closes("second", first.stream) }));
  const { promise: over, resolve } = Promise.withResolvers<void>();
  // Before the loop looks again, both have something to tell.
  ground.loop.schedule(watcher({
    turn: () => {
      resetConnection(first.peer);
      resetConnection(second.peer);
      resolve();
    },
  }));
  await over;
  await ground.allTold();
  // A socket that is connected to nobody has hung up, which is told of it later.
  assertEquals(told.length, 2);
  assertEquals(told.toSorted()[1], "the new one");
});

/** A new socket of that number, which is free: the system gives the lowest one that is. */
function socketNumbered(ground: Ground, number: number): number {
  const { libc } = ground;
  const below: number[] = [];
  let descriptor = libc.socket(AF_INET, SOCK_STREAM);
  for (; descriptor >= 0 && descriptor < number; descriptor = libc.socket(AF_INET, SOCK_STREAM)) below.push(descriptor);
  for (const other of below) libc.close(other);
  ground.use({ close: () => libc.close(descriptor) });
  if (descriptor !== number) throw new Error(`Cannot open socket number ${number}: current value is ${descriptor}`);
  return number;
}

/** What the loop calls where something crashed. */
function fail(error: unknown): never {
  throw error;
}

test("a connection that another process has as well may be given up, and come again under the same number", async () => {
  const libc = Deno.dlopen("libc.so.6", { dup: { parameters: ["i32"], result: "i32" } });
  const [theirs, ours] = [new EpollSockets(fail), new EpollSockets(fail)];
  const acceptor = theirs.listen("127.0.0.1", 0);
  const peer = await Deno.connect(acceptor.addr);
  const conn = await acceptor.accept();
  assert(conn instanceof EpollConn);
  const { descriptor } = conn.detach().stream;
  const first = libc.symbols.dup(descriptor);
  ours.inherited.conn(first).close();
  const second = libc.symbols.dup(descriptor);
  assertEquals(second, first);
  const inherited = ours.inherited.conn(second);
  await peer.write(Uint8Array.of(5));
  assertEquals(await inherited.read(new Uint8Array(8)), 1);
  for (const one of [inherited, conn, peer, acceptor]) one.close();
  await Promise.all([theirs.close(), ours.close()]);
  libc.close();
});

test("descriptors go along a channel, more of them than fit into one packet", () =>
  withChannel(async (libc, a, b) => {
    const signals = Array.from({ length: 119 }, () => libc.createSignal());
    await a.send({ bytes: new Uint8Array([1]), descriptors: signals }, SOON());
    const parcel = await b.receive(SOON());
    assertEquals(parcel?.descriptors.length, 119);
    assertEquals(parcel?.bytes, new Uint8Array([1]));
    const received = parcel?.descriptors ?? [];
    const kinds = received.map((descriptor) => Deno.readLinkSync(`/proc/self/fd/${descriptor}`));
    assert(kinds.every((kind) => kind.includes("eventfd")), kinds.join());
    b.discard(received);
    for (const descriptor of received) {
      assertThrows(() => Deno.readLinkSync(`/proc/self/fd/${descriptor}`), Deno.errors.NotFound);
    }
    for (const descriptor of signals) libc.close(descriptor);
  }));
