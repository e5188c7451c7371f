/** What routing decided about a player, and what it looked at: for operators who ask why. */
import type { ListedBackend } from "../session/routes.ts";

/** One decision: a seat was given, or a player had to begin to wait. */
export interface Decision {
  /** What was wanted, as `join "lobby"`, `go "arena"` or `fallback of "lobby"`. */
  readonly wish: string;
  /** What chose, as `pool "lobby", round-robin`; `undefined` where nobody was chosen. */
  readonly rule: string | undefined;
  /** Name of the backend with the seat; `undefined` where the player waits. */
  readonly picked: string | undefined;
  /** Every backend in question, at that instant. */
  readonly candidates: readonly DecisionCandidate[];
}

/** One backend in question. */
export interface DecisionCandidate {
  readonly backend: string;
  readonly state: ListedBackend["state"];
  readonly players: number;
  /** 0 is no limit. */
  readonly maxPlayers: number;
  /** What part of its weight counts, from 0 to 1. */
  readonly share: number;
  /** What kept a backend that is up from being in question; `undefined` where nothing did. */
  readonly obstacle: Obstacle | undefined;
}

/**
 * - `"left-out"`: it has just refused, kicked or lost the player.
 * - `"join-rate"`: it takes no more logins for a moment.
 * - `"line"`: somebody who came before waits for it.
 */
export type Obstacle = "left-out" | "join-rate" | "line";
