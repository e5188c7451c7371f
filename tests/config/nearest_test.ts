import { nearest, suggestion } from "../../lib/config/nearest.ts";
import { assertEquals } from "../harness/assert.ts";

Deno.test("nearest finds the word that is probably meant", () => {
  assertEquals(nearest("prase", ["raw", "parse"]), "parse");
  assertEquals(nearest("hbu", ["hub", "arena"]), "hub");
  assertEquals(nearest("LEVEL", ["format", "level"]), "level");
});

Deno.test("nearest finds nothing when no word is near", () => {
  assertEquals(nearest("arena", ["hub", "lobby"]), undefined);
  assertEquals(nearest("help", ["check", "health", "demo"]), undefined);
  assertEquals(nearest("version", ["drain", "reload", "run"]), undefined);
  assertEquals(nearest("port", ["for"]), undefined);
  assertEquals(nearest("a/b", ["hub"]), undefined);
  assertEquals(nearest("x", ["y"]), undefined);
  assertEquals(nearest("x", []), undefined);
  assertEquals(nearest("a".repeat(65), ["a".repeat(65)]), undefined);
});

Deno.test("suggestion is the end of a sentence, or empty", () => {
  assertEquals(suggestion("prase", ["parse"]), ' (did you mean "parse"?)');
  assertEquals(suggestion("prase", ["hub"]), "");
});
