import { messageOf } from "../error_message.ts";
import type { Clock } from "../clock.ts";

/** What a check of a backend found. */
export type CheckOutcome = { readonly ok: true } | { readonly ok: false; readonly cause: string };

/** How far, as a part of it, the time between two checks is from the interval at most, so that checks spread out. */
const JITTER = 0.1;

/** What is checked, and how often. */
export interface CheckSchedule {
  /** Names of the backends to check. */
  readonly backends: readonly string[];
  /** Milliseconds from the beginning of one check of a backend to that of the next. */
  readonly intervalMs: number;
  /** Milliseconds a check may take. */
  readonly timeoutMs: number;
}

/** What checks work with. */
export interface ChecksOptions extends CheckSchedule {
  /**
   * Checks a backend once; `undefined` where nothing could be found out. Settles soon after `signal` is aborted, which it is when the
   * time is over; may reject.
   */
  readonly check: (backend: string, signal: AbortSignal) => Promise<CheckOutcome | undefined>;
  /** Told what each check found. */
  readonly report: (backend: string, outcome: CheckOutcome) => void;
  readonly clock: Clock;
  /** Returns a number from 0 up to, not including, 1. */
  readonly random: () => number;
}

/** Checks every backend again and again: at the start, and then once in each interval, one check of a backend at a time. */
export class Checks {
  readonly #options: ChecksOptions;
  #schedule: CheckSchedule;
  readonly #stopping = new AbortController();
  /** Checks that run, by backend. */
  readonly #running = new Map<string, Promise<void>>();
  /** Backends whose check that runs says nothing about them any more. */
  readonly #outdated = new Set<string>();
  readonly #cancelTimers = new Map<string, () => void>();

  constructor(options: ChecksOptions) {
    this.#options = options;
    this.#schedule = options;
  }

  start(): void {
    for (const backend of this.#schedule.backends) this.#begin(backend);
  }

  /**
   * Goes by another schedule: backends that are new are checked at once, those that are gone are not reported any more. For the
   * others the new interval begins with their next check.
   */
  configure(schedule: CheckSchedule): void {
    const before = this.#schedule.backends;
    this.#schedule = schedule;
    for (const backend of before) {
      if (schedule.backends.includes(backend)) continue;
      this.#cancelTimer(backend);
    }
    for (const backend of schedule.backends) if (!before.includes(backend)) this.again(backend);
  }

  /** Checks `backend`, which may be another server by now, at once. What a check that runs finds does not count. */
  again(backend: string): void {
    this.#cancelTimer(backend);
    if (this.#running.has(backend)) this.#outdated.add(backend);
    else this.#begin(backend);
  }

  /** Checks no more, and reports nothing any more. Resolves when no check runs. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    for (const cancel of this.#cancelTimers.values()) cancel();
    await Promise.all(this.#running.values());
  }

  #cancelTimer(backend: string): void {
    this.#cancelTimers.get(backend)?.();
    this.#cancelTimers.delete(backend);
  }

  #begin(backend: string): void {
    const { clock, random, report } = this.#options;
    const next = clock.now() + this.#schedule.intervalMs * (1 - JITTER + 2 * JITTER * random());
    const running = this.#check(backend).then((outcome) => {
      this.#running.delete(backend);
      const isOutdated = this.#outdated.delete(backend);
      if (this.#stopping.signal.aborted || !this.#schedule.backends.includes(backend)) return;
      if (isOutdated) return this.#begin(backend);
      if (outcome !== undefined) report(backend, outcome);
      this.#cancelTimers.set(backend, clock.after(Math.max(0, next - clock.now()), () => this.#begin(backend)));
    });
    this.#running.set(backend, running);
  }

  async #check(backend: string): Promise<CheckOutcome | undefined> {
    const { check, clock } = this.#options;
    const { timeoutMs } = this.#schedule;
    const late = new AbortController();
    const cancelDeadline = clock.after(timeoutMs, () => late.abort());
    try {
      const outcome = await check(backend, AbortSignal.any([late.signal, this.#stopping.signal]));
      return late.signal.aborted ? { ok: false, cause: `no answer within ${timeoutMs} ms` } : outcome;
    } catch (error) {
      if (late.signal.aborted) return { ok: false, cause: `no answer within ${timeoutMs} ms` };
      return { ok: false, cause: messageOf(error) };
    } finally {
      cancelDeadline();
    }
  }
}
