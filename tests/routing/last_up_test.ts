import { isLastUp, type Member } from "../../lib/routing/last_up.ts";
import { assertEquals } from "../harness/assert.ts";

/** `+` up, `-` down, `~` up but drained. The first is the backend that would fall. */
function members(states: string): Member[] {
  return [...states].map((state) => ({ up: state !== "-", drained: state === "~" }));
}

for (
  const [states, last] of [
    ["+", true],
    ["+-", true],
    ["+--", true],
    ["++", false],
    ["+-+", false],
    ["+~", true],
    ["+~+", false],
  ] as const
) {
  Deno.test(`the first of ${states} ${last ? "may not" : "may"} fall`, () => {
    const backends = members(states);
    const [first] = backends;
    assertEquals(first !== undefined && isLastUp(first, [{ backends }]), last);
  });
}

Deno.test("a backend that is the last one of any pool may not fall", () => {
  const [a, b, c] = members("++-");
  if (a === undefined || b === undefined || c === undefined) throw new Error("three backends");
  const pools = [{ backends: [a, b] }, { backends: [c, a] }];
  assertEquals(isLastUp(a, pools), true);
  assertEquals(isLastUp(b, pools), false);
});

Deno.test("a backend that no pool lists may fall", () => {
  const [a, b] = members("++");
  if (a === undefined || b === undefined) throw new Error("two backends");
  assertEquals(isLastUp(a, [{ backends: [b] }]), false);
});
