import type { SessionSummary } from "../../lib/session/port.ts";

/** What a session of ten minutes on two backends came to, but for `differences`. */
export function summaryOf(differences: Partial<SessionSummary> = {}): SessionSummary {
  return {
    session: "4H2KX",
    player: "Steve",
    code: "CP",
    reason: "client-left",
    detail: "the client closed",
    backend: "arena",
    visited: ["hub", "arena"],
    moves: 1,
    timers: { handshake: 41.4, login: 6, map: 80, total: 605_113.26 },
    bytes: { fromClient: 1, toClient: 2, fromBackend: 3, toBackend: 4 },
    ...differences,
  };
}
