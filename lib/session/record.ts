/** What is counted and timed in a session's life, for the line at its end. */
import { CLIENT, type Leg, MOST_VISITS, type SessionBytes, type SessionSummary, type SessionTraffic } from "./port.ts";

/** A stage that was completed. */
export type Milestone = "handshake" | "login" | "map";

/** Something that counts the packets it has framed. */
export interface PacketCounter {
  readonly packets: number;
}

/** A record as written down. */
export interface RecordState {
  readonly backend: string;
  readonly claimed: string;
  readonly moves: number;
  readonly visited: readonly string[];
  readonly tried: string;
  readonly packets: SessionTraffic["packets"];
  /** How long ago each stage was completed; `undefined` for those that were not reached. */
  readonly reachedMsAgo: { readonly [M in Milestone]: number | undefined };
  readonly bytes: Readonly<SessionBytes>;
}

/** Counts bytes and moves, and notes milestones. */
export class SessionRecord {
  /** The backend the player is on, or was on last; empty before the first. */
  backend = "";
  /** The name the client said, whether it was let in or not; empty before. */
  claimed = "";
  /** Moves that were carried out. */
  moves = 0;
  #visited: readonly string[] = [];
  #tried = "";
  #clientFramer: PacketCounter = { packets: 0 };
  #backendFramer: PacketCounter = { packets: 0 };
  /** Packets of backends that the player is not on any more. */
  #earlierPackets = 0;
  /** When the client's connection was accepted. */
  readonly acceptedAt: number;
  /** In whole milliseconds, since V8 keeps any other number as an object. */
  readonly #reached: Partial<Record<Milestone, number>> = {};
  // Bytes.
  #fromClient = 0;
  #toClient = 0;
  #fromBackend = 0;
  #toBackend = 0;

  constructor(acceptedAt: number) {
    this.acceptedAt = acceptedAt;
  }

  /** The player is on `backend` now. */
  arrived(backend: string): void {
    this.backend = backend;
    this.#visited = [...this.#visited, backend].slice(-MOST_VISITS);
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
    if (leg === CLIENT) this.#fromClient += count;
    else this.#fromBackend += count;
  }

  sent(leg: Leg, count: number): void {
    if (leg === CLIENT) this.#toClient += count;
    else this.#toBackend += count;
  }

  get #bytes(): SessionBytes {
    return {
      fromClient: this.#fromClient,
      toClient: this.#toClient,
      fromBackend: this.#fromBackend,
      toBackend: this.#toBackend,
    };
  }

  dialled(backend: string): void {
    this.#tried = backend;
  }

  /** Notes that a stage was completed now. Returns whether that is new. */
  reach(milestone: Milestone, now: number): boolean {
    if (this.has(milestone)) return false;
    this.#reached[milestone] = Math.ceil(now);
    return true;
  }

  /** Whether a stage was completed. */
  has(milestone: Milestone): boolean {
    return this.#reached[milestone] !== undefined;
  }

  /** What {@linkcode resume} takes. */
  writeDown(now: number): RecordState {
    const ago = (milestone: Milestone): number | undefined => {
      const time = this.#reached[milestone];
      return time === undefined ? undefined : now - time;
    };
    return {
      backend: this.backend,
      claimed: this.claimed,
      moves: this.moves,
      visited: [...this.#visited],
      tried: this.#tried,
      packets: this.traffic.packets,
      reachedMsAgo: { handshake: ago("handshake"), login: ago("login"), map: ago("map") },
      bytes: this.#bytes,
    };
  }

  /** Goes on where a record has been written down. */
  resume(state: RecordState, now: number): void {
    this.backend = state.backend;
    this.claimed = state.claimed;
    this.moves = state.moves;
    this.#visited = [...state.visited];
    this.#tried = state.tried;
    this.#clientFramer = { packets: state.packets.fromClient };
    this.#earlierPackets = state.packets.fromBackend;
    for (const milestone of ["handshake", "login", "map"] as const) {
      const ago = state.reachedMsAgo[milestone];
      if (ago !== undefined) this.#reached[milestone] = Math.floor(now - ago);
    }
    this.#fromClient = state.bytes.fromClient;
    this.#toClient = state.bytes.toClient;
    this.#fromBackend = state.bytes.fromBackend;
    this.#toBackend = state.bytes.toBackend;
  }

  /** The figures at the session's end. */
  figures(now: number): Pick<SessionSummary, "backend" | "visited" | "moves" | "timers" | "bytes"> {
    const since = (start: number | undefined, milestone: Milestone): number | undefined => {
      const end = this.#reached[milestone];
      return start === undefined || end === undefined ? undefined : end - start;
    };
    return {
      backend: this.backend || this.#tried,
      visited: this.#visited,
      moves: this.moves,
      timers: {
        handshake: since(this.acceptedAt, "handshake"),
        login: since(this.#reached.handshake, "login"),
        map: since(this.#reached.login, "map"),
        total: now - this.acceptedAt,
      },
      bytes: this.#bytes,
    };
  }
}
