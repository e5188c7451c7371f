/** Raw play: bytes pass both ways unparsed, and each side's end is passed on. */
import type { Alarm } from "./alarm.ts";
import { CLIENT, type Leg } from "./port.ts";
import type { SessionCore } from "./core.ts";
import { FloodGate, type FloodState } from "./flood.ts";
import type { Phase } from "./phase.ts";

/** Bytes that one packet of a client counts for, where packets are not looked at: those of a line of chat. */
const PACKET_SIZE = 66;

/** Raw play as written down. */
export interface SpliceState {
  readonly kind: "splice";
  /** Name of the backend. */
  readonly backend: string;
  readonly leg: Leg;
  readonly gate: FloodState;
}

/** Forwards everything between the client and one backend. */
export class Splice implements Phase {
  readonly stage = "P";
  /** Where a packet ends is not known here. */
  readonly kickable = false;
  readonly #session: SessionCore;
  readonly #backend: Leg;
  readonly #gate: FloodGate;
  /** The leg that ended first. */
  #endedFirst: Leg | undefined;
  /** Set from the moment one side has ended. */
  readonly #lingering: Alarm;

  constructor(session: SessionCore, backend: Leg) {
    this.#session = session;
    this.#backend = backend;
    this.#lingering = session.alarm(() => this.#end());
    const { packetsPerSecond } = session.options.limits;
    this.#gate = new FloodGate(session, { count: 2 * packetsPerSecond * PACKET_SIZE, windowMs: 2_000 }, "packet-flood");
  }

  fromClient(chunk: Uint8Array): void {
    this.#session.send(this.#backend, chunk);
    this.#linger();
    this.#gate.count(chunk.length);
  }

  fromBackend(leg: Leg, chunk: Uint8Array): void {
    if (leg !== this.#backend) return;
    this.#session.send(CLIENT, chunk);
    this.#linger();
  }

  /** What {@linkcode resume} takes; `undefined` once a side has ended. */
  writeDown(): SpliceState | undefined {
    if (this.#endedFirst !== undefined) return undefined;
    const { backend } = this.#session.record;
    return { kind: "splice", backend, leg: this.#backend, gate: this.#gate.writeDown() };
  }

  /** Goes on where a splice with the same backend has been written down. */
  resume({ gate }: SpliceState): void {
    this.#gate.resume(gate);
  }

  opened(): void {}
  gone(): void {}
  admitted(): void {}
  dispose(): void {}

  eof(leg: Leg): void {
    if (leg !== CLIENT && leg !== this.#backend) return;
    if (this.#endedFirst !== undefined && this.#endedFirst !== leg) {
      this.#end();
      return;
    }
    this.#endedFirst = leg;
    this.#session.close(leg === CLIENT ? this.#backend : CLIENT, "half");
    this.#linger();
  }

  failed(leg: Leg, cause: string): void {
    if (leg === CLIENT) this.#session.end("client-reset", cause);
    else if (leg === this.#backend) this.#session.end("backend-lost", cause);
  }

  /** After one side has ended, the other is kept as long as it has something to say. */
  #linger(): void {
    if (this.#endedFirst === undefined) return;
    this.#lingering.set(this.#session.port.now() + this.#session.options.limits.lingerMs);
  }

  #end(): void {
    if (this.#endedFirst === CLIENT) this.#session.end("client-left", "the client closed");
    else this.#session.end("backend-closed", "the backend closed");
  }
}
