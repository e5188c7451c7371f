import { LRUCache } from "lru-cache";

/** Failures of an address that are answered at once: an old page of the server list, and another try. */
const FREE = 3;
/** Milliseconds the next one has to wait for its answer; twice as many each further time. */
const FIRST_DELAY_MS = 250;
const LONGEST_DELAY_MS = 4_000;
/** Milliseconds without a failure after which an address begins anew. */
const FORGIVEN_MS = 600_000;
/** Addresses that are remembered; beyond that the one that failed least recently is forgotten. */
const MAX_ADDRESSES = 65_536;

interface Failures {
  readonly count: number;
  readonly at: number;
}

/** Slows down who tries names with wrong keys: the more of them an address has tried, the later it hears that one was wrong. */
export class FailedLogins {
  // With `max` it would make room for all of them at once.
  readonly #failures = new LRUCache<string, Failures>({ maxSize: MAX_ADDRESSES, sizeCalculation: () => 1 });

  /** Addresses that are remembered. */
  get size(): number {
    return this.#failures.size;
  }

  /**
   * Notes one more failure of `address`, whose limits are those of its key, at the time `now` in milliseconds of a clock that never
   * goes back. Returns after how many milliseconds it may hear of it.
   */
  add(address: string, now: number): number {
    const before = this.#failures.get(address);
    const count = before === undefined || now - before.at >= FORGIVEN_MS ? 0 : before.count;
    this.#failures.set(address, { count: count + 1, at: now });
    return count < FREE ? 0 : Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** (count - FREE));
  }
}
