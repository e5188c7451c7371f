/** A network for sessions without one: which backends take players is decided by the test. */
import type { Asker, Destination, ListedBackend, Seat, SessionRoutes, Ticket, Wish } from "../../lib/session/routes.ts";

/** Every backend takes everybody, until the test says otherwise. */
export class FakeRoutes implements SessionRoutes {
  readonly backends: readonly string[];
  /** Backends that are full or make players wait for their turn. */
  readonly busy = new Set<string>();
  readonly down = new Set<string>();
  readonly tokens = new Map<string, string>();
  readonly wishes: Wish[] = [];
  readonly arrivals: { readonly player: string; readonly backend: string; readonly wish: Wish }[] = [];
  /** Backends whose players are to go elsewhere. */
  readonly closing = new Set<string>();
  kick: "disconnect" | "fallback" = "disconnect";
  pool = "lobby";
  readonly #seats = new Map<string, number>();
  #openTickets = 0;

  constructor(backends: readonly string[] = ["hub"]) {
    this.backends = backends;
  }

  /** Tickets that were not closed. */
  get openTickets(): number {
    return this.#openTickets;
  }

  /** Seats taken on a backend. */
  seats(backend: string): number {
    return this.#seats.get(backend) ?? 0;
  }

  enlist(_player: string, wish: Wish): Ticket {
    this.wishes.push(wish);
    this.#openTickets++;
    const acceptable = wish.kind === "go"
      ? [wish.to]
      : this.backends.filter((name) => wish.kind === "join" || name !== wish.from);
    const refused = new Set<string>();
    const left = (): readonly string[] => acceptable.filter((name) => !refused.has(name) && !this.down.has(name));
    let open = true;
    const place = (): number => this.#openTickets;
    return {
      claim: () => {
        const backend = left().find((name) => !this.busy.has(name));
        return open && backend !== undefined ? this.#take(backend) : undefined;
      },
      refused: (backend) => refused.add(backend),
      get promising() {
        return open && left().length > 0;
      },
      get place() {
        return place();
      },
      close: () => {
        if (open) this.#openTickets--;
        open = false;
      },
    };
  }

  lookup(name: string, _by: Asker, here: string): Destination {
    if (name === here) return { kind: "here", name };
    if (!this.backends.includes(name)) return { kind: "unknown", name, nearest: this.backends[0] };
    return this.down.has(name) ? { kind: "closed", name, why: "down" } : { kind: "open", name };
  }

  list(): readonly ListedBackend[] {
    return this.backends.map((name) => ({
      name,
      players: this.seats(name),
      maxPlayers: 0,
      state: this.down.has(name) ? "down" : "up",
    }));
  }

  arrived(player: string, backend: string, wish: Wish): void {
    this.arrivals.push({ player, backend, wish });
  }

  onKick(): "disconnect" | "fallback" {
    return this.kick;
  }

  emptied(backend: string): boolean {
    return this.closing.has(backend);
  }

  resume(pool: string): void {
    this.pool = pool;
  }

  seat(backend: string): Seat {
    return this.#take(backend);
  }

  token(backend: string): string {
    return this.tokens.get(backend) ?? "";
  }

  #take(backend: string): Seat {
    this.#seats.set(backend, this.seats(backend) + 1);
    let taken = true;
    return {
      backend,
      release: () => {
        if (taken) this.#seats.set(backend, this.seats(backend) - 1);
        taken = false;
      },
    };
  }
}
