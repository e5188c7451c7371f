import { pause } from "../lib/pause.ts";
import { assert } from "./harness/assert.ts";

Deno.test("a pause lasts as long as it is to", async () => {
  const { signal } = new AbortController();
  const startedAt = performance.now();
  await pause(20, signal);
  assert(performance.now() - startedAt >= 19);
});

Deno.test("a pause is over as soon as its signal is aborted, at once where it is already, and leaves no timer", async () => {
  const waiting = new AbortController();
  const pausing = pause(3_600_000, waiting.signal);
  waiting.abort();
  await pausing;
  await pause(3_600_000, AbortSignal.abort());
});
