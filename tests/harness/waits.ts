/** How long a wait lasts at most, unless it says otherwise. */
export const DEFAULT_TIMEOUT_MS = 15_000;

/** What a probe returns while the awaited thing has not happened. */
export type NotYet = undefined | null | false;

/** How long to wait. */
export interface WaitOptions {
  /** Milliseconds after which the wait rejects. @default 15000 */
  readonly timeoutMs?: number;
}

interface Wait {
  check(): void;
  reject(why: string): void;
}

/** The pending waits of one actor of a test. Each is looked at again whenever something changed, never by a timer. */
export class Waits {
  readonly #describe: () => string;
  readonly #defaultTimeoutMs: number;
  readonly #pending = new Set<Wait>();
  #broken: string | undefined;
  #over: string | undefined;

  /** @param describe Who waits and what it saw last, for the messages of waits that fail. */
  constructor(describe: () => string, defaultTimeoutMs: number = DEFAULT_TIMEOUT_MS) {
    this.#describe = describe;
    this.#defaultTimeoutMs = defaultTimeoutMs;
  }

  /** Resolves with what `probe` returns as soon as that is something. `what` names the awaited thing in messages. */
  until<T>(probe: () => T | NotYet, what: string, { timeoutMs }: WaitOptions = {}): Promise<T> {
    const milliseconds = timeoutMs ?? this.#defaultTimeoutMs;
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const timer = setTimeout(() => wait.reject(`not within ${milliseconds} ms`), milliseconds);
    const settle = (then: () => void): void => {
      clearTimeout(timer);
      this.#pending.delete(wait);
      then();
    };
    const wait: Wait = {
      check: () => {
        try {
          const found = probe();
          if (found !== undefined && found !== null && found !== false) settle(() => resolve(found));
        } catch (error) {
          settle(() => reject(error));
        }
      },
      reject: (why) => settle(() => reject(new Error(`Cannot see ${what}: ${why}; ${this.#describe()}`))),
    };
    this.#pending.add(wait);
    if (this.#broken !== undefined) wait.reject(this.#broken);
    else wait.check();
    if (this.#over !== undefined && this.#pending.has(wait)) wait.reject(this.#over);
    return promise;
  }

  /** Looks at every pending wait again. */
  changed(): void {
    for (const wait of [...this.#pending]) wait.check();
  }

  /** Nothing will change any more: waits whose probe does not hold now reject. */
  end(why: string): void {
    this.changed();
    this.#over ??= why;
    for (const wait of [...this.#pending]) wait.reject(why);
  }

  /** A rule was broken: every wait rejects, those to come as well. */
  break(why: string): void {
    this.#broken ??= why;
    for (const wait of [...this.#pending]) wait.reject(why);
  }
}
