/** A leg of a session driver that is connected: its socket, what stands before that, and how it is closed. */
import { CLIENT, type Leg } from "../session/port.ts";
import { ClosingWatch } from "./closing_watch.ts";
import type { Conn } from "./conn.ts";
import type { Disturbance, LegEvents, LegSocket, OpenLeg } from "./leg.ts";
import type { Pace } from "./pacer.ts";

/** Whoever is told what happens on a leg, see {@linkcode LegEvents}. */
export interface LegOwner {
  /** Chunks read from the client so far. */
  readonly clientReads: number;
  received(leg: Leg, source: DrivenLeg, chunk: Uint8Array, readAt?: number): void;
  ended(leg: Leg): void;
  failed(leg: Leg, cause: string): void;
  drained(): void;
  gone(leg: Leg): void;
}

/** How legs are made. */
export interface LegMaking {
  /** Makes a leg of a connection. */
  readonly openLeg: OpenLeg;
  readonly pace: Pace;
}

/** See the file's first line. */
export class DrivenLeg implements LegEvents {
  readonly leg: Leg;
  /** Its connection, or what stands before that. */
  socket: LegSocket;
  /** Its name; empty for the client. */
  readonly backend: string;
  /** Whether it is not read, because what it sent before still waits for another leg, or because of one that is over. */
  held = false;
  /** Whether it has ended and the session does not know yet. */
  isOver = false;
  /** Bytes written when something was last seen to wait, for its owner's look at progress. */
  waitingAt: number | undefined;
  readonly #owner: LegOwner;
  #closing: ClosingWatch | undefined;
  /** What stands between the leg and its owner. */
  #between: LegEvents | undefined;

  constructor(owner: LegOwner, leg: Leg, backend: string, conn: Conn, { openLeg, pace }: LegMaking) {
    this.#owner = owner;
    this.leg = leg;
    this.backend = backend;
    this.socket = openLeg(conn, this, pace);
  }

  get asked(): number | undefined {
    return this.leg === CLIENT ? undefined : this.#owner.clientReads;
  }

  /** Reads no more until {@linkcode resume}. */
  hold(): void {
    this.held = true;
    this.socket.hold();
  }

  resume(): void {
    this.held = false;
    this.socket.resume();
  }

  /** Closes once what waits has been taken, for which the peer has only so much time. */
  close(): void {
    this.socket.close();
    if (this.socket.pending > 0) this.#closing ??= new ClosingWatch(this.socket);
  }

  /** Leaves the peer of a leg that is closing two seconds from now at most. */
  hurry(): void {
    this.#closing?.hurry();
  }

  /** The socket is released. */
  closed(): void {
    this.#closing?.stop();
  }

  /** Puts something between the leg and its owner. */
  disturb(disturbance: Disturbance): void {
    const [owner, leg] = [this.#owner, this.leg];
    const between = disturbance(this.socket, {
      get asked() {
        return owner.clientReads;
      },
      bytes: (chunk, readAt) => owner.received(leg, this, chunk, readAt),
      ended: () => owner.ended(leg),
      failed: (cause) => owner.failed(leg, cause),
      drained: () => owner.drained(),
      gone: () => owner.gone(leg),
    });
    if (this.held) between.hold();
    this.socket = between;
    this.#between = between;
  }

  bytes(chunk: Uint8Array, readAt?: number): void {
    if (this.#between === undefined) this.#owner.received(this.leg, this, chunk, readAt);
    else this.#between.bytes(chunk, readAt);
  }

  ended(): void {
    if (this.#between === undefined) this.#owner.ended(this.leg);
    else this.#between.ended();
  }

  failed(cause: string): void {
    if (this.#between === undefined) this.#owner.failed(this.leg, cause);
    else this.#between.failed(cause);
  }

  drained(): void {
    this.#owner.drained();
  }

  gone(): void {
    if (this.#between === undefined) this.#owner.gone(this.leg);
    else this.#between.gone();
  }
}
