import { resetConnection } from "./reset.ts";

/** Where to connect to or where one is bound: a TCP address or the path of a Unix socket. */
export type Target = { readonly hostname: string; readonly port: number } | { readonly path: string };

/** How a connection ended: the other side finished sending, it broke, or this side closed it. */
export type Ending = "finished" | "broken" | "closed";

/**
 * How bytes are handed to the system: as they were given; in two halves, of which the second goes along with what is given next, or after
 * a while; or one at a time.
 */
export type Chunking = "whole" | "halves" | "bytes";

const MAX_UNSENT = 64 * 1024 * 1024;
const READ_SIZE = 64 * 1024;
/** Milliseconds after which the second half goes by itself. */
const HALF_MS = 100;
const NOTHING = new Uint8Array(0);
const GONE = [
  Deno.errors.BrokenPipe,
  Deno.errors.ConnectionReset,
  Deno.errors.ConnectionAborted,
  Deno.errors.NotConnected,
  Deno.errors.BadResource,
  Deno.errors.Interrupted,
];

/** Connects to `target`. Rejects after `timeoutMs`. */
export async function dial(target: Target, timeoutMs: number): Promise<Deno.Conn> {
  const connecting: Promise<Deno.Conn> = "path" in target
    ? Deno.connect({ transport: "unix", path: target.path })
    : Deno.connect(target);
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    late.reject(new Error(`Cannot connect to ${JSON.stringify(target)}: no answer within ${timeoutMs} ms`));
    connecting.then((conn) => conn.close(), () => {});
  }, timeoutMs);
  try {
    return await Promise.race([connecting, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** One connection of a test: writes in order, hands over what it reads, and never throws because the other side went away. */
export class Link implements AsyncDisposable {
  /** Resolves when nothing will be read any more. */
  readonly ended: Promise<Ending>;

  readonly #conn: Deno.Conn;
  readonly #chunking: Chunking;
  #writing: Promise<void> = Promise.resolve();
  #unsent = 0;
  /** The second half of what was given last. */
  #held: Uint8Array<ArrayBuffer> = NOTHING;
  #heldTimer: ReturnType<typeof setTimeout> | undefined;
  #closed = false;
  #paused: PromiseWithResolvers<void> | undefined;

  /** @param onData Called with each chunk as it was read; the chunk is valid only during the call. */
  constructor(conn: Deno.Conn, onData: (chunk: Uint8Array) => void, chunking: Chunking = "whole") {
    this.#conn = conn;
    this.#chunking = chunking;
    if ("setNoDelay" in conn && typeof conn.setNoDelay === "function") conn.setNoDelay();
    this.ended = this.#read(onData);
  }

  /** Queues `bytes`. Resolves when the system took them, or the first half of them, or when the connection is gone. */
  write(bytes: Uint8Array): Promise<void> {
    if (this.#chunking !== "halves" || this.#closed) return this.#queue(bytes);
    const half = Math.ceil(bytes.length / 2);
    const sent = this.#queue(new Uint8Array([...this.#held, ...bytes.subarray(0, half)]));
    this.#held = bytes.slice(half);
    clearTimeout(this.#heldTimer);
    this.#heldTimer = setTimeout(() => this.#release(), HALF_MS);
    return sent;
  }

  /** Sends FIN behind everything queued; reading goes on. */
  closeWrite(): Promise<void> {
    this.#release();
    return this.#enqueue(() => this.#conn.closeWrite());
  }

  /** Stops reading until {@linkcode resume}; a read that is under way still completes. The end is not seen meanwhile. */
  pause(): void {
    this.#paused ??= Promise.withResolvers();
  }

  resume(): void {
    this.#paused?.resolve();
    this.#paused = undefined;
  }

  /** Closes both directions at once; what is queued may be lost. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#heldTimer);
    this.#conn.close();
    this.resume();
  }

  /** Breaks the connection with RST. See {@linkcode resetConnection} for where that is possible. */
  reset(): void {
    resetConnection(this.#conn);
    this.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
    await this.ended;
    await this.#writing;
  }

  #release(): void {
    clearTimeout(this.#heldTimer);
    this.#queue(this.#held);
    this.#held = NOTHING;
  }

  #queue(bytes: Uint8Array): Promise<void> {
    if (this.#unsent + bytes.length > MAX_UNSENT) {
      throw new RangeError(`Cannot queue bytes: ${this.#unsent} wait already`);
    }
    const copy = bytes.slice();
    this.#unsent += copy.length;
    return this.#enqueue(async () => {
      const step = this.#chunking === "bytes" ? 1 : copy.length;
      for (let at = 0; at < copy.length;) at += await this.#conn.write(copy.subarray(at, at + step));
      this.#unsent -= copy.length;
    });
  }

  #enqueue(step: () => Promise<void>): Promise<void> {
    this.#writing = this.#writing.then(step).catch(ignoreGone);
    return this.#writing;
  }

  async #read(onData: (chunk: Uint8Array) => void): Promise<Ending> {
    const buffer = new Uint8Array(READ_SIZE);
    try {
      while (true) {
        do await this.#paused?.promise; while (this.#paused !== undefined);
        const count = await this.#conn.read(buffer);
        if (this.#closed) return "closed";
        if (count === null) return "finished";
        onData(buffer.subarray(0, count));
      }
    } catch (error) {
      ignoreGone(error);
      return this.#closed ? "closed" : "broken";
    }
  }
}

function ignoreGone(error: unknown): void {
  if (!GONE.some((gone) => error instanceof gone)) throw error;
}
