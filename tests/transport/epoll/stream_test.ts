import { assert, assertEquals } from "../../harness/assert.ts";
import { eventually } from "../../harness/kernel.ts";
import { resetConnection } from "../../harness/reset.ts";
import { Ground, pattern, readBytes } from "./ground.ts";

Deno.test("reading tells how many bytes there were, that there is nothing for now, and the end", async () => {
  await using ground = new Ground();
  const { stream, peer } = await ground.stream();
  const buffer = new Uint8Array(1 << 16);
  assertEquals(stream.read(buffer), "later");
  await peer.write(Uint8Array.of(1, 2, 3));
  assertEquals(stream.read(buffer, 2n), 2);
  assertEquals(stream.read(buffer), 1);
  await peer.closeWrite();
  assertEquals(stream.read(buffer), "ended");
});

Deno.test("writing tells how many bytes the kernel took, and of no more than that", async () => {
  await using ground = new Ground();
  const { stream, peer } = await ground.stream();
  const bytes = pattern(16 << 20);
  const taken = stream.write(bytes, bytes.length);
  assert(typeof taken === "number" && taken > 0 && taken < bytes.length, `${taken}`);
  assertEquals(stream.write(bytes, 0), 0);
  assertEquals(stream.finish(), undefined);
  const read = await readBytes(peer, bytes.length);
  assertEquals(read.length, taken);
  assert(read.every((byte, index) => byte === bytes[index]));
});

Deno.test("a reset is told as Deno tells it", async () => {
  await using ground = new Ground();
  const { stream, peer } = await ground.stream();
  resetConnection(peer);
  const failure = await eventually(() => {
    const result = stream.read(new Uint8Array(1 << 16));
    return result instanceof Error && result;
  }, "a reset");
  assert(failure instanceof Deno.errors.ConnectionReset);
  assertEquals(failure.message, "Connection reset by peer (os error 104)");
});
