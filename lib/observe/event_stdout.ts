/** Events on standard output: one line of JSON for each. */
import { LineQueue } from "./line_queue.ts";
import type { Log } from "./log.ts";
import { type ByteTaker, pump } from "./pump.ts";

/** Milliseconds the reader is given at the end to take what it has not taken yet. */
const CLOSING_MS = 2_000;

const STDOUT: ByteTaker = {
  write: async (bytes) => {
    for (let done = 0; done < bytes.length;) done += await Deno.stdout.write(bytes.subarray(done));
  },
};

/** See the file's first line. Nobody waits for its reader, who may be slow, or gone for good. */
export class EventStdout {
  readonly #log: Log;
  readonly #queue: LineQueue;
  #pumping: Promise<void> | undefined;
  #isBroken = false;

  constructor(log: Log) {
    this.#log = log;
    const message = "the reader of standard output is too slow, events are dropped";
    this.#queue = new LineQueue({ onFull: () => log.warn("events-dropped", message) });
  }

  add(line: string): void {
    if (this.#isBroken) return;
    this.#queue.add(line);
    this.#pumping ??= this.#pump();
  }

  /** Resolves when the reader has taken everything, or has had two seconds for it. */
  async close(): Promise<void> {
    const { promise: late, resolve } = Promise.withResolvers<void>();
    const deadline = setTimeout(resolve, CLOSING_MS);
    await Promise.race([this.#pumping, late]);
    clearTimeout(deadline);
    const count = this.#queue.missing;
    if (!this.#isBroken && count > 0) {
      this.#log.warn("events-lost", "standard output did not take all events", { count });
    }
    this.#isBroken = true;
  }

  async #pump(): Promise<void> {
    try {
      await pump(this.#queue, STDOUT);
    } catch (err) {
      this.#isBroken = true;
      this.#log.warn("events-failed", "standard output takes no more events", { err: String(err) });
    }
    this.#pumping = undefined;
  }
}
