import { ExtensionSet } from "../../lib/protocol/extensions.ts";
import { assert, assertEquals } from "../harness/assert.ts";
import {
  blankTrailingAmpersands,
  drawable,
  encodeText,
  fitsTextField,
  readText,
  TEXT_SIZE,
  textEnd,
  wrapText,
  writeText,
} from "../../lib/protocol/text.ts";

/** Code points of the bytes 0x00–0x1f and 0x7f, drawn as glyphs. */
const CONTROL_GLYPHS = [
  ...[0x0000, 0x263a, 0x263b, 0x2665, 0x2666, 0x2663, 0x2660, 0x2022, 0x25d8, 0x25cb, 0x25d9, 0x2642, 0x2640, 0x266a],
  ...[0x266b, 0x263c, 0x25ba, 0x25c4, 0x2195, 0x203c, 0x00b6, 0x00a7, 0x25ac, 0x21a8, 0x2191, 0x2193, 0x2192, 0x2190],
  ...[0x221f, 0x2194, 0x25b2, 0x25bc],
];
const HOUSE = 0x2302;

/** Code points of the bytes from 0x80 on, as Unicode's table of code page 437 has them. */
const UPPER_HALF = [
  ...[0x00c7, 0x00fc, 0x00e9, 0x00e2, 0x00e4, 0x00e0, 0x00e5, 0x00e7, 0x00ea, 0x00eb, 0x00e8, 0x00ef, 0x00ee, 0x00ec],
  ...[0x00c4, 0x00c5, 0x00c9, 0x00e6, 0x00c6, 0x00f4, 0x00f6, 0x00f2, 0x00fb, 0x00f9, 0x00ff, 0x00d6, 0x00dc, 0x00a2],
  ...[0x00a3, 0x00a5, 0x20a7, 0x0192, 0x00e1, 0x00ed, 0x00f3, 0x00fa, 0x00f1, 0x00d1, 0x00aa, 0x00ba, 0x00bf, 0x2310],
  ...[0x00ac, 0x00bd, 0x00bc, 0x00a1, 0x00ab, 0x00bb, 0x2591, 0x2592, 0x2593, 0x2502, 0x2524, 0x2561, 0x2562, 0x2556],
  ...[0x2555, 0x2563, 0x2551, 0x2557, 0x255d, 0x255c, 0x255b, 0x2510, 0x2514, 0x2534, 0x252c, 0x251c, 0x2500, 0x253c],
  ...[0x255e, 0x255f, 0x255a, 0x2554, 0x2569, 0x2566, 0x2560, 0x2550, 0x256c, 0x2567, 0x2568, 0x2564, 0x2565, 0x2559],
  ...[0x2558, 0x2552, 0x2553, 0x256b, 0x256a, 0x2518, 0x250c, 0x2588, 0x2584, 0x258c, 0x2590, 0x2580, 0x03b1, 0x00df],
  ...[0x0393, 0x03c0, 0x03a3, 0x03c3, 0x00b5, 0x03c4, 0x03a6, 0x0398, 0x03a9, 0x03b4, 0x221e, 0x03c6, 0x03b5, 0x2229],
  ...[0x2261, 0x00b1, 0x2265, 0x2264, 0x2320, 0x2321, 0x00f7, 0x2248, 0x00b0, 0x2219, 0x00b7, 0x221a, 0x207f, 0x00b2],
  ...[0x25a0, 0x00a0],
];

function codePointOf(byte: number): number {
  if (byte === 0x7f) return HOUSE;
  return (byte < 0x20 ? CONTROL_GLYPHS[byte] : byte < 0x80 ? byte : UPPER_HALF[byte - 0x80]) ?? -1;
}

function field(...bytes: readonly number[]): Uint8Array {
  const text = new Uint8Array(TEXT_SIZE).fill(0x20);
  text.set(bytes);
  return text;
}

Deno.test("readText() reads each of the 256 bytes as code page 437", () => {
  for (let byte = 0; byte < 256; byte++) {
    assertEquals(readText(field(0x61, byte, 0x7a), 0), `a${String.fromCodePoint(codePointOf(byte))}z`, `byte ${byte}`);
  }
});

Deno.test("encodeText() writes each character of code page 437 as its byte", () => {
  for (let byte = 0; byte < 256; byte++) {
    assertEquals([...encodeText(String.fromCodePoint(codePointOf(byte)))], [byte], `byte ${byte}`);
  }
});

Deno.test("encodeText() writes a question mark for each character that code page 437 lacks", () => {
  assertEquals([...encodeText("a€😀b")], [0x61, 0x3f, 0x3f, 0x62]);
});

Deno.test("readText() drops trailing spaces and NULs but keeps those inside", () => {
  assertEquals(readText(field(0x61, 0x20, 0x62), 0), "a b");
  assertEquals(readText(Uint8Array.of(0x61, 0, 0x62, ...new Uint8Array(61)), 0), "a\0b");
  assertEquals(readText(Uint8Array.of(0x61, 0, 0x20, 0, 0x20, ...new Uint8Array(59)), 0), "a");
});

Deno.test("readText() reads an empty text from spaces and from NULs", () => {
  assertEquals([readText(field(), 0), readText(new Uint8Array(64), 0)], ["", ""]);
});

Deno.test("readText() reads 64 bytes from the given position and no more", () => {
  const bytes = new Uint8Array(70).fill(0x78);
  bytes.set([0x61], 3);
  assertEquals(readText(bytes, 3), `a${"x".repeat(63)}`);
});

Deno.test("writeText() pads with spaces", () => {
  const bytes = new Uint8Array(66).fill(0xee);
  writeText(bytes, 1, "é");
  assertEquals([...bytes], [0xee, 0x82, ...new Uint8Array(63).fill(0x20), 0xee]);
});

Deno.test("writeText() cuts what does not fit", () => {
  const bytes = new Uint8Array(65);
  writeText(bytes, 0, "y".repeat(70));
  assertEquals([...bytes], [...new Uint8Array(64).fill(0x79), 0]);
});

Deno.test("fitsTextField() takes up to 64 characters of code page 437", () => {
  assertEquals([fitsTextField(""), fitsTextField("é".repeat(64)), fitsTextField("é".repeat(65))], [true, true, false]);
  assertEquals(fitsTextField("€"), false);
});

Deno.test("textEnd() is the position behind the last byte that is no padding", () => {
  const bytes = new Uint8Array(70);
  bytes.set([0x61, 0x20, 0x62, 0x20], 5);
  assertEquals([textEnd(bytes, 5), textEnd(field(), 0), textEnd(new Uint8Array(64).fill(0x61), 0)], [8, 0, 64]);
});

Deno.test("blankTrailingAmpersands() blanks ampersands at the end only", () => {
  const blanked = ["a&", "a&&", "&a", "&c&", "&", ""].map((text) => {
    const bytes = new Uint8Array(66).fill(0x26);
    writeText(bytes, 1, text);
    blankTrailingAmpersands(bytes, 1);
    assertEquals([bytes[0], bytes[65]], [0x26, 0x26]);
    return readText(bytes, 1);
  });
  assertEquals(blanked, ["a", "a", "&a", "&c", "", ""]);
});

Deno.test("blankTrailingAmpersands() looks in front of either padding", () => {
  const bytes = Uint8Array.of(0x61, 0x26, ...new Uint8Array(62));
  blankTrailingAmpersands(bytes, 0);
  assertEquals(readText(bytes, 0), "a");
});

Deno.test("wrapText() leaves short lines alone", () => {
  assertEquals(wrapText("&ehello"), ["&ehello"]);
});

Deno.test("wrapText() breaks at spaces and goes on in the same colour", () => {
  const lines = wrapText(`&a${"word ".repeat(20)}`);
  assert(lines.length === 2 && lines.every((line) => line.length <= 64));
  assert(lines[1]?.startsWith("> &aword"));
  assertEquals(lines.join(" ").match(/word/g)?.length, 20);
});

Deno.test("wrapText() cuts a line without spaces and never cuts a colour code in two", () => {
  const lines = wrapText(`${"x".repeat(63)}&${"c".repeat(80)}`);
  assert(lines.every((line) => line.length <= 64 && !line.endsWith("&")));
  assert(lines[1]?.startsWith("> &c"));
});

Deno.test("wrapText() drops a lone & at the end of a line", () => {
  assertEquals(wrapText("fish &"), ["fish "]);
});

Deno.test("drawable() keeps the characters of code page 437 for clients with FullCP437 only", () => {
  assertEquals(drawable("café ☺", ExtensionSet.of("FullCP437")), "café ☺");
  assertEquals(drawable("café ☺", ExtensionSet.EMPTY), "caf? ?");
});
