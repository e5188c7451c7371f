/** A leg with a fault between it and its driver, until the fault is over. */
import type { Clock } from "../clock.ts";
import type { LegEvents, LegSocket, SuspendedLeg } from "../transport/leg.ts";
import { DelayLine } from "./delay_line.ts";
import type { Fault } from "./fault.ts";
import { Noise } from "./noise.ts";

/** Bytes of the backend that are kept back; beyond that it is not read. */
const MOST_KEPT = 1 << 20;
/** Bytes of garbage that come by themselves, as a backend may have nothing to say. */
const FIRST_NOISE = 4 << 10;

/** What a fault is carried out with. */
export interface DisturbedLegOptions {
  readonly fault: Fault;
  readonly clock: Clock;
  /** Told when something of the backend reaches the driver, be it garbage. */
  heard(): void;
  /** Told once, when the socket is released. */
  gone(): void;
}

type End = { readonly kind: "ended" } | { readonly kind: "failed"; readonly cause: string };
/** What the backend says to the driver. */
type Incoming = Uint8Array | End;
/** What the driver says to the backend. */
type Outgoing = Uint8Array | "finish" | "close";

/**
 * See the file's first line. It stands in the leg's place for the driver, and in the driver's place for the leg. What is kept back is
 * copied; what waits for the backend is bounded by the driver, which looks at {@linkcode pending}.
 */
export class DisturbedLeg implements LegSocket, LegEvents {
  readonly #events: LegEvents;
  readonly #leg: LegSocket;
  readonly #options: DisturbedLegOptions;
  /** What the backend sends in place of its own bytes. */
  #noise: Noise | undefined;
  readonly #incoming: DelayLine<Incoming>;
  readonly #outgoing: DelayLine<Outgoing>;
  #incomingBytes = 0;
  #outgoingBytes = 0;
  /** Bytes that were taken from the driver and went nowhere. */
  #lost = 0;
  /** Whether what comes is kept back for a time, rather than handed on at once. */
  #keepsBack: boolean;
  /** Whether nothing is handed on any more, in either direction. */
  #isCut: boolean;
  /** Whether the leg is not to be read, whatever the driver wants. */
  #isFrozen: boolean;
  #isHeldByDriver = false;
  #isClosing = false;

  /** `leg` is written through this one, and is to tell this one what it would tell `events`. */
  constructor(leg: LegSocket, events: LegEvents, options: DisturbedLegOptions) {
    const { fault, clock } = options;
    this.#leg = leg;
    this.#events = events;
    this.#options = options;
    this.#keepsBack = fault.kind === "delay" || fault.kind === "stall";
    this.#isCut = fault.kind === "half-open";
    this.#isFrozen = fault.kind === "stall" || fault.kind === "half-open";
    this.#noise = fault.kind === "garbage" ? new Noise(fault.seed) : undefined;
    const ms = fault.kind === "delay" ? fault.ms : Infinity;
    this.#incoming = new DelayLine(clock, ms, (item) => this.#letIn(item));
    this.#outgoing = new DelayLine(clock, ms, (item) => this.#letOut(item));
    if (this.#isFrozen) leg.hold();
  }

  get pending(): number {
    return this.#outgoingBytes + this.#leg.pending;
  }

  get written(): number {
    return this.#lost + this.#leg.written;
  }

  get holdsLent(): boolean {
    return this.#leg.holdsLent;
  }

  get closing(): boolean {
    return this.#isClosing;
  }

  get asked(): number | undefined {
    return this.#events.asked;
  }

  /** Does what the fault does at once. Never to be called within a call of the driver. */
  strike(): void {
    if (this.#isClosing) return;
    switch (this.#options.fault.kind) {
      case "reset":
        return this.#cut({ kind: "failed", cause: "connection reset by a drill" });
      case "death":
        return this.#cut({ kind: "ended" });
      case "garbage":
        return this.bytes(new Uint8Array(FIRST_NOISE));
    }
  }

  /**
   * The fault is over: what was kept back goes on. A connection that was half-open breaks off, as when the peer comes back and knows
   * nothing of it. Never to be called within a call of the driver.
   */
  relieve(): void {
    if (this.#options.fault.kind === "half-open" && !this.#isClosing) {
      this.#cut({ kind: "failed", cause: "connection reset at the end of a drill" });
    }
    if (this.#isCut) return;
    this.#noise = undefined;
    this.#keepsBack = false;
    this.#isFrozen = false;
    this.#outgoing.release();
    this.#incoming.release();
    this.#readOrHold();
  }

  start(): void {
    this.#leg.start();
  }

  write(bytes: Uint8Array, lent: boolean): void {
    if (this.#isCut) {
      this.#lost += bytes.length;
    } else if (this.#passes(this.#outgoing)) {
      this.#leg.write(bytes, lent);
    } else {
      this.#outgoingBytes += bytes.length;
      this.#outgoing.push(bytes.slice());
    }
  }

  flush(): void {
    this.#leg.flush();
  }

  hold(): void {
    this.#isHeldByDriver = true;
    this.#incoming.hold();
    this.#readOrHold();
  }

  resume(): void {
    this.#isHeldByDriver = false;
    this.#incoming.resume();
    this.#readOrHold();
  }

  finish(): void {
    if (this.#isCut) return;
    if (this.#passes(this.#outgoing)) this.#leg.finish();
    else this.#outgoing.push("finish");
  }

  close(): void {
    if (this.#isClosing) return;
    this.#isClosing = true;
    this.#forgetIncoming();
    // Nothing that waits would go out before the drill is over, and nobody waits for that.
    if (this.#isFrozen) this.#forgetOutgoing();
    this.#isFrozen = false;
    this.#isHeldByDriver = false;
    this.#readOrHold();
    if (this.#outgoing.isEmpty) this.#leg.close();
    else this.#outgoing.push("close");
  }

  abort(): void {
    this.#isClosing = true;
    this.#forgetIncoming();
    this.#forgetOutgoing();
    this.#leg.abort();
  }

  suspend(): SuspendedLeg | undefined {
    const passesAll = !this.#isCut && this.#passes(this.#incoming) && this.#passes(this.#outgoing);
    return passesAll && this.#noise === undefined ? this.#leg.suspend?.() : undefined;
  }

  bytes(chunk: Uint8Array): void {
    if (this.#isCut || this.#isClosing) return;
    if (this.#passes(this.#incoming)) {
      this.#tell(chunk);
      return;
    }
    this.#incomingBytes += chunk.length;
    this.#incoming.push(chunk.slice());
    this.#readOrHold();
  }

  ended(): void {
    this.#end({ kind: "ended" });
  }

  failed(cause: string): void {
    this.#end({ kind: "failed", cause });
  }

  drained(): void {
    this.#events.drained();
  }

  gone(): void {
    this.#isClosing = true;
    this.#forgetIncoming();
    this.#forgetOutgoing();
    this.#events.gone();
    this.#options.gone();
  }

  #end(end: End): void {
    if (this.#isCut || this.#isClosing) return;
    if (this.#passes(this.#incoming)) this.#tell(end);
    else this.#incoming.push(end);
  }

  /** Whether what comes is handed on at once: not before what was kept back. */
  #passes(line: { readonly isEmpty: boolean }): boolean {
    return !this.#keepsBack && line.isEmpty;
  }

  #letIn(item: Incoming): void {
    if (item instanceof Uint8Array) this.#incomingBytes -= item.length;
    this.#tell(item);
    this.#readOrHold();
  }

  #letOut(item: Outgoing): void {
    if (item === "close") {
      this.#leg.close();
    } else if (item === "finish") {
      this.#leg.finish();
    } else {
      this.#outgoingBytes -= item.length;
      this.#leg.write(item, false);
      this.#leg.flush();
      this.#events.drained();
    }
  }

  #tell(item: Incoming): void {
    if (item instanceof Uint8Array) {
      this.#options.heard();
      this.#events.bytes(this.#noise?.take(item.length) ?? item);
    } else if (item.kind === "ended") {
      this.#events.ended();
    } else {
      this.#events.failed(item.cause);
    }
  }

  /** Ends the connection as far as the driver can see. */
  #cut(end: End): void {
    this.#isCut = true;
    this.#forgetIncoming();
    this.#forgetOutgoing();
    this.#tell(end);
  }

  #readOrHold(): void {
    if (this.#leg.closing) return;
    if (this.#isFrozen || this.#isHeldByDriver || this.#incomingBytes > MOST_KEPT) this.#leg.hold();
    else this.#leg.resume();
  }

  #forgetIncoming(): void {
    this.#incoming.clear();
    this.#incomingBytes = 0;
  }

  #forgetOutgoing(): void {
    this.#outgoing.clear();
    this.#lost += this.#outgoingBytes;
    this.#outgoingBytes = 0;
  }
}
