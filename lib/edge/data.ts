/** What an edge keeps in files beside its configuration: salts, the access lists, and where players were last. */
import { type Keyrings, openKeyrings } from "../auth/keyrings.ts";
import type { Config } from "../config/schema.ts";
import { AccessFile } from "../guard/access_file.ts";
import type { Log } from "../observe/log.ts";
import type { Prepared } from "./prepared.ts";
import { openRecent, wantsRecent } from "../routing/open_recent.ts";
import type { Recent } from "../routing/recent.ts";

/** See the file's first line. One owner closes it. */
export class EdgeData {
  readonly access: AccessFile;
  readonly #log: Log;
  #keyrings: Keyrings;
  #recent: Recent;

  private constructor(log: Log, access: AccessFile, keyrings: Keyrings, recent: Recent) {
    this.#log = log;
    this.access = access;
    this.#keyrings = keyrings;
    this.#recent = recent;
  }

  /**
   * @throws {UnusableFileError} where the data directory cannot be made, or a salt be read or made
   * @throws {ConfigError} where the access lists cannot be read
   */
  static async open(config: Config, log: Log): Promise<EdgeData> {
    const keyrings = await openKeyrings(config, log);
    const recent = await openRecentOf(config, log);
    try {
      const access = new AccessFile(config.edge.dataDir);
      await access.load();
      return new EdgeData(log, access, keyrings, recent);
    } catch (error) {
      recent.close();
      throw error;
    }
  }

  get keyrings(): Keyrings {
    return this.#keyrings;
  }

  get recent(): Recent {
    return this.#recent;
  }

  /**
   * Opens what `next` has beyond `before`.
   *
   * @throws {UnusableFileError} where the data directory cannot be made, or a salt be read or made
   */
  async prepare(before: Config, next: Config): Promise<Prepared> {
    const keyrings = await openKeyrings(next, this.#log, this.#keyrings);
    const recent = wantsRecent(next.pools) && !wantsRecent(before.pools)
      ? await openRecentOf(next, this.#log)
      : undefined;
    return {
      commit: () => {
        if (recent !== undefined) {
          this.#recent.close();
          this.#recent = recent;
        }
        this.#keyrings = keyrings;
        for (const keyring of keyrings.values()) {
          keyring.configure({ rotationMs: next.auth.saltRotationMs, overlapMs: next.auth.saltOverlapMs });
        }
      },
      discard: () => recent?.close(),
    };
  }

  /** Makes new salts where it is time. */
  rotate(): void {
    for (const keyring of this.#keyrings.values()) keyring.rotate();
  }

  /** Resolves when all salts are on disk. */
  async settled(): Promise<void> {
    await Promise.all([...this.#keyrings.values()].map((keyring) => keyring.settled()));
  }

  /** Remembers no more where players were. */
  close(): void {
    this.#recent.close();
  }
}

function openRecentOf(config: Config, log: Log): Promise<Recent> {
  return openRecent(config, (message) => log.warn("recent", message));
}
