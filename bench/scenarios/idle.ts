import type { Scenario } from "../scenario.ts";

const SETTLE = 300;
/** Milliseconds behind the last login: until nobody has come for some seconds, a peer may keep what logins have left. */
const QUIET = 12_000;

/** Sessions that log in and then do nothing. */
export const IDLE: readonly Scenario[] = [idle(1_000), idle(5_000)];

function idle(sessions: number): Scenario {
  return {
    name: `idle-${sessions}`,
    about: `${sessions} sessions that do nothing after they logged in`,
    sessions: sessions + 1,
    metrics: [
      { name: "perSession", unit: "KiB RSS/session", digits: 1, of: "peer" },
      { name: "base", unit: "MiB RSS before", digits: 1, of: "peer" },
    ],
    run: ({ load, meter, client, seconds }) => {
      // Behind the first session the peer has all its processes and has taken what it takes only once.
      load.open(1, { client });
      load.pollFor(SETTLE);
      const before = meter.residentBytes();
      load.open(sessions, { client });
      load.pollFor(QUIET);
      meter.start();
      load.pollFor(seconds * 1_000);
      meter.stop();
      return { perSession: (meter.residentBytes() - before) / 1024 / sessions, base: before / 1024 ** 2 };
    },
  };
}
