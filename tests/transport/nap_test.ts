import { Nap } from "../../lib/transport/nap.ts";
import { assert } from "../harness/assert.ts";
import { DEFAULT_TIMEOUT_MS } from "../harness/waits.ts";

/** One sleep of the process, in milliseconds of `performance.now()`. */
interface Sleep {
  readonly began: number;
  readonly ended: number;
}

/** Asks for naps until two were taken. How long a call takes does not tell them: the system may let the process wait as long. */
function twoNaps(nap: Nap): readonly Sleep[] {
  const { wait } = Atomics;
  const sleeps: Sleep[] = [];
  Atomics.wait = ((array: Int32Array, index: number, value: number, timeout: number) => {
    const began = performance.now();
    const result = wait(array, index, value, timeout);
    sleeps.push({ began, ended: performance.now() });
    return result;
  }) as typeof wait;
  try {
    const end = performance.now() + DEFAULT_TIMEOUT_MS;
    while (sleeps.length < 2 && performance.now() < end) nap.take();
  } finally {
    Atomics.wait = wait;
  }
  return sleeps;
}

Deno.test("a nap lasts most of a millisecond, and the next one has to wait", () => {
  const [first, second] = twoNaps(new Nap());
  assert(first !== undefined && second !== undefined, "no two naps were taken");
  for (const { began, ended } of [first, second]) assert(ended - began >= 0.7, "a nap was cut short");
  assert(second.began - first.ended >= 1.2, `slept again after ${second.began - first.ended} ms`);
});
