import { hash } from "../lib/hash.ts";
import { assert, assertEquals } from "./harness/assert.ts";

Deno.test("a hash never changes, since players would lose their backends with it", () => {
  assertEquals(["", "a", "steve\nhub", "\u{1f600}"].map(hash), [2872998923, 444641715, 337379554, 1787143206]);
});

Deno.test("one changed letter changes each bit of a hash in half of all cases", () => {
  const flips = new Uint32Array(32);
  const count = 4000;
  for (let index = 0; index < count; index++) {
    const changed = hash(`player${index}\nhub1`) ^ hash(`player${index}\nhub2`);
    for (let bit = 0; bit < 32; bit++) flips[bit] = (flips[bit] ?? 0) + (changed >>> bit & 1);
  }
  for (const flipped of flips) assert(Math.abs(flipped - count / 2) < count * 0.05, `${flips}`);
});
