/** What is told of a session's decisions. */

/** A session's story: what was decided, and why. */
export interface Trail {
  readonly session: string;
  readonly player: string;
  readonly listener: string;
  readonly ip: string;
  /** RFC 3339: when the connection was accepted. */
  readonly startedAt: string;
  readonly steps: readonly TrailStep[];
  /** Steps in the middle that are not kept any more. */
  readonly omitted: number;
}

export interface TrailStep {
  /** Milliseconds since the connection was accepted. */
  readonly ms: number;
  /** What happened, as `login`, `decided`, `refused`, `joined`, `moved`, `ended`. */
  readonly step: string;
  /** The same in a sentence. */
  readonly text: string;
  /** The backends that were considered, where something was decided. */
  readonly candidates?: readonly TrailCandidate[];
}

export interface TrailCandidate {
  readonly backend: string;
  readonly state: "up" | "down" | "drained" | "full";
  readonly players: number;
  readonly maxPlayers: number;
  /** What part of its weight counts, from 0 to 1, less than 1 while it has just come up. */
  readonly share: number;
  /** Whether it was the one. */
  readonly picked: boolean;
  /** Why it was not in question though it is up, as `has just refused this player` or `its join rate is used up`. */
  readonly why: string | undefined;
}
