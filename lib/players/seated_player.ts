import type { ListenerConfig } from "../config/schema.ts";
import type { Whereabouts } from "../session/port.ts";
import type { Arrival } from "./reception.ts";
import type { RunningSession } from "./running_session.ts";

/** A player who was let in. Times are those of `performance.now()`. */
export interface SeatedPlayer extends Whereabouts {
  readonly name: string;
  readonly session: string;
  readonly listener: string;
  /** Raw sessions cannot be moved. */
  readonly mode: ListenerConfig["mode"];
  readonly arrival: Arrival;
  /** What the client says it is. */
  readonly client: string;
  /** Since when the player is where they are. */
  readonly there: number;
  readonly moves: number;
}

/** Those of `sessions` who were let in, as operators see them. */
export function seatedPlayers(sessions: Iterable<RunningSession>): readonly SeatedPlayer[] {
  const players: SeatedPlayer[] = [];
  for (const { id, listener, mode, arrival, session, caller, client, there } of sessions) {
    if (caller === undefined) continue;
    const { name } = caller;
    players.push({
      name,
      session: id,
      listener,
      mode,
      arrival,
      client,
      there,
      moves: session.moves,
      ...session.whereabouts,
    });
  }
  return players;
}
