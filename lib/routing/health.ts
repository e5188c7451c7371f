/** Whether a backend is fit to take players: arithmetic over the results of checks and dials. */

/** Milliseconds over which a backend that has recovered works up to its full share of players. */
const SLOW_START_MS = 10_000;
/** The part of its share that a backend has at the moment of its recovery. */
const FIRST_SHARE = 0.1;

/** How many results in a row change a backend's state. */
export interface HealthRules {
  /** Good results that bring a backend up. */
  readonly rise: number;
  /** Bad results that take it down. */
  readonly fall: number;
}

/** A backend's state. It is up until something speaks against it, so that players can join as soon as the edge has started. */
export class Health {
  #rules: HealthRules;
  #up = true;
  /** Whether any result has ever been good. */
  #proved = false;
  /** Results in a row that speak against the state. */
  #against = 0;
  #since: number;
  #recoveredAt = -Infinity;
  #cause = "";

  constructor(rules: HealthRules, now: number) {
    this.#rules = rules;
    this.#since = now;
  }

  get up(): boolean {
    return this.#up;
  }

  /** Goes by other rules from now on; what was found so far still counts. */
  configure(rules: HealthRules): void {
    this.#rules = rules;
  }

  /** When the state began. */
  get since(): number {
    return this.#since;
  }

  /** What failed last; empty where nothing ever has. */
  get cause(): string {
    return this.#cause;
  }

  /** The part of its weight that the backend is worth now, above 0 and at most 1. */
  share(now: number): number {
    const sinceRecovery = now - this.#recoveredAt;
    return sinceRecovery >= SLOW_START_MS ? 1 : FIRST_SHARE + (1 - FIRST_SHARE) * sinceRecovery / SLOW_START_MS;
  }

  /** A check or a dial went well. Returns whether this changed the state. */
  succeeded(now: number): boolean {
    this.#proved = true;
    if (this.#up) {
      this.#against = 0;
      return false;
    }
    this.#against++;
    if (this.#against < this.#rules.rise) return false;
    this.#recoveredAt = now;
    return this.#turn(true, now);
  }

  /** A check went wrong; one is enough for a backend that has never proved anything. Returns whether this changed the state. */
  checkFailed(now: number, cause: string): boolean {
    return this.#failed(now, cause, true) || (this.#up && !this.#proved && this.#turn(false, now));
  }

  /**
   * A player's dial went wrong. Returns whether this changed the state.
   *
   * @param spared The backend stays up however many dials fail, until a check fails.
   */
  dialFailed(now: number, cause: string, spared: boolean): boolean {
    return this.#failed(now, cause, !spared);
  }

  #failed(now: number, cause: string, mayFall: boolean): boolean {
    this.#cause = cause;
    if (!this.#up) {
      this.#against = 0;
      return false;
    }
    this.#against++;
    return mayFall && this.#against >= this.#rules.fall && this.#turn(false, now);
  }

  #turn(up: boolean, now: number): true {
    this.#up = up;
    this.#since = now;
    this.#against = 0;
    return true;
  }
}
