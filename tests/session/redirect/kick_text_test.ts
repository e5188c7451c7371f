import { kickTarget } from "../../../lib/session/redirect/kick_text.ts";
import { assertEquals } from "../../harness/assert.ts";

Deno.test("a kick that ends in a space, an @ and a name has a target", () => {
  for (const name of ["arena", "A", "my_pool-2.0", "n".repeat(32)]) {
    assertEquals(kickTarget(`&cThe round is over @${name}`), name);
  }
  assertEquals(kickTarget(" @arena"), "arena");
  assertEquals(kickTarget("ask @Steve, he is @hub"), "hub");
});

Deno.test("a kick that ends otherwise has none", () => {
  for (
    const text of [
      "",
      "@arena",
      "The round is over",
      "mail me@arena",
      "over @arena!",
      "over @arena now",
      "over @ arena",
      "over @",
      "over @@arena",
      "over @aréna",
      "over @&carena",
      `over @${"n".repeat(33)}`,
    ]
  ) assertEquals(kickTarget(text), undefined, text);
});
