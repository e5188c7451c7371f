/** One player's life on the edge: a synchronous state machine that knows no socket and no clock. */
import type { Dialect } from "../protocol/packet_table.ts";
import { ExtensionSet } from "../protocol/extensions.ts";
import { encodePacket } from "../protocol/packets.ts";
import { Goodbye } from "./goodbye.ts";
import { Handshake } from "./handshake.ts";
import type { Identity } from "./identification.ts";
import { CLIENT, type Closing, type Leg, type SessionBytes, type SessionOptions, type SessionPort } from "./port.ts";
import { endCode, type Reason, reasonText, type Stage } from "./reasons.ts";

/**
 * A stretch of a session's life. Phases follow each other: handshake, login, then play or splice, and goodbye from anywhere.
 * Bytes are views that are valid during the call only.
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
  tick(now: number): void;
}

interface Ending {
  readonly reason: Reason;
  readonly code: string;
  readonly detail: string;
}

/** A session; see the file's first line. A driver calls the methods up to {@linkcode shutdown}; the rest is for the phases. */
export class Session {
  readonly options: SessionOptions;
  readonly port: SessionPort;
  readonly acceptedAt: number;
  /** What the client said about itself; `undefined` until its Identification was accepted. */
  identity: Identity | undefined;
  /** Name of the backend the player is on or tried last. */
  backend = "";
  #phase: Phase;
  #lastLeg: Leg = CLIENT;
  readonly #openLegs = new Set<Leg>([CLIENT]);
  readonly #bytes: SessionBytes = { fromClient: 0, toClient: 0, fromBackend: 0, toBackend: 0 };
  readonly #marks: { handshake?: number; login?: number; map?: number } = {};
  #end: Ending | undefined;

  /** The client's leg is open; nothing was read from it yet. */
  constructor(port: SessionPort, options: SessionOptions) {
    this.port = port;
    this.options = options;
    this.acceptedAt = port.now();
    this.#phase = new Handshake(this);
  }

  /** Bytes were read from a leg. */
  bytes(leg: Leg, chunk: Uint8Array): void {
    if (leg === CLIENT) {
      this.#bytes.fromClient += chunk.length;
      this.#phase.fromClient(chunk);
    } else {
      this.#bytes.fromBackend += chunk.length;
      this.#phase.fromBackend(leg, chunk);
    }
  }

  /** A dialled leg is connected. */
  opened(leg: Leg): void {
    this.#phase.opened(leg);
  }

  /** The peer of `leg` sends no more. */
  eof(leg: Leg): void {
    this.#phase.eof(leg);
  }

  /** A leg could not be connected, or broke. {@linkcode gone} follows. */
  failed(leg: Leg, cause: string): void {
    this.#phase.failed(leg, cause);
  }

  /** A leg is closed and its socket released. */
  gone(leg: Leg): void {
    this.#openLegs.delete(leg);
    this.#phase.gone(leg);
    if (this.#end !== undefined && this.#openLegs.size === 0) this.#finish(this.#end);
  }

  /** More waits to be written to `leg` than the driver may keep. */
  overflowed(leg: Leg, detail: string): void {
    this.end(leg === CLIENT ? "client-too-slow" : "backend-too-slow", detail);
  }

  /** The time asked for with {@linkcode SessionPort.wake} has come. */
  tick(): void {
    this.#phase.tick(this.port.now());
  }

  /** Ends the session from outside: the player is told `reason`. */
  shutdown(reason: Reason, detail: string): void {
    this.end(reason, detail);
  }

  /** Whether the session is over, or only its sockets are still to be closed. */
  get ended(): boolean {
    return this.#end !== undefined;
  }

  /** Replaces the phase. The new one must have been handed what the old one still held. */
  enter(phase: Phase): void {
    this.#phase = phase;
  }

  /** The first map is complete: the player can move. */
  playable(): void {
    if (this.#marks.map === undefined) this.port.emit({ kind: "playable", backend: this.backend });
    this.#mark("map");
  }

  #mark(stage: "handshake" | "login" | "map"): void {
    this.#marks[stage] ??= this.port.now();
  }

  /** Hands bytes that were read earlier to the phase of now. */
  forward(chunk: Uint8Array): void {
    this.#phase.fromClient(chunk);
  }

  /** Tells who the client is, now that its whole handshake is known. */
  identified(client: string): void {
    if (this.identity === undefined) return;
    const { name, dialect } = this.identity;
    this.port.emit({ kind: "identified", player: name, protocol: dialect.protocol, client });
    this.#mark("handshake");
  }

  /** A backend has taken the player. */
  joined(): void {
    this.port.emit({ kind: "joined", backend: this.backend });
    this.#mark("login");
  }

  send(leg: Leg, bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    if (leg === CLIENT) this.#bytes.toClient += bytes.length;
    else this.#bytes.toBackend += bytes.length;
    this.port.write(leg, bytes);
  }

  /** Connects a new leg to `backend` and returns its number. */
  dial(backend: string): Leg {
    const leg = ++this.#lastLeg;
    this.backend = backend;
    this.#openLegs.add(leg);
    this.port.dial(leg, backend);
    return leg;
  }

  close(leg: Leg, how: Closing): void {
    if (this.#openLegs.has(leg)) this.port.close(leg, how);
  }

  /**
   * Ends the session: kicks the client where it can still read that, and closes every leg.
   *
   * @param detail What exactly happened, for the operator.
   * @param text What the player reads instead of the reason's own text.
   */
  end(reason: Reason, detail: string, text?: string): void {
    if (this.#end !== undefined) return;
    const code = endCode(reason, this.#phase.stage);
    this.#end = { reason, code, detail };
    const words = text ?? withCode(reasonText(reason), code, this.options.id);
    if (words !== undefined && this.#phase.kickable) {
      this.send(CLIENT, encodePacket("DisconnectPlayer", PLAIN, { reason: words }));
    }
    this.#phase = new Goodbye(this.#phase.stage);
    this.port.wake(Infinity);
    for (const leg of this.#openLegs) this.port.close(leg, "full");
  }

  #finish({ reason, code, detail }: Ending): void {
    const { handshake, login, map } = this.#marks;
    const between = (from: number | undefined, to: number | undefined): number | undefined =>
      from === undefined || to === undefined ? undefined : to - from;
    this.port.emit({
      kind: "ended",
      summary: {
        session: this.options.id,
        player: this.identity?.name ?? "",
        code,
        reason,
        detail,
        backend: this.backend,
        timers: {
          handshake: between(this.acceptedAt, handshake),
          login: between(handshake, login),
          map: between(login, map),
          total: this.port.now() - this.acceptedAt,
        },
        bytes: this.#bytes,
      },
    });
  }
}

/** A kick looks the same in every dialect. */
const PLAIN: Dialect = { protocol: 7, cpe: false, extensions: ExtensionSet.EMPTY };

function withCode(text: string | undefined, code: string, session: string): string | undefined {
  return text === undefined ? undefined : `${text} [${code}-${session}]`;
}
