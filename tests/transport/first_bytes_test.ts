import { languageOf } from "../../lib/transport/first_bytes.ts";
import { assertEquals } from "../harness/assert.ts";

/** Text as bytes, one each. */
function latin1(text: string): Uint8Array {
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0));
}

const V2 = "\r\n\r\n\0\r\nQUIT\n";

Deno.test("the first bytes tell what a peer speaks", () => {
  const cases: readonly (readonly [language: string, beginnings: readonly string[]])[] = [
    ["classic", ["\0", "\0\x07Notch"]],
    ["http", ["GET ", "GET / HTTP/1.1\r\n"]],
    ["tls", ["\x16", "\x16\x03\x01"]],
    ["proxy", ["PROXY ", "PROXY TCP4", V2, `${V2}!`]],
    ["unknown", [
      "\x01",
      "get ",
      "GET/",
      "GETS",
      "HEAD / ",
      "PROXy",
      "PROXY\t",
      "\n",
      "\r\r",
      "\r\n\r\n\r",
      "SSH-2.0",
      "\xff",
    ]],
  ];
  for (const [language, beginnings] of cases) {
    for (const text of beginnings) assertEquals(languageOf(latin1(text)), language, JSON.stringify(text));
  }
});

Deno.test("every part of a beginning waits for more", () => {
  for (const whole of ["GET ", "PROXY ", V2]) {
    for (let length = 0; length < whole.length; length++) {
      assertEquals(languageOf(latin1(whole.slice(0, length))), "more", JSON.stringify(whole.slice(0, length)));
    }
  }
});
