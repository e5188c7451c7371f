/** One connection of a session, as its driver sees it: read by pushing, written in order, closed in the ways a session asks for. */
import type { Pace } from "./pacer.ts";
import type { Conn } from "./conn.ts";

/** What a leg tells its driver. It never does so from within one of its own methods. */
export interface LegEvents {
  /**
   * `chunk` was read: a view that is valid during the call, or for as long as the leg is held from within it if it shares its memory
   * with no other.
   *
   * @param readAt When, in milliseconds of `performance.now()`. @default now
   */
  bytes(chunk: Uint8Array, readAt?: number): void;
  /** The peer sends no more. Nothing is read afterwards. */
  ended(): void;
  /** The connection broke. Nothing is read afterwards; the leg is still to be closed. */
  failed(cause: string): void;
  /** Something that waited for the peer has been written. */
  drained(): void;
  /** The socket is released, which {@linkcode LegSocket.close} or {@linkcode LegSocket.abort} asked for. The last that is told. */
  gone(): void;
  /** For a backend: how often the client has spoken so far; `undefined` for a client. */
  readonly asked: number | undefined;
}

/** See the file's first line. Nothing throws. */
export interface LegSocket {
  /** Bytes that wait to be written. */
  readonly pending: number;
  /** Bytes written so far: grows as long as the peer reads. */
  readonly written: number;
  /** Whether what waits has bytes of the chunk that another leg lent, so that the other leg must be held until {@linkcode LegEvents.drained}. */
  readonly holdsLent: boolean;
  /** Whether it is being closed: what the peer still sends is discarded, and only {@linkcode LegEvents.gone} is told. */
  readonly closing: boolean;
  /** Begins to read. */
  start(): void;
  /**
   * Takes `bytes`, to be written by {@linkcode flush}.
   *
   * @param lent The bytes are those of the chunk that is being told: they stay as they are until then, and beyond if their leg is held and
   * does not share its memory with others.
   */
  write(bytes: Uint8Array, lent: boolean): void;
  /** Writes what the peer takes now; the rest follows as the peer takes it. */
  flush(): void;
  /** Reads no more until {@linkcode resume}; the kernel then lets the peer wait. */
  hold(): void;
  resume(): void;
  /** Sends no more after what waits; what the peer still sends is read on. */
  finish(): void;
  /**
   * As {@linkcode finish}, but discards what the peer still sends until it closes too, or for two seconds once it was sent all there was.
   * How long that may take is up to the driver.
   */
  close(): void;
  /** Closes at once. */
  abort(): void;
  /**
   * Stops reading and writing, so that another process can go on. `undefined`, and nothing has stopped, where none could: the connection
   * has ended or is about to. Absent where no other process ever can.
   */
  suspend?(): SuspendedLeg | undefined;
}

/** A leg that has stopped. Exactly one of both methods is called, once; then the descriptor is nobody's to use any more. */
export interface SuspendedLeg {
  readonly descriptor: number;
  /** Whether a WebSocket goes on there, between two messages, rather than the plain stream. */
  readonly websocket: boolean;
  /** What the kernel has not taken. */
  readonly unsent: Uint8Array;
  /** Goes on as if nothing had happened. */
  resume(): void;
  /** Another process goes on: the connection is none of this one's any more. Nothing is told. */
  release(): void;
}

/** Makes a leg of a connection, which belongs to the leg from then on. */
export type OpenLeg = (conn: Conn, events: LegEvents, pace: Pace) => LegSocket;

/**
 * Puts something between a leg and its driver: what is returned stands in the leg's place for the driver, which goes by `events`, and in
 * the driver's place for the leg.
 */
export type Disturbance = (leg: LegSocket, events: LegEvents) => LegSocket & LegEvents;

/** Bytes a peer may still send to a leg that is closing. */
export const MAX_DISCARDED = 1 << 20;
/** Milliseconds a peer is given to take any of what waits, and then to close its side too. */
export const CLOSING_MS = 2_000;
