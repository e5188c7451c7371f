import { Framer } from "../../lib/protocol/framer.ts";
import { unknownPacket } from "../../lib/protocol/unknown_packet.ts";
import { assertEquals } from "../harness/assert.ts";

/** A framer that knows one packet, of two bytes, and has come to what it does not know. */
function stuckAt(...bytes: readonly number[]): Framer {
  const sizes = new Uint16Array(256);
  sizes[1] = 2;
  const framer = new Framer(sizes, new Uint8Array(256));
  framer.feed(Uint8Array.from(bytes));
  while (framer.next() !== "unknown");
  return framer;
}

Deno.test("bytes that are no packet are told by their first one as a number, and the first eight in hexadecimal", () => {
  assertEquals(unknownPacket(stuckAt(0xfe)), "unknown packet 254: fe");
  assertEquals(unknownPacket(stuckAt(1, 9, 0x0f, 0, 0xff)), "unknown packet 15: 0f 00 ff");
  assertEquals(unknownPacket(stuckAt(2, 3, 4, 5, 6, 7, 8, 9)), "unknown packet 2: 02 03 04 05 06 07 08 09");
  assertEquals(unknownPacket(stuckAt(2, 3, 4, 5, 6, 7, 8, 9, 10)), "unknown packet 2: 02 03 04 05 06 07 08 09 …");
});
