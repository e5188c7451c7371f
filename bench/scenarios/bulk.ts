import type { Metric, Scenario } from "../scenario.ts";
import { MapStreams } from "./map_streams.ts";

const STREAMS = 8;
const WARM_UP = 500;

const METRICS: readonly Metric[] = [
  { name: "cpuPerGigabyte", unit: "CPU s/GB", digits: 3, of: "peer" },
  { name: "throughput", unit: "GB/s", digits: 2, of: "path" },
];

/** Maps at full speed, in small and in large writes. */
export const BULK: readonly Scenario[] = [
  bulk("bulk-1k", 1, "one packet of 1 KiB with each write"),
  bulk("bulk-64k", 64, "as many packets as fit 64 KiB with each write"),
];

function bulk(name: string, kibibytes: number, writes: string): Scenario {
  return {
    name,
    about: `${STREAMS} map downloads at full speed, ${writes}`,
    sessions: STREAMS,
    metrics: METRICS,
    run: ({ load, meter, client, seconds }) => {
      const maps = new MapStreams(load, client, {
        count: STREAMS,
        writeSize: kibibytes * 1024,
        writesPerTurn: 64 / kibibytes,
      });
      maps.start();
      load.pollFor(WARM_UP);
      const before = maps.receivedBytes;
      meter.start();
      load.pollFor(seconds * 1_000);
      const usage = meter.stop();
      const bytes = maps.receivedBytes - before;
      maps.finish();
      return { cpuPerGigabyte: usage.peer / bytes * 1e9, throughput: bytes / 1e9 / usage.seconds };
    },
  };
}
