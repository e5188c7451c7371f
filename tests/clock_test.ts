import { machineClock } from "../lib/clock.ts";
import { assert, assertEquals } from "./harness/assert.ts";

Deno.test("the machine's clock calls back when the time is over, never at once, and not what was called off", async () => {
  const began = machineClock.now();
  const called: string[] = [];
  const callOff = machineClock.after(1, () => called.push("called off"));
  const later = new Promise<void>((resolve) => machineClock.after(5, resolve));
  machineClock.after(0, () => called.push("at once"));
  assertEquals(called, []);
  callOff();
  await later;
  assertEquals(called, ["at once"]);
  assert(machineClock.now() - began >= 4);
});
