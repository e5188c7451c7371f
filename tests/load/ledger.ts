import type { ServerEvent } from "../../lib/demo/options.ts";

/** Somebody stands in a server's world; `at` is a time of `performance.now()`. */
export interface Arrival {
  readonly player: string;
  readonly server: string;
  readonly at: number;
}

/** What several servers got from players who go from one to another. */
export class Ledger {
  /** In the order they happened. */
  readonly arrivals: Arrival[] = [];
  /** Numbers of the lines `#NUMBER` that each server heard, by player and server. */
  readonly #lines = new Map<string, Map<string, number[]>>();
  readonly #positions = new Map<string, number>();

  take(server: string, event: ServerEvent): void {
    const { player } = event;
    if (event.kind === "joined") {
      this.arrivals.push({ player, server, at: performance.now() });
    } else if (event.kind === "chat") {
      const [, number] = /^#(\d+)$/.exec(event.text) ?? [];
      if (number !== undefined) this.#heard(player, server, Number(number));
    } else if (event.kind === "packet" && event.packet === "PlayerPosition") {
      this.#positions.set(player, this.positions(player) + 1);
    }
  }

  /** Positions that somebody sent to any of the servers. */
  positions(player: string): number {
    return this.#positions.get(player) ?? 0;
  }

  /** Numbers of the lines that each server heard of somebody, in the order it heard them. */
  lines(player: string): readonly (readonly number[])[] {
    return [...this.#lines.get(player)?.values() ?? []];
  }

  #heard(player: string, server: string, number: number): void {
    const servers = this.#lines.get(player) ?? new Map<string, number[]>();
    this.#lines.set(player, servers);
    const numbers = servers.get(server) ?? [];
    servers.set(server, numbers);
    numbers.push(number);
  }
}
