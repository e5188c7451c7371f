import { TICKS_PER_MILLISECOND } from "../position.ts";
import type { Scenario } from "../scenario.ts";
import { EchoedMoves } from "./echoed_moves.ts";

const PLAYERS = 50;
const WARM_UP = 5_000;

/** Every player sends a position and waits until the backend has sent it back. */
export const PINGPONG: Scenario = {
  name: "pingpong",
  about: `${PLAYERS} players, each with one position on its way there and back at any time`,
  sessions: PLAYERS,
  metrics: [
    { name: "cpuPerMillion", unit: "CPU s/M packets", digits: 2, of: "peer" },
    { name: "perSecond", unit: "round trips/s", digits: 0, of: "path" },
    { name: "p50", unit: "ms p50", digits: 2, of: "path" },
    { name: "p99", unit: "ms p99", digits: 2, of: "path" },
  ],
  run: ({ load, meter, client, seconds }) => {
    let isOver = false;
    const rally: EchoedMoves = new EchoedMoves(load, client, PLAYERS, (player) => {
      if (!isOver) rally.move(player);
    });
    for (const player of rally.players) rally.move(player);
    load.pollFor(WARM_UP);
    rally.times.clear();
    meter.start();
    load.pollFor(seconds * 1_000);
    const usage = meter.stop();
    const trips = rally.times.count;
    const [p50, p99] = [rally.times.quantile(0.5), rally.times.quantile(0.99)];
    isOver = true;
    rally.drain();
    return {
      cpuPerMillion: usage.peer / (trips * 2) * 1e6,
      perSecond: trips / usage.seconds,
      p50: p50 / TICKS_PER_MILLISECOND,
      p99: p99 / TICKS_PER_MILLISECOND,
    };
  },
};
