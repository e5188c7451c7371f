import { closeFrame, dataFrames, pongFrame } from "../../../lib/transport/websocket/frame_writer.ts";
import { assertEquals } from "../../harness/assert.ts";
import { concat, counting, frame } from "./frames.ts";

const MASKS = [0x01020304, 0xfffefdfc, 0x80000000];

/** Gives {@linkcode MASKS}, one after the other. */
function masks(): () => number {
  const left = [...MASKS];
  return () => left.shift() ?? 0;
}

function maskBytes(index: number): readonly number[] {
  const mask = MASKS[index] ?? 0;
  return [24, 16, 8, 0].map((shift) => mask >>> shift & 255);
}

for (const length of [1, 125, 126, 65535]) {
  Deno.test(`${length} bytes become one frame`, () => {
    const payload = counting(length);
    assertEquals(dataFrames(payload, undefined), frame(2, payload));
    assertEquals(dataFrames(payload, masks()), frame(2, payload, { mask: maskBytes(0) }));
    assertEquals(payload, counting(length));
  });
}

for (const [length, sizes] of [[65536, [65535, 1]], [131196, [65535, 65535, 126]]] as const) {
  Deno.test(`${length} bytes become ${sizes.length} frames, each with its own mask`, () => {
    const payload = counting(length);
    const parts = sizes.map((size, index) => payload.subarray(index * 65535, index * 65535 + size));
    assertEquals(dataFrames(payload, undefined), concat(...parts.map((part) => frame(2, part))));
    const expected = parts.map((part, index) => frame(2, part, { mask: maskBytes(index) }));
    assertEquals(dataFrames(payload, masks()), concat(...expected));
  });
}

Deno.test("no bytes become no frame", () => {
  assertEquals(dataFrames(new Uint8Array(0), undefined).length, 0);
});

Deno.test("control frames carry what they are given", () => {
  assertEquals(pongFrame(counting(125), undefined), frame(10, counting(125)));
  assertEquals(pongFrame(counting(3), masks()), frame(10, counting(3), { mask: maskBytes(0) }));
  assertEquals(closeFrame(undefined, undefined), frame(8));
  assertEquals(closeFrame(1002, undefined), frame(8, [3, 0xea]));
  assertEquals(closeFrame(1002, masks()), frame(8, [3, 0xea], { mask: maskBytes(0) }));
});
