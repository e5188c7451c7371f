/**
 * What Prometheus expects every process to tell. Only what can be had without access to the system's own files: Deno keeps `/proc`
 * from programs that were not granted everything, so that there are no numbers of descriptors.
 */
import process from "node:process";
import { Counter, Gauge, type Registry } from "./prometheus.ts";

/** See the file's first lines. */
export class ProcessMetrics {
  readonly #cpu: Counter;
  readonly #residentMemory: Gauge;
  readonly #heap: Gauge;

  constructor(registry: Registry) {
    const registers = [registry];
    this.#cpu = new Counter({
      name: "process_cpu_seconds_total",
      help: "User and system time spent on a processor, in seconds.",
      registers,
    });
    this.#residentMemory = new Gauge({
      name: "process_resident_memory_bytes",
      help: "Memory of the process that is in the machine's memory, in bytes.",
      registers,
    });
    this.#heap = new Gauge({
      name: "process_heap_bytes",
      help: "Size of the JavaScript heap, in bytes.",
      registers,
    });
    new Gauge({
      name: "process_start_time_seconds",
      help: "When the process began, in seconds since 1970.",
      registers,
    }).set(performance.timeOrigin / 1_000);
  }

  /** Reads everything anew. */
  read(): void {
    const { user, system } = process.cpuUsage();
    this.#cpu.reset();
    this.#cpu.inc((user + system) / 1e6);
    const { rss, heapTotal } = Deno.memoryUsage();
    this.#residentMemory.set(rss);
    this.#heap.set(heapTotal);
  }
}
