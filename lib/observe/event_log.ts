/** What has happened lately, for everybody who wants to know. */
import type { EdgeEvent, StampedEvent } from "./edge_event.ts";

/** Events that are kept for those who come later. */
const KEPT = 1_000;

export interface EventLogOptions {
  /** Told about errors of listeners. */
  readonly crashed: (error: unknown) => void;
  /**
   * Milliseconds since 1970.
   *
   * @default Date.now
   */
  readonly now?: () => number;
}

/** See the file's first line. Of the past it keeps the last 1,000 events. */
export class EventLog {
  readonly #options: EventLogOptions;
  readonly #listeners = new Set<(event: StampedEvent) => void>();
  /** A ring, in which an event has the place that its id names. */
  readonly #events: KeptEvent[] = [];
  #lastId = 0;

  constructor(options: EventLogOptions) {
    this.#options = options;
  }

  /** Gives the event its number and time, and tells every listener. */
  publish(event: EdgeEvent): void {
    const { now = Date.now, crashed } = this.#options;
    const kept: KeptEvent = { id: ++this.#lastId, at: now(), event };
    this.#events[(kept.id - 1) % KEPT] = kept;
    if (this.#listeners.size === 0) return;
    const told = stamped(kept);
    for (const listener of this.#listeners) {
      try {
        listener(told);
      } catch (error) {
        crashed(error);
      }
    }
  }

  /** Calls `listener` with each event from now on. Returns what ends that. */
  subscribe(listener: (event: StampedEvent) => void): () => void {
    // A function of its own, so that somebody who listens twice can stop once.
    const own = (event: StampedEvent): void => listener(event);
    this.#listeners.add(own);
    return () => {
      this.#listeners.delete(own);
    };
  }

  /** What is kept of the events behind the one with that id, oldest first. All of it where there was no such event, as after a restart. */
  since(id: number): readonly StampedEvent[] {
    const oldest = Math.max(0, this.#lastId - KEPT);
    const start = id > this.#lastId ? oldest : Math.max(id, oldest);
    const ids = Array.from({ length: this.#lastId - start }, (_, index) => start + index);
    return ids.flatMap((before) => this.#events[before % KEPT] ?? []).map(stamped);
  }
}

/** An event as it is kept: its words are made only for whoever asks. */
interface KeptEvent {
  readonly id: number;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly event: EdgeEvent;
}

function stamped({ id, at, event }: KeptEvent): StampedEvent {
  return { id, time: new Date(at).toISOString(), ...event };
}
