import { Nap } from "../../lib/transport/nap.ts";
import { assert } from "../harness/assert.ts";

/** Milliseconds that `take` slept. */
function timed(nap: Nap): number {
  const start = performance.now();
  nap.take();
  return performance.now() - start;
}

Deno.test("a nap lasts most of a millisecond, and the next one has to wait", () => {
  const nap = new Nap();
  assert(timed(nap) >= 0.7, "the first nap was cut short");
  const start = performance.now();
  let naps = 0;
  while (performance.now() - start < 40) if (timed(nap) >= 0.7) naps++;
  // At most one nap in two milliseconds; a busy machine makes them fewer, never more.
  assert(naps >= 1 && naps <= 21, `took ${naps} naps in 40 ms`);
});
