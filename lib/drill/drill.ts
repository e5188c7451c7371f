/** One drill: a fault between the edge and one backend for a time, and what players saw of it. */
import type { Clock } from "../clock.ts";
import type { SessionEvent } from "../session/port.ts";
import type { LegEvents, LegSocket } from "../transport/leg.ts";
import { DisturbedLeg } from "./disturbed_leg.ts";
import type { Fault, FaultKind } from "./fault.ts";
import { type Sight, type Subject, Witness } from "./witness.ts";

/** Players of whom it is noted what they see. */
const MOST_WITNESSES = 10_000;
/** Milliseconds that players who are between two places, or still logging in, are watched beyond the end of the fault. */
const SETTLING_MS = 2_000;

/** What an operator wants to be tried. */
export interface DrillOrder {
  readonly fault: Fault;
  /** The backend's name. */
  readonly backend: string;
  /** Names of the players whom it is for; `undefined` for all who are there or come. */
  readonly players: readonly string[] | undefined;
  /** Milliseconds until it ends by itself. */
  readonly forMs: number;
}

/** `"settling"`: the fault is over, and what becomes of some players is not known yet. */
export type DrillState = "running" | "settling" | "over";

/** What a drill is and what was seen of it until now. */
export interface DrillReport {
  readonly drill: string;
  readonly fault: FaultKind;
  readonly backend: string;
  readonly state: DrillState;
  /** Milliseconds since its begin, or from there to its end. */
  readonly ms: number;
  /** Players whom the network has lost. */
  readonly lost: number;
  /** Those whom the fault has met, in that order. */
  readonly seen: readonly Sight[];
  /** Players of whom it was not noted what they saw. */
  readonly omitted: number;
}

export interface DrillOptions {
  readonly id: string;
  readonly clock: Clock;
  /** Told once, when the fault is over, with the reason. */
  readonly ended: (why: string) => void;
}

/** See the file's first line. It begins when it is made. */
export class Drill {
  readonly id: string;
  readonly order: DrillOrder;
  /** In lower case. */
  readonly #players: ReadonlySet<string> | undefined;
  readonly #options: DrillOptions;
  readonly #begin: number;
  readonly #legs = new Set<DisturbedLeg>();
  readonly #witnesses = new Map<string, Witness>();
  /** What ends the waiting of dials that nobody answers. */
  readonly #over = new AbortController();
  /** Connections so far. */
  #disturbed = 0;
  #omitted = 0;
  #state: DrillState = "running";
  #endMs = 0;
  #cancel: () => void;

  constructor(order: DrillOrder, options: DrillOptions) {
    const { id, clock } = options;
    this.id = id;
    this.order = order;
    this.#players = order.players && new Set(order.players.map((name) => name.toLowerCase()));
    this.#options = options;
    this.#begin = clock.now();
    this.#cancel = clock.after(order.forMs, () => this.end("its time is over"));
  }

  get state(): DrillState {
    return this.#state;
  }

  /** Whether it is for chosen players, so that the backend must not look ill to all others. */
  get isSelective(): boolean {
    return this.#players !== undefined;
  }

  /** Whether it is for connections of that player, whose name matches in any case, to that backend. */
  concerns(backend: string, player: string): boolean {
    return this.#state === "running" && backend === this.order.backend &&
      (this.#players?.has(player.toLowerCase()) ?? true);
  }

  /** Puts the fault around a connection of somebody whom it {@linkcode concerns}. */
  disturb(subject: Subject, leg: LegSocket, events: LegEvents): DisturbedLeg {
    const { clock } = this.#options;
    const witness = this.#meet(subject);
    witness?.waits(this.#now);
    const disturbed = new DisturbedLeg(leg, events, {
      fault: this.#nextFault(),
      clock,
      heard: () => {
        if (this.#state === "running") witness?.heard(this.#now);
      },
      gone: () => {
        this.#legs.delete(disturbed);
      },
    });
    this.#legs.add(disturbed);
    clock.after(0, () => {
      if (this.#state === "running") disturbed.strike();
    });
    return disturbed;
  }

  /**
   * What becomes of somebody's dial of the backend whom the drill {@linkcode concerns}: resolves where it goes ahead.
   *
   * @throws {Error} where nobody accepts it
   */
  async dial(subject: Subject, signal: AbortSignal): Promise<void> {
    const { fault } = this.order;
    const witness = this.#meet(subject);
    switch (fault.kind) {
      case "death":
        throw new Error("connection refused by a drill");
      case "reset":
        throw new Error("connection reset by a drill");
      case "half-open":
        witness?.waits(this.#now);
        try {
          return await unanswered(AbortSignal.any([signal, this.#over.signal]));
        } finally {
          witness?.gaveUp(this.#now);
        }
    }
  }

  /** Something happened in a session. */
  event(session: string, event: SessionEvent): void {
    if (this.#state === "over") return;
    this.#witnesses.get(session)?.event(event, this.#now);
    if (this.#state === "settling") this.#settle();
  }

  /** Ends the fault. What was kept back goes on. */
  end(why: string): void {
    if (this.#state !== "running") return;
    const { clock, ended } = this.#options;
    this.#cancel();
    this.#state = "settling";
    this.#over.abort();
    for (const leg of this.#legs) leg.relieve();
    for (const witness of this.#witnesses.values()) witness.relieved(this.#now);
    this.#cancel = clock.after(SETTLING_MS, () => this.#close());
    ended(why);
    this.#settle();
  }

  /** What was seen until now. */
  report(): DrillReport {
    const { id: drill, order: { fault, backend } } = this;
    const ms = this.#state === "over" ? this.#endMs : this.#now;
    const witnesses = [...this.#witnesses.values()];
    return {
      drill,
      fault: fault.kind,
      backend,
      state: this.#state,
      ms: Math.round(ms),
      lost: witnesses.filter(({ isLost }) => isLost).length,
      seen: witnesses.map((witness) => witness.sight(ms)),
      omitted: this.#omitted,
    };
  }

  get #now(): number {
    return this.#options.clock.now() - this.#begin;
  }

  /** The fault of the next connection: garbage is other garbage for each. */
  #nextFault(): Fault {
    const { fault } = this.order;
    return fault.kind === "garbage" ? { kind: "garbage", seed: fault.seed + this.#disturbed++ } : fault;
  }

  /** The witness of somebody whom the fault meets, be it for the first time; `undefined` where there are too many. */
  #meet(subject: Subject): Witness | undefined {
    const known = this.#witnesses.get(subject.session);
    if (known !== undefined) return known;
    if (this.#witnesses.size >= MOST_WITNESSES) {
      this.#omitted++;
      return undefined;
    }
    const witness = new Witness(subject, this.order.backend, this.#now);
    this.#witnesses.set(subject.session, witness);
    return witness;
  }

  /** Is over where it is known what has become of everybody. */
  #settle(): void {
    if (!this.#witnesses.values().some(({ isAdrift }) => isAdrift)) this.#close();
  }

  #close(): void {
    this.#cancel();
    this.#endMs = this.#now;
    this.#state = "over";
  }
}

/** Rejects when `signal` is aborted. */
async function unanswered(signal: AbortSignal): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>();
  const giveUp = (): void => reject(new Error("nobody answered, in a drill"));
  if (signal.aborted) giveUp();
  else signal.addEventListener("abort", giveUp);
  return await promise;
}
