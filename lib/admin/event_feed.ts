/** Events as they happen, as server-sent events (WHATWG HTML §9.2), for any number of callers up to a limit. */
import type { StampedEvent } from "../observe/edge_event.ts";
import type { Control } from "./control.ts";

export interface EventFeedOptions {
  /** Streams at one time. @default 64 */
  readonly mostStreams?: number;
  /** Events that may wait for one slow reader; more than come at once when every player leaves. @default 8192 */
  readonly mostPending?: number;
  /** Milliseconds without an event after which a comment shows that the connection is alive. @default 15000 */
  readonly heartbeatMs?: number;
}

/** Milliseconds after which browsers connect again. */
const RETRY_MS = 2000;
const ENCODER = new TextEncoder();

/** See the file's first line. Memory is bounded: a reader who does not keep up loses the stream, not the others theirs. */
export class EventFeed {
  readonly #control: Pick<Control, "eventsSince" | "subscribe">;
  readonly #mostStreams: number;
  readonly #mostPending: number;
  readonly #heartbeatMs: number;
  readonly #readers = new Set<Reader>();

  constructor(
    control: Pick<Control, "eventsSince" | "subscribe">,
    { mostStreams = 64, mostPending = 8192, heartbeatMs = 15_000 }: EventFeedOptions = {},
  ) {
    this.#control = control;
    this.#mostStreams = mostStreams;
    this.#mostPending = mostPending;
    this.#heartbeatMs = heartbeatMs;
  }

  /** Streams that are open. */
  get size(): number {
    return this.#readers.size;
  }

  /**
   * A stream of what happens from now on; `undefined` where there are too many. Whoever has it reads or cancels it.
   *
   * @param since Id of the last event that the reader knows: the stream begins with what came after, as far as it is remembered. An
   * id that no event has yet is of an edge before this one, which gave ids from 1 as well: everything that is remembered is new.
   */
  open(since: number | undefined): ReadableStream<Uint8Array> | undefined {
    if (this.#readers.size >= this.#mostStreams) return undefined;
    const reader = new Reader(this.#greeting(since), this.#mostPending, this.#heartbeatMs);
    const unsubscribe = this.#control.subscribe((event) => reader.take(event));
    const leave = (): void => {
      unsubscribe();
      this.#readers.delete(reader);
    };
    this.#readers.add(reader);
    return new ReadableStream({
      pull: async (controller) => {
        const text = await reader.next();
        if (text !== undefined) return controller.enqueue(ENCODER.encode(text));
        leave();
        controller.close();
      },
      cancel: () => {
        leave();
        reader.end();
      },
    }, { highWaterMark: 0 });
  }

  /** Ends every stream, after what waits for its reader. */
  end(): void {
    for (const reader of this.#readers) reader.end("the edge ends this stream");
  }

  #greeting(since: number | undefined): string {
    const greeting = `retry: ${RETRY_MS}\n: events of the edge\n\n`;
    if (since === undefined) return greeting;
    const kept = this.#control.eventsSince(0);
    const known = since > (kept.at(-1)?.id ?? 0) ? 0 : since;
    const missed = kept.filter(({ id }) => id > known);
    const forgotten = (missed[0]?.id ?? known + 1) - known - 1;
    const gap = forgotten === 0 ? "" : `: ${forgotten} events are not remembered any more\n\n`;
    return greeting + gap + missed.map(format).join("");
  }
}

/** What one stream has still to say. */
class Reader {
  readonly #mostPending: number;
  readonly #heartbeatMs: number;
  #said: string;
  #pending: StampedEvent[] = [];
  #isOver = false;
  #wake: () => void = () => {};

  constructor(greeting: string, mostPending: number, heartbeatMs: number) {
    this.#said = greeting;
    this.#mostPending = mostPending;
    this.#heartbeatMs = heartbeatMs;
  }

  take(event: StampedEvent): void {
    if (this.#isOver) return;
    this.#pending.push(event);
    if (this.#pending.length > this.#mostPending) {
      this.#pending = [];
      this.end("you read too slowly, so events were lost");
    }
    this.#wake();
  }

  /** @param why A comment for the reader. */
  end(why?: string): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#said += this.#pending.map(format).join("");
    this.#pending = [];
    if (why !== undefined) this.#said += `: ${why}\n\n`;
    this.#wake();
  }

  /** Waits for something to say; `undefined` at the end. */
  async next(): Promise<string | undefined> {
    if (this.#said === "" && this.#pending.length === 0 && !this.#isOver) await this.#change();
    const text = this.#said + this.#pending.map(format).join("");
    this.#said = "";
    this.#pending = [];
    if (text !== "") return text;
    return this.#isOver ? undefined : ":\n\n";
  }

  /** Resolves when there is something to say, or nothing was said for long. */
  #change(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, this.#heartbeatMs);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

function format(event: StampedEvent): string {
  return `id: ${event.id}\nevent: ${event.event}\ndata: ${JSON.stringify(event)}\n\n`;
}
