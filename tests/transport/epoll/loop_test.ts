import { assert, assertEquals, assertThrows } from "../../harness/assert.ts";
import { EpollLoop } from "../../../lib/transport/epoll/loop.ts";
import { Ground, watcher } from "./ground.ts";
import { ScarceLibc } from "./scarce_libc.ts";

Deno.test("what happens to a descriptor is told to who watches it last", async () => {
  await using ground = new Ground();
  const { stream, peer } = await ground.stream();
  const told = Promise.withResolvers<string>();
  stream.watch(watcher({ ready: () => told.resolve("the first") }));
  stream.watch(watcher({ ready: () => told.resolve("the second") }));
  await peer.write(Uint8Array.of(1));
  assertEquals(await told.promise, "the second");
});

Deno.test("a watcher that throws costs the others nothing", async () => {
  await using ground = new Ground();
  const [first, second] = [await ground.stream(), await ground.stream()];
  const [told, turned] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const fails = (): void => {
    throw new Error("by the test");
  };
  first.stream.watch(watcher({ ready: fails }));
  second.stream.watch(watcher({ ready: () => told.resolve() }));
  ground.loop.schedule(watcher({ turn: fails }));
  ground.loop.schedule(watcher({ turn: () => turned.resolve() }));
  await first.peer.write(Uint8Array.of(1));
  await second.peer.write(Uint8Array.of(1));
  await Promise.all([told.promise, turned.promise]);
  assert(ground.crashes.length >= 2);
  assertEquals(new Set(ground.crashes.map(String)), new Set(["Error: by the test"]));
});

Deno.test("a turn is given although nothing has happened for long", async () => {
  await using ground = new Ground();
  // Much longer than the loop waits on this thread.
  await new Promise((resolve) => setTimeout(resolve, 100));
  await new Promise<void>((resolve) => ground.loop.schedule(watcher({ turn: resolve })));
});

/** Exchanges through Deno's own sockets, and how long they may take: some 50 ms each, or ten times that where Deno looks at them too rarely. */
const EXCHANGES = 10;
const EXCHANGES_MS = 3_000;

Deno.test("who always wants another turn keeps neither others nor Deno's own sockets from theirs", async () => {
  await using ground = new Ground();
  const { stream, peer } = await ground.stream();
  const told = Promise.withResolvers<void>();
  let isOver = false;
  const greedy = watcher({ turn: () => isOver ? undefined : ground.loop.schedule(greedy) });
  ground.loop.schedule(greedy);
  stream.watch(watcher({ ready: () => told.resolve() }));
  await peer.write(Uint8Array.of(1));
  await told.promise;
  const listener = ground.use(Deno.listen({ hostname: "127.0.0.1", port: 0 }));
  const { hostname, port } = listener.addr;
  const [here, there] = await Promise.all([Deno.connect({ hostname, port }), listener.accept()]);
  const began = performance.now();
  for (let count = 0; count < EXCHANGES; count++) {
    await Promise.all([here.read(new Uint8Array(1)), there.write(Uint8Array.of(1))]);
    await Promise.all([there.read(new Uint8Array(1)), here.write(Uint8Array.of(1))]);
  }
  const took = performance.now() - began;
  isOver = true;
  here.close();
  there.close();
  assert(took < EXCHANGES_MS, `${took} ms`);
});

Deno.test("nothing is told any more of what is not watched any more, though it stays open", async () => {
  await using ground = new Ground();
  const { stream, peer } = await ground.stream();
  let told = 0;
  stream.watch(watcher({ ready: () => told++ }));
  await ground.allTold();
  const before = told;
  stream.unwatch();
  await peer.write(Uint8Array.of(1));
  await ground.allTold();
  assertEquals(told, before);
  stream.watch(watcher({ ready: () => told++ }));
  await ground.allTold();
  assert(told > before);
});

Deno.test("a loop for which there are too few descriptors takes none", async () => {
  for (const left of [0, 1]) {
    const libc = new ScarceLibc(left);
    assertThrows(() => new EpollLoop(libc, () => {}), Error, "Too many open files");
    assertEquals([...libc.open], [], `${left} descriptors`);
  }
  const libc = new ScarceLibc(2);
  libc.watches = 0;
  assertThrows(() => new EpollLoop(libc, () => {}), Error, "Too many open files");
  assertEquals([...libc.open], []);
  libc.watches = 1;
  await new EpollLoop(libc, () => {}).close();
  assertEquals([...libc.open], []);
});
