import { assert, assertEquals, assertStrictEquals } from "../harness/assert.ts";
import { PacketBuffer } from "../../lib/protocol/packet_buffer.ts";

Deno.test("PacketBuffer.append() keeps bytes in order while it grows", () => {
  const out = new PacketBuffer(2);
  for (let i = 0; i < 100; i++) out.append(Uint8Array.of(i, 255 - i));
  assertEquals([...out.view()], Array.from({ length: 200 }, (_, i) => i % 2 === 0 ? i / 2 : 255 - (i - 1) / 2));
});

Deno.test("PacketBuffer.append() takes only the given part of its source", () => {
  const out = new PacketBuffer();
  out.append(Uint8Array.of(1, 2, 3, 4, 5), 1, 3);
  out.append(Uint8Array.of(6, 7), 1);
  assertEquals([...out.view()], [2, 3, 7]);
});

Deno.test("PacketBuffer.append() of nothing changes nothing", () => {
  const out = new PacketBuffer();
  out.append(Uint8Array.of(1, 2), 1, 1);
  assertEquals([out.length, out.view().length], [0, 0]);
});

Deno.test("PacketBuffer.reserve() returns where the reserved bytes stand", () => {
  const out = new PacketBuffer(4);
  out.append(Uint8Array.of(1, 2, 3));
  const at = out.reserve(3);
  out.storage.set([4, 5, 6], at);
  assertEquals([at, ...out.view()], [3, 1, 2, 3, 4, 5, 6]);
});

Deno.test("PacketBuffer.reserve() makes room beyond twice its size", () => {
  const out = new PacketBuffer(1);
  assertEquals(out.reserve(1000), 0);
  assert(out.storage.length >= 1000);
});

Deno.test("PacketBuffer.clear() starts over in the same storage", () => {
  const out = new PacketBuffer(16);
  out.append(Uint8Array.of(1, 2, 3));
  const { storage } = out;
  out.clear();
  out.append(Uint8Array.of(9));
  assertStrictEquals(out.storage, storage);
  assertEquals([...out.view()], [9]);
});

Deno.test("PacketBuffer.copy() is not touched by later appends, PacketBuffer.view() is", () => {
  const out = new PacketBuffer(16);
  out.append(Uint8Array.of(1));
  const [copy, view] = [out.copy(), out.view()];
  out.clear();
  out.append(Uint8Array.of(2));
  assertEquals([[...copy], [...view]], [[1], [2]]);
});
