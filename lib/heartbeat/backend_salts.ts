/** With which salt each backend checks its players' keys. What was learned outlives the edge. */
import { messageOf } from "../error_message.ts";
import { replaceFile } from "../replace_file.ts";

const FILE = "backend-salts";
/** Far more than the salts of all backends that one edge can have. */
const LONGEST_FILE = 1 << 20;
/** Salts that are kept of backends that are in the configuration no more. */
const MOST_LEARNED = 1_000;
/** A name of the configuration and what may be a salt. */
const LINE = /^([A-Za-z0-9_.-]{1,32}) ([!-~]{1,64})$/;

/** What a backend says about its salt, beside what is known: `"configured"` where the configuration has one, which counts. */
export type Learned = "new" | "same" | "configured";

/** The part of a backend's configuration that matters here. */
export interface SaltedBackend {
  readonly name: string;
  /** Empty where it is to be learned. */
  readonly salt: string;
}

/** Salts by backend. Those that are learned are kept in `backend-salts` of the data directory, which only the owner can read. */
export class BackendSalts implements AsyncDisposable {
  readonly #dataDir: string;
  #configured: ReadonlyMap<string, string>;
  readonly #onProblem: (message: string) => void;
  /** Names are those of the configuration. */
  readonly #learned = new Map<string, string>();
  #isChanged = false;
  #saving: Promise<void> | undefined;

  private constructor(dataDir: string, backends: readonly SaltedBackend[], onProblem: (message: string) => void) {
    this.#dataDir = dataDir;
    this.#configured = configuredSalts(backends);
    this.#onProblem = onProblem;
  }

  /** These are the backends from now on. What was learned of others is kept, within bounds, in case they come back. */
  configure(backends: readonly SaltedBackend[]): void {
    this.#configured = configuredSalts(backends);
    for (const backend of this.#learned.keys()) {
      if (this.#learned.size <= MOST_LEARNED) return;
      if (!this.#configured.has(backend)) this.#learned.delete(backend);
    }
  }

  /**
   * Reads what an earlier edge has learned about `backends`.
   *
   * @param onProblem Told what is wrong with the file. Nothing is thrown: what cannot be read is learned again, what cannot be
   * written is forgotten at the end.
   */
  static async open(
    dataDir: string,
    backends: readonly SaltedBackend[],
    onProblem: (message: string) => void,
  ): Promise<BackendSalts> {
    const salts = new BackendSalts(dataDir, backends, onProblem);
    await salts.#read();
    return salts;
  }

  get #path(): string {
    return `${this.#dataDir}/${FILE}`;
  }

  /** The salt of `backend`; `undefined` where it is not known yet. */
  saltFor(backend: string): string | undefined {
    return this.#configured.get(backend) || this.#learned.get(backend);
  }

  /** `backend`, one of the configuration, says that its salt is `salt`. */
  learn(backend: string, salt: string): Learned {
    if (this.#configured.get(backend)) return "configured";
    if (this.#learned.get(backend) === salt) return "same";
    this.#learned.set(backend, salt);
    this.#save();
    return "new";
  }

  /** Resolves when everything learned so far is written. */
  async settled(): Promise<void> {
    await this.#saving;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.settled();
  }

  async #read(): Promise<void> {
    try {
      const { size } = await Deno.stat(this.#path);
      if (size > LONGEST_FILE) throw new Error(`it has ${size} bytes, and may have ${LONGEST_FILE}`);
      this.#take(await Deno.readTextFile(this.#path));
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return;
      this.#onProblem(`Cannot read ${this.#path}, salts are learned again from heartbeats: ${messageOf(error)}`);
    }
  }

  #take(text: string): void {
    for (const [index, line] of text.split("\n").entries()) {
      if (line === "") continue;
      const [, backend, salt] = LINE.exec(line) ?? [];
      if (backend === undefined || salt === undefined) throw new Error(`line ${index + 1} is no name and salt`);
      if (this.#configured.get(backend) === "") this.#learned.set(backend, salt);
    }
  }

  #save(): void {
    this.#isChanged = true;
    this.#saving ??= this.#writeChanges().finally(() => this.#saving = undefined);
  }

  async #writeChanges(): Promise<void> {
    while (this.#isChanged) {
      this.#isChanged = false;
      try {
        const lines = [...this.#learned].map(([backend, salt]) => `${backend} ${salt}\n`);
        await Deno.mkdir(this.#dataDir, { recursive: true, mode: 0o700 });
        await replaceFile(this.#path, lines.join(""), 0o600);
      } catch (error) {
        this.#onProblem(`Cannot write ${this.#path}, learned salts are forgotten at the end: ${messageOf(error)}`);
      }
    }
  }
}

function configuredSalts(backends: readonly SaltedBackend[]): ReadonlyMap<string, string> {
  return new Map(backends.map(({ name, salt }) => [name, salt]));
}
