import type { Scenario } from "../scenario.ts";
import { sessionsInTurn } from "./sessions_in_turn.ts";

const AT_ONCE = 32;

/** Logins one after the other, as fast as they go. */
export const CONNECT: Scenario = {
  name: "connect",
  about: `sessions of one login each, ${AT_ONCE} at a time: connect, Identification, the backend's first reply, close`,
  sessions: AT_ONCE,
  metrics: [
    { name: "perSecond", unit: "sessions/s", digits: 0, of: "path" },
    { name: "cpu", unit: "CPU µs/session", digits: 0, of: "peer" },
  ],
  run: (bench) => {
    const { perSecond, cpuPerSession } = sessionsInTurn(bench, AT_ONCE, "accepted");
    return { perSecond, cpu: cpuPerSession * 1e6 };
  },
};
