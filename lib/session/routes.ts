/** What a session asks of the network around it: which backends there are, and a seat on one of them. */

/** Why a player needs a backend. */
export type Wish =
  /** A login, or the wait that follows one nobody took: the listener's pool. */
  | { readonly kind: "join" }
  /** Somebody asked for a backend or a pool by name. */
  | { readonly kind: "go"; readonly to: string; readonly by: Asker }
  /** The player's backend was lost, or kicked them: the fallbacks of the player's pool, then that pool itself. */
  | { readonly kind: "fallback"; readonly from: string; readonly kicked: boolean };

/** Who asks for a move by name. Players may choose joinable backends only. */
export type Asker = "player" | "backend" | "operator";

/** A place on a backend, counted until it is released. */
export interface Seat {
  readonly backend: string;
  /** Gives the seat back; calling it again does nothing. */
  release(): void;
}

/** A place in line. The session is told ({@linkcode Session.admitted}) when it is worth claiming again. */
export interface Ticket {
  /** Takes a seat on the best backend that can take the player now; `undefined` where none can. */
  claim(): Seat | undefined;
  /** That backend did not take the player: it is not offered to this ticket again for two seconds. */
  refused(backend: string): void;
  /** Whether the player is merely waiting for their turn, because some backend is up and would take them. */
  readonly promising: boolean;
  /** How many wait: those before this player, and this player. */
  readonly place: number;
  /** Leaves the line. Claims nothing any more. */
  close(): void;
}

/** What a name leads to. */
export type Destination =
  | { readonly kind: "open"; readonly name: string }
  /** The player is there already. */
  | { readonly kind: "here"; readonly name: string }
  /** Nobody can go there now. */
  | { readonly kind: "closed"; readonly name: string; readonly why: "down" | "full" | "drained" }
  /** No backend or pool has that name, as far as the asker may know. */
  | { readonly kind: "unknown"; readonly name: string; readonly nearest: string | undefined };

/** One backend as players see it. */
export interface ListedBackend {
  readonly name: string;
  readonly players: number;
  /** 0 is no limit. */
  readonly maxPlayers: number;
  readonly state: "up" | "full" | "down" | "drained";
}

/** One session's view of the network. Answers are immediate. */
export interface SessionRoutes {
  /** Opens a ticket. A session holds one at a time. */
  enlist(player: string, wish: Wish): Ticket;
  /** What `name` leads to; names match in any case. `here` is the backend the player is on, empty where there is none. */
  lookup(name: string, by: Asker, here: string): Destination;
  /** The backends players may choose, in the configuration's order. */
  list(): readonly ListedBackend[];
  /** The player plays on `backend` now, because of `wish`. */
  arrived(player: string, backend: string, wish: Wish): void;
  /** What a kick by `backend` leads to. */
  onKick(backend: string): "disconnect" | "fallback";
  /** Whether those who play on `backend` are to go elsewhere as soon as somebody takes them. */
  emptied(backend: string): boolean;
  /** Name of the pool whose fallbacks count for the player. */
  readonly pool: string;
  /** The player belonged to `pool` in another process: does so again, if there is a pool of that name. */
  resume(pool: string): void;
  /**
   * A seat on the backend that the player is on already, whatever its state. Where there is no such backend any more, nobody counts
   * it, and {@linkcode emptied} has the player go elsewhere.
   */
  seat(backend: string): Seat;
  /** What `backend` puts into a chat sentinel; empty where it may send none. */
  token(backend: string): string;
}
