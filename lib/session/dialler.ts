/** Finding a backend that takes the player: one candidate after the other, each with a deadline. */
import type { Leg } from "./port.ts";
import type { SessionCore } from "./core.ts";

/** Dials a session's candidates in order. At most one leg is under way. */
export class Dialler {
  readonly #session: SessionCore;
  readonly #candidates: Iterator<string>;
  readonly #refusals: string[] = [];
  #leg: Leg | undefined;
  #backend = "";
  #deadline = Infinity;
  #exhausted = false;

  constructor(session: SessionCore, player: string) {
    this.#session = session;
    this.#candidates = session.options.candidates(player)[Symbol.iterator]();
  }

  /** The leg under way; `undefined` between two attempts. */
  get leg(): Leg | undefined {
    return this.#leg;
  }

  /** Name of the backend tried last. */
  get backend(): string {
    return this.#backend;
  }

  /** When the attempt under way is given up. */
  get deadline(): number {
    return this.#deadline;
  }

  /** Whether there is no candidate left to try. */
  get exhausted(): boolean {
    return this.#exhausted;
  }

  /** What became of the attempts so far, for the operator. */
  get account(): string {
    return this.#refusals.join("; ") || "the pool has no backend";
  }

  /** Dials the next candidate. Returns whether there was one. */
  next(): boolean {
    const { done, value } = this.#candidates.next();
    if (done) {
      this.#exhausted = true;
      return false;
    }
    this.#backend = value;
    this.again();
    return true;
  }

  /** Dials the same candidate once more. */
  again(): void {
    this.#leg = this.#session.dial(this.#backend);
    this.extend();
  }

  /** Gives the attempt under way its full time again, because it made progress. */
  extend(): void {
    this.#deadline = this.#session.port.now() + this.#session.options.limits.attemptMs;
  }

  /** The attempt waits for the client now: that time does not count against the backend. */
  pause(): void {
    this.#deadline = Infinity;
  }

  /** Gives up the attempt under way because of `cause`. */
  refuse(cause: string): void {
    this.forget();
    this.#refusals.push(`${this.#backend}: ${cause}`);
    this.#session.port.emit({ kind: "refused", backend: this.#backend, cause });
  }

  /** Closes the attempt's leg, without holding it against the backend. */
  forget(): void {
    if (this.#leg !== undefined) this.#session.close(this.#leg, "full");
    this.#leg = undefined;
    this.#deadline = Infinity;
  }
}
