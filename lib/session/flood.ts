/** How much a client sends: it may be quick for a moment, but not for long. */
import type { SessionCore } from "./core.ts";
import type { Reason } from "./reasons.ts";

/** A bucket that holds `count` and is filled again in the course of `windowMs`. */
export interface Allowance {
  readonly count: number;
  readonly windowMs: number;
}

/** A gate as written down. */
export interface FloodState {
  /** What the client may still send at once. */
  readonly left: number;
  readonly countedMsAgo: number;
  /** Whether an excess was told that is only watched. */
  readonly told: boolean;
}

/** Watches one kind of what a client sends, and ends the session once it is too much. */
export class FloodGate {
  readonly #session: SessionCore;
  readonly #allowance: Allowance;
  readonly #reason: Reason;
  #left: number;
  /** In whole milliseconds, since V8 keeps any other number as an object. */
  #countedAt: number;
  #told = false;

  constructor(session: SessionCore, allowance: Allowance, reason: Reason) {
    this.#session = session;
    this.#allowance = allowance;
    this.#reason = reason;
    this.#left = allowance.count;
    this.#countedAt = Math.floor(session.port.now());
  }

  /** The client has sent `amount` more. The session is over behind this call where that was too much. */
  count(amount: number): void {
    if (amount === 0) return;
    const { count, windowMs } = this.#allowance;
    const now = Math.floor(this.#session.port.now());
    this.#left = Math.min(count, this.#left + (now - this.#countedAt) * count / windowMs) - amount;
    this.#countedAt = now;
    if (this.#left < 0) this.#exceeded();
  }

  /** What {@linkcode resume} takes. */
  writeDown(): FloodState {
    return { left: this.#left, countedMsAgo: this.#session.port.now() - this.#countedAt, told: this.#told };
  }

  /** Goes on where a gate has been written down. */
  resume({ left, countedMsAgo, told }: FloodState): void {
    this.#left = left;
    this.#countedAt = Math.floor(this.#session.port.now() - countedMsAgo);
    this.#told = told;
  }

  #exceeded(): void {
    const { port, options: { limits } } = this.#session;
    const { count, windowMs } = this.#allowance;
    const detail = `more than ${count} in ${windowMs} ms`;
    if (!limits.dryRun) this.#session.end(this.#reason, detail);
    else if (!this.#told) port.emit({ kind: "over-limit", reason: this.#reason, detail });
    this.#told = true;
  }
}
