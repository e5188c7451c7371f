import process from "node:process";
import { Registry } from "prom-client";
import { ProcessMetrics } from "../../lib/observe/process_metrics.ts";
import { assertEquals } from "../harness/assert.ts";
import { parseExposition } from "../harness/exposition.ts";
import { runPermitted } from "../harness/permitted.ts";

const ROOT = new URL("../../", import.meta.url);

/** Prints the metrics of a process that has worked for a while. */
const PRINTER = `
  import { Registry } from "prom-client";
  import { ProcessMetrics } from "${new URL("lib/observe/process_metrics.ts", ROOT)}";
  const registry = new Registry();
  const metrics = new ProcessMetrics(registry);
  metrics.read();
  for (const until = performance.now() + 50; performance.now() < until;);
  metrics.read();
  console.log((await registry.metrics()).trimEnd());
`;

Deno.test("the metrics of the process need no more than the permissions of the program", async () => {
  const began = Date.now() / 1_000;
  const read = parseExposition(await runPermitted(PRINTER));
  const between = (name: string, least: number, most: number): void => {
    const value = read.value(name) ?? NaN;
    assertEquals(value >= least && value <= most, true, `${name} is ${value}`);
  };
  between("process_cpu_seconds_total", 0.04, 60);
  between("process_resident_memory_bytes", 10e6, 2e9);
  between("process_heap_bytes", 1e6, 2e9);
  between("process_start_time_seconds", began - 1, Date.now() / 1_000);
});

Deno.test("the time on a processor is that of the whole process, however often it is read", async () => {
  const spent = (): number => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1e6;
  };
  const registry = new Registry();
  const metrics = new ProcessMetrics(registry);
  const before = spent();
  for (let times = 0; times < 3; times++) metrics.read();
  const after = spent();
  const told = parseExposition(await registry.metrics()).value("process_cpu_seconds_total") ?? NaN;
  assertEquals(told >= before && told <= after, true, `${told} is not between ${before} and ${after}`);
});
