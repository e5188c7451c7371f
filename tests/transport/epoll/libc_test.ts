import { AF_INET, AF_UNIX, EAGAIN, Libc, SOCK_STREAM } from "../../../lib/transport/epoll/libc.ts";
import { assert, assertEquals, assertThrows } from "../../harness/assert.ts";
import { Ground } from "./ground.ts";

const EBADF = 9;
/** `O_CLOEXEC` and `O_NONBLOCK` in the flags that the kernel tells of a descriptor. */
const CLOEXEC = 0o2000000;
const NONBLOCK = 0o4000;

Deno.test("what fails returns the error's number, negative", () => {
  const libc = new Libc();
  const buffer = new Uint8Array(8);
  assertEquals(libc.receive(-1, buffer, 8n), -EBADF);
  assertEquals(libc.send(-1, buffer, 8), -EBADF);
  assertEquals(libc.accept(-1, buffer), -EBADF);
  assertEquals(libc.finish(-1), -EBADF);
  assertEquals(libc.failure(-1), EBADF);
  assertEquals(libc.watch(-1, -1, 0, 0), -EBADF);
  assertEquals(libc.describe(EAGAIN), "Resource temporarily unavailable (os error 11)");
});

Deno.test("the kernel is never given more bytes than there are", () => {
  const libc = new Libc();
  const buffer = new Uint8Array(8);
  assertThrows(() => libc.receive(-1, buffer, 9n), RangeError, "Cannot receive: current value is 9 of 8");
  assertThrows(() => libc.send(-1, buffer, 9), RangeError, "Cannot send: current value is 9 of 8");
  assertThrows(() => libc.sendDescriptors(-1, new Uint8Array(0), []), RangeError, "Cannot send descriptors");
  assertThrows(() => libc.sendDescriptors(-1, buffer, new Array(65).fill(0)), RangeError, "Cannot send descriptors");
});

Deno.test("no descriptor blocks, and no child inherits one", async () => {
  await using ground = new Ground();
  const { libc } = ground;
  const listener = ground.use(Deno.listen({ hostname: "127.0.0.1", port: 0 }));
  const { stream } = await ground.stream();
  const signal = libc.createSignal();
  const descriptors = [libc.socket(AF_INET, SOCK_STREAM), libc.socket(AF_UNIX, SOCK_STREAM), signal];
  for (const descriptor of descriptors) ground.use({ close: () => libc.close(descriptor) });
  for (const descriptor of [...descriptors, stream.descriptor]) {
    assertEquals(flagsOf(descriptor) & (CLOEXEC | NONBLOCK), CLOEXEC | NONBLOCK);
  }
  const epoll = libc.createEpoll();
  ground.use({ close: () => libc.close(epoll) });
  assertEquals(flagsOf(epoll) & CLOEXEC, CLOEXEC);
  assert(listener.addr.port > 0);
});

Deno.test("small values come back from the kernel however often it is asked", async () => {
  await using ground = new Ground();
  const { libc } = ground;
  const listening = libc.socket(AF_INET, SOCK_STREAM);
  ground.use({ close: () => libc.close(listening) });
  // Often enough for the calls to be compiled, after which their arguments go another way.
  for (let count = 0; count < 20_000; count++) {
    assertEquals(libc.receive(-1, new Uint8Array(8), 8n), -EBADF);
    assertEquals(libc.failure(listening), 0);
  }
});

function flagsOf(descriptor: number): number {
  const info = Deno.readTextFileSync(`/proc/self/fdinfo/${descriptor}`);
  return parseInt(/flags:\s*(\d+)/.exec(info)?.[1] ?? "0", 8);
}
