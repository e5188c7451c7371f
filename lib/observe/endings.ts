/** What the end of a session means to those who count. */
import type { SessionSummary } from "../session/port.ts";
import { type Reason, REASONS } from "../session/reasons.ts";

/**
 * Ends that are the edge's or a backend's failure. A kick is a server's decision, a client that takes no more bytes is as gone as one
 * that broke off, and players whose network is shut down or who come in once more do not count. In raw mode a kick cannot be told
 * from a backend that closes: both are `backend-closed`.
 */
export const LOSSES: readonly Reason[] = [
  "no-backend",
  "backend-closed",
  "backend-lost",
  "backend-broken",
  "backend-stalled",
  "endless-map",
  "internal-error",
];

const OPERATORS_LISTS: readonly Reason[] = ["banned", "not-allowed"];

/** Ends by which the edge turns clients away, or throws them out, for what they are or do. */
export const REJECTIONS: readonly Reason[] = everyReason().filter((reason) =>
  OPERATORS_LISTS.includes(reason) || (REASONS[reason].by === "P" && !LOSSES.includes(reason))
);

/** Every reason why a session may end. */
export function everyReason(): readonly Reason[] {
  return Object.keys(REASONS) as Reason[];
}

/** Whether somebody who was let in has lost their connection through no doing of theirs, of their own line or of an operator. */
export function isLost({ reason, timers }: Pick<SessionSummary, "reason" | "timers">): boolean {
  return wasLetIn(timers) && LOSSES.includes(reason);
}

/** Whether a session got as far as to a player: the client's handshake was complete, and nothing in it was refused. */
export function wasLetIn({ handshake }: SessionSummary["timers"]): boolean {
  return handshake !== undefined;
}
