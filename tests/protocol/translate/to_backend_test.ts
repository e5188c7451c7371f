import { type ExtensionName, ExtensionSet } from "../../../lib/protocol/extensions.ts";
import { PacketBuffer } from "../../../lib/protocol/packet_buffer.ts";
import type { Dialect, PacketName } from "../../../lib/protocol/packet_table.ts";
import { encodePacket, type PacketInput } from "../../../lib/protocol/packets.ts";
import { ToBackend } from "../../../lib/protocol/translate/to_backend.ts";
import { assertEquals } from "../../harness/assert.ts";

const EVERYTHING = dialect(ExtensionSet.ALL);

function dialect(extensions: ExtensionSet): Dialect {
  return { protocol: 7, cpe: true, extensions };
}

function lacking(...names: ExtensionName[]): Dialect {
  return dialect(ExtensionSet.ALL.without(...names));
}

/** What the backend gets for one packet of a client, and what the edge answers in its place. */
function translated(
  packet: Uint8Array,
  backend: Dialect,
  client: Dialect = EVERYTHING,
): { sent: Uint8Array; answered: Uint8Array } {
  const translation = new ToBackend(client, backend);
  const out = new PacketBuffer();
  const answers = new PacketBuffer();
  if (translation.concerns[packet[0] ?? 0] === 0) out.append(packet);
  else translation.translate(packet, 0, packet.length, out, answers);
  return { sent: out.copy(), answered: answers.copy() };
}

function assertTranslated<N extends PacketName>(
  lacks: ExtensionName[],
  name: N,
  values: PacketInput<N>,
  expected: PacketInput<N> = values,
): void {
  const backend = lacking(...lacks);
  const { sent, answered } = translated(encodePacket(name, EVERYTHING, values), backend);
  assertEquals(sent, encodePacket(name, backend, expected));
  assertEquals(answered.length, 0);
}

function assertDropped(lacks: ExtensionName, packet: Uint8Array): void {
  assertEquals(translated(packet, lacking(lacks)).sent.length, 0);
}

const LOOK = { yaw: 9, pitch: 200 };

Deno.test("coordinates for a backend without ExtEntityPositions are clamped", () => {
  for (
    const [given, clamped] of [
      [0, 0],
      [-1, -1],
      [32767, 32767],
      [32768, 32767],
      [-32767, -32767],
      [-32768, -32767],
      [2_000_000_000, 32767],
      [-2_000_000_000, -32767],
    ] as const
  ) {
    assertTranslated(
      ["ExtEntityPositions"],
      "PlayerPosition",
      { held: 4, x: given, y: 5, z: given, ...LOOK },
      { held: 4, x: clamped, y: 5, z: clamped, ...LOOK },
    );
  }
});

Deno.test("blocks for a backend without ExtendedBlocks lose their upper byte, or are stone", () => {
  for (const [given, placed] of [[0, 0], [77, 77], [255, 255], [256, 1], [767, 1]] as const) {
    assertTranslated(
      ["ExtendedBlocks"],
      "PlayerSetBlock",
      { x: 1, y: -2, z: 3, mode: 1, block: given },
      { x: 1, y: -2, z: 3, mode: 1, block: placed },
    );
  }
});

Deno.test("the held block for a backend without ExtendedBlocks loses its upper byte", () => {
  const position = { x: 1, y: 2, z: 3, ...LOOK };
  assertTranslated(["ExtendedBlocks"], "PlayerPosition", { held: 65, ...position });
  assertTranslated(["ExtendedBlocks"], "PlayerPosition", { held: 0x0141, ...position }, { held: 0x41, ...position });
});

Deno.test("blocks 50 to 65 for a backend without CustomBlocks are their nearest old ones", () => {
  const fallbacks = [44, 39, 12, 0, 10, 33, 25, 3, 29, 28, 20, 42, 49, 36, 5, 1];
  for (const lacks of [["CustomBlocks"], ["CustomBlocks", "ExtendedBlocks"]] as const) {
    for (const [index, block] of [49, ...Array.from(fallbacks, (_, i) => 50 + i), 66].entries()) {
      const expected = fallbacks[index - 1] ?? block;
      const place = { x: 1, y: 2, z: 3, mode: 1 };
      assertTranslated([...lacks], "PlayerSetBlock", { ...place, block }, { ...place, block: expected });
    }
  }
});

Deno.test("blocks 50 to 65 of a client without CustomBlocks are the backend's own", () => {
  const client = dialect(ExtensionSet.of("BlockDefinitions", "ExtendedBlocks"));
  const backend = dialect(ExtensionSet.of("BlockDefinitions"));
  for (const [block, expected] of [[50, 50], [53, 53], [65, 65], [300, 1]] as const) {
    const placed = (leg: Dialect, block: number) =>
      encodePacket("PlayerSetBlock", leg, { x: 1, y: 2, z: 3, mode: 1, block });
    assertEquals(translated(placed(client, block), backend, client).sent, placed(backend, expected));
  }
});

Deno.test("a backend without HeldBlock gets the player's own id, in its width", () => {
  const position = { x: 1, y: 2, z: 3, ...LOOK };
  for (const lacks of [["HeldBlock"], ["HeldBlock", "ExtendedBlocks"], ["HeldBlock", "ExtEntityPositions"]] as const) {
    assertTranslated([...lacks], "PlayerPosition", { held: 300, ...position }, { held: 255, ...position });
  }
});

Deno.test("a backend without LongerMessages gets every part as a line of its own", () => {
  for (const partial of [0, 1]) {
    assertTranslated(["LongerMessages"], "PlayerMessage", { partial, message: "hello" }, {
      partial: 255,
      message: "hello",
    });
  }
});

Deno.test("text for a backend without FullCP437 or EmoteFix has question marks for what it lacks", () => {
  const message = "é♥ ok";
  assertTranslated(["FullCP437"], "PlayerMessage", { partial: 0, message }, { partial: 0, message: "?♥ ok" });
  assertTranslated(["EmoteFix"], "PlayerMessage", { partial: 0, message }, { partial: 0, message: "é? ok" });
  assertTranslated(["EmoteFix", "FullCP437"], "PlayerMessage", { partial: 1, message }, {
    partial: 1,
    message: "?? ok",
  });
});

Deno.test("padding of zeros is no text to replace", () => {
  const packet = encodePacket("PlayerMessage", EVERYTHING, { partial: 0, message: "hi" });
  packet.fill(0, 4);
  assertEquals(translated(packet, lacking("EmoteFix")).sent, packet);
});

Deno.test("pings of the client are answered for a backend without TwoWayPing, and its echoes dropped", () => {
  const ping = encodePacket("TwoWayPing", EVERYTHING, { origin: 0, data: 0xabcd });
  const { sent, answered } = translated(ping, lacking("TwoWayPing"));
  assertEquals(sent.length, 0);
  assertEquals(answered, ping);
  const echo = encodePacket("TwoWayPing", EVERYTHING, { origin: 1, data: 7 });
  assertEquals(translated(echo, lacking("TwoWayPing")), { sent: new Uint8Array(0), answered: new Uint8Array(0) });
});

Deno.test("packets of extensions the backend lacks are dropped", () => {
  const click = { button: 0, action: 0, yaw: 1, pitch: 2, targetEntity: 255, x: 1, y: 2, z: 3, face: 0 };
  assertDropped("PlayerClick", encodePacket("PlayerClicked", EVERYTHING, click));
  assertDropped("NotifyAction", encodePacket("NotifyAction", EVERYTHING, { action: 1, value: 2 }));
  assertDropped("NotifyAction", encodePacket("NotifyPositionAction", EVERYTHING, { action: 3, x: 1, y: 2, z: 3 }));
  const plugin = encodePacket("PluginMessage", EVERYTHING, { channel: 9, data: new Uint8Array(64) });
  assertDropped("PluginMessages", plugin);
});

Deno.test("with equal sets nothing concerns the translation", () => {
  assertEquals(new ToBackend(EVERYTHING, EVERYTHING).concerns, new Uint8Array(256));
});
