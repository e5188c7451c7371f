import type { LoginGoal } from "../login.ts";
import type { Bench } from "../scenario.ts";

/**
 * The measurement begins behind so many sessions of its kind, which is soon for a peer that runs for days: up to there much of its code is
 * not compiled yet, or is being compiled. A peer that needs longer than the deadline, in milliseconds, is measured as it is.
 */
const WARM_UP = { sessions: 10_000, deadline: 20_000 };
const LONGEST_POLL = 50;
const LEAVE_DEADLINE = 5_000;

/** What sessions that follow each other as fast as they go came to. */
export interface Turnover {
  readonly perSecond: number;
  /** CPU seconds of the peer. */
  readonly cpuPerSession: number;
}

/** Keeps `atOnce` sessions under way, each of which leaves at its goal and is followed by the next, for the length of the measurement. */
export function sessionsInTurn({ load, meter, client, seconds }: Bench, atOnce: number, goal: LoginGoal): Turnover {
  let done = 0;
  let goOn = true;
  const begin = (index: number): void => {
    const session = load.dial(index, { client, goal });
    session.onJoined = () => {
      done++;
      session.leave();
      if (goOn) begin(index);
    };
  };
  for (let index = 0; index < atOnce; index++) begin(index);
  const deadline = performance.now() + WARM_UP.deadline;
  while (done < WARM_UP.sessions && performance.now() < deadline) load.poll(LONGEST_POLL);
  const before = done;
  meter.start();
  load.pollFor(seconds * 1_000);
  const usage = meter.stop();
  const sessions = done - before;
  goOn = false;
  load.pollUntil("see every session end on both sides", LEAVE_DEADLINE, () => load.size === 0);
  return { perSecond: sessions / usage.seconds, cpuPerSession: usage.peer / sessions };
}
