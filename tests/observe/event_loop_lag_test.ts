import { EventLoopLag } from "../../lib/observe/event_loop_lag.ts";
import { assertEquals } from "../harness/assert.ts";
import { DEFAULT_TIMEOUT_MS } from "../harness/waits.ts";
import { MetricsWorld } from "./metrics_world.ts";

/** Keeps the event loop from running for that many milliseconds. */
function stall(ms: number): void {
  for (const until = performance.now() + ms; performance.now() < until;);
}

/** The first samples of an event loop on which `work` is done first. */
async function samplesOf(count: number, work: () => void): Promise<readonly number[]> {
  const samples: number[] = [];
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const deadline = setTimeout(
    () => reject(new Error(`Cannot see ${count} samples: current value is ${samples}`)),
    DEFAULT_TIMEOUT_MS,
  );
  const lag = new EventLoopLag((seconds) => {
    if (samples.push(seconds) === count) resolve();
  });
  work();
  await promise.finally(() => {
    lag.close();
    clearTimeout(deadline);
  });
  return samples;
}

Deno.test("a stall of the event loop is seen by the next sample", async () => {
  const [seconds = 0] = await samplesOf(1, () => stall(500));
  assertEquals(seconds >= 0.24, true, `${seconds} s`);
});

Deno.test("samples go on, and are never negative", async () => {
  const samples = await samplesOf(3, () => {});
  assertEquals(samples.every((seconds) => seconds >= 0), true, String(samples));
});

Deno.test("sampling does not keep the process alive", async () => {
  const module = new URL("../../lib/observe/event_loop_lag.ts", import.meta.url);
  const code = `import { EventLoopLag } from "${module}"; new EventLoopLag(() => console.log("sample"));`;
  const signal = AbortSignal.timeout(20_000);
  const { success, stdout } = await new Deno.Command(Deno.execPath(), { args: ["eval", code], signal }).output();
  assertEquals(success, true);
  assertEquals(new TextDecoder().decode(stdout), "");
});

Deno.test("the metric of the lag moves, and what stood still for long is above its low buckets", async () => {
  using world = new MetricsWorld();
  const name = "kurafuto_event_loop_lag_seconds";
  assertEquals((await world.scrape()).value(`${name}_count`), 0);
  stall(500);
  let read = await world.scrape();
  for (
    const end = performance.now() + DEFAULT_TIMEOUT_MS;
    read.value(`${name}_count`) === 0 && performance.now() < end;
  ) {
    await new Promise((resolve) => setTimeout(resolve, 0));
    read = await world.scrape();
  }
  assertEquals(read.value(`${name}_count`), 1);
  assertEquals(read.value(`${name}_bucket`, { le: "0.1" }), 0);
});
