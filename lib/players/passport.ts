/** What goes along with a session into another process beside its own state. */
import type { Passport } from "../handover/messages.ts";
import type { Newcomer } from "./reception.ts";
import type { RunningSession } from "./running_session.ts";

/** The passport of a player who is called `player`. @param now Milliseconds of `performance.now()`. */
export function passportOf(
  running: RunningSession,
  player: string,
  legs: Passport["legs"],
  now: number,
): Passport {
  const { id, listener, mode, client, there, arrival } = running;
  const { source, destination, transport, secure, acceptedAt } = arrival;
  return {
    session: id,
    listener,
    mode,
    player,
    client,
    arrival: { source, destination, transport, secure, ageMs: now - acceptedAt },
    thereMs: now - there,
    legs,
  };
}

/** How the reception hears of a player with a passport. */
export function newcomerWith({ arrival }: Passport, now: number): Newcomer {
  const { source: { address, port }, destination, transport, secure, ageMs } = arrival;
  return { address, port, destination, transport, secure, acceptedAt: Math.floor(now - ageMs) };
}
