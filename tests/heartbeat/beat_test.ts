import manifest from "../../deno.json" with { type: "json" };
import { formatBeat, SOFTWARE } from "../../lib/heartbeat/beat.ts";
import { assertEquals } from "../harness/assert.ts";
import { RECORDED_BODY, RECORDED_FACTS } from "./facts.ts";

/** The name that a list reads out of a heartbeat. */
function publishedName(name: string): string | null {
  return new URLSearchParams(formatBeat({ ...RECORDED_FACTS, name })).get("name");
}

Deno.test("a heartbeat is the recorded one of MCGalaxy, byte for byte", () => {
  assertEquals(formatBeat(RECORDED_FACTS), RECORDED_BODY);
});

Deno.test("every fact is in its field", () => {
  const body = formatBeat({
    port: 1,
    max: 2,
    name: "n",
    public: true,
    salt: "s",
    users: 3,
    software: "w 1",
    web: false,
  });
  assertEquals(body, "&port=1&max=2&name=n&public=True&version=7&salt=s&users=3&software=w%201&web=False");
});

Deno.test("the software is this one with its version", () => {
  assertEquals(SOFTWARE, `Kurafuto ${manifest.version}`);
});

Deno.test("a name arrives as it is, whatever characters it has, and adds no field", () => {
  for (const name of ["a b", "a&port=1", "50% + x=y#?/", "Grüße ☺♥ 日本 🎲", "a\r\nb\0", "'()*!~"]) {
    assertEquals(publishedName(name), name);
    const fields = [...new URLSearchParams(formatBeat({ ...RECORDED_FACTS, name })).keys()];
    assertEquals(fields, ["port", "max", "name", "public", "version", "salt", "users", "software", "web"]);
  }
});

Deno.test("a heartbeat is ASCII, even of a name with half a character", () => {
  assertEquals(publishedName("a\ud83cb"), "a\ufffdb");
  assertEquals(/^[\x21-\x7e]*$/.test(formatBeat({ ...RECORDED_FACTS, name: "é\ud83c 🎲\x01" })), true);
});

Deno.test("colour codes are left out of a name, other ampersands are not", () => {
  assertEquals(publishedName("&cRed &Fand&0 &eyellow&"), "Red and yellow&");
  assertEquals(publishedName("Rock & Roll &roll"), "Rock & Roll &roll");
});

Deno.test("a name has at most 256 code points", () => {
  assertEquals(publishedName("🎲".repeat(300)), "🎲".repeat(256));
  assertEquals(publishedName("&a" + "x".repeat(256)), "x".repeat(256));
});
