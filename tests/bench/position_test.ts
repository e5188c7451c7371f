import { MeasurementError } from "../../bench/leg.ts";
import { VANILLA } from "../../bench/login.ts";
import { fieldOffset, StampedPosition } from "../../bench/position.ts";
import { ExtensionSet } from "../../lib/protocol/extensions.ts";
import { type Dialect, packetNamed, packetSize } from "../../lib/protocol/packet_table.ts";
import { encodePacket, readPacket } from "../../lib/protocol/packets.ts";
import { assertEquals, assertThrows } from "../harness/assert.ts";

const WIDE: Dialect = {
  protocol: 7,
  cpe: true,
  extensions: ExtensionSet.of("ExtEntityPositions", "ExtendedBlocks", "HeldBlock"),
};
const STAMPS = [[0, 0], [1, 1], [0x7fff, 0x7fff_ffff], [0x8000, 0x8000_8000], [0xffff, 0xffff_ffff], [
  513,
  0x1234_fedc,
]] as const;

Deno.test("StampedPosition reads back what it wrote, in every dialect and direction", () => {
  for (const name of ["PlayerPosition", "PlayerTeleport"] as const) {
    for (const dialect of [VANILLA, WIDE]) {
      const form = new StampedPosition(name, dialect);
      const bytes = new DataView(form.packets(2).buffer);
      for (const [sequence, ticks] of STAMPS) {
        form.setPlayer(bytes, form.size, 49);
        form.stamp(bytes, form.size, sequence, ticks);
        const read = [form.player(bytes, form.size), form.sequence(bytes, form.size), form.ticks(bytes, form.size)];
        assertEquals(read, [49, sequence, ticks], name);
      }
    }
  }
});

Deno.test("StampedPosition survives the change from 16 to 32 bit coordinates and back", () => {
  const [narrow, wide] = [new StampedPosition("PlayerTeleport", VANILLA), new StampedPosition("PlayerTeleport", WIDE)];
  const bytes = narrow.packets(1);
  for (const [sequence, ticks] of STAMPS) {
    narrow.stamp(new DataView(bytes.buffer), 0, sequence, ticks);
    const widened = encodePacket("PlayerTeleport", WIDE, readPacket("PlayerTeleport", VANILLA, bytes));
    const view = new DataView(widened.buffer);
    assertEquals([wide.sequence(view, 0), wide.ticks(view, 0)], [sequence, ticks]);
    assertEquals(encodePacket("PlayerTeleport", VANILLA, readPacket("PlayerTeleport", WIDE, widened)), bytes);
  }
});

Deno.test("StampedPosition refuses a wide coordinate that no stamp has", () => {
  const form = new StampedPosition("PlayerTeleport", WIDE);
  const position = { x: 0x18000, y: 0, z: 0, yaw: 0, pitch: 0 };
  const bytes = encodePacket("PlayerTeleport", WIDE, { playerId: 1, ...position });
  assertThrows(() => form.sequence(new DataView(bytes.buffer), 0), MeasurementError);
});

Deno.test("fieldOffset() counts from the packet's id and follows the dialect", () => {
  assertEquals(fieldOffset("PlayerPosition", VANILLA, "held"), 1);
  assertEquals(fieldOffset("PlayerPosition", VANILLA, "x"), 2);
  assertEquals(fieldOffset("PlayerPosition", WIDE, "x"), 3);
  assertEquals(fieldOffset("PlayerPosition", WIDE, "pitch"), packetSize(packetNamed("PlayerPosition"), WIDE) - 1);
  assertThrows(() => fieldOffset("Ping", VANILLA, "x"), RangeError);
});

Deno.test("StampedPosition tells where a player looks, whatever the stamp", () => {
  for (const dialect of [VANILLA, WIDE]) {
    const form = new StampedPosition("PlayerPosition", dialect);
    const view = new DataView(form.packets(2).buffer);
    form.setLook(view, form.size, 127, 1);
    form.stamp(view, form.size, 0xffff, 0xffff_ffff);
    assertEquals([form.yaw(view, form.size), form.pitch(view, form.size), form.yaw(view, 0)], [127, 1, 0]);
  }
});
