import type { Seat, Ticket } from "../session/routes.ts";
import type { Backend } from "./backend.ts";
import type { Decision, Obstacle } from "./decision.ts";
import type { Tier } from "./join_rate.ts";
import type { Choice, Plan } from "./plan.ts";
import type { WaitingLine } from "./waiting_line.ts";

/** Milliseconds for which a backend that did not take a player is not offered to them again. */
const REFUSED_MS = 2_000;
/** Milliseconds for which others go before a ticket that was called and did not claim. */
const PASSED_OVER_MS = 2_000;
/** What chose a backend that the player was on before. */
const RECENT = "recent, as the player was there last";

/** Whose ticket it is, and what for. */
export interface TicketOptions {
  readonly player: string;
  /** The plan of now. */
  readonly plan: () => Plan;
  /** The backend of the plan that comes before what the plan would pick, if there is one. */
  readonly preferred: (plan: Plan) => Backend | undefined;
  /** What the player counts as who has not waited yet. */
  readonly tier: Tier;
  /** It is worth claiming again. Must not throw. */
  readonly admitted: () => void;
  /** Told about each seat, and about the first vain claim. @default nobody is */
  readonly decided?: (decision: Decision) => void;
}

/** One player's place in a {@linkcode WaitingLine}. */
export class LineTicket implements Ticket {
  readonly #line: WaitingLine;
  readonly #options: TicketOptions;
  /** Backends of the plan that are not offered for now. */
  readonly #leftOut = new Map<Backend, { readonly from: number; readonly until: number }>();
  #plan: Plan;
  #preferred: Backend | undefined;
  #tier: Tier;
  #waiting = false;
  #passedOverUntil = -Infinity;
  #closed = false;

  constructor(line: WaitingLine, options: TicketOptions) {
    this.#line = line;
    this.#options = options;
    this.#plan = options.plan();
    this.#preferred = options.preferred(this.#plan);
    this.#tier = options.tier;
  }

  /** Where it may lead. */
  get plan(): Plan {
    return this.#plan;
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
    return this.#plan.backends.values().some((backend) =>
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
    if (!this.#waiting) this.#adopt(this.#options.plan());
    const pick = this.#choose(now);
    if (pick !== undefined || !this.#waiting) this.#options.decided?.(this.#decision(pick, now));
    if (pick === undefined) {
      this.#wait();
      return undefined;
    }
    this.#stopWaiting();
    return this.#line.take(pick.backend, this.#tier, now);
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
    const backend = this.#plan.backends.values().find((backend) => backend.name === name);
    const from = this.#line.now();
    if (backend !== undefined) this.#leftOut.set(backend, { from, until: from + ms });
  }

  /** Whether this player waits for `backend`, so that nobody behind them may have it. */
  wants(backend: Backend, now: number): boolean {
    return this.#waiting && now >= this.#passedOverUntil && this.#plan.backends.has(backend) &&
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

  /** The plan of a ticket that waits may have changed. */
  replan(): void {
    if (!this.#waiting) return;
    this.#line.ceased(this);
    this.#adopt(this.#options.plan());
    this.#line.began(this);
  }

  #adopt(plan: Plan): void {
    if (plan === this.#plan) return;
    this.#plan = plan;
    this.#preferred = this.#options.preferred(plan);
  }

  #choose(now: number): Choice | undefined {
    const open = new Set<Backend>();
    for (const backend of this.#plan.backends) {
      if (!this.#isLeftOut(backend, now) && this.#line.admits(this, backend, now)) open.add(backend);
    }
    const preferred = this.#preferred;
    if (preferred !== undefined && open.has(preferred)) return { backend: preferred, rule: RECENT };
    return this.#plan.pick(open, this.#options.player, now);
  }

  #decision(pick: Choice | undefined, now: number): Decision {
    return {
      wish: this.#plan.wish,
      rule: pick?.rule,
      picked: pick?.backend.name,
      candidates: [...this.#plan.backends].map((backend) => ({
        backend: backend.name,
        state: backend.state,
        players: backend.players,
        maxPlayers: backend.maxPlayers,
        share: backend.health.share(now),
        obstacle: this.#obstacle(backend, now),
      })),
    };
  }

  #obstacle(backend: Backend, now: number): Obstacle | undefined {
    if (this.#isLeftOut(backend, now)) return "left-out";
    if (backend.state !== "up" || this.#line.admits(this, backend, now)) return undefined;
    return backend.joinRate.nextAt(this.#tier, now) > now ? "join-rate" : "line";
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
