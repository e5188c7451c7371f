import { assert, assertEquals } from "../harness/assert.ts";
import { drawable, withColours, wrapChat } from "../../lib/demo/chat.ts";
import { ExtensionSet } from "../../lib/protocol/extensions.ts";

Deno.test("wrapChat() leaves short lines alone", () => {
  assertEquals(wrapChat("&ehello"), ["&ehello"]);
});

Deno.test("wrapChat() breaks at spaces and goes on in the same colour", () => {
  const lines = wrapChat(`&a${"word ".repeat(20)}`);
  assert(lines.length === 2 && lines.every((line) => line.length <= 64));
  assert(lines[1]?.startsWith("> &aword"));
  assertEquals(lines.join(" ").match(/word/g)?.length, 20);
});

Deno.test("wrapChat() cuts a line without spaces and never cuts a colour code in two", () => {
  const lines = wrapChat(`${"x".repeat(63)}&${"c".repeat(80)}`);
  assert(lines.every((line) => line.length <= 64 && !line.endsWith("&")));
  assert(lines[1]?.startsWith("> &c"));
});

Deno.test("wrapChat() drops a lone & at the end of a line", () => {
  assertEquals(wrapChat("fish &"), ["fish "]);
});

Deno.test("withColours() takes % before a colour for &", () => {
  assertEquals(withColours("%chot 100% %z"), "&chot 100% %z");
});

Deno.test("drawable() keeps the characters of code page 437 for clients with FullCP437 only", () => {
  assertEquals(drawable("café ☺", ExtensionSet.of("FullCP437")), "café ☺");
  assertEquals(drawable("café ☺", ExtensionSet.EMPTY), "caf? ?");
});
