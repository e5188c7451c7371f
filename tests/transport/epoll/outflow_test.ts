import { Outflow } from "../../../lib/transport/epoll/outflow.ts";
import { assert, assertEquals } from "../../harness/assert.ts";
import { eventually } from "../../harness/kernel.ts";
import { resetConnection } from "../../harness/reset.ts";
import { Ground, pattern, readBytes } from "./ground.ts";

/** More than the kernel takes for a peer that does not read. */
const TOO_MUCH = 16 << 20;

Deno.test("what is added within one turn arrives in order, lent or not, small or large", async () => {
  await using ground = new Ground();
  const { stream, peer } = await ground.stream();
  const out = new Outflow(stream);
  const sizes = [3, 1000, 70_000, 1, 65_536, 40_000, 40_000, 5];
  for (const [index, size] of sizes.entries()) {
    const at = sizes.slice(0, index).reduce((sum, size) => sum + size, 0);
    out.add(pattern(size, at), index % 2 === 0);
  }
  const total = sizes.reduce((sum, size) => sum + size, 0);
  const reading = readBytes(peer, total);
  await eventually(() => {
    out.flush();
    return out.pending === 0;
  }, "everything written");
  assertEquals(out.written, total);
  assert(await sameBytes(reading, pattern(total)));
});

Deno.test("what the kernel does not take is kept, as it was when it was added, and follows in order", async () => {
  await using ground = new Ground();
  const { stream, peer } = await ground.stream();
  const out = new Outflow(stream);
  const lent = pattern(TOO_MUCH);
  out.add(lent, true);
  out.flush();
  assert(out.pending > 0 && out.written > 0);
  assertEquals(out.pending + out.written, TOO_MUCH);
  lent.fill(0);
  for (let at = 0; at < 100_000; at += 1000) out.add(pattern(1000, TOO_MUCH + at), at % 3000 === 0);
  const reading = readBytes(peer, TOO_MUCH + 100_000);
  await eventually(() => {
    out.flush();
    return out.pending === 0;
  }, "everything written");
  assert(await sameBytes(reading, pattern(TOO_MUCH + 100_000)));
});

Deno.test("what waits can be taken, to be written by another", async () => {
  await using ground = new Ground();
  const { stream, peer } = await ground.stream();
  const [out, other] = [new Outflow(stream), new Outflow(stream)];
  out.add(pattern(TOO_MUCH), true);
  const taken = out.takeWaiting();
  assertEquals(taken.length, TOO_MUCH - out.written);
  assertEquals(out.pending, 0);
  other.add(taken, false);
  const reading = readBytes(peer, TOO_MUCH);
  await eventually(() => {
    other.flush();
    return other.pending === 0;
  }, "everything written");
  assert(await sameBytes(reading, pattern(TOO_MUCH)));
});

Deno.test("once a write has failed nothing waits any more, and why is told", async () => {
  await using ground = new Ground();
  const { stream, peer } = await ground.stream();
  const out = new Outflow(stream);
  out.add(pattern(TOO_MUCH), true);
  out.flush();
  resetConnection(peer);
  await eventually(() => {
    out.flush();
    return out.failure;
  }, "a failed write");
  assert(/Connection reset by peer|Broken pipe/.test(out.failure ?? ""), out.failure);
  assertEquals(out.pending, 0);
});

/** Comparing byte by byte within an assertion would take longer than the test. */
async function sameBytes(read: Promise<Uint8Array>, expected: Uint8Array): Promise<boolean> {
  const bytes = await read;
  return bytes.length === expected.length && bytes.every((byte, index) => byte === expected[index]);
}
