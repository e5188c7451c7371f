/** What happens on the edge, as operators and other programs are told. */

/** One event; programs know it by {@linkcode EdgeEvent.event}. */
export type EdgeEvent =
  /** A backend has taken a player who was nowhere before. */
  | { readonly event: "join"; readonly session: string; readonly player: string } & Doorway & OnBackend
  /** A session of somebody who was let in is over. `code` is the one that the player was shown. */
  | {
    readonly event: "leave";
    readonly session: string;
    readonly player: string;
    /** The backend the player was on, empty where they were on none. */
    readonly backend: string;
    readonly code: string;
    readonly reason: string;
    /** Seconds from accept to the end. */
    readonly seconds: number;
  }
  /** `from` is empty for the waiting room, `ms` the time from dialling to the client's answer to the fence. */
  | {
    readonly event: "move";
    readonly session: string;
    readonly player: string;
    readonly from: string;
    readonly to: string;
    readonly signal: string;
    readonly ms: number;
  }
  | {
    readonly event: "move-failed";
    readonly session: string;
    readonly player: string;
    readonly from: string;
    readonly to: string;
    readonly signal: string;
    readonly cause: string;
  }
  /** A player is shown the waiting room. */
  | { readonly event: "wait"; readonly session: string; readonly player: string; readonly cause: string }
  /** A player was disconnected by a server, an operator or the edge; `leave` follows. */
  | {
    readonly event: "kick";
    readonly session: string;
    readonly player: string;
    readonly backend: string;
    readonly reason: string;
    readonly detail: string;
  }
  /** Only where `[events] chat = true`. */
  | { readonly event: "chat"; readonly session: string; readonly player: string; readonly text: string } & OnBackend
  | { readonly event: "backend"; readonly state: BackendChange; readonly cause: string | undefined } & OnBackend
  | { readonly event: "reload"; readonly result: ReloadResult; readonly detail: string }
  /** Connections to a backend are disturbed on purpose, or no more: `cause` says why it ended. */
  | {
    readonly event: "drill";
    readonly drill: string;
    readonly fault: string;
    readonly state: "begun" | "ended";
    readonly cause: string | undefined;
  } & OnBackend
  | { readonly event: "announce"; readonly text: string; readonly players: number }
  /** `"handed-over"`: another process has taken over, and tells of what happens from then on. */
  | { readonly event: "edge"; readonly state: "started" | "draining" | "stopped" | "handed-over" };

interface OnBackend {
  readonly backend: string;
}

interface Doorway {
  readonly listener: string;
  /** The player's address, masked where the log masks. */
  readonly ip: string;
}

export type BackendChange = "up" | "down" | "drained" | "enabled" | "added" | "changed" | "removed";

/**
 * What became of a request to reload. `"unchanged"`: the file says what is running already. `"rolled-back"`: nobody confirmed in
 * time, or somebody asked for it.
 */
export type ReloadResult = "applied" | "unchanged" | "refused" | "confirmed" | "rolled-back";

/** An event, and when and in which order it happened. */
export type StampedEvent = EdgeEvent & {
  /** From 1, without gaps, until the edge ends. */
  readonly id: number;
  /** RFC 3339, UTC, with milliseconds. */
  readonly time: string;
};
