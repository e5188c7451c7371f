/** What the log says about connections that cannot be accepted. */
import { messageOf } from "../error_message.ts";
import type { Log } from "./log.ts";

/** How often it is said of one listener: accepting is tried again ten times a second. */
const SAID_AGAIN_MS = 10_000;

/** See the file's first line. */
export class AcceptLog {
  readonly #log: Log;
  /** When it was last said, by listener. */
  readonly #saidAt = new Map<string, number>();

  constructor(log: Log) {
    this.#log = log;
  }

  /** A connection to `listener` could not be accepted at the time `now`, in milliseconds of a clock that never goes back. */
  failed(listener: string, error: unknown, now: number): void {
    if (now - (this.#saidAt.get(listener) ?? -Infinity) < SAID_AGAIN_MS) return;
    // Listeners come and go.
    for (const [name, at] of this.#saidAt) if (now - at >= SAID_AGAIN_MS) this.#saidAt.delete(name);
    this.#saidAt.set(listener, now);
    const err = messageOf(error);
    this.#log.error("accept-failed", "cannot accept", { listener, err });
  }
}
