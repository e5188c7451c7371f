/** The names of a network: its backends and pools, and which of them an asker may know. */
import { nearest } from "../config/nearest.ts";
import type { Asker } from "../session/routes.ts";
import type { Backend } from "./backend.ts";
import type { Pool } from "./pool.ts";

/** What a name can stand for. */
export interface Named {
  /** The name as it is written in the configuration. */
  readonly name: string;
  /** `undefined` for a backend. */
  readonly pool: Pool | undefined;
  /** The pool's backends, or the backend itself. */
  readonly members: readonly Backend[];
  /** The members that the asker may go to. */
  readonly reachable: readonly Backend[];
}

/** The backends and pools of a network, in the configuration's order. */
export class Directory {
  readonly backends: readonly Backend[];
  readonly pools: readonly Pool[];
  readonly #forPlayers: Names;
  readonly #forOthers: Names;

  constructor(backends: readonly Backend[], pools: readonly Pool[]) {
    this.backends = backends;
    this.pools = pools;
    this.#forPlayers = new Names(backends, pools, ({ settings }) => settings.joinable);
    this.#forOthers = new Names(backends, pools, () => true);
  }

  /** What `by` means by `name`: the same in any case, though one written exactly so comes first. */
  find(name: string, by: Asker): Named | undefined {
    return this.#names(by).find(name);
  }

  /** The name that `by` probably means by `name`, which nothing has. */
  nearest(name: string, by: Asker): string | undefined {
    return this.#names(by).nearest(name);
  }

  #names(by: Asker): Names {
    return by === "player" ? this.#forPlayers : this.#forOthers;
  }
}

/** The names that lead to some backend an asker may go to, where `mayGo` tells which these are. */
class Names {
  readonly #byName = new Map<string, Named>();
  readonly #anyCase = new Map<string, Named>();

  constructor(backends: readonly Backend[], pools: readonly Pool[], mayGo: (backend: Backend) => boolean) {
    const all = [
      ...backends.map((backend) => ({ name: backend.name, pool: undefined, members: [backend] })),
      ...pools.map((pool) => ({ name: pool.name, pool, members: pool.backends })),
    ];
    for (const named of all) {
      const reachable = named.members.filter(mayGo);
      if (reachable.length > 0) this.#add({ ...named, reachable });
    }
  }

  find(name: string): Named | undefined {
    return this.#byName.get(name) ?? this.#anyCase.get(name.toLowerCase());
  }

  nearest(name: string): string | undefined {
    return nearest(name, this.#byName.keys());
  }

  #add(named: Named): void {
    const lower = named.name.toLowerCase();
    this.#byName.set(named.name, named);
    if (!this.#anyCase.has(lower)) this.#anyCase.set(lower, named);
  }
}
