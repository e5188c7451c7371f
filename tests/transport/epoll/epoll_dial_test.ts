import type { Address } from "../../../lib/transport/dial.ts";
import { dialByEpoll } from "../../../lib/transport/epoll/epoll_dial.ts";
import type { EpollConn } from "../../../lib/transport/epoll/epoll_conn.ts";
import { AF_UNIX, SOCK_STREAM } from "../../../lib/transport/epoll/libc.ts";
import { unixAddress } from "../../../lib/transport/epoll/socket_address.ts";
import { dial } from "../../../lib/transport/dial.ts";
import { assert, assertEquals, assertRejects } from "../../harness/assert.ts";
import { Ground } from "./ground.ts";

async function dialled(
  ground: Ground,
  address: Address,
  { signal = new AbortController().signal, from }: { signal?: AbortSignal; from?: string } = {},
): Promise<EpollConn> {
  return ground.use(await dialByEpoll(ground.libc, ground.loop, address, signal, from));
}

/** A port at which nobody listens. */
function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

Deno.test("a backend is reached by address, by name and by path", async () => {
  await using ground = new Ground();
  const folder = await Deno.makeTempDir();
  const path = `${folder}/socket`;
  const tcp = ground.use(Deno.listen({ hostname: "127.0.0.1", port: 0 }));
  const unix = ground.use(Deno.listen({ transport: "unix", path }));
  const { port } = tcp.addr;
  for (const host of ["127.0.0.1", "localhost"]) {
    const conn = await dialled(ground, { kind: "tcp", host, port });
    const peer = ground.use(await tcp.accept());
    assertEquals([conn.localAddr, conn.remoteAddr], [peer.remoteAddr, peer.localAddr]);
  }
  const conn = await dialled(ground, { kind: "unix", path });
  const peer = ground.use(await unix.accept());
  await conn.write(Uint8Array.of(1));
  assertEquals(await peer.read(new Uint8Array(8)), 1);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("a backend is reached from the address that was asked for", async () => {
  await using ground = new Ground();
  const listener = ground.use(Deno.listen({ hostname: "127.0.0.1", port: 0 }));
  const { port } = listener.addr;
  for (const host of ["127.0.0.1", "localhost"]) {
    await dialled(ground, { kind: "tcp", host, port }, { from: "127.3.2.1" });
    assertEquals(ground.use(await listener.accept()).remoteAddr.hostname, "127.3.2.1");
  }
});

Deno.test("why a backend cannot be reached is told as Deno tells it", async () => {
  await using ground = new Ground();
  const { signal } = new AbortController();
  const folder = await Deno.makeTempDir();
  const file = `${folder}/file`;
  await Deno.writeTextFile(file, "");
  const addresses: readonly Address[] = [
    { kind: "tcp", host: "127.0.0.1", port: freePort() },
    { kind: "tcp", host: "localhost", port: freePort() },
    { kind: "tcp", host: "255.255.255.255", port: 1 },
    { kind: "tcp", host: "no.such.invalid", port: 1 },
    { kind: "unix", path: `${folder}/nowhere` },
    { kind: "unix", path: file },
  ];
  for (const address of addresses) {
    const theirs = await assertRejects(() => dial(address, signal), Error);
    const ours = await assertRejects(() => dialled(ground, address), Error);
    assertEquals(ours.message, theirs.message);
  }
  await Deno.remove(folder, { recursive: true });
});

Deno.test("a path too long for a socket is refused", async () => {
  await using ground = new Ground();
  const words = "Cannot use path of a Unix socket: current value is 108 bytes, of 107";
  await assertRejects(() => dialled(ground, { kind: "unix", path: `/${"x".repeat(107)}` }), RangeError, words);
});

Deno.test("a dial is given up at once, before it began as while it waits", async () => {
  await using ground = new Ground();
  const folder = await Deno.makeTempDir();
  const path = `${folder}/full`;
  // A backlog of 0 takes one connection; others have to wait until somebody is accepted.
  const descriptor = fullDoor(ground, path);
  const giveUp = new AbortController();
  const waiting = dialled(ground, { kind: "unix", path }, { signal: giveUp.signal });
  const reason = new Error("by the test");
  giveUp.abort(reason);
  assertEquals(await assertRejects(() => waiting, Error), reason);
  const { signal } = giveUp;
  assertEquals(await assertRejects(() => dialled(ground, { kind: "unix", path }, { signal }), Error), reason);
  ground.libc.close(descriptor);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("a Unix socket whose queue is full is tried until there is room", async () => {
  await using ground = new Ground();
  const folder = await Deno.makeTempDir();
  const path = `${folder}/full`;
  const descriptor = fullDoor(ground, path);
  const waiting = dialled(ground, { kind: "unix", path });
  const accepted = ground.libc.accept(descriptor, new Uint8Array(110));
  assert(accepted >= 0);
  assert((await waiting).remoteAddr !== undefined);
  ground.libc.close(accepted);
  ground.libc.close(descriptor);
  await Deno.remove(folder, { recursive: true });
});

/** Listens at `path` with a queue that is full. */
function fullDoor({ libc }: Ground, path: string): number {
  const [listening, queued] = [libc.socket(AF_UNIX, SOCK_STREAM), libc.socket(AF_UNIX, SOCK_STREAM)];
  assertEquals(libc.bind(listening, unixAddress(path)), 0);
  assertEquals(libc.listen(listening, 0), 0);
  assertEquals(libc.connect(queued, unixAddress(path)), 0);
  libc.close(queued);
  return listening;
}
