/** Packets of one id that are translated together must come out as if each had come alone. */
import { type ExtensionName, EXTENSIONS, ExtensionSet } from "../../../lib/protocol/extensions.ts";
import { IN_SERIES } from "../../../lib/protocol/framer.ts";
import { PacketBuffer } from "../../../lib/protocol/packet_buffer.ts";
import { type Dialect, type Direction, legalSizes } from "../../../lib/protocol/packet_table.ts";
import { ToBackend } from "../../../lib/protocol/translate/to_backend.ts";
import { ToClient } from "../../../lib/protocol/translate/to_client.ts";
import { assert, assertEquals } from "../../harness/assert.ts";
import { type Random, seeded } from "../../harness/chunks.ts";
import { cpeDialect } from "../dialects.ts";

const CLIENT = cpeDialect(ExtensionSet.ALL);
/** The first packet of a series stands here, so that positions are not counted from a buffer's beginning. */
const START = 3;

type Translate = (bytes: Uint8Array, start: number, end: number, out: PacketBuffer) => void;

/** What a backend lacks: each extension alone, and some of them together. */
function* lacks(random: Random): Generator<ExtensionName[]> {
  for (const { name } of EXTENSIONS) yield [name];
  for (let i = 0; i < 50; i++) yield EXTENSIONS.map(({ name }) => name).filter(() => random.next() < 0.5);
}

function assertAlike(
  direction: Direction,
  from: Dialect,
  concerns: Uint8Array,
  random: Random,
  translate: Translate,
): number {
  let found = 0;
  const sizes = legalSizes(direction, from);
  for (const [id, size] of sizes.entries()) {
    if (size === 0 || concerns[id] !== IN_SERIES) continue;
    const count = 1 + random.below(4);
    const end = START + count * size;
    const bytes = random.bytes(end + 5);
    for (let at = START; at < end; at += size) bytes[at] = id;
    const alone = new PacketBuffer();
    for (let at = START; at < end; at += size) translate(bytes, at, at + size, alone);
    const together = new PacketBuffer();
    translate(bytes, START, end, together);
    assertEquals(together.copy(), alone.copy(), `${count} packets of id ${id}`);
    found++;
  }
  return found;
}

Deno.test("a backend's packets come out of a series as they come out alone, patched or not", () => {
  const random = seeded(1);
  let found = 0;
  for (const names of lacks(random)) {
    const backend = cpeDialect(ExtensionSet.ALL.without(...names));
    const translation = new ToClient(backend, CLIENT);
    found += assertAlike("s2c", backend, translation.concerns, random, (bytes, start, end, out) => {
      const patched = bytes.slice();
      const from = out.length;
      assertEquals(translation.translate(bytes, start, end, out), undefined);
      if (!translation.patch(patched, start, end)) {
        assertEquals(patched, bytes);
        return;
      }
      const expected = bytes.slice();
      expected.set(out.view().subarray(from), start);
      assertEquals(patched, expected, `patched packets of id ${bytes[start]}`);
    });
  }
  assert(found > 200);
});

Deno.test("a client's packets come out of a series as they come out alone", () => {
  const random = seeded(2);
  let found = 0;
  for (const names of lacks(random)) {
    const translation = new ToBackend(CLIENT, cpeDialect(ExtensionSet.ALL.without(...names)));
    found += assertAlike("c2s", CLIENT, translation.concerns, random, (bytes, start, end, out) => {
      const answers = new PacketBuffer();
      translation.translate(bytes, start, end, out, answers);
      assertEquals(answers.length, 0);
    });
  }
  assert(found > 20);
});
