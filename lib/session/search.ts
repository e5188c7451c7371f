/** Finding a backend for a wish: a place in line, and what became of the attempts so far. */
import type { SessionCore } from "./core.ts";
import type { Seat, Ticket, Wish } from "./routes.ts";

/** Refusals that are kept for the operator. */
const MAX_REFUSALS = 10;

/** See the file's first line. */
export class Search {
  readonly wish: Wish;
  readonly #session: SessionCore;
  readonly #ticket: Ticket;
  readonly #refusals: string[] = [];

  constructor(session: SessionCore, player: string, wish: Wish) {
    this.#session = session;
    this.wish = wish;
    this.#ticket = session.options.routes.enlist(player, wish);
  }

  /** Whether it is only a matter of waiting until somebody takes the player. */
  get promising(): boolean {
    return this.#ticket.promising;
  }

  /** The player's place in line, from 1. */
  get place(): number {
    return this.#ticket.place;
  }

  /** What became of the attempts so far, for the operator. */
  get account(): string {
    return this.#refusals.join("; ") || "no backend can take players";
  }

  /** A seat on the best backend that takes the player now; otherwise the session is told when to ask again. */
  claim(): Seat | undefined {
    return this.#ticket.claim();
  }

  /** A backend did not take the player because of `cause`; `kicked` where it said so itself. */
  refused(backend: string, cause: string, kicked: boolean): void {
    this.#ticket.refused(backend);
    if (this.#refusals.length === MAX_REFUSALS) this.#refusals.shift();
    this.#refusals.push(`${backend}: ${cause}`);
    this.#session.port.emit({ kind: "refused", backend, cause, kicked });
  }

  close(): void {
    this.#ticket.close();
  }
}
