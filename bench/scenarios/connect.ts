import type { Scenario } from "../scenario.ts";

const AT_ONCE = 32;
const WARM_UP = 500;
const LEAVE_DEADLINE = 5_000;

/** Logins one after the other, as fast as they go. */
export const CONNECT: Scenario = {
  name: "connect",
  about: `sessions of one login each, ${AT_ONCE} at a time: connect, Identification, the backend's first reply, close`,
  sessions: AT_ONCE,
  metrics: [
    { name: "perSecond", unit: "sessions/s", digits: 0, of: "path" },
    { name: "cpu", unit: "CPU µs/session", digits: 0, of: "peer" },
  ],
  run: ({ load, meter, client, seconds }) => {
    let done = 0;
    let goOn = true;
    const begin = (index: number): void => {
      const session = load.dial(index, { client, goal: "accepted" });
      session.onJoined = () => {
        done++;
        session.leave();
        if (goOn) begin(index);
      };
    };
    for (let index = 0; index < AT_ONCE; index++) begin(index);
    load.pollFor(WARM_UP);
    const before = done;
    meter.start();
    load.pollFor(seconds * 1_000);
    const usage = meter.stop();
    const sessions = done - before;
    goOn = false;
    load.pollUntil("see every session end on both sides", LEAVE_DEADLINE, () => load.size === 0);
    return { perSecond: sessions / usage.seconds, cpu: usage.peer / sessions * 1e6 };
  },
};
