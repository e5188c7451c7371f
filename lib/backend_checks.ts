/** Active checks of all backends: whether each is there, and now and then what it offers. */
import { checkBackend } from "./backend_check.ts";
import type { Config } from "./config/schema.ts";
import type { Log } from "./observe/log.ts";
import type { Offers } from "./offers.ts";
import { type CheckOutcome, Checks } from "./routing/checks.ts";
import { machineClock } from "./routing/clock.ts";
import type { Network } from "./routing/network.ts";

/** Milliseconds after which a backend is asked again what it offers; in between, the port is enough. */
const ASK_AGAIN_MS = 300_000;

/** What checks work with. */
export interface BackendChecksOptions {
  readonly config: Config;
  readonly network: Network;
  readonly offers: Offers;
  readonly log: Log;
  /** What proves a name to a backend; `undefined` where that is not known. */
  readonly keyFor: (backend: string, name: string) => string | undefined;
}

/** See the file's first line. */
export class BackendChecks {
  readonly #options: BackendChecksOptions;
  readonly #checks: Checks;
  /** When each backend was last asked what it offers. */
  readonly #askedAt = new Map<string, number>();

  constructor(options: BackendChecksOptions) {
    const { config, network } = options;
    const { intervalMs, timeoutMs } = config.health;
    this.#options = options;
    this.#checks = new Checks({
      backends: config.backends.map(({ name }) => name),
      intervalMs,
      timeoutMs,
      check: (backend, signal) => this.#check(backend, signal),
      report: (backend, outcome) => network.checked(backend, outcome),
      clock: machineClock,
      random: Math.random,
    });
  }

  start(): void {
    this.#checks.start();
  }

  /** Checks no more. Resolves when no check runs. */
  async stop(): Promise<void> {
    await this.#checks.stop();
  }

  /** `backend` may be another server than before: the next check asks what it offers. */
  askAgain(backend: string): void {
    this.#askedAt.delete(backend);
  }

  async #check(name: string, signal: AbortSignal): Promise<CheckOutcome | undefined> {
    const { config, offers, log, keyFor } = this.#options;
    const backend = config.backends.find((backend) => backend.name === name);
    if (backend === undefined) return { ok: false, cause: "not configured" };
    const { login } = config.health;
    const now = machineClock.now();
    const asks = login !== "" && now - (this.#askedAt.get(name) ?? -Infinity) >= ASK_AGAIN_MS;
    const hello = asks ? { name: login, key: keyFor(name, login) ?? "" } : undefined;
    const outcome = await checkBackend(backend, hello, signal);
    if (!outcome.ok) return outcome.ownShortage ? undefined : outcome;
    if (asks) this.#askedAt.set(name, now);
    if (outcome.offer !== undefined) offers.learn(name, outcome.offer);
    if (outcome.note !== undefined) {
      log.warn("check", "backend is there but did not let the check in", { server: name, cause: outcome.note });
    }
    return { ok: true };
  }
}
