import type { SessionTraffic } from "../session/port.ts";
import type { RunningSession } from "./running_session.ts";

const NO_TRAFFIC: SessionTraffic = {
  bytes: { fromClient: 0, toClient: 0, fromBackend: 0, toBackend: 0 },
  packets: { fromClient: 0, fromBackend: 0 },
};

/** The sessions whose sockets are not all closed yet, in the order they came, and what went through those that are over. */
export class Roster implements Iterable<RunningSession> {
  readonly #running = new Set<RunningSession>();
  /** Of sessions that are over. */
  #traffic: SessionTraffic = NO_TRAFFIC;
  /** Who waits for the end of the last session. */
  readonly #emptied = new Set<() => void>();

  get size(): number {
    return this.#running.size;
  }

  /** What went through all sessions so far; never decreases. */
  get traffic(): SessionTraffic {
    return this.#running.values().reduce((sum, { session }) => plus(sum, session.traffic), this.#traffic);
  }

  [Symbol.iterator](): SetIterator<RunningSession> {
    return this.#running.values();
  }

  add(running: RunningSession): void {
    this.#running.add(running);
  }

  /** The session is over. */
  remove(running: RunningSession): void {
    this.#running.delete(running);
    this.#traffic = plus(this.#traffic, running.session.traffic);
    if (this.#running.size > 0) return;
    for (const resolve of this.#emptied) resolve();
    this.#emptied.clear();
  }

  /** Resolves when no session is left, or after `ms` milliseconds where they are given. */
  async emptied(ms?: number): Promise<void> {
    if (this.#running.size === 0) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#emptied.add(resolve);
    const timer = ms === undefined ? undefined : setTimeout(resolve, ms);
    await promise;
    clearTimeout(timer);
    this.#emptied.delete(resolve);
  }
}

function plus(a: SessionTraffic, b: SessionTraffic): SessionTraffic {
  return {
    bytes: {
      fromClient: a.bytes.fromClient + b.bytes.fromClient,
      toClient: a.bytes.toClient + b.bytes.toClient,
      fromBackend: a.bytes.fromBackend + b.bytes.fromBackend,
      toBackend: a.bytes.toBackend + b.bytes.toBackend,
    },
    packets: {
      fromClient: a.packets.fromClient + b.packets.fromClient,
      fromBackend: a.packets.fromBackend + b.packets.fromBackend,
    },
  };
}
