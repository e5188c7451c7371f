import type { Seat, Ticket } from "../session/routes.ts";
import type { Backend } from "./backend.ts";
import type { Tier } from "./join_rate.ts";
import type { Plan } from "./plan.ts";
import type { WaitingLine } from "./waiting_line.ts";

/** Milliseconds for which a backend that did not take a player is not offered to them again. */
const REFUSED_MS = 2_000;
/** Milliseconds for which others go before a ticket that was called and did not claim. */
const PASSED_OVER_MS = 2_000;

/** Whose ticket it is, and what for. */
export interface TicketOptions {
  readonly player: string;
  readonly plan: Plan;
  /** The backend of the plan that comes before what the plan would pick, if there is one. */
  readonly preferred: Backend | undefined;
  /** What the player counts as who has not waited yet. */
  readonly tier: Tier;
  /** It is worth claiming again. Must not throw. */
  readonly admitted: () => void;
}

/** One player's place in a {@linkcode WaitingLine}. */
export class LineTicket implements Ticket {
  readonly plan: Plan;
  readonly #line: WaitingLine;
  readonly #options: TicketOptions;
  /** Backends of the plan that are not offered for now. */
  readonly #leftOut = new Map<Backend, { readonly from: number; readonly until: number }>();
  #tier: Tier;
  #waiting = false;
  #passedOverUntil = -Infinity;
  #closed = false;

  constructor(line: WaitingLine, options: TicketOptions) {
    this.plan = options.plan;
    this.#line = line;
    this.#options = options;
    this.#tier = options.tier;
  }

  /** Whether the last claim was in vain. */
  get waiting(): boolean {
    return this.#waiting;
  }

  get tier(): Tier {
    return this.#tier;
  }

  get promising(): boolean {
    const now = this.#line.now();
    return this.plan.backends.values().some((backend) =>
      backend.up && !backend.drained && !this.#isLeftOut(backend, now)
    );
  }

  get place(): number {
    return this.#line.placeOf(this);
  }

  claim(): Seat | undefined {
    if (this.#closed) return undefined;
    const now = this.#line.now();
    this.#passedOverUntil = -Infinity;
    const backend = this.#choose(now);
    if (backend === undefined) {
      this.#wait();
      return undefined;
    }
    this.#stopWaiting();
    return this.#line.take(backend, this.#tier, now);
  }

  refused(backend: string): void {
    this.leaveOut(backend, REFUSED_MS);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#stopWaiting();
    this.#line.leave(this);
  }

  /** Offers a backend again only in `ms` milliseconds, or when it has come up anew. */
  leaveOut(name: string, ms: number): void {
    const backend = this.plan.backends.values().find((backend) => backend.name === name);
    const from = this.#line.now();
    if (backend !== undefined) this.#leftOut.set(backend, { from, until: from + ms });
  }

  /** Whether this player waits for `backend`, so that nobody behind them may have it. */
  wants(backend: Backend, now: number): boolean {
    return this.#waiting && now >= this.#passedOverUntil && this.plan.backends.has(backend) &&
      !this.#isLeftOut(backend, now);
  }

  /** When this ticket, which waits, wants something that it does not want now; `Infinity` where there is nothing. */
  retryAt(now: number): number {
    let next = Infinity;
    if (this.#passedOverUntil > now) next = this.#passedOverUntil;
    for (const { until } of this.#leftOut.values()) if (until > now) next = Math.min(next, until);
    return next;
  }

  /** Tells the session that it is its turn. One that does not claim at once lets others go before. */
  call(now: number): void {
    this.#passedOverUntil = now + PASSED_OVER_MS;
    this.#options.admitted();
  }

  #choose(now: number): Backend | undefined {
    const open = new Set<Backend>();
    for (const backend of this.plan.backends) {
      if (!this.#isLeftOut(backend, now) && this.#line.admits(this, backend, now)) open.add(backend);
    }
    const { preferred, player } = this.#options;
    if (preferred !== undefined && open.has(preferred)) return preferred;
    return this.plan.pick(open, player, now);
  }

  #isLeftOut(backend: Backend, now: number): boolean {
    const span = this.#leftOut.get(backend);
    if (span === undefined || now >= span.until) return false;
    const isAnotherSince = backend.up && backend.health.since > span.from;
    return !isAnotherSince;
  }

  #wait(): void {
    this.#tier = "crowd";
    if (this.#waiting) return;
    this.#waiting = true;
    this.#line.began(this);
  }

  #stopWaiting(): void {
    if (!this.#waiting) return;
    this.#waiting = false;
    this.#line.ceased(this);
  }
}
