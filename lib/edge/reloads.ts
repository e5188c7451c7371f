/** Reloads, one at a time: read anew, compare, put into effect, and back again unless confirmed. */
import { messageOf } from "../error_message.ts";
import type { Answer, ReloadAnswer, ReloadPlan } from "../admin/control.ts";
import { diffConfig } from "../config/diff.ts";
import { ConfigError, formatProblem } from "../config/problem.ts";
import type { Config } from "../config/schema.ts";
import type { ConfigSource } from "../config/source.ts";
import { UnusableFileError } from "../config/unusable_file.ts";
import type { ReloadResult } from "../observe/edge_event.ts";
import { BindError } from "../transport/bind_error.ts";

/** Why nothing is reloaded any more. */
const STOPPING = "the edge is stopping";
/** Reloads that may wait, the one that is under way included. */
const MOST_WAITING = 16;

export interface ReloadsOptions {
  /** What is in effect at the start. */
  readonly config: Config;
  /** Where it came from; `undefined` where it was made up, and cannot be read anew. */
  readonly source: ConfigSource | undefined;
  /**
   * Puts a configuration into effect, and what is in the files that it names. Resolves with what is new in those, for operators; where
   * it rejects, nothing has changed.
   */
  readonly apply: (config: Config) => Promise<readonly string[]>;
  /** Told what became of every reload, confirmation and rollback that was tried. */
  readonly ended: (answer: ReloadAnswer) => void;
  /** Told why one was not even tried. */
  readonly declined: (why: string) => void;
}

/** What became of the last reload. */
export interface LastReload {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly result: ReloadResult;
  readonly detail: string;
}

/** What became of putting a configuration into effect. */
type Outcome =
  | { readonly kind: "applied"; readonly news: readonly string[] }
  | { readonly kind: "failed"; readonly why: string; readonly blame: Blame };

/** Whether a file is to blame that the configuration names, or an address is in use; neither where it is something else. */
type Blame = Pick<ReloadAnswer, "badConfig" | "temporary">;

/** What waits to be confirmed. */
interface Pending {
  readonly timer: ReturnType<typeof setTimeout>;
  /** Milliseconds since 1970. */
  readonly until: number;
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
  #pending: Pending | undefined;
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

  /**
   * @param confirmMs Milliseconds after which what was confirmed last comes back, unless {@linkcode confirm} is called. Where it is
   * absent, another configuration confirms what waits for that, and the same one does not.
   */
  reload(confirmMs?: number): Promise<ReloadAnswer> {
    return this.#next(async () => this.#end(await this.#reload(confirmMs)));
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
    return this.#next(async () =>
      this.#pending === undefined
        ? { result: "refused", lines: ["nothing waits to be confirmed"] }
        : this.#end(await this.#rollBack("as was asked"))
    );
  }

  /** What {@linkcode reload} would do now, less who would move. */
  async plan(): Promise<Omit<ReloadPlan, "moves"> & { readonly next: Config | undefined }> {
    const refused = { changes: [], next: undefined };
    if (this.#closed) return { ...refused, result: "stopping", problems: [STOPPING] };
    const reading = await this.#read();
    if (reading.kind === "unusable") return { ...refused, result: "invalid", problems: reading.problems };
    const { config: next, warnings } = reading;
    const { changes, refusals: problems } = diffConfig(this.#config, next);
    const result = problems.length > 0 ? "restart" : changes.length > 0 ? "changes" : "unchanged";
    return { result, changes, problems, ...told(warnings), next };
  }

  /** Reloads no more. Resolves when the one under way is over. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#pending?.timer);
    this.#pending = undefined;
    await this.#running;
  }

  async #next(work: () => Promise<ReloadAnswer>): Promise<ReloadAnswer> {
    if (this.#waiting >= MOST_WAITING) return this.#decline(`${MOST_WAITING} reloads are waiting already`);
    this.#waiting++;
    return await this.#inTurn(async () => {
      const answer = this.#closed ? this.#decline(STOPPING) : await work();
      this.#waiting--;
      return answer;
    });
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#running.then(work);
    this.#running = done;
    return done;
  }

  async #reload(confirmMs: number | undefined): Promise<ReloadAnswer> {
    const reading = await this.#read();
    if (reading.kind === "unusable") return { result: "refused", lines: reading.problems, badConfig: true };
    const { config, warnings } = reading;
    const { changes, refusals } = diffConfig(this.#config, config);
    if (refusals.length > 0) return { result: "refused", lines: refusals, badConfig: true };
    const outcome = await this.#apply(config);
    if (outcome.kind === "failed") {
      return { result: "refused", lines: [outcome.why], ...outcome.blame };
    }
    const { news } = outcome;
    if (changes.length === 0) {
      // What was in the files before is nowhere any more, so that only an earlier reload could be rolled back.
      if (this.#pending !== undefined && confirmMs !== undefined) this.#await(confirmMs);
      return {
        result: news.length === 0 ? "unchanged" : "applied",
        lines: news,
        ...told(warnings),
        ...this.#timeLeft(),
      };
    }
    const isConfirming = this.#pending !== undefined && confirmMs === undefined;
    this.#await(confirmMs);
    const lines = [
      ...changes.map(({ kind, what, details }) =>
        `${what} ${kind}${details.length > 0 ? ` (${details.join(", ")})` : ""}`
      ),
      ...news,
      ...isConfirming ? ["the reload that waited to be confirmed is kept, too"] : [],
    ];
    return { result: "applied", lines, ...told(warnings), ...this.#timeLeft() };
  }

  #timeLeft(): Pick<ReloadAnswer, "confirmBy"> {
    const { confirmBy } = this;
    return confirmBy === undefined ? {} : { confirmBy: new Date(confirmBy).toISOString() };
  }

  async #rollBack(why: string): Promise<ReloadAnswer> {
    const before = this.#confirmed;
    // From now on it is too late to confirm anything.
    this.#settle();
    const outcome = await this.#apply(before);
    if (outcome.kind === "failed") {
      const what = "the configuration of before cannot be put into effect again, that of now stays";
      return { result: "refused", lines: [`${what}: ${outcome.why}`] };
    }
    this.#confirmed = this.#config;
    return { result: "rolled-back", lines: [`the configuration of before is back, ${why}`] };
  }

  async #apply(config: Config): Promise<Outcome> {
    try {
      const news = await this.#options.apply(config);
      this.#config = config;
      this.#loadedAt = Date.now();
      return { kind: "applied", news };
    } catch (error) {
      return { kind: "failed", why: messageOf(error), blame: blameFor(error) };
    }
  }

  async #read(): Promise<Reading> {
    const { source } = this.#options;
    if (source === undefined) return { kind: "unusable", problems: ["There is no configuration file to read"] };
    try {
      const { config, warnings } = await source.load();
      return { kind: "usable", config, warnings: warnings.map(formatProblem) };
    } catch (error) {
      if (error instanceof ConfigError) return { kind: "unusable", problems: error.problems.map(formatProblem) };
      return { kind: "unusable", problems: [messageOf(error)] };
    }
  }

  #await(confirmMs: number | undefined): void {
    if (confirmMs === undefined || this.#closed) return this.#settle();
    clearTimeout(this.#pending?.timer);
    const timer = setTimeout(() => this.#expire(pending), confirmMs);
    const pending: Pending = { timer, until: Date.now() + confirmMs };
    this.#pending = pending;
  }

  /** Rolls back in its turn, unless another reload or a confirmation comes before it. */
  #expire(pending: Pending): void {
    void this.#inTurn(async () => {
      if (this.#pending === pending) this.#end(await this.#rollBack("as nobody confirmed the reload in time"));
    });
  }

  #settle(): void {
    clearTimeout(this.#pending?.timer);
    this.#pending = undefined;
    this.#confirmed = this.#config;
  }

  #decline(why: string): ReloadAnswer {
    this.#options.declined(why);
    return { result: "refused", lines: [why] };
  }

  #end(answer: ReloadAnswer): ReloadAnswer {
    this.#last = { at: Date.now(), result: answer.result, detail: answer.lines.join("; ") };
    this.#options.ended(answer);
    return answer;
  }
}

function blameFor(error: unknown): Blame {
  if (error instanceof UnusableFileError) return { badConfig: true };
  return error instanceof BindError && error.inUse ? { temporary: true } : {};
}

function told(warnings: readonly string[]): Pick<ReloadAnswer, "warnings"> {
  return warnings.length === 0 ? {} : { warnings };
}
