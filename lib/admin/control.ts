/** What the admin interface needs of a running edge. The shapes here are those of the JSON that it answers with. */
import type { PlannedChange } from "../config/diff.ts";
import type { DrillOrder, DrillReport } from "../drill/drill.ts";
import type { ReloadResult, StampedEvent } from "../observe/edge_event.ts";
import type { Trail } from "../observe/trail.ts";

export type { PlannedChange } from "../config/diff.ts";
export type { DrillOrder, DrillReport } from "../drill/drill.ts";
export type { Outcome, Sight, SightedStep } from "../drill/witness.ts";
export type { Trail, TrailCandidate, TrailStep } from "../observe/trail.ts";

/** See the file's first line. */
export interface Control {
  /** Whether the edge takes players. */
  readonly ready: boolean;
  status(): EdgeStatus;
  /** Everybody who was let in, in the order they came. */
  players(): readonly PlayerStatus[];
  /** In the order of the configuration. */
  backends(): readonly BackendDetails[];
  /** `player` is a name, in any case, or the id of a session. */
  move(player: string, to: string): Answer;
  /** @param reason What the player reads; empty for a usual text. */
  kick(player: string, reason: string): Answer;
  /** Gives a backend no more players; with `move` those who are there are moved to the fallback, at its join rate. */
  drain(backend: string, options: { readonly move: boolean }): Answer;
  enable(backend: string): Answer;
  /** Tells every player, in as many lines of 64 columns as it takes. Returns how many were told. */
  announce(text: string): number;
  /**
   * Reads the configuration anew and puts it into effect, or says why not.
   *
   * @param confirmMs Milliseconds after which the configuration of before comes back unless {@linkcode confirmReload} is called.
   */
  reload(confirmMs?: number): Promise<ReloadAnswer>;
  /** Keeps what the last reload changed. */
  confirmReload(): Answer;
  /** Brings back what was before the last reload, which waits to be confirmed. */
  rollBack(): Promise<ReloadAnswer>;
  /** What {@linkcode reload} would do now; changes nothing. */
  plan(): Promise<ReloadPlan>;
  /** Stops the edge as TERM does. */
  drainEdge(): void;
  /**
   * Starts a process that takes over, and resolves when it has, or has not and all goes on here. This process then ends.
   *
   * @param to Absolute path of its executable; `undefined` for the one that runs now.
   */
  upgrade(to: string | undefined): Promise<UpgradeAnswer>;
  /** Begins a drill, where the configuration allows any; names match in any case, and players may be named by their sessions. */
  beginDrill(order: DrillOrder): DrillBegun | Declined;
  /** What was seen in a drill; `undefined` where there is none of that id, or it is forgotten. */
  drill(id: string): DrillReport | undefined;
  /** Ends a drill before its time. */
  endDrill(id: string): Answer;
  /** How a session went, found by its player's name, in any case, or by its id or end code as `PM-4H2KX`; the latest one. */
  explain(who: string): Trail | undefined;
  /** The last events, oldest first, beginning behind the one with that id. Bounded: the oldest are forgotten. */
  eventsSince(id: number): readonly StampedEvent[];
  /** Calls `listener` with each event from now on; it must not throw. Returns what ends that. */
  subscribe(listener: (event: StampedEvent) => void): () => void;
  /** The metrics in Prometheus' text format 0.0.4. */
  metrics(): Promise<string>;
}

/** What became of an order. */
export type Answer =
  | { readonly kind: "done"; readonly message: string }
  /** There is nothing of that name; `hint` is the name that was probably meant, which the message leaves out. */
  | {
    readonly kind: "unknown";
    readonly what: "player" | "backend" | "drill";
    readonly message: string;
    readonly hint: string | undefined;
  }
  | { readonly kind: "refused"; readonly message: string };

/** An order that was not carried out. */
export type Declined = Exclude<Answer, { readonly kind: "done" }>;

/** A drill runs. */
export interface DrillBegun {
  readonly kind: "begun";
  /** Its id. */
  readonly drill: string;
}

export interface EdgeStatus {
  readonly name: string;
  readonly version: string;
  readonly state: "running" | "draining";
  /** RFC 3339. */
  readonly startedAt: string;
  readonly uptimeSeconds: number;
  readonly players: number;
  readonly maxPlayers: number;
  /** Sessions, those included that are still logging in or closing. */
  readonly sessions: number;
  /** Players in the waiting room. */
  readonly waiting: number;
  /** Players who lost their connection through no doing of theirs or an operator's, since the start. */
  readonly playersLost: number;
  /** Moves carried out since the start. */
  readonly moves: number;
  /** Moves carried out in each of the last 30 minutes, the current one last. */
  readonly movesPerMinute: readonly number[];
  readonly listeners: readonly { readonly name: string; readonly address: string; readonly players: number }[];
  readonly listings: readonly ListingDetails[];
  readonly config: {
    readonly file: string;
    /** RFC 3339: when the configuration of now was put into effect. */
    readonly loadedAt: string;
    readonly lastReload: { readonly at: string; readonly result: ReloadResult; readonly detail: string } | undefined;
    /** RFC 3339: when the last reload is rolled back unless it is confirmed. */
    readonly confirmBy: string | undefined;
  };
}

/** An entry in a public server list. */
export interface ListingDetails {
  readonly listener: string;
  /** The list's host. */
  readonly list: string;
  readonly url: string | undefined;
  /** What is wrong; absent where all is well. */
  readonly problem: string | undefined;
  /** Seconds since 1970; 0 before the first time. */
  readonly lastSuccess: number;
}

export interface PlayerStatus {
  readonly name: string;
  readonly session: string;
  readonly listener: string;
  /** Masked where the log masks. */
  readonly ip: string;
  readonly client: string;
  readonly transport: "tcp" | "websocket";
  readonly secure: boolean;
  readonly state: "joining" | "playing" | "moving" | "waiting" | "leaving";
  /** Empty where the player is on none. */
  readonly backend: string;
  /** Seconds since the connection was accepted. */
  readonly seconds: number;
  /** Seconds since the player is on that backend. */
  readonly secondsThere: number;
  readonly moves: number;
}

export interface BackendDetails {
  readonly name: string;
  readonly address: string;
  readonly pools: readonly string[];
  readonly state: "up" | "down" | "drained" | "full";
  /** RFC 3339: since when it is up or down. */
  readonly since: string;
  /** Why it is down. */
  readonly cause: string | undefined;
  readonly drained: boolean;
  /** Players there or on their way. */
  readonly players: number;
  /** 0 is no limit. */
  readonly maxPlayers: number;
  /** Milliseconds that the last successful checks took, oldest first, 60 at most. */
  readonly latencies: readonly number[];
}

export interface ReloadAnswer {
  readonly result: ReloadResult;
  /** What changed, or why nothing did; a line for each. */
  readonly lines: readonly string[];
  /** The file asks for what cannot be, or not while the edge runs; absent where it does not. */
  readonly badConfig?: true;
  /** It may work later, as another program has an address now; absent where it may not. */
  readonly temporary?: true;
  /** Settings that are valid but have no effect beside others; a line for each. */
  readonly warnings?: readonly string[];
  /** RFC 3339: until when it must be confirmed. */
  readonly confirmBy?: string;
}

/** What became of an upgrade. */
export type UpgradeAnswer =
  | {
    readonly result: "upgraded";
    readonly message: string;
    /** The process that has taken over. */
    readonly pid: number;
    /** Sessions that went over. */
    readonly sessions: number;
    /** Sessions that did not, of which those follow that can. */
    readonly staying: number;
  }
  | {
    readonly result: "refused";
    readonly message: string;
    /** What is wrong with the configuration or files that it names; absent where they are not to blame. */
    readonly problems?: readonly string[];
  };

/** What a reload would do. */
export interface ReloadPlan {
  /**
   * `"invalid"`: the file cannot be used. `"restart"`: it asks for what cannot change while the edge runs. `"stopping"`: the edge
   * reloads no more, whatever the file says.
   */
  readonly result: "changes" | "unchanged" | "invalid" | "restart" | "stopping";
  readonly changes: readonly PlannedChange[];
  /** What is wrong, or cannot change while the edge runs; a line for each. */
  readonly problems: readonly string[];
  /** Settings that are valid but have no effect beside others; a line for each. */
  readonly warnings?: readonly string[];
  /** Who would be moved, and from where. */
  readonly moves: readonly { readonly player: string; readonly from: string }[];
}
