import type { Metric, Scenario } from "../scenario.ts";
import { type Delivery, Positions } from "./positions.ts";

const PLAYERS = 50;
const WARM_UP = 5_000;

const METRICS: readonly Metric[] = [
  { name: "cpuPerMillion", unit: "CPU s/M packets", digits: 2, of: "peer" },
  { name: "p50", unit: "ms p50", digits: 2, of: "path" },
  { name: "p99", unit: "ms p99", digits: 2, of: "path" },
  { name: "upP99", unit: "ms p99 up", digits: 2, of: "path" },
];

/** Everybody is told of everybody's moves: `batched` and `unbatched`. */
export const FANOUT: readonly Scenario[] = [
  fanout("batched", "one write for each player and tick"),
  fanout("unbatched", "one write for each packet, all at the tick"),
];

function fanout(delivery: Delivery, writes: string): Scenario {
  return {
    name: `fanout-${delivery}`,
    about: `${PLAYERS} players send a position 20 times a second, each is told of all others; ${writes}`,
    sessions: PLAYERS,
    metrics: METRICS,
    run: ({ load, meter, client, seconds }) => {
      const positions = new Positions(load, client, PLAYERS, delivery);
      positions.run(WARM_UP);
      positions.forgetTimes();
      const before = positions.received;
      meter.start();
      positions.run(seconds * 1_000);
      const { peer } = meter.stop();
      const packets = positions.received - before;
      positions.drain();
      const { toClientP50, toClientP99, toBackendP99 } = positions.times();
      return { cpuPerMillion: peer / packets * 1e6, p50: toClientP50, p99: toClientP99, upP99: toBackendP99 };
    },
  };
}
