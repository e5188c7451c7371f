/** What is counted and timed in a session's life, for the line at its end. */
import { CLIENT, type Leg, type SessionBytes, type SessionSummary } from "./port.ts";

/** A stage that was completed. */
export type Milestone = "handshake" | "login" | "map";

/** Counts bytes and moves, and notes milestones. */
export class SessionRecord {
  /** The backend the player is on, or was on last; empty before the first. */
  backend = "";
  /** The name the client said, whether it was let in or not; empty before. */
  claimed = "";
  /** Moves that were carried out. */
  moves = 0;
  #tried = "";
  readonly #acceptedAt: number;
  readonly #reached = new Map<Milestone, number>();
  readonly #bytes: SessionBytes = { fromClient: 0, toClient: 0, fromBackend: 0, toBackend: 0 };

  constructor(acceptedAt: number) {
    this.#acceptedAt = acceptedAt;
  }

  received(leg: Leg, count: number): void {
    if (leg === CLIENT) this.#bytes.fromClient += count;
    else this.#bytes.fromBackend += count;
  }

  sent(leg: Leg, count: number): void {
    if (leg === CLIENT) this.#bytes.toClient += count;
    else this.#bytes.toBackend += count;
  }

  dialled(backend: string): void {
    this.#tried = backend;
  }

  /** Notes that a stage was completed now. Returns whether that is new. */
  reach(milestone: Milestone, now: number): boolean {
    if (this.#reached.has(milestone)) return false;
    this.#reached.set(milestone, now);
    return true;
  }

  /** Whether a stage was completed. */
  has(milestone: Milestone): boolean {
    return this.#reached.has(milestone);
  }

  /** The figures at the session's end. */
  figures(now: number): Pick<SessionSummary, "backend" | "moves" | "timers" | "bytes"> {
    const since = (start: number | undefined, milestone: Milestone): number | undefined => {
      const end = this.#reached.get(milestone);
      return start === undefined || end === undefined ? undefined : end - start;
    };
    return {
      backend: this.backend || this.#tried,
      moves: this.moves,
      timers: {
        handshake: since(this.#acceptedAt, "handshake"),
        login: since(this.#reached.get("handshake"), "login"),
        map: since(this.#reached.get("login"), "map"),
        total: now - this.#acceptedAt,
      },
      bytes: this.#bytes,
    };
  }
}
