/** Reloads, one at a time: read anew, compare, put into effect, and back again unless confirmed. */
import type { Answer, ReloadAnswer, ReloadPlan } from "./admin/control.ts";
import { diffConfig } from "./config/diff.ts";
import { ConfigError, formatProblem } from "./config/problem.ts";
import type { Config } from "./config/schema.ts";
import type { ConfigSource } from "./config/source.ts";
import type { ReloadResult } from "./observe/edge_event.ts";

/** Reloads that may wait for the one that is under way. */
const MOST_WAITING = 16;

export interface ReloadsOptions {
  /** What is in effect at the start. */
  readonly config: Config;
  /** Where it came from; `undefined` where it was made up, and cannot be read anew. */
  readonly source: ConfigSource | undefined;
  /** Puts a configuration into effect; where it rejects, nothing has changed. */
  readonly apply: (config: Config) => Promise<void>;
  /** Told what became of every reload, confirmation and rollback. */
  readonly ended: (answer: ReloadAnswer) => void;
}

/** What became of the last reload. */
export interface LastReload {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly result: ReloadResult;
  readonly detail: string;
}

/** What the file asks for. */
type Reading =
  | { readonly kind: "usable"; readonly config: Config; readonly warnings: readonly string[] }
  | { readonly kind: "unusable"; readonly problems: readonly string[] };

/** See the file's first line. */
export class Reloads {
  readonly #options: ReloadsOptions;
  #config: Config;
  /** What comes back unless the one in effect is confirmed; the one in effect where nothing waits for that. */
  #confirmed: Config;
  /** Milliseconds since 1970. */
  #loadedAt = Date.now();
  #last: LastReload | undefined;
  #pending: { readonly timer: ReturnType<typeof setTimeout>; readonly until: number } | undefined;
  #waiting = 0;
  #running: Promise<unknown> = Promise.resolve();
  #closed = false;

  constructor(options: ReloadsOptions) {
    this.#options = options;
    this.#config = options.config;
    this.#confirmed = options.config;
  }

  /** What is in effect. */
  get config(): Config {
    return this.#config;
  }

  /** When that was put into effect, in milliseconds since 1970. */
  get loadedAt(): number {
    return this.#loadedAt;
  }

  get last(): LastReload | undefined {
    return this.#last;
  }

  /** Until when the last reload must be confirmed, in milliseconds since 1970; `undefined` where nothing waits for that. */
  get confirmBy(): number | undefined {
    return this.#pending?.until;
  }

  /** @param confirmMs Milliseconds after which what was confirmed last comes back, unless {@linkcode confirm} is called. */
  reload(confirmMs?: number): Promise<ReloadAnswer> {
    return this.#next(() => this.#reload(confirmMs));
  }

  /** Keeps what is in effect. */
  confirm(): Answer {
    if (this.#pending === undefined) return { kind: "refused", message: "Nothing waits to be confirmed" };
    this.#settle();
    this.#end({ result: "confirmed", lines: ["the last reload is kept"] });
    return { kind: "done", message: "The last reload is kept" };
  }

  /** Brings back what was confirmed last. */
  rollBack(): Promise<ReloadAnswer> {
    return this.#next(() => this.#rollBack("as was asked"));
  }

  /** What {@linkcode reload} would do now, less who would move. */
  async plan(): Promise<Omit<ReloadPlan, "moves"> & { readonly next: Config | undefined }> {
    const reading = await this.#read();
    if (reading.kind === "unusable") {
      return { result: "invalid", changes: [], problems: reading.problems, next: undefined };
    }
    const { changes, refusals } = diffConfig(this.#config, reading.config);
    const problems = [...refusals, ...reading.warnings];
    const next = reading.config;
    if (refusals.length > 0) return { result: "restart", changes, problems, next };
    return { result: changes.length > 0 ? "changes" : "unchanged", changes, problems, next };
  }

  /** Reloads no more. Resolves when the one under way is over. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#pending?.timer);
    this.#pending = undefined;
    await this.#running;
  }

  #next(work: () => Promise<ReloadAnswer>): Promise<ReloadAnswer> {
    if (this.#closed) return Promise.resolve({ result: "refused", lines: ["the edge is stopping"] });
    if (this.#waiting >= MOST_WAITING) {
      return Promise.resolve({ result: "refused", lines: [`${MOST_WAITING} reloads are waiting already`] });
    }
    this.#waiting++;
    const done = this.#running.then(async () => {
      const answer = await work();
      this.#waiting--;
      this.#end(answer);
      return answer;
    });
    this.#running = done;
    return done;
  }

  async #reload(confirmMs: number | undefined): Promise<ReloadAnswer> {
    const reading = await this.#read();
    if (reading.kind === "unusable") return { result: "refused", lines: reading.problems };
    const { config, warnings } = reading;
    const { changes, refusals } = diffConfig(this.#config, config);
    if (refusals.length > 0) return { result: "refused", lines: refusals };
    const failure = await this.#apply(config);
    if (failure !== undefined) return { result: "refused", lines: [failure] };
    if (changes.length === 0) return { result: "unchanged", lines: warnings };
    this.#await(confirmMs);
    const lines = [
      ...changes.map(({ kind, what, details }) =>
        `${what} ${kind}${details.length > 0 ? ` (${details.join(", ")})` : ""}`
      ),
      ...warnings,
    ];
    const { confirmBy } = this;
    return { result: "applied", lines, ...confirmBy !== undefined && { confirmBy: new Date(confirmBy).toISOString() } };
  }

  async #rollBack(why: string): Promise<ReloadAnswer> {
    if (this.#pending === undefined) return { result: "refused", lines: ["nothing waits to be confirmed"] };
    const failure = await this.#apply(this.#confirmed);
    this.#settle();
    if (failure !== undefined) {
      return { result: "refused", lines: [`Cannot roll back, what is in effect stays: ${failure}`] };
    }
    return { result: "rolled-back", lines: [`the configuration of before is back, ${why}`] };
  }

  /** Resolves with what stands in the way, if anything. */
  async #apply(config: Config): Promise<string | undefined> {
    try {
      await this.#options.apply(config);
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
    this.#config = config;
    this.#loadedAt = Date.now();
    return undefined;
  }

  async #read(): Promise<Reading> {
    const { source } = this.#options;
    if (source === undefined) return { kind: "unusable", problems: ["There is no configuration file to read"] };
    try {
      const { config, warnings } = await source.load();
      return { kind: "usable", config, warnings: warnings.map(formatProblem) };
    } catch (error) {
      if (error instanceof ConfigError) return { kind: "unusable", problems: error.problems.map(formatProblem) };
      return { kind: "unusable", problems: [error instanceof Error ? error.message : String(error)] };
    }
  }

  #await(confirmMs: number | undefined): void {
    if (confirmMs === undefined) return this.#settle();
    clearTimeout(this.#pending?.timer);
    const timer = setTimeout(
      () => void this.#next(() => this.#rollBack("as nobody confirmed the reload in time")),
      confirmMs,
    );
    this.#pending = { timer, until: Date.now() + confirmMs };
  }

  #settle(): void {
    clearTimeout(this.#pending?.timer);
    this.#pending = undefined;
    this.#confirmed = this.#config;
  }

  #end(answer: ReloadAnswer): void {
    this.#last = { at: Date.now(), result: answer.result, detail: answer.lines.join("; ") };
    this.#options.ended(answer);
  }
}
