import type { Lease } from "./lease.ts";

/**
 * Connections of which nobody knows yet who they are. When there are too many, the oldest is closed to make room: whoever only holds
 * connections open keeps no newcomer out.
 */
export class HalfOpen {
  /** The oldest first. */
  readonly #rooms = new Set<Room>();
  #limit: number;

  /** @param limit Connections at one time, at least 1. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Connections that are half open. */
  get size(): number {
    return this.#rooms.size;
  }

  /** Goes on with another limit, which the next connection is held to. */
  configure(limit: number): void {
    this.#limit = limit;
  }

  /**
   * Takes one more connection in. The room is released once it is known who it is, or it is gone.
   *
   * @param close Closes the connection; called at most once, never after the release.
   */
  enter(close: () => void): Room {
    while (this.#rooms.size >= this.#limit) this.#evictOldest();
    const room = new Room(this.#rooms, close);
    this.#rooms.add(room);
    return room;
  }

  #evictOldest(): void {
    for (const room of this.#rooms) {
      room.evict();
      return;
    }
  }
}

/** What one connection takes up. */
export class Room implements Lease {
  readonly #rooms: Set<Room>;
  /** `undefined` once it is released or evicted. */
  #close: (() => void) | undefined;
  #isEvicted = false;

  constructor(rooms: Set<Room>, close: () => void) {
    this.#rooms = rooms;
    this.#close = close;
  }

  /** The connection is closed in another way from now on: at once, where it was to be closed already. */
  closeBy(close: () => void): void {
    if (this.#isEvicted) close();
    else if (this.#close !== undefined) this.#close = close;
  }

  release(): void {
    this.#rooms.delete(this);
    this.#close = undefined;
  }

  /** Releases the room and closes the connection. */
  evict(): void {
    const close = this.#close;
    this.release();
    this.#isEvicted = true;
    close?.();
  }
}
