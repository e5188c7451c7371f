/** What is counted and timed in a session's life, for the line at its end. */
import { CLIENT, type Leg, MOST_VISITS, type SessionBytes, type SessionSummary, type SessionTraffic } from "./port.ts";

/** A stage that was completed. */
export type Milestone = "handshake" | "login" | "map";

/** Something that counts the packets it has framed. */
export interface PacketCounter {
  readonly packets: number;
}

/** Counts bytes and moves, and notes milestones. */
export class SessionRecord {
  /** The backend the player is on, or was on last; empty before the first. */
  backend = "";
  /** The name the client said, whether it was let in or not; empty before. */
  claimed = "";
  /** Moves that were carried out. */
  moves = 0;
  readonly #visited: string[] = [];
  #tried = "";
  #clientFramer: PacketCounter = { packets: 0 };
  #backendFramer: PacketCounter = { packets: 0 };
  /** Packets of backends that the player is not on any more. */
  #earlierPackets = 0;
  readonly #acceptedAt: number;
  readonly #reached = new Map<Milestone, number>();
  readonly #bytes: SessionBytes = { fromClient: 0, toClient: 0, fromBackend: 0, toBackend: 0 };

  constructor(acceptedAt: number) {
    this.#acceptedAt = acceptedAt;
  }

  /** The player is on `backend` now. */
  arrived(backend: string): void {
    this.backend = backend;
    this.#visited.push(backend);
    if (this.#visited.length > MOST_VISITS) this.#visited.shift();
  }

  /** These two frame what the sides send from now on. */
  countsPackets(client: PacketCounter, backend: PacketCounter): void {
    this.#earlierPackets += this.#backendFramer.packets;
    this.#clientFramer = client;
    this.#backendFramer = backend;
  }

  /** What went through so far. */
  get traffic(): SessionTraffic {
    return {
      bytes: this.#bytes,
      packets: {
        fromClient: this.#clientFramer.packets,
        fromBackend: this.#earlierPackets + this.#backendFramer.packets,
      },
    };
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
  figures(now: number): Pick<SessionSummary, "backend" | "visited" | "moves" | "timers" | "bytes"> {
    const since = (start: number | undefined, milestone: Milestone): number | undefined => {
      const end = this.#reached.get(milestone);
      return start === undefined || end === undefined ? undefined : end - start;
    };
    return {
      backend: this.backend || this.#tried,
      visited: this.#visited,
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
