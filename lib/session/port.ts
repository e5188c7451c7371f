/** What a session and its driver say to each other, and nothing else. */
import type { ExtensionSet } from "../protocol/extensions.ts";
import type { Reason } from "./reasons.ts";
import type { SessionRoutes } from "./routes.ts";

/** One connection of a session: {@linkcode CLIENT}, or a backend leg with a number that the session never uses twice. */
export type Leg = number;

/** The player's own leg. */
export const CLIENT: Leg = 0;

/**
 * How a leg is closed, always after what was written to it has gone out, except by `"abort"`.
 * - `"half"`: no more is sent; what the peer still sends is read on.
 * - `"full"`: no more is sent; what the peer still sends is discarded, until it closes too, or two seconds have passed since it took the
 *   last of what waits, or any of it; ten at most.
 * - `"abort"`: at once.
 */
export type Closing = "half" | "full" | "abort";

/**
 * The effects a session may have. The driver carries them out. None of these calls back into the session, except that
 * {@linkcode close} of a leg which is not connected yet tells {@linkcode Session.gone} at once.
 */
export interface SessionPort {
  /** The time in milliseconds; never goes back. */
  now(): number;
  /** Sends `bytes`, a view that is valid during this call only. */
  write(leg: Leg, bytes: Uint8Array): void;
  /** Connects `leg` to a backend: answered by {@linkcode Session.opened} or {@linkcode Session.failed}. */
  dial(leg: Leg, backend: string): void;
  close(leg: Leg, how: Closing): void;
  /** Whether `leg` is not read for now, because what it sent before still waits for another leg. */
  heldBack(leg: Leg): boolean;
  /** Asks for a tick at `time` or soon after, instead of any asked for earlier. `Infinity` asks for none. */
  wake(time: number): void;
  /** Tells what happened. */
  emit(event: SessionEvent): void;
}

/** What happens in a session, for logs, metrics and the routing. */
export type SessionEvent =
  | { readonly kind: "identified"; readonly player: string; readonly protocol: number; readonly client: string }
  | { readonly kind: "offered"; readonly backend: string; readonly extensions: ExtensionSet }
  | { readonly kind: "list-refused"; readonly backend: string; readonly cause: string }
  /** A backend did not take the player; `kicked` where it is alive and said so. */
  | { readonly kind: "refused"; readonly backend: string; readonly cause: string; readonly kicked: boolean }
  | { readonly kind: "joined"; readonly backend: string }
  | { readonly kind: "playable"; readonly backend: string }
  | { readonly kind: "lost"; readonly backend: string; readonly reason: Reason; readonly detail: string }
  /** The player is in the waiting room; `cause` says why. */
  | { readonly kind: "waiting"; readonly cause: string }
  | { readonly kind: "moved"; readonly move: CompletedMove }
  | {
    readonly kind: "move-failed";
    readonly from: string;
    readonly to: string;
    readonly signal: SignalKind;
    readonly cause: string;
  }
  /** A backend asked for something that the edge does not do. */
  | { readonly kind: "signal-refused"; readonly backend: string; readonly signal: SignalKind; readonly cause: string }
  /** The client did not answer a fence in time; whatever it sends counts as meant for the new backend from now on. */
  | { readonly kind: "fence-unanswered"; readonly backend: string }
  /** The player has said something; told only where {@linkcode SessionOptions.tellsChat}. Control characters are possible. */
  | { readonly kind: "chat"; readonly backend: string; readonly text: string }
  /** A limit that is only watched would have ended the session; told once for each reason. */
  | { readonly kind: "over-limit"; readonly reason: Reason; readonly detail: string }
  | { readonly kind: "ended"; readonly summary: SessionSummary };

/** What asked for a move. */
export type SignalKind =
  | "plugin-message"
  | "chat-sentinel"
  | "kick-text"
  | "player"
  | "operator"
  /** The backend is to be emptied: an operator drained it, or a reload removed it. */
  | "drain"
  | "failure"
  | "waiting";

/** A move that was carried out. */
export interface CompletedMove {
  /** Name of the backend the player came from; empty for the waiting room. */
  readonly from: string;
  readonly to: string;
  readonly signal: SignalKind;
  /** Milliseconds from dialling to the moment from which the client sees the new backend. */
  readonly dialMs: number;
  /** Milliseconds from there until the client had answered the fence, or was on its way to the next backend. */
  readonly fenceMs: number;
}

/** A session's life in one line of the log. */
export interface SessionSummary {
  readonly session: string;
  /** Empty where the client never said a valid name. */
  readonly player: string;
  readonly code: string;
  readonly reason: Reason;
  /** What exactly, for the operator; control characters are possible. */
  readonly detail: string;
  /** Name of the backend the player was on or tried last. */
  readonly backend: string;
  /** Names of the backends the player was on, in order; the last {@linkcode MOST_VISITS}. */
  readonly visited: readonly string[];
  /** Moves between backends that were carried out. */
  readonly moves: number;
  readonly timers: SessionTimers;
  readonly bytes: SessionBytes;
}

/** Visits that a session's summary names. */
export const MOST_VISITS = 16;

/** Where a player is. */
export interface Whereabouts {
  /** `"joining"`: logging in; `"moving"`: on the way elsewhere, and still playing; `"leaving"`: only to be closed. */
  readonly state: "joining" | "playing" | "moving" | "waiting" | "leaving";
  /** Empty where the player is on none. */
  readonly backend: string;
}

/** What went through a session so far. */
export interface SessionTraffic {
  readonly bytes: Readonly<SessionBytes>;
  /** Packets of play; none are counted in raw mode. */
  readonly packets: { readonly fromClient: number; readonly fromBackend: number };
}

/** Milliseconds; `undefined` for stages that were not reached. */
export interface SessionTimers {
  /** From accept to the end of the client's handshake. */
  readonly handshake: number | undefined;
  /** From then until a backend had taken the player. */
  readonly login: number | undefined;
  /** From then until the first map was complete. */
  readonly map: number | undefined;
  /** From accept to the end. */
  readonly total: number;
}

/** Bytes by leg and direction, as they went over the wire. */
export interface SessionBytes {
  fromClient: number;
  toClient: number;
  fromBackend: number;
  toBackend: number;
}

/**
 * How a backend is sent a client's list of extensions.
 * - `"at once"`: in one write with the Identification. A backend that does not know CPE may break off over it.
 * - `"on trial"`: likewise, but one that takes the player without a sign of CPE has {@linkcode SessionLimits.trialMs} to break off
 *   before it is believed.
 * - `"on request"`: only when it says that it knows CPE, because it broke off over a list before.
 */
export type ListDelivery = "at once" | "on trial" | "on request";

/** What becomes of a player who has said their name and key. */
export type Admission =
  /** `name` is who the player is from now on, for backends too. */
  | { readonly kind: "admitted"; readonly name: string }
  /** Somebody of that name has to leave first. Ask again at the next {@linkcode Session.admitted}. */
  | { readonly kind: "later" }
  | {
    readonly kind: "refused";
    readonly reason: Reason;
    readonly detail: string;
    /** What the player reads instead of the reason's own text. */
    readonly text?: string;
    /** Milliseconds before the player hears of it. @default 0 */
    readonly delayMs?: number;
  };

/** What a session is given for its life. */
export interface SessionOptions {
  /** Short and unique: stands in kicks and in the log. */
  readonly id: string;
  /** `"parse"` translates packets; `"raw"` splices bytes after the client's Identification. */
  readonly mode: "parse" | "raw";
  /** The name of the software that clients are shown. */
  readonly appName: string;
  /** S. */
  readonly announced: ExtensionSet;
  /** What the edge calls itself and says below, where it speaks to players as a server. */
  readonly welcome: { readonly name: string; readonly motd: string };
  /** When the client's connection was accepted, by the port's clock. @default when the session is created */
  readonly acceptedAt?: number;
  /** Whether a player who claims `name` and shows `key` may come in. */
  admit(name: string, key: string): Admission;
  /** What proves `name` to `backend`; `undefined` where that is not known. */
  keyFor(backend: string, name: string): string | undefined;
  /** How a backend is sent the list of a client with CPE. */
  listDelivery(backend: string): ListDelivery;
  readonly routes: SessionRoutes;
  /** Whether what players say is told as an event. */
  tellsChat(): boolean;
  readonly redirect: {
    /** What players type to list backends and to move, beginning with a slash. */
    readonly command: string;
    /** Channel of plugin messages that belongs to the edge. */
    readonly pluginChannel: number;
  };
  readonly limits: SessionLimits;
}

/** Bounds on what a session waits for and keeps. */
export interface SessionLimits {
  /** Milliseconds from accept until a backend has taken the player. */
  readonly loginMs: number;
  /** Milliseconds one backend is given to accept the connection, and again to take the player. */
  readonly attemptMs: number;
  /** Milliseconds a backend on trial is given to break off over the client's list before the player sees it. */
  readonly trialMs: number;
  /** Milliseconds from when the player sees it in which a backend without CPE may still do so. */
  readonly blameMs: number;
  /** Milliseconds between two looks at whether the map that is on its way, or the first one after joining, comes on. */
  readonly mapMs: number;
  /** Bytes one map may have on the wire. */
  readonly mapBytes: number;
  /** Packets a client may send in a second, on an average over two. */
  readonly packetsPerSecond: number;
  /** Lines of chat a client may send. */
  readonly chatRate: { readonly count: number; readonly windowMs: number };
  /** Whether {@linkcode packetsPerSecond} and {@linkcode chatRate} are only watched. */
  readonly dryRun: boolean;
  /** Bytes kept of what either side sends before the other side is there. */
  readonly earlyBytes: number;
  /** Bytes kept of what a backend sends before the client is ready to leave the one it is on. */
  readonly standbyBytes: number;
  /** Milliseconds of silence from a backend, while a player is on it, after which it counts as stalled. */
  readonly backendIdleMs: number;
  /** Milliseconds a player who asked for a move stands in line for it. */
  readonly queueMs: number;
  /** Milliseconds a newcomer stands in line before they are shown the waiting room. */
  readonly patienceMs: number;
  /** Milliseconds a player whose backend was lost is left in its world while another is dialled. */
  readonly limboMs: number;
  /** Milliseconds a map that is on its way to the client may delay a move. */
  readonly mapEndMs: number;
  /** Milliseconds the client is given to answer a fence. */
  readonly fenceMs: number;
  /** Milliseconds a leg is kept after the other has ended; in raw mode, milliseconds without traffic. */
  readonly lingerMs: number;
}

/** Limits that suit any network; configuration changes the login's. */
export const DEFAULT_LIMITS: SessionLimits = {
  loginMs: 10_000,
  attemptMs: 3_000,
  trialMs: 1_000,
  blameMs: 10_000,
  mapMs: 120_000,
  mapBytes: 256 << 20,
  packetsPerSecond: 500,
  chatRate: { count: 10, windowMs: 5_000 },
  dryRun: false,
  earlyBytes: 64 << 10,
  standbyBytes: 1 << 20,
  backendIdleMs: 15_000,
  queueMs: 30_000,
  patienceMs: 1_000,
  limboMs: 150,
  mapEndMs: 5_000,
  fenceMs: 30_000,
  lingerMs: 1_000,
};
