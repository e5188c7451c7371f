import type { Seat } from "../session/routes.ts";
import type { Backend } from "./backend.ts";
import type { Clock } from "../clock.ts";
import type { Tier } from "./join_rate.ts";
import type { Plan } from "./plan.ts";
import { LineTicket, type TicketOptions } from "./ticket.ts";

/**
 * Players whom no backend can take at the moment, first come, first served: nobody gets a seat for which somebody before them
 * waits. Whenever a backend can take another player, the first who waits for it is called, from a timer of the line's own and never
 * while somebody else claims or gives back a seat.
 */
export class WaitingLine {
  readonly #clock: Clock;
  /** In the order of their first vain claim. A player with a seat keeps their place, in case the backend does not take them. */
  readonly #tickets = new Set<LineTicket>();
  /** How many wait for each plan; no plan for which nobody waits. */
  readonly #waiting = new Map<Plan, number>();
  /** Everybody's place, as long as nobody comes or goes: thousands ask for theirs every second. */
  #places: Map<LineTicket, number> | undefined;
  #timerAt = Infinity;
  #cancelTimer: () => void = () => {};

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  now(): number {
    return this.#clock.now();
  }

  /** Tickets that stand in line. */
  get waiting(): number {
    return this.#waiting.values().reduce((sum, count) => sum + count, 0);
  }

  /** Opens a ticket, which stands in line from its first vain claim on. */
  enlist(options: TicketOptions): LineTicket {
    return new LineTicket(this, options);
  }

  /** `backend` may take players now who had to wait before. */
  changed(backend: Backend): void {
    for (const plan of this.#waiting.keys()) if (plan.backends.has(backend)) return this.#lookAt(this.now());
  }

  /** The backends there are, or their limits, have changed. Everybody keeps their place. */
  replan(): void {
    for (const ticket of this.#tickets) ticket.replan();
    if (this.#waiting.size > 0) this.#lookAt(this.now());
  }

  /** Calls nobody any more. */
  close(): void {
    this.#cancelTimer();
    // No time is before this one, so that no timer is set again.
    this.#timerAt = -Infinity;
  }

  /** Whether `ticket` may have a seat on `backend` now. */
  admits(ticket: LineTicket, backend: Backend, now: number): boolean {
    return isOpen(backend, ticket.tier, now) && !this.#someoneBefore(ticket, backend, now);
  }

  /** Takes a seat and counts the login. */
  take(backend: Backend, tier: Tier, now: number): Seat {
    backend.joinRate.count(tier, now);
    return this.retake(backend);
  }

  /** Takes a seat for a player who is there already, whatever the state; no login is counted. */
  retake(backend: Backend): Seat {
    return backend.take(this.#released);
  }

  /** How many of those before `ticket` wait for a backend that would do for it too, and one. */
  placeOf(ticket: LineTicket): number {
    this.#places ??= this.#countPlaces();
    return this.#places.get(ticket) ?? 1;
  }

  /** `ticket` waits from now on. */
  began(ticket: LineTicket): void {
    this.#tickets.add(ticket);
    this.#places = undefined;
    this.#waiting.set(ticket.plan, (this.#waiting.get(ticket.plan) ?? 0) + 1);
    this.#lookAt(this.now());
  }

  /** `ticket` waits no longer. */
  ceased({ plan }: LineTicket): void {
    this.#places = undefined;
    const left = (this.#waiting.get(plan) ?? 0) - 1;
    if (left > 0) this.#waiting.set(plan, left);
    else this.#waiting.delete(plan);
  }

  /** `ticket` will never wait again. */
  leave(ticket: LineTicket): void {
    this.#tickets.delete(ticket);
  }

  /** A value, so that all seats share it. */
  readonly #released = (backend: Backend): void => this.changed(backend);

  #countPlaces(): Map<LineTicket, number> {
    const places = new Map<LineTicket, number>();
    /** By plan, how many were seen so far that wait for a backend which would do for it too. */
    const seen = new Map<Plan, number>();
    for (const { plan } of this.#tickets) seen.set(plan, 0);
    for (const ticket of this.#tickets) {
      places.set(ticket, (seen.get(ticket.plan) ?? 0) + 1);
      if (!ticket.waiting) continue;
      for (const [plan, count] of seen) if (ticket.plan.overlaps(plan)) seen.set(plan, count + 1);
    }
    return places;
  }

  #someoneBefore(ticket: LineTicket, backend: Backend, now: number): boolean {
    for (const other of this.#tickets) {
      if (other === ticket) return false;
      if (other.wants(backend, now)) return true;
    }
    return false;
  }

  #lookAt(time: number): void {
    if (time >= this.#timerAt) return;
    this.#cancelTimer();
    this.#timerAt = time;
    this.#cancelTimer = this.#clock.after(Math.max(0, Math.ceil(time - this.now())), () => {
      this.#timerAt = Infinity;
      this.#callNext();
    });
  }

  /** Calls those whose turn it is. */
  #callNext(): void {
    const now = this.now();
    const open = this.#wanted();
    const dropClosed = (): void => {
      for (const backend of open) if (!isOpen(backend, "crowd", now)) open.delete(backend);
    };
    dropClosed();
    // A copy, as whoever is called may leave and come back.
    for (const ticket of open.size > 0 ? [...this.#tickets] : []) {
      if (!open.values().some((backend) => ticket.wants(backend, now))) continue;
      ticket.call(now);
      dropClosed();
      if (open.size === 0) break;
    }
    this.#lookAt(this.#nextTime(now));
  }

  /** When somebody may be called whom nothing but time keeps waiting. */
  #nextTime(now: number): number {
    let next = Infinity;
    for (const backend of this.#wanted()) {
      const time = backend.joinRate.nextAt("crowd", now);
      if (backend.state === "up" && time > now) next = Math.min(next, time);
    }
    for (const ticket of this.#tickets) if (ticket.waiting) next = Math.min(next, ticket.retryAt(now));
    return next;
  }

  /** The backends that somebody waits for. */
  #wanted(): Set<Backend> {
    return new Set(this.#waiting.keys().flatMap(({ backends }) => backends));
  }
}

/** Whether `backend` can take a player of `tier` now. */
function isOpen(backend: Backend, tier: Tier, now: number): boolean {
  return backend.state === "up" && backend.joinRate.nextAt(tier, now) <= now;
}
