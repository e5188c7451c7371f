import type { Rate } from "../config/units.ts";
import { addressKey } from "./address_key.ts";
import type { Lease } from "./lease.ts";
import { RateLimit, type RateLimitOptions } from "./rate_limit.ts";

export interface ConnectionLimits {
  /** Connections one address may have at one time. */
  readonly perAddress: number;
  /** New connections from one address. */
  readonly rate: Rate;
  /** Whether everybody is let in, and only what would have been refused is said. */
  readonly dryRun: boolean;
}

/** Why an address may not connect. */
export type ConnectionRefusal = "too-many-connections" | "connecting-too-fast";

export type ConnectionVerdict =
  | {
    readonly kind: "admitted";
    /** To be released when the connection is gone. */
    readonly lease: Lease;
    /** Why it would have been refused; `undefined` unless in a dry run. */
    readonly wouldRefuse: ConnectionRefusal | undefined;
  }
  | { readonly kind: "refused"; readonly reason: ConnectionRefusal };

/** Who may connect: how many connections one address has open, and how fast it makes new ones. Addresses are told apart by their keys. */
export class Connections {
  readonly #open = new Map<string, number>();
  readonly #rate: RateLimit;
  #limits: ConnectionLimits;

  constructor(limits: ConnectionLimits, options: RateLimitOptions = {}) {
    this.#limits = limits;
    this.#rate = new RateLimit(limits.rate, options);
  }

  /** Addresses that have connections open. */
  get addresses(): number {
    return this.#open.size;
  }

  /** Goes on with other limits. Open connections stay, and count. */
  configure(limits: ConnectionLimits): void {
    this.#limits = limits;
    this.#rate.configure(limits.rate);
  }

  /** Whether `address` may have one more connection at the time `now`, in milliseconds of a clock that never goes back. */
  admit(address: string, now: number): ConnectionVerdict {
    const key = addressKey(address);
    const reason = this.#refusal(key, now);
    if (reason !== undefined && !this.#limits.dryRun) return { kind: "refused", reason };
    return { kind: "admitted", lease: this.#take(key), wouldRefuse: reason };
  }

  /** Counts a connection of `address` that is open already, whatever the limits. */
  hold(address: string): Lease {
    return this.#take(addressKey(address));
  }

  #refusal(key: string, now: number): ConnectionRefusal | undefined {
    if (this.#count(key) >= this.#limits.perAddress) return "too-many-connections";
    return this.#rate.take(key, now) ? undefined : "connecting-too-fast";
  }

  #take(key: string): Lease {
    this.#open.set(key, this.#count(key) + 1);
    return new KeyLease(key, this.#release);
  }

  #count(key: string): number {
    return this.#open.get(key) ?? 0;
  }

  /** A value, so that all leases share it. */
  readonly #release = (key: string): void => {
    const left = this.#count(key) - 1;
    if (left === 0) this.#open.delete(key);
    else this.#open.set(key, left);
  };
}

/** One connection of the address with that key. */
class KeyLease implements Lease {
  readonly #key: string;
  #release: ((key: string) => void) | undefined;

  constructor(key: string, release: (key: string) => void) {
    this.#key = key;
    this.#release = release;
  }

  release(): void {
    const release = this.#release;
    this.#release = undefined;
    release?.(this.#key);
  }
}
