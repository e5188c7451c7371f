import { IdSet } from "../../../lib/protocol/leftovers/id_set.ts";
import { assertEquals } from "../../harness/assert.ts";
import { seeded } from "../../harness/chunks.ts";

Deno.test("IdSet has the members it was given, in ascending order", () => {
  const set = new IdSet();
  for (const id of [767, 0, 7, 8, 300]) set.set(id, true);
  assertEquals([...set], [0, 7, 8, 300, 767]);
  set.set(7, false);
  assertEquals([set.has(7), set.has(8), set.has(9), set.has(5000)], [false, true, false, false]);
});

Deno.test("IdSet is empty at first and takes the removal of what it never had", () => {
  const set = new IdSet();
  set.set(200, false);
  assertEquals([[...set], set.has(200)], [[], false]);
});

Deno.test("IdSet agrees with a Set on random changes", () => {
  const random = seeded(1);
  const set = new IdSet();
  const reference = new Set<number>();
  for (let i = 0; i < 2000; i++) {
    const id = random.below(768);
    const isMember = random.below(2) === 0;
    set.set(id, isMember);
    if (isMember) reference.add(id);
    else reference.delete(id);
  }
  assertEquals([...set], [...reference].sort((a, b) => a - b));
});
