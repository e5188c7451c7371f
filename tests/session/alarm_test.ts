import { Alarm, Alarms } from "../../lib/session/alarm.ts";
import { assertEquals } from "../harness/assert.ts";

/** Alarms over a clock that stands still unless it is moved. */
class Clock {
  time = 0;
  readonly wakes: number[] = [];
  readonly rung: string[] = [];
  readonly alarms = new Alarms({ now: () => this.time, wake: (time) => this.wakes.push(time) });

  alarm(name: string, ring: () => void = () => {}): Alarm {
    return new Alarm(this.alarms, () => {
      this.rung.push(`${name} ${this.time}`);
      ring();
    });
  }

  ringAt(time: number): void {
    this.time = time;
    this.alarms.ring();
  }
}

Deno.test("the earliest alarm is what is asked for, once as long as it stays", () => {
  const clock = new Clock();
  const [first, second] = [clock.alarm("first"), clock.alarm("second")];
  first.set(100);
  second.set(200);
  second.set(150);
  first.set(120);
  first.clear();
  second.clear();
  assertEquals(clock.wakes, [100, 120, 150, Infinity]);
});

Deno.test("what is due rings once, and the next one is asked for", () => {
  const clock = new Clock();
  clock.alarm("a").set(10);
  clock.alarm("b").set(20);
  clock.alarm("c").set(30);
  clock.ringAt(20);
  clock.ringAt(25);
  assertEquals(clock.rung, ["a 20", "b 20"]);
  // A tick uses up what was asked for.
  assertEquals(clock.wakes, [10, 30, 30]);
});

Deno.test("an alarm that is set anew while it rings is asked for behind the others", () => {
  const clock = new Clock();
  const alarm = clock.alarm("again", () => alarm.set(clock.time + 5));
  alarm.set(10);
  clock.ringAt(10);
  clock.ringAt(15);
  assertEquals(clock.rung, ["again 10", "again 15"]);
  assertEquals(clock.wakes, [10, 15, 20]);
});

Deno.test("an alarm that another one clears while it rings does not ring", () => {
  const clock = new Clock();
  const victim = clock.alarm("victim");
  const killer = clock.alarm("killer", () => victim.clear());
  killer.set(10);
  victim.set(10);
  clock.ringAt(10);
  assertEquals(clock.rung, ["killer 10"]);
});

Deno.test("cleared altogether, nothing rings", () => {
  const clock = new Clock();
  clock.alarm("a").set(10);
  clock.alarm("b").set(20);
  clock.alarms.clear();
  clock.ringAt(50);
  assertEquals(clock.rung, []);
  assertEquals(clock.wakes.at(-1), Infinity);
});

Deno.test("what is left of an alarm makes another one ring just as long afterwards, by whatever clock", () => {
  const clock = new Clock();
  const alarm = clock.alarm("here");
  assertEquals(alarm.leftAt(3), undefined);
  alarm.set(10);
  assertEquals([alarm.leftAt(3), alarm.leftAt(12)], [7, -2]);
  const other = clock.alarm("there");
  other.setIn(alarm.leftAt(3), 1_000);
  assertEquals(other.time, 1_007);
  other.setIn(undefined, 1_000);
  assertEquals(other.time, Infinity);
});
