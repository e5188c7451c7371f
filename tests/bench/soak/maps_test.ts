import { MeasurementError } from "../../../bench/leg.ts";
import { VANILLA } from "../../../bench/login.ts";
import { MapCheck, mapOf } from "../../../bench/soak/maps.ts";
import { packetById, packetSize } from "../../../lib/protocol/packet_table.ts";
import { readPacket } from "../../../lib/protocol/packets.ts";
import { assert, assertEquals, assertThrows } from "../../harness/assert.ts";

const CHUNK_SIZE = 1_028;

/** Feeds the packets of a map to a check. */
function check(map: Uint8Array<ArrayBuffer>): MapCheck {
  const found = new MapCheck();
  const view = new DataView(map.buffer);
  for (let at = 0; at < map.length;) {
    const packet = packetById("s2c", map[at] ?? 0);
    if (packet === undefined) throw new Error("not a map");
    if (packet.name === "LevelInitialize") found.begin();
    if (packet.name === "LevelDataChunk") found.chunk(view, at);
    if (packet.name === "LevelFinalize") found.end(readPacket("LevelFinalize", VANILLA, map, at).xSize);
    at += packetSize(packet, VANILLA);
  }
  return found;
}

Deno.test("MapCheck takes a map as it was made", () => {
  assert(!check(mapOf(9)).loading);
  assertEquals(mapOf(9).length, 1 + 9 * CHUNK_SIZE + 7);
});

Deno.test("MapCheck notices a chunk that is missing, repeated or changed, and an end that is missing", () => {
  const map = mapOf(5);
  const second = 1 + CHUNK_SIZE;
  const without = new Uint8Array([...map.subarray(0, second), ...map.subarray(second + CHUNK_SIZE)]);
  const twice = new Uint8Array([...map.subarray(0, second + CHUNK_SIZE), ...map.subarray(second)]);
  const changed = map.map((byte, at) => at === second + 700 ? byte ^ 1 : byte);
  const short = new Uint8Array([...map.subarray(0, 1 + 4 * CHUNK_SIZE), ...map.subarray(1 + 5 * CHUNK_SIZE)]);
  for (const bad of [without, twice, changed, short]) assertThrows(() => check(bad), MeasurementError, "Cannot load");
  assert(check(map.subarray(0, -7).slice()).loading);
});
