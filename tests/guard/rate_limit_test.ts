import { RateLimit } from "../../lib/guard/rate_limit.ts";
import { assert, assertEquals } from "../harness/assert.ts";

/** How many of `tries` events of `key` at the time `now` pass. */
function passed(limit: RateLimit, key: string, tries: number, now: number): number {
  return Array.from({ length: tries }, () => limit.take(key, now)).filter(Boolean).length;
}

Deno.test("as many as the count pass at once, then one each time the window divided by the count has gone by", () => {
  for (const [count, windowMs] of [[1, 250], [3, 1000], [10, 10_000], [7, 1], [1000, 1000]] as const) {
    const limit = new RateLimit({ count, windowMs });
    const start = 1e9 + 0.1;
    assertEquals(passed(limit, "a", count + 3, start), count, `${count}/${windowMs} ms`);
    assertEquals(passed(limit, "a", 2, start + windowMs / count * 0.9), 0);
    assertEquals(passed(limit, "a", 2, start + windowMs / count * 1.01), 1);
    assertEquals(passed(limit, "a", count + 3, start + 3 * windowMs), count);
  }
});

Deno.test("whoever is refused is not held off any longer for having tried", () => {
  const limit = new RateLimit({ count: 2, windowMs: 1000 });
  passed(limit, "a", 2, 0);
  for (let now = 0; now < 499; now++) assertEquals(limit.take("a", now), false);
  assertEquals(limit.take("a", 500), true);
});

Deno.test("keys do not share their rates", () => {
  const limit = new RateLimit({ count: 2, windowMs: 1000 });
  assertEquals([passed(limit, "a", 5, 0), passed(limit, "b", 5, 0)], [2, 2]);
});

Deno.test("no more keys are remembered than the bound, and those that go on are not forgotten", () => {
  const limit = new RateLimit({ count: 2, windowMs: 1000 }, { maxKeys: 100 });
  passed(limit, "steady", 2, 0);
  for (let index = 0; index < 10_000; index++) {
    limit.take(`key ${index}`, 0);
    if (index % 50 === 0) assertEquals(limit.take("steady", 0), false);
    assert(limit.size <= 100);
  }
  assertEquals([limit.size, limit.take("key 0", 0)], [100, true]);
});

Deno.test("another rate counts at once, without a new start for anybody", () => {
  const limit = new RateLimit({ count: 2, windowMs: 60_000 });
  passed(limit, "a", 2, 0);
  limit.configure({ count: 10, windowMs: 1000 });
  assertEquals([passed(limit, "a", 5, 0), passed(limit, "a", 5, 100), passed(limit, "a", 20, 2000)], [0, 1, 10]);
});

Deno.test("a million events of 100,000 keys take well under a second of each twenty", () => {
  const limit = new RateLimit({ count: 10, windowMs: 10_000 });
  const began = performance.now();
  for (let index = 0; index < 1_000_000; index++) limit.take(`192.0.${index % 100_000}`, index / 20);
  const took = performance.now() - began;
  assert(took < 20_000, `it took ${took} ms`);
});
