import { ExtensionSet } from "../../../lib/protocol/extensions.ts";
import { readPacket } from "../../../lib/protocol/packets.ts";
import { pluginAnswer, readPluginRequest } from "../../../lib/session/redirect/plugin_message.ts";
import { assertEquals } from "../../harness/assert.ts";
import { dialect } from "../logins.ts";

/** 64 bytes that begin with `text`. */
function padded(text: string, padding: number): Uint8Array {
  const data = new Uint8Array(64).fill(padding);
  data.set(new TextEncoder().encode(text).subarray(0, 64));
  return data;
}

for (const [what, padding] of [["NULs", 0], ["spaces", 0x20]] as const) {
  Deno.test(`requests are read padded with ${what}`, () => {
    for (const name of ["arena", "my_pool-2.0", "n".repeat(32)]) {
      assertEquals(readPluginRequest(padded(`move ${name}`, padding)), { kind: "move", to: name });
    }
    assertEquals(readPluginRequest(padded("who", padding)), { kind: "who" });
  });

  Deno.test(`anything else is no request padded with ${what}`, () => {
    for (
      const text of [
        "",
        "move",
        "move ",
        "moved arena",
        "MOVE arena",
        " move arena",
        "move  arena",
        "move arena now",
        "move arena\nwho",
        "move aréna",
        "move arena\0x",
        `move ${"n".repeat(33)}`,
        "who?",
        "who Steve",
        "x".repeat(64),
      ]
    ) assertEquals(readPluginRequest(padded(text, padding)), undefined, JSON.stringify(text));
  });
}

Deno.test("an answer is padded with spaces, and cut where it does not fit", () => {
  const leg = dialect(ExtensionSet.of("PluginMessages"));
  for (const [text, wanted] of [["who Steve hub", "who Steve hub"], ["x".repeat(70), "x".repeat(64)]] as const) {
    const { channel, data } = readPacket("PluginMessage", leg, pluginAnswer(75, text, leg));
    assertEquals([channel, new TextDecoder().decode(data)], [75, wanted.padEnd(64)]);
  }
});
