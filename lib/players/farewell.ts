/** How the edge takes leave of its players: all are told at once, and disconnected one by one until the time is over. */
import type { Sessions } from "./sessions.ts";

/** Milliseconds between two looks at whose turn it is. */
const STEP_MS = 100;
/** Milliseconds of the time that are left for the last sockets to close, or a quarter of the time where that is less. */
const CLOSING_MS = 2_000;

/**
 * Resolves when everybody is gone or has been disconnected, within `timeoutMs` less what sockets take to close; at once where there is
 * nobody. Whoever has not been let in yet is turned away first.
 */
export async function sayFarewell(sessions: Sessions, timeoutMs: number): Promise<void> {
  const spanMs = timeoutMs - Math.min(CLOSING_MS, timeoutMs / 4);
  const began = performance.now();
  sessions.turnAwayNewcomers("shutdown", "the edge is stopping");
  if (spanMs > 0) {
    const seconds = Math.max(1, Math.round(timeoutMs / 1000));
    sessions.announce(`&eThe network goes down now: you will be disconnected within ${seconds} s. Come back soon!`);
  }
  const count = sessions.size;
  let dismissed = 0;
  while (sessions.size > 0) {
    const passed = spanMs > 0 ? (performance.now() - began) / spanMs : 1;
    for (const due = Math.floor(passed * count); dismissed < due; dismissed++) {
      if (!sessions.dismissFirst("shutdown", "the edge is stopping")) return;
    }
    await sessions.emptied(AbortSignal.timeout(STEP_MS));
  }
}
