/** Where a player is: on a backend, nowhere for a moment, or in the waiting room. */
import type { Phase } from "./phase.ts";
import type { PlayState } from "./play.ts";
import type { Closing } from "./port.ts";
import type { Reason } from "./reasons.ts";
import type { WaitingRoomState } from "./waiting_room.ts";

/** A phase that a player can be moved away from. */
export interface Place extends Phase {
  /** Name of the backend; empty where the edge itself speaks. */
  readonly backend: string;
  /** Where a move away is counted from: the backend, or in limbo the one that was lost just now; empty in the waiting room. */
  readonly from: string;
  /** Whether nobody serves the player here: `"limbo"` has the old world still before their eyes. */
  readonly kind: "play" | "limbo" | "waiting-room";
  /** The client sees another world now: says nothing to it any more and wakes nobody. */
  suspend(): void;
  /** Closes what leads there. */
  leave(how: Closing): void;
  /** What another process needs to let the player go on here; `undefined` where that cannot be said now. */
  writeDown(): PlaceState | undefined;
}

/** Where a player is, as written down. */
export type PlaceState = PlayState | WaitingRoomState;

/** How a backend was lost. */
export interface Loss {
  readonly reason: Reason;
  /** What exactly happened, for the operator. */
  readonly detail: string;
  /** The backend's own words, where it kicked the player. */
  readonly kick?: string;
  readonly closing: Closing;
}

/** What a backend or its player asks of the edge during play. */
export interface PlaceEvents {
  /** Whether the player has typed the edge's own command. */
  isCommand(text: string): boolean;
  /** The player has typed the edge's own command. */
  command(text: string): void;
  /** The backend sent a plugin message on the edge's channel; `answer` answers on it. */
  pluginMessage(place: Place, data: Uint8Array, answer: (text: string) => void): void;
  /** The backend sent a line of chat that may be a sentinel. Returns whether it was one, which nobody else may see. */
  chatSentinel(place: Place, line: string): boolean;
  /** The client has answered the fence, or had its time. */
  fenceOpened(place: Place): void;
  /** The backend is gone, or has lost its mind. */
  lost(place: Place, loss: Loss): void;
}
