/** Accepting connections. */
import { pause } from "../pause.ts";
import type { AcceptedConn } from "./conn.ts";
import { DENO_SOCKETS } from "./deno_sockets.ts";
import type { Acceptor, Sockets } from "./sockets.ts";
import type { Turnstile } from "./turnstile.ts";

/** Milliseconds to wait after a failed accept, so that a process out of descriptors does not spin. */
const RETRY_MS = 100;

/** How Deno fails to accept a connection that its peer has reset before. */
const GONE = [Deno.errors.NotConnected, Deno.errors.ConnectionAborted, Deno.errors.ConnectionReset];

/** What a listener tells. */
export interface ListenerEvents {
  /** Returns what part of a beat is to pass before the next one is accepted, from 0 to 1. */
  accepted(conn: AcceptedConn): number;
  /** A peer was gone before its connection could be accepted. */
  missed(): void;
  /** A connection could not be accepted, e.g. because the process has no descriptor left. The listener goes on. */
  failed(error: unknown): void;
}

/** One bound address. */
export class Listener implements Disposable {
  readonly #acceptor: Acceptor;
  readonly #pace: Pick<Turnstile, "turn" | "take">;
  readonly #accepting: Promise<void>;
  #closed = false;

  /**
   * Binds at once; throws what {@linkcode Deno.listen} throws.
   *
   * @param pace Where connections go through: Deno accepts all that wait before it looks at anything else.
   */
  constructor(
    hostname: string,
    port: number,
    events: ListenerEvents,
    pace: Pick<Turnstile, "turn" | "take">,
    sockets: Pick<Sockets, "listen"> = DENO_SOCKETS,
  ) {
    this.#pace = pace;
    this.#acceptor = sockets.listen(hostname, port);
    this.#accepting = this.#accept(events);
  }

  /** Where it listens; tells the port taken for port 0. */
  get address(): { readonly hostname: string; readonly port: number } {
    const { hostname, port } = this.#acceptor.addr;
    return { hostname, port };
  }

  /** What another process needs to listen there too; `undefined` where none can. */
  get descriptor(): number | undefined {
    return this.#closed ? undefined : this.#acceptor.descriptor;
  }

  /** Accepts nobody until {@linkcode resume}; those who connect wait. Does nothing where no other process could accept them. */
  pause(): void {
    this.#acceptor.pause?.();
  }

  resume(): void {
    this.#acceptor.resume?.();
  }

  /** Accepts no more. Resolves when the accept loop has ended. */
  async close(): Promise<void> {
    this[Symbol.dispose]();
    await this.#accepting;
  }

  [Symbol.dispose](): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#acceptor.close();
  }

  async #accept(events: ListenerEvents): Promise<void> {
    while (!this.#closed) {
      await this.#pace.turn();
      try {
        this.#pace.take(events.accepted(await this.#acceptor.accept()));
      } catch (error) {
        if (this.#closed) return;
        // That says nothing about the next one.
        if (GONE.some((kind) => error instanceof kind)) {
          events.missed();
          continue;
        }
        events.failed(error);
        await pause(RETRY_MS);
      }
    }
  }
}
