import { EpollAcceptor } from "../../../lib/transport/epoll/epoll_acceptor.ts";
import type { EpollConn } from "../../../lib/transport/epoll/epoll_conn.ts";
import { assert, assertEquals, assertRejects, assertThrows } from "../../harness/assert.ts";
import { resetConnection } from "../../harness/reset.ts";
import { Ground } from "./ground.ts";

function listen(ground: Ground, hostname = "127.0.0.1"): EpollAcceptor {
  return ground.use(EpollAcceptor.listen(ground.libc, ground.loop, hostname, 0));
}

async function connect(
  ground: Ground,
  { addr: { port } }: EpollAcceptor,
  hostname = "127.0.0.1",
): Promise<Deno.TcpConn> {
  return ground.use(await Deno.connect({ hostname, port }));
}

Deno.test("connections are accepted in the order they came, those that wait already as those to come", async () => {
  await using ground = new Ground();
  const acceptor = listen(ground);
  const peers: Deno.TcpConn[] = [];
  // More than are accepted in one turn.
  for (let count = 0; count < 40; count++) peers.push(await connect(ground, acceptor));
  for (const peer of peers) {
    const conn = ground.use(await acceptor.accept());
    assertEquals([conn.remoteAddr, conn.localAddr], [peer.localAddr, peer.remoteAddr]);
  }
  const accepting = acceptor.accept();
  const late = await connect(ground, acceptor);
  assertEquals(ground.use(await accepting).remoteAddr, late.localAddr);
});

Deno.test("a crowd that waits does not keep others from their turn", async () => {
  await using ground = new Ground();
  const acceptor = listen(ground);
  for (let count = 0; count < 40; count++) await connect(ground, acceptor);
  let accepted = 0;
  const all = (async () => {
    for (; accepted < 40; accepted++) ground.use(await acceptor.accept());
  })();
  const seen = await new Promise<number>((resolve) =>
    ground.loop.schedule({ ready: () => {}, turn: () => resolve(accepted) })
  );
  assert(seen < 40);
  await all;
});

Deno.test("nobody is accepted while that is paused, and nobody is lost", async () => {
  await using ground = new Ground();
  const acceptor = listen(ground);
  let accepted: EpollConn | undefined;
  const accepting = acceptor.accept().then((conn) => accepted = ground.use(conn));
  acceptor.pause();
  acceptor.pause();
  const peer = await connect(ground, acceptor);
  await ground.allTold();
  assertEquals(accepted, undefined);
  acceptor.resume();
  assertEquals((await accepting).remoteAddr, peer.localAddr);
});

Deno.test("going on without a pause changes nothing", async () => {
  await using ground = new Ground();
  const acceptor = listen(ground);
  const accepting = acceptor.accept();
  acceptor.resume();
  await ground.allTold();
  const peer = await connect(ground, acceptor);
  assertEquals(ground.use(await accepting).remoteAddr, peer.localAddr);
});

Deno.test("closing ends an accept that waits; the address is still told", async () => {
  await using ground = new Ground();
  const acceptor = listen(ground);
  const { addr } = acceptor;
  const accepting = acceptor.accept();
  acceptor.close();
  await assertRejects(() => accepting, Deno.errors.BadResource, "Cannot accept: the listener is closed");
  await assertRejects(() => acceptor.accept(), Deno.errors.BadResource);
  assertEquals(acceptor.addr, addr);
  await assertRejects(() => Deno.connect({ hostname: addr.hostname, port: addr.port }), Deno.errors.ConnectionRefused);
  acceptor.pause();
  acceptor.resume();
  acceptor.close();
});

Deno.test("a peer that has reset its connection before it was accepted is known by its address", async () => {
  await using ground = new Ground();
  const acceptor = listen(ground);
  const peer = await connect(ground, acceptor);
  const { localAddr } = peer;
  resetConnection(peer);
  const conn = ground.use(await acceptor.accept());
  assertEquals(conn.remoteAddr, localAddr);
  await assertRejects(() => conn.read(new Uint8Array(1)), Deno.errors.ConnectionReset);
});

Deno.test("a name can be listened at, and both kinds of IP where that is the whole machine", async () => {
  await using ground = new Ground();
  const named = listen(ground, "localhost");
  await connect(ground, named, named.addr.hostname);
  const everywhere = listen(ground, "::");
  assertEquals(everywhere.addr.hostname, "::");
  await connect(ground, everywhere, "127.0.0.1");
  assertEquals(ground.use(await everywhere.accept()).remoteAddr.hostname, "127.0.0.1");
  await connect(ground, everywhere, "::1");
  const { remoteAddr, localAddr } = ground.use(await everywhere.accept());
  assertEquals([remoteAddr.hostname, localAddr.hostname], ["::1", "::1"]);
});

Deno.test("whoever connects where all addresses are listened at is told the one that they took", async () => {
  await using ground = new Ground();
  const everywhere = listen(ground, "0.0.0.0");
  for (const hostname of ["127.0.0.1", "127.0.0.2"]) {
    const { remoteAddr } = await connect(ground, everywhere, hostname);
    assertEquals(ground.use(await everywhere.accept()).localAddr, remoteAddr);
  }
});

Deno.test("what listens at an address says so as Deno does", async () => {
  await using ground = new Ground();
  const { hostname, port } = listen(ground).addr;
  for (const [host, taken] of [[hostname, port], ["192.0.2.1", 0], ["no.such.invalid", 0]] as const) {
    const theirs = assertThrows(() => Deno.listen({ hostname: host, port: taken }), Error);
    const ours = assertThrows(() => EpollAcceptor.listen(ground.libc, ground.loop, host, taken), Error);
    assertEquals([ours.name, ours.message, code(ours)], [theirs.name, theirs.message, code(theirs)]);
  }
});

function code(error: Error): unknown {
  return "code" in error ? error.code : undefined;
}
