/** What a session does at a time of its life. */
import type { Leg } from "./port.ts";
import type { Stage } from "./reasons.ts";

/**
 * A stretch of a session's life. Phases follow each other: handshake, login, then play or splice, moves in between, and goodbye
 * from anywhere. Bytes are views that are valid during the call only, and may be changed.
 */
export interface Phase {
  readonly stage: Stage;
  /** Whether the client is at a packet's boundary and understands a kick. */
  readonly kickable: boolean;
  fromClient(chunk: Uint8Array): void;
  fromBackend(leg: Leg, chunk: Uint8Array): void;
  /** A dialled leg is connected. */
  opened(leg: Leg): void;
  /** The peer of `leg` sends no more, but may still read. */
  eof(leg: Leg): void;
  /** A leg could not be connected, or broke; `cause` says why. */
  failed(leg: Leg, cause: string): void;
  /** A leg is closed and its socket released. */
  gone(leg: Leg): void;
  /** What the player was waiting for may be there now. */
  admitted(): void;
  /** The session ends: gives back what the phase holds of others. */
  dispose(): void;
}
