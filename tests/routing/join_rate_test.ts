import { JoinRate } from "../../lib/routing/join_rate.ts";
import { assert, assertEquals } from "../harness/assert.ts";
import { seeded } from "../harness/chunks.ts";

/** Lets everybody in who is let in at once at `now`, at most `count`. Returns how many. */
function passing(rate: JoinRate, count: number, now: number): number {
  let passed = 0;
  while (passed < count && rate.nextAt("ordinary", now) <= now) {
    rate.count("ordinary", now);
    passed++;
  }
  return passed;
}

/** Lets a crowd of `count` in as soon as it may. Returns the times. */
function crowd(rate: JoinRate, count: number, now: number): number[] {
  return Array.from({ length: count }, () => {
    now = rate.nextAt("crowd", now);
    rate.count("crowd", now);
    return now;
  });
}

Deno.test("a crowd is spaced evenly", () => {
  assertEquals(crowd(new JoinRate(10), 5, 1000), [1000, 1100, 1200, 1300, 1400]);
  assertEquals(crowd(new JoinRate(1), 3, 0), [0, 1000, 2000]);
});

Deno.test("a crowd faster than timers has several logins in one millisecond", () => {
  assertEquals(crowd(new JoinRate(10_000), 10, 500), Array.from({ length: 10 }, () => 500));
  assertEquals(Math.round(crowd(new JoinRate(10_000), 10_000, 500).at(-1) ?? 0), 1499);
});

Deno.test("ordinary arrivals pass at once, ten seconds' worth of them, and then as fast as the rate", () => {
  const rate = new JoinRate(10);
  assertEquals(passing(rate, 1000, 0), 100);
  assertEquals(rate.nextAt("ordinary", 0), 100);
  assertEquals(passing(rate, 1000, 100), 1);
  assertEquals(passing(rate, 1000, 1100), 10);
  assertEquals(passing(rate, 1000, 60_000), 100);
});

Deno.test("ordinary arrivals count in the crowd's window", () => {
  const rate = new JoinRate(10);
  assertEquals(passing(rate, 9, 500), 9);
  assertEquals(crowd(rate, 3, 500), [500, 1500, 1600]);
});

Deno.test("a crowd that comes behind a burst of ordinary arrivals waits for a second", () => {
  const rate = new JoinRate(10);
  passing(rate, 100, 0);
  assertEquals(crowd(rate, 3, 0), [1000, 1100, 1200]);
});

Deno.test("a late timer does not slow a crowd down, though never more than the rate come in a second", () => {
  const rate = new JoinRate(1000);
  const times = [];
  for (let now = 0; now < 5000; now += 7) {
    while (rate.nextAt("crowd", now) <= now) {
      rate.count("crowd", now);
      times.push(now);
    }
  }
  assert(times.length > 4900, `${times.length} in five seconds`);
  assert(mostInASecond(times) <= 1000);
});

for (const perSecond of [1, 3, 10, 77]) {
  Deno.test(`a crowd at ${perSecond}/s makes at most that many logins in any second, whoever else comes`, () => {
    const random = seeded(perSecond);
    const rate = new JoinRate(perSecond);
    const crowded: number[] = [];
    let now = 0;
    while (crowded.length < 2000) {
      now += random.pick([0, 0.1, 3, 50, 400]) * random.next();
      const next = rate.nextAt("crowd", now);
      assert(next >= now);
      if (next > now && random.below(4) === 0) now = next;
      if (random.below(50) === 0) passing(rate, random.below(2 * perSecond), now);
      if (rate.nextAt("crowd", now) > now) continue;
      rate.count("crowd", now);
      crowded.push(now);
    }
    assert(mostInASecond(crowded) <= perSecond);
  });
}

/** The most of the ascending `times` that lie within one second, its end not included. */
function mostInASecond(times: readonly number[]): number {
  let most = 0;
  let first = 0;
  times.forEach((time, index) => {
    while ((times[first] ?? 0) + 1000 <= time) first++;
    most = Math.max(most, index - first + 1);
  });
  return most;
}
