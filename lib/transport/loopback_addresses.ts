/** Which loopback address stands for which player, where a backend has to tell its players apart by their addresses. */
import { hash } from "../hash.ts";

/** Values of each of the last three parts of an address: 1 to 254, as a host of any old network class may have them. */
const PART_VALUES = 254;
/** From 127.1.1.1 to 127.254.254.254, so that what else listens or dials on 127.0.0.1 and its neighbours is never meant. */
const ADDRESSES = PART_VALUES ** 3;

/** How many players {@linkcode LoopbackAddresses} tells apart. */
export interface LoopbackAddressesOptions {
  /** Players that have an address at one time, those who left lately included. @default 4096 */
  readonly limit?: number;
}

/** The use of an address by one connection. */
export interface Lease {
  /** Dotted, such as `127.12.200.7`. */
  readonly address: string;
  /** Ends the use. Later calls do nothing. */
  release(): void;
}

/** One player's address. */
export interface LoopbackEntry {
  /** In lower case. */
  readonly player: string;
  readonly address: string;
  /** Whether any connection uses it. */
  readonly inUse: boolean;
}

interface Entry {
  readonly address: number;
  /** Leases that are not released. */
  leases: number;
}

/**
 * A table of players and addresses. An address follows from the player's name, so that it is the same after a restart; only a
 * player whose address another one has gets the next free one. Those who have left keep theirs until the table is full.
 */
export class LoopbackAddresses {
  readonly #limit: number;
  readonly #inUse = new Map<string, Entry>();
  /** The one longest out of use comes first. */
  readonly #idle = new Map<string, Entry>();
  readonly #taken = new Set<number>();

  constructor({ limit = 4096 }: LoopbackAddressesOptions = {}) {
    this.#limit = limit;
  }

  /**
   * The address of `player`, in any case, for one more connection; a player who has several connections has one address.
   * `undefined` when all that the table holds are in use by others.
   */
  take(player: string): Lease | undefined {
    const name = player.toLowerCase();
    const entry = this.#inUse.get(name) ?? this.#idle.get(name) ?? this.#add(name);
    if (entry === undefined) return undefined;
    entry.leases++;
    this.#idle.delete(name);
    this.#inUse.set(name, entry);
    let released = false;
    return {
      address: dotted(entry.address),
      release: (): void => {
        if (released) return;
        released = true;
        this.#release(name, entry);
      },
    };
  }

  /** Every player who has an address, those who use it first. */
  entries(): readonly LoopbackEntry[] {
    return [...this.#inUse, ...this.#idle].map(([player, { address, leases }]) => (
      { player, address: dotted(address), inUse: leases > 0 }
    ));
  }

  #add(name: string): Entry | undefined {
    if (this.#taken.size >= this.#limit && !this.#forgetOldest()) return undefined;
    let address = hash(name) % ADDRESSES;
    while (this.#taken.has(address)) address = (address + 1) % ADDRESSES;
    this.#taken.add(address);
    return { address, leases: 0 };
  }

  #forgetOldest(): boolean {
    for (const [name, { address }] of this.#idle) {
      this.#idle.delete(name);
      return this.#taken.delete(address);
    }
    return false;
  }

  #release(name: string, entry: Entry): void {
    entry.leases--;
    if (entry.leases > 0) return;
    this.#inUse.delete(name);
    this.#idle.set(name, entry);
  }
}

function dotted(address: number): string {
  const part = (unit: number): number => 1 + Math.floor(address / unit) % PART_VALUES;
  return `127.${part(PART_VALUES ** 2)}.${part(PART_VALUES)}.${part(1)}`;
}
