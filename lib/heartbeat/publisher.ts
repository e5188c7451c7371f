import type { Clock } from "../clock.ts";
import type { Facts } from "./beat.ts";
import type { NotListed, Verdict } from "./verdict.ts";

/** Heartbeats until one that fails again is not hurried any more. */
const TRIES = 3;
/** Milliseconds from the end of a failed heartbeat to the next try; twice as many for each further one. */
const RETRY_MS = 2_000;
/** Failures in a row after which heartbeats become rarer. */
const PATIENCE = 10;
/** Milliseconds between heartbeats that fail, at most, unless the interval is longer. */
const SLOWEST_MS = 180_000;
/** How far, as a part of it, a wait after a failure is from its length at most, so that many edges do not knock together. */
const JITTER = 0.2;
/** Milliseconds after which a failure that lasts is told again. */
const TELL_AGAIN_MS = 600_000;

/** News about one listing. */
export type PublisherEvent =
  /**
   * The list has the server: for the first time, under another address (`changed`), or again after failures.
   *
   * `failures` is how many heartbeats in a row had failed before.
   */
  | { readonly kind: "listed"; readonly url: string; readonly changed: boolean; readonly failures: number }
  /** Heartbeats fail: since now, for another cause than before, or still. `failures` in a row, this one included. */
  | { readonly kind: "failed"; readonly failure: NotListed; readonly failures: number };

/** What is known about one listing. Times are the clock's. */
export interface PublisherState {
  /** The address that the list gave last; kept while heartbeats fail. */
  readonly url: string | undefined;
  /** When a heartbeat last succeeded. */
  readonly succeededAt: number | undefined;
  /** What went wrong last, and when. */
  readonly lastFailure: { readonly at: number; readonly failure: NotListed } | undefined;
  /** Heartbeats that failed since the last success. */
  readonly failures: number;
}

export interface PublisherOptions {
  /** What to publish, asked before each heartbeat. */
  readonly facts: () => Facts;
  /** Posts one heartbeat. Settles soon after `signal` is aborted and in bounded time; may reject. */
  readonly send: (facts: Facts, signal: AbortSignal) => Promise<Verdict>;
  /** Milliseconds from the beginning of one heartbeat to that of the next. */
  readonly intervalMs: number;
  /** Must not throw, nor must `published`. */
  readonly onEvent: (event: PublisherEvent) => void;
  /** The list makes keys with `salt`, which was sent at `sentAt` by the clock. Told after every success. */
  readonly published: (salt: string, sentAt: number) => void;
  readonly clock: Clock;
  /** Returns a number from 0 up to, not including, 1. */
  readonly random: () => number;
}

/**
 * Keeps one listing of a server list alive: a heartbeat at once and then one in each interval, never two at a time. A failed one is
 * tried again soon, then in each interval, after many failures more rarely.
 */
export class Publisher {
  readonly #options: PublisherOptions;
  readonly #stopping = new AbortController();
  #running: Promise<void> = Promise.resolve();
  #cancelTimer: () => void = () => {};
  #state: PublisherState = { url: undefined, succeededAt: undefined, lastFailure: undefined, failures: 0 };
  #told = { explanation: "", at: -Infinity };

  constructor(options: PublisherOptions) {
    this.#options = options;
  }

  get state(): PublisherState {
    return this.#state;
  }

  start(): void {
    this.#begin(this.#options.clock.now());
  }

  /** Posts no more, and reports nothing any more. Resolves when no heartbeat is under way. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#cancelTimer();
    await this.#running;
  }

  /** @param due When this heartbeat was to begin. */
  #begin(due: number): void {
    this.#running = this.#beat().then((report) => {
      if (this.#stopping.signal.aborted) return;
      report();
      const next = this.#state.failures === 0 ? this.#nextDue(due) : this.#retryAt();
      const wait = Math.max(0, next - this.#options.clock.now());
      this.#cancelTimer = this.#options.clock.after(wait, () => this.#begin(next));
    });
  }

  /** Resolves with what tells the outcome. */
  async #beat(): Promise<() => void> {
    const { facts, send, clock } = this.#options;
    const sentAt = clock.now();
    try {
      const told = facts();
      const verdict = await send(told, this.#stopping.signal);
      if (verdict.kind === "listed") return () => this.#succeeded(verdict.url, told.salt, sentAt);
      return () => this.#failed(verdict);
    } catch (error) {
      return () => this.#failed(faultOfOurs(error));
    }
  }

  #succeeded(url: string, salt: string, sentAt: number): void {
    const { clock, onEvent, published } = this.#options;
    const { url: before, failures } = this.#state;
    const changed = url !== before;
    this.#state = { ...this.#state, url, succeededAt: clock.now(), failures: 0 };
    published(salt, sentAt);
    if (changed || failures > 0) onEvent({ kind: "listed", url, changed, failures });
  }

  #failed(failure: NotListed): void {
    const { clock, onEvent } = this.#options;
    const now = clock.now();
    const failures = this.#state.failures + 1;
    this.#state = { ...this.#state, lastFailure: { at: now, failure }, failures };
    const { explanation, at } = this.#told;
    if (failures > 1 && failure.explanation === explanation && now - at < TELL_AGAIN_MS) return;
    this.#told = { explanation: failure.explanation, at: now };
    onEvent({ kind: "failed", failure, failures });
  }

  /** The first multiple of the interval after `due` that is not over yet. */
  #nextDue(due: number): number {
    const { clock, intervalMs } = this.#options;
    return due + intervalMs * Math.max(1, Math.ceil((clock.now() - due) / intervalMs));
  }

  #retryAt(): number {
    const { clock, intervalMs, random } = this.#options;
    const { failures } = this.#state;
    const wait = failures < TRIES
      ? Math.min(intervalMs, RETRY_MS * 2 ** (failures - 1))
      : Math.min(intervalMs * 2 ** Math.max(0, failures - PATIENCE), Math.max(intervalMs, SLOWEST_MS));
    return clock.now() + wait * (1 - JITTER + 2 * JITTER * random());
  }
}

/** A fault on this side, whose message is not passed on: it might tell the salt. */
function faultOfOurs(error: unknown): NotListed {
  const name = error instanceof Error ? error.name : typeof error;
  return {
    kind: "not-listed",
    reason: "unreachable",
    explanation: `the heartbeat could not be sent: ${name} in the edge itself`,
    advice: "report this as a fault of Kurafuto",
  };
}
