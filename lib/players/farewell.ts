/** How the edge takes leave of its players: all are told at once, and disconnected one by one until the time is over. */
import type { Sessions } from "./sessions.ts";

/** What the farewell needs of the sessions. */
export type LeavingSessions = Pick<
  Sessions,
  "size" | "staying" | "turnAwayNewcomers" | "announce" | "dismissFirst" | "emptied"
>;

/** Milliseconds between two looks at whose turn it is. */
const STEP_MS = 100;
/** Milliseconds of the time that are left for the last sockets, which may take two seconds, and all else; half of a shorter time. */
const CLOSING_MS = 2_500;

/**
 * Resolves when everybody is gone or has been disconnected, within `timeoutMs` less what sockets take to close; at once where there is
 * nobody. Whoever has not been let in yet is turned away first.
 *
 * @param words What players are told, who have so many seconds.
 */
export async function sayFarewell(
  sessions: LeavingSessions,
  timeoutMs: number,
  words: (seconds: number) => string = goingDown,
): Promise<void> {
  const spanMs = timeoutMs - Math.min(CLOSING_MS, timeoutMs / 2);
  const began = performance.now();
  sessions.turnAwayNewcomers("shutdown", "the edge is stopping");
  if (spanMs > 0) {
    const seconds = Math.max(1, Math.round(timeoutMs / 1000));
    sessions.announce(words(seconds));
  }
  const count = sessions.staying;
  while (sessions.size > 0) {
    const left = spanMs > 0 ? Math.max(0, 1 - (performance.now() - began) / spanMs) : 0;
    // Of those who were here, as many may stay as there is left of the time; whoever goes by themselves makes room for others.
    for (let due = sessions.staying - Math.ceil(left * count); due > 0; due--) {
      sessions.dismissFirst("shutdown", "the edge is stopping");
    }
    if (left === 0) return;
    await sessions.emptied(STEP_MS);
  }
}

function goingDown(seconds: number): string {
  return `&eThe network goes down now: you will be disconnected within ${seconds} s. Come back soon!`;
}
