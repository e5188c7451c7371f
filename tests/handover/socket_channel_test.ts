import { HandoverError } from "../../lib/handover/conversation.ts";
import { comeToDoor, SocketDoor } from "../../lib/handover/socket_door.ts";
import { Libc } from "../../lib/transport/epoll/libc.ts";
import { assertEquals, assertRejects, assertThrows } from "../harness/assert.ts";
import { ScarceLibc } from "../transport/epoll/scarce_libc.ts";
import { SOON, withChannel } from "./channel.ts";

const linuxTest = (name: string, fn: () => Promise<void>): void =>
  Deno.test({ name, ignore: Deno.build.os !== "linux", fn });

function pattern(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => index * 31 + (index >> 8));
}

linuxTest("parcels of any size come whole and in order", () =>
  withChannel(async (_libc, a, b) => {
    const sizes = [1, 100, 32_766, 32_767, 32_768, 65_536, 3_000_000, 5];
    const sending = (async () => {
      for (const size of sizes) await a.send({ bytes: pattern(size), descriptors: [] }, SOON());
    })();
    for (const size of sizes) assertEquals((await b.receive(SOON()))?.bytes, pattern(size));
    await sending;
  }));

linuxTest("the end of the other side is told, after everything that it sent", () =>
  withChannel(async (_libc, a, b) => {
    await a.send({ bytes: pattern(10), descriptors: [] }, SOON());
    a.close();
    assertEquals((await b.receive(SOON()))?.bytes, pattern(10));
    assertEquals(await b.receive(SOON()), undefined);
    await assertRejects(() => b.send({ bytes: pattern(1), descriptors: [] }, SOON()), HandoverError);
  }));

linuxTest("a wait that is given up leaves the channel as it was", () =>
  withChannel(async (_libc, a, b) => {
    await assertRejects(() => b.receive(AbortSignal.timeout(20)), DOMException);
    await a.send({ bytes: pattern(3), descriptors: [] }, SOON());
    assertEquals((await b.receive(SOON()))?.bytes, pattern(3));
  }));

linuxTest("sending to somebody who takes nothing ends with the signal", () =>
  withChannel(async (_libc, a) => {
    await assertRejects(
      () => a.send({ bytes: pattern(4_000_000), descriptors: [] }, AbortSignal.timeout(50)),
      DOMException,
    );
  }));

linuxTest("too much at once is refused by whoever sends it", () =>
  withChannel(async (_libc, a) => {
    await assertRejects(
      () => a.send({ bytes: new Uint8Array(9 << 20), descriptors: [] }, SOON()),
      HandoverError,
      "9437184 bytes",
    );
  }));

linuxTest("a door can be left without anybody having come, and its folder goes with it", async () => {
  const libc = new Libc();
  const folder = await Deno.makeTempDir();
  {
    using door = new SocketDoor(libc, folder);
    const { mode } = await Deno.stat(door.path.slice(0, -"/s".length));
    assertEquals((mode ?? 0) & 0o777, 0o700);
    await assertRejects(() => door.accept(AbortSignal.timeout(20)), DOMException);
  }
  assertEquals((await Array.fromAsync(Deno.readDir(folder))).length, 0);
  assertThrows(() => comeToDoor(libc, `${folder}/gone`), HandoverError, "No such file");
});

linuxTest("a door in a folder with too long a path cannot be, and leaves nothing behind", async () => {
  const folder = `${await Deno.makeTempDir()}/${"long".repeat(30)}`;
  await Deno.mkdir(folder);
  const { message } = assertThrows(() => new SocketDoor(new Libc(), folder), HandoverError);
  const why = "its path is too long";
  assertEquals(message, `Cannot open a socket in edge.data_dir as ${why}: current value is ${folder}`);
  assertEquals((await Array.fromAsync(Deno.readDir(folder))).length, 0);
});

linuxTest("a door for which there are too few descriptors takes none, and leaves nothing behind", async () => {
  const folder = await Deno.makeTempDir();
  for (const left of [0, 1, 2]) {
    const libc = new ScarceLibc(left);
    assertThrows(() => new SocketDoor(libc, folder), Error, "Too many open files");
    assertEquals([...libc.open], [], `${left} descriptors`);
  }
  const libc = new ScarceLibc(3);
  libc.watches = 1;
  assertThrows(() => new SocketDoor(libc, folder), Error, "Too many open files");
  libc.watches = 2;
  new SocketDoor(libc, folder)[Symbol.dispose]();
  assertEquals([...libc.open], []);
  assertEquals((await Array.fromAsync(Deno.readDir(folder))).length, 0);
});

linuxTest("whoever comes to a door with too few descriptors takes none", async () => {
  using door = new SocketDoor(new Libc(), await Deno.makeTempDir());
  for (const left of [0, 1, 2]) {
    const libc = new ScarceLibc(left);
    assertThrows(() => comeToDoor(libc, door.path), Error, "Too many open files");
    assertEquals([...libc.open], [], `${left} descriptors`);
  }
});

linuxTest("whoever has come to a door by the time it is given up is let in, and heard though it has gone", async () => {
  const libc = new Libc();
  using door = new SocketDoor(libc, await Deno.makeTempDir());
  const given = new AbortController();
  const accepted = door.accept(given.signal);
  const visitor = comeToDoor(libc, door.path);
  await visitor.send({ bytes: pattern(10), descriptors: [] }, SOON());
  visitor.close();
  given.abort(new Error("the new process ended"));
  const channel = await accepted;
  assertEquals((await channel.receive(SOON()))?.bytes, pattern(10));
  channel.close();
  await assertRejects(() => door.accept(given.signal), Error, "the new process ended");
});

linuxTest("a door removes what was left of others long ago, and nothing else", async () => {
  const folder = await Deno.makeTempDir();
  const longAgo = new Date(Date.now() - 61_000);
  for (const name of [".handover-old", ".handover-new", "other-old"]) {
    await Deno.mkdir(`${folder}/${name}`);
    await Deno.writeTextFile(`${folder}/${name}/s`, "");
    if (name.endsWith("old")) await Deno.utime(`${folder}/${name}`, longAgo, longAgo);
  }
  new SocketDoor(new Libc(), folder)[Symbol.dispose]();
  const names = await Array.fromAsync(Deno.readDir(folder), ({ name }) => name);
  assertEquals(names.sort(), [".handover-new", "other-old"]);
});
