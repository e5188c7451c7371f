import type { Scenario } from "../scenario.ts";

/** From the start of the process to the first player, and what it holds then. */
export const START: Scenario = {
  name: "start",
  about: "the peer starts, and one player logs in as soon as the port accepts",
  sessions: 1,
  metrics: [
    { name: "accepting", unit: "ms to accepting", digits: 0, of: "peer" },
    { name: "played", unit: "ms to the first player", digits: 0, of: "peer" },
    { name: "cpu", unit: "CPU ms till then", digits: 0, of: "peer" },
    { name: "base", unit: "MiB RSS", digits: 1, of: "peer" },
  ],
  run: ({ load, meter, client, seconds, startup }) => {
    load.open(1, { client });
    const joinedAt = performance.now();
    const cpu = meter.cpuSoFar();
    meter.start();
    load.pollFor(seconds * 1_000);
    meter.stop();
    if (startup === undefined) return {};
    const { spawnedAt, acceptingAt } = startup;
    return {
      accepting: acceptingAt - spawnedAt,
      played: joinedAt - spawnedAt,
      cpu: cpu * 1_000,
      base: meter.residentBytes() / 1024 ** 2,
    };
  },
};
