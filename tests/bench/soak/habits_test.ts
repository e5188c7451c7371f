import { type Deed, Habits, USUAL, WALKING } from "../../../bench/soak/habits.ts";
import { Random } from "../../../bench/soak/random.ts";
import { assert, assertEquals, assertNotEquals } from "../../harness/assert.ts";

function deeds(seed: number, count: number, worlds = 3): readonly Deed[] {
  const habits = new Habits(new Random(seed), worlds, USUAL);
  return Array.from({ length: count }, () => habits.next());
}

Deno.test("the same seed leads to the same deeds, another one to others", () => {
  assertEquals(deeds(1, 100), deeds(1, 100));
  assertNotEquals(deeds(1, 100), deeds(2, 100));
});

Deno.test("bots do everything there is to do, about as often as its weight says", () => {
  const all = deeds(3, 20_000);
  const sum = Object.values(USUAL).reduce((whole, weight) => whole + weight, 0);
  for (const [kind, weight] of Object.entries(USUAL)) {
    const share = all.filter((deed) => deed.kind === kind).length / all.length;
    assert(Math.abs(share - weight / sum) < 0.02, `${kind}: ${share}`);
  }
});

Deno.test("bots ask for any other world, and for none where there is only one", () => {
  const distances = deeds(4, 5_000).flatMap((deed) => deed.kind === "move" ? [deed.distance] : []);
  assertEquals([...new Set(distances)].toSorted(), [1, 2]);
  assert(deeds(4, 5_000, 1).every(({ kind }) => kind !== "move"));
});

Deno.test("walkers only walk", () => {
  const habits = new Habits(new Random(5), 3, WALKING);
  assert(Array.from({ length: 1_000 }, () => habits.next().kind).every((kind) => kind === "walk"));
});
