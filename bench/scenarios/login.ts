import type { Scenario } from "../scenario.ts";
import { sessionsInTurn } from "./sessions_in_turn.ts";

const AT_ONCE = 32;

/** Whole logins beside what HAProxy has to do for a connection: the first exchange in each direction. */
export const LOGIN: Scenario = {
  name: "login",
  about:
    `${AT_ONCE} at a time, close: connections, to the backend's first reply; logins, with the extension lists, the map and the spawn`,
  sessions: AT_ONCE,
  metrics: [
    { name: "connections", unit: "connections/s", digits: 0, of: "path" },
    { name: "logins", unit: "logins/s (× connections)", digits: 0, of: "path", against: "connections" },
    { name: "cpu", unit: "CPU µs/login", digits: 0, of: "peer" },
  ],
  run: (bench) => {
    const connections = sessionsInTurn(bench, AT_ONCE, "accepted");
    const logins = sessionsInTurn(bench, AT_ONCE, "spawned");
    return {
      connections: connections.perSecond,
      logins: logins.perSecond,
      cpu: logins.cpuPerSession * 1e6,
    };
  },
};
