import { Random } from "../../../bench/soak/random.ts";
import { assert, assertEquals, assertNotEquals } from "../../harness/assert.ts";

const COUNT = 20_000;

Deno.test("Random covers its range evenly, both ends included", () => {
  const random = new Random(7);
  const seen = new Map<number, number>();
  for (let index = 0; index < COUNT; index++) {
    const value = random.between(-2, 2);
    seen.set(value, (seen.get(value) ?? 0) + 1);
  }
  assertEquals([...seen.keys()].toSorted((a, b) => a - b), [-2, -1, 0, 1, 2]);
  for (const count of seen.values()) assert(Math.abs(count / COUNT - 0.2) < 0.02, `${count}`);
});

Deno.test("Random never chooses what has no weight", () => {
  const random = new Random(8);
  for (let index = 0; index < COUNT; index++) {
    const { name } = random.weighted([{ name: "never", weight: 0 }, { name: "always", weight: 1 }]);
    assertEquals(name, "always");
  }
});

Deno.test("forks of a Random go their own ways, the same each time", () => {
  const numbers = (): readonly number[] => {
    const random = new Random(9);
    return [random.fork().next(), random.fork().next(), random.next()];
  };
  assertEquals(numbers(), numbers());
  assertNotEquals(numbers()[0], numbers()[1]);
});
