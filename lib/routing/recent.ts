/** Which backend of each pool a player was on last. Outlives the edge. */
import { messageOf } from "../error_message.ts";
import { DatabaseSync, type StatementSync } from "node:sqlite";

const FILE = "recent.sqlite";
/** Milliseconds to wait for another process, a successor for instance, that writes to the file. */
const BUSY_MS = 100;
/** What SQLite says about a file that is damaged or none of its own. */
const CORRUPT = /malformed|not a database|damaged/;
/** A database that is only in memory. */
const MEMORY = ":memory:";
/** Milliseconds that an entry may wait for others: one write of many costs little more than that of one. */
const WRITE_MS = 50;

/** How much is remembered, and who is told of faults. */
export interface RecentOptions {
  /** Entries that are kept, one for each player and pool; the oldest are forgotten, a hundredth at a time. @default 100000 */
  readonly limit?: number;
  /** Told what is wrong with the file. Nothing is thrown: the rest of the process's life is remembered in memory instead. */
  readonly onProblem: (message: string) => void;
}

/**
 * Remembers in `recent.sqlite`, which only the owner can read. Whatever was remembered 50 ms ago survives the end of the process, however
 * sudden; a loss of power may take the last entries.
 */
export class Recent {
  readonly #limit: number;
  readonly #onProblem: (message: string) => void;
  #store: Store;
  /** What is not in the store yet, by {@linkcode keyOf}, oldest first: at most a hundredth of the limit. */
  #unwritten = new Map<string, RecentEntry>();
  #writing: ReturnType<typeof setTimeout> | undefined;
  #sinceForgetting = 0;

  /** @param dataDir An existing directory; in memory only where it is `undefined`. */
  constructor(dataDir: string | undefined, { limit = 100_000, onProblem }: RecentOptions) {
    this.#limit = limit;
    this.#onProblem = onProblem;
    this.#store = dataDir === undefined ? new Store(MEMORY) : this.#open(`${dataDir}/${FILE}`);
    this.#safely((store) => store.forget(limit));
  }

  /** Name of the backend of `pool` that `player`, in any case, was on last. */
  last(player: string, pool: string): string | undefined {
    const name = player.toLowerCase();
    const unwritten = this.#unwritten.get(keyOf(name, pool));
    return unwritten?.backend ?? this.#safely((store) => store.last(name, pool));
  }

  /** `player` is on `backend` of `pool` now. */
  remember(player: string, pool: string, backend: string): void {
    const entry = { player: player.toLowerCase(), pool, backend };
    const key = keyOf(entry.player, pool);
    this.#unwritten.delete(key);
    this.#unwritten.set(key, entry);
    if (this.#unwritten.size * 100 >= this.#limit) this.write();
    else this.#writing ??= setTimeout(() => this.write(), WRITE_MS);
  }

  /** Writes at once what waits for it. */
  write(): void {
    clearTimeout(this.#writing);
    this.#writing = undefined;
    const entries = [...this.#unwritten.values()];
    if (entries.length === 0) return;
    this.#unwritten = new Map();
    this.#sinceForgetting += entries.length;
    const isForgetting = this.#sinceForgetting * 100 >= this.#limit;
    if (isForgetting) this.#sinceForgetting = 0;
    this.#safely((store) => {
      store.remember(entries);
      if (isForgetting) store.forget(this.#limit);
    });
  }

  close(): void {
    this.write();
    this.#store.close();
  }

  #open(path: string): Store {
    try {
      return openFile(path, (message) => this.#onProblem(message));
    } catch (error) {
      return this.#inMemory(`Cannot open ${path}`, error);
    }
  }

  #safely<T>(use: (store: Store) => T): T {
    try {
      return use(this.#store);
    } catch (error) {
      this.#store.close();
      this.#store = this.#inMemory(`Cannot use ${FILE}`, error);
      return use(this.#store);
    }
  }

  #inMemory(what: string, error: unknown): Store {
    this.#onProblem(`${what}, recent backends are forgotten at the end: ${messageOf(error)}`);
    return new Store(MEMORY);
  }
}

/** Opens or makes the file; one that is damaged is set aside first. */
function openFile(path: string, onProblem: (message: string) => void): Store {
  try {
    return openOrMake(path);
  } catch (error) {
    if (!CORRUPT.test(messageOf(error))) throw error;
    Deno.renameSync(path, `${path}.corrupt`);
    onProblem(`Cannot read ${path}, which is now ${path}.corrupt: ${messageOf(error)}`);
    // A log that is left of the old file is no danger: SQLite removes what lies beside an empty one.
    return openOrMake(path);
  }
}

function openOrMake(path: string): Store {
  // SQLite has no say in the mode, and gives its other files that of this one.
  Deno.openSync(path, { write: true, create: true, mode: 0o600 }).close();
  return new Store(path);
}

interface RecentEntry {
  /** In lower case. */
  readonly player: string;
  readonly pool: string;
  readonly backend: string;
}

/** No name of a player has a space. */
function keyOf(player: string, pool: string): string {
  return `${player} ${pool}`;
}

/** The database. Every method may throw. */
class Store {
  readonly #database: DatabaseSync;
  readonly #last: StatementSync;
  readonly #remember: StatementSync;
  readonly #forget: StatementSync;

  constructor(path: string) {
    const database = new DatabaseSync(path);
    try {
      database.exec(`PRAGMA busy_timeout = ${BUSY_MS}; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;`);
      const [verdict] = Object.values(database.prepare("PRAGMA quick_check(1)").get() ?? {});
      if (verdict !== "ok") throw new Error(`the file is damaged: ${String(verdict).replaceAll("\n", " ")}`);
      // Replacing a row gives it a new, highest id, so that ids are in the order of age.
      database.exec(`
        CREATE TABLE IF NOT EXISTS recent (
          id INTEGER PRIMARY KEY, player TEXT NOT NULL, pool TEXT NOT NULL, backend TEXT NOT NULL, UNIQUE (player, pool)
        ) STRICT
      `);
      this.#last = database.prepare("SELECT backend FROM recent WHERE player = ? AND pool = ?");
      this.#remember = database.prepare("INSERT OR REPLACE INTO recent (player, pool, backend) VALUES (?, ?, ?)");
      this.#forget = database.prepare(
        "DELETE FROM recent WHERE id <= (SELECT id FROM recent ORDER BY id DESC LIMIT 1 OFFSET ?)",
      );
    } catch (error) {
      database.close();
      throw error;
    }
    this.#database = database;
  }

  last(player: string, pool: string): string | undefined {
    const backend = this.#last.get(player, pool)?.backend;
    return typeof backend === "string" ? backend : undefined;
  }

  /** All of `entries`, or none where it throws. */
  remember(entries: readonly RecentEntry[]): void {
    this.#database.exec("BEGIN IMMEDIATE");
    try {
      for (const { player, pool, backend } of entries) this.#remember.run(player, pool, backend);
      this.#database.exec("COMMIT");
    } catch (error) {
      this.#database.exec("ROLLBACK");
      throw error;
    }
  }

  /** Forgets all but the `limit` youngest entries. */
  forget(limit: number): void {
    this.#forget.run(limit);
  }

  close(): void {
    this.#database.close();
  }
}
