import { type Sleeper, Wakes } from "../../lib/transport/wakes.ts";
import { seeded } from "../harness/chunks.ts";
import { assert, assertEquals } from "../harness/assert.ts";

const DEADLINE_MS = 5_000;

/** Notes when it was woken. */
class Dreamer implements Sleeper {
  wakeAt: number | undefined;
  wakeSlot = 0;
  readonly times: number[] = [];
  /** What it does when it is woken. */
  then: () => void = () => {};

  woken(): void {
    this.times.push(performance.now());
    this.then();
  }
}

/** Resolves when a sleeper set for `ms` milliseconds from now has been woken, and so has everybody who was to be before. */
function passed(wakes: Wakes, ms: number): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const last = new Dreamer();
  const late = setTimeout(() => reject(new Error("Cannot see anybody woken in time")), DEADLINE_MS);
  last.then = () => {
    clearTimeout(late);
    resolve();
  };
  wakes.set(last, performance.now() + ms);
  return promise;
}

Deno.test("each sleeper is woken once, not before its time, and in the order of the times in whole milliseconds", async () => {
  const wakes = new Wakes();
  const random = seeded(1);
  const start = performance.now();
  const order: Dreamer[] = [];
  const sleepers = Array.from({ length: 500 }, () => {
    const sleeper = new Dreamer();
    sleeper.then = () => order.push(sleeper);
    return { sleeper, time: Math.ceil(start + 50 * random.next()) };
  });
  for (const { sleeper, time } of sleepers) wakes.set(sleeper, time);
  await passed(wakes, 60);
  assertEquals(
    sleepers.every(({ sleeper, time }) => sleeper.times.length === 1 && (sleeper.times[0] ?? 0) >= time),
    true,
  );
  const times = new Map(sleepers.map(({ sleeper, time }) => [sleeper, time]));
  assertEquals(order.map((sleeper) => times.get(sleeper)), sleepers.map(({ time }) => time).toSorted((a, b) => a - b));
  assertEquals(wakes.size, 0);
});

Deno.test("sleepers change their minds and are woken at the last time they were set for, or not at all", async () => {
  const wakes = new Wakes();
  const random = seeded(2);
  const start = performance.now();
  const sleepers = Array.from({ length: 300 }, () => ({ sleeper: new Dreamer(), time: Infinity }));
  for (let change = 0; change < 3_000; change++) {
    const one = random.pick(sleepers);
    one.time = random.next() < 0.3 ? Infinity : start + 20 + 40 * random.next();
    wakes.set(one.sleeper, one.time);
  }
  const awaited = sleepers.filter(({ time }) => time !== Infinity);
  assertEquals(wakes.size, awaited.length);
  await passed(wakes, 80);
  assertEquals(wakes.size, 0);
  for (const { sleeper, time } of sleepers) {
    assertEquals(sleeper.times.length, time === Infinity ? 0 : 1);
    assert(time === Infinity || (sleeper.times[0] ?? 0) >= time);
  }
});

Deno.test("whoever sets itself anew for a time that has passed is woken again, and keeps nobody else asleep", async () => {
  const wakes = new Wakes();
  const restless = new Dreamer();
  const again = Promise.withResolvers<void>();
  restless.then = () => {
    if (restless.times.length === 2) again.resolve();
    wakes.set(restless, performance.now());
  };
  wakes.set(restless, performance.now());
  await again.promise;
  await passed(wakes, 20);
  wakes.set(restless, Infinity);
  assertEquals(wakes.size, 0);
});

Deno.test("a sleeper that is set before all others does not have to wait for them", async () => {
  const wakes = new Wakes();
  const late = new Dreamer();
  wakes.set(late, performance.now() + 60_000);
  await passed(wakes, 1);
  assertEquals([late.times.length, wakes.size], [0, 1]);
  wakes.set(late, Infinity);
});
