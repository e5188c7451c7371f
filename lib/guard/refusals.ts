/** Shortest time between two lines about the same reason. */
const QUIET_MS = 10_000;
/** Addresses told apart for one line; more only cost memory. */
const MOST_ADDRESSES = 1000;

/** What is to be said about one reason. */
export interface RefusalSummary<R extends string> {
  readonly reason: R;
  /** How often it came since the last summary. */
  readonly count: number;
  /** Different addresses it came from; 1000 stands for any higher number. */
  readonly addresses: number;
  /** One of the addresses, `undefined` where none was told. */
  readonly example: string | undefined;
}

/** What is counted of one reason. */
interface Tally {
  total: number;
  unsaid: number;
  saidAt: number;
  readonly addresses: Set<string>;
}

/**
 * Counts what was refused or remarkable, by reason, and sums it up for the log. Holds nothing against anybody.
 *
 * Reasons must be few: each is remembered for good.
 */
export class Refusals<R extends string> {
  readonly #tallies = new Map<R, Tally>();

  /** Counts one; `address` is for the summary. */
  add(reason: R, address?: string): void {
    const tally = this.#tally(reason);
    tally.total++;
    tally.unsaid++;
    if (address !== undefined && tally.addresses.size < MOST_ADDRESSES) tally.addresses.add(address);
  }

  /** How often `reason` was counted so far. */
  total(reason: R): number {
    return this.#tallies.get(reason)?.total ?? 0;
  }

  /** Every reason that was ever counted and how often. */
  totals(): readonly (readonly [R, number])[] {
    return Array.from(this.#tallies, ([reason, { total }]) => [reason, total] as const);
  }

  /**
   * What is to be logged at the time `now`, in milliseconds: each reason that was counted since its last line, unless that was less than
   * ten seconds ago. To be asked about once a second.
   */
  due(now: number): readonly RefusalSummary<R>[] {
    const summaries: RefusalSummary<R>[] = [];
    for (const [reason, tally] of this.#tallies) {
      if (tally.unsaid === 0 || now - tally.saidAt < QUIET_MS) continue;
      const [example] = tally.addresses;
      summaries.push({ reason, count: tally.unsaid, addresses: tally.addresses.size, example });
      tally.unsaid = 0;
      tally.saidAt = now;
      tally.addresses.clear();
    }
    return summaries;
  }

  #tally(reason: R): Tally {
    const found = this.#tallies.get(reason);
    if (found !== undefined) return found;
    const tally = { total: 0, unsaid: 0, saidAt: -Infinity, addresses: new Set<string>() };
    this.#tallies.set(reason, tally);
    return tally;
  }
}
