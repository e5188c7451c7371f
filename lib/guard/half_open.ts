import type { Lease } from "./lease.ts";

/**
 * Connections of which nobody knows yet who they are. When there are too many, the oldest is closed to make room: whoever only holds
 * connections open keeps no newcomer out.
 */
export class HalfOpen {
  /** What closes each connection, the oldest first. */
  readonly #closers = new Map<Lease, () => void>();
  #limit: number;
  #evictions = 0;

  /** @param limit Connections at one time, at least 1. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Connections that are half open. */
  get size(): number {
    return this.#closers.size;
  }

  /** Connections that were closed to make room, so far. */
  get evictions(): number {
    return this.#evictions;
  }

  /** Goes on with another limit, which the next connection is held to. */
  configure(limit: number): void {
    this.#limit = limit;
  }

  /**
   * Takes one more connection in. The lease is released once it is known who it is, or it is gone.
   *
   * @param close Closes the connection; called at most once, never after the release.
   */
  enter(close: () => void): Lease {
    while (this.#closers.size >= this.#limit) this.#evictOldest();
    const lease: Lease = { release: () => void this.#closers.delete(lease) };
    this.#closers.set(lease, close);
    return lease;
  }

  #evictOldest(): void {
    for (const [lease, close] of this.#closers) {
      this.#closers.delete(lease);
      this.#evictions++;
      close();
      return;
    }
  }
}
