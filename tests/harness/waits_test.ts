import { assertEquals, assertRejects } from "./assert.ts";
import { Waits } from "./waits.ts";

function waits(timeoutMs?: number): Waits {
  return new Waits(() => "seen: nothing", timeoutMs);
}

Deno.test("Waits.until() resolves at once with what is there", async () => {
  assertEquals(await waits().until(() => "found", "x"), "found");
});

Deno.test("Waits.until() takes 0 and an empty text for something", async () => {
  assertEquals([await waits().until(() => 0, "x"), await waits().until(() => "", "x")], [0, ""]);
});

Deno.test("Waits.until() looks again whenever something changed, and only then", async () => {
  const all = waits();
  let count = 0;
  let looks = 0;
  const wait = all.until(() => ++looks > 0 && count === 2, "two");
  count = 1;
  all.changed();
  count = 2;
  all.changed();
  await wait;
  all.changed();
  assertEquals(looks, 3);
});

Deno.test("Waits.until() rejects after its time with what was awaited and seen", async () => {
  await assertRejects(
    () => waits(5).until(() => false, "a miracle"),
    Error,
    "Cannot see a miracle: not within 5 ms; seen: nothing",
  );
  await assertRejects(() => waits().until(() => false, "it", { timeoutMs: 6 }), Error, "not within 6 ms");
});

Deno.test("Waits.until() rejects with what its probe throws", async () => {
  const all = waits();
  let ready = false;
  const wait = all.until(() => {
    if (ready) throw new TypeError("bad probe");
    return false;
  }, "x");
  ready = true;
  all.changed();
  await assertRejects(() => wait, TypeError, "bad probe");
});

Deno.test("Waits.end() rejects waits that do not hold, and those to come", async () => {
  const all = waits();
  let isOver = false;
  const [holds, fails] = [
    all.until(() => isOver, "the end"),
    assertRejects(() => all.until(() => false, "more"), Error, "over"),
  ];
  isOver = true;
  all.end("it is over");
  await holds;
  await fails;
  await all.until(() => true, "the obvious");
  await assertRejects(() => all.until(() => false, "even more"), Error, "Cannot see even more: it is over");
});

Deno.test("Waits.break() rejects every wait, whatever holds", async () => {
  const all = waits();
  const fails = assertRejects(() => all.until(() => false, "more"), Error, "Cannot see more: broken");
  all.break("broken");
  await fails;
  await assertRejects(() => all.until(() => true, "the obvious"), Error, "Cannot see the obvious: broken");
});
