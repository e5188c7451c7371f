import type { Scenario } from "../scenario.ts";
import { MapStreams } from "./map_streams.ts";
import { Positions } from "./positions.ts";

const PLAYERS = 50;
const STREAMS = 4;
const WARM_UP = 1_000;

/** Players move while others download maps as fast as they can. */
export const MIXED: Scenario = {
  name: "mixed",
  about: `${PLAYERS} players as in fanout-batched, beside ${STREAMS} map streams at full speed`,
  sessions: PLAYERS + STREAMS,
  metrics: [
    { name: "p50", unit: "ms p50", digits: 2, of: "path" },
    { name: "p99", unit: "ms p99", digits: 2, of: "path" },
    { name: "max", unit: "ms max", digits: 1, of: "path" },
    { name: "throughput", unit: "GB/s maps", digits: 2, of: "path" },
  ],
  run: ({ load, meter, client, seconds }) => {
    const positions = new Positions(load, client, PLAYERS, "batched");
    const maps = new MapStreams(load, client, { count: STREAMS, writeSize: 64 * 1024, writesPerTurn: 1 });
    maps.start();
    positions.run(WARM_UP);
    positions.forgetTimes();
    const before = maps.receivedBytes;
    meter.start();
    positions.run(seconds * 1_000);
    const usage = meter.stop();
    const bytes = maps.receivedBytes - before;
    const { toClientP50, toClientP99, toClientMax } = positions.times();
    maps.finish();
    positions.drain();
    return { p50: toClientP50, p99: toClientP99, max: toClientMax, throughput: bytes / 1e9 / usage.seconds };
  },
};
