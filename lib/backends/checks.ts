/** Active checks of all backends: whether each is there, and now and then what it offers. */
import { checkBackend } from "./check.ts";
import { formatAddress } from "../config/address.ts";
import type { BackendConfig, Config } from "../config/schema.ts";
import type { Log } from "../observe/log.ts";
import type { Sockets } from "../transport/sockets.ts";
import type { Offers } from "./offers.ts";
import { type CheckOutcome, Checks, type CheckSchedule } from "../routing/checks.ts";
import { machineClock } from "../clock.ts";
import type { Network } from "../routing/network.ts";

/** Milliseconds after which a backend is asked again what it offers; in between, the port is enough. */
const ASK_AGAIN_MS = 300_000;
/** Latencies that are kept of each backend. */
const MOST_LATENCIES = 60;

/** What checks work with. */
export interface BackendChecksOptions {
  readonly config: CheckedConfig;
  readonly network: Network;
  readonly sockets: Pick<Sockets, "dial">;
  readonly offers: Offers;
  readonly log: Log;
  /** What proves a name to a backend; `undefined` where that is not known. */
  readonly keyFor: (backend: string, name: string) => string | undefined;
  /** Told whether each check was good. */
  readonly onChecked: (backend: string, ok: boolean) => void;
}

/** What a check goes by. */
export type CheckedConfig = Pick<Config, "backends" | "health">;

/** See the file's first line. */
export class BackendChecks {
  readonly #options: BackendChecksOptions;
  readonly #checks: Checks;
  #config: CheckedConfig;
  /** Milliseconds that the last good checks of each backend took. */
  readonly #latencies = new Map<string, number[]>();
  /** When each backend was last asked what it offers. */
  readonly #askedAt = new Map<string, number>();

  constructor(options: BackendChecksOptions) {
    const { config, network } = options;
    this.#options = options;
    this.#config = config;
    this.#checks = new Checks({
      ...scheduleOf(config),
      check: (backend, signal) => this.#check(backend, signal),
      report: (backend, outcome) => {
        network.checked(backend, outcome);
        options.onChecked(backend, outcome.ok);
      },
      clock: machineClock,
      random: Math.random,
    });
  }

  /** Checks what `config` names from now on. Whoever is somewhere else now is checked at once, and asked anew what it offers. */
  configure(config: CheckedConfig): void {
    const moved = this.#config.backends.filter((before) => {
      const now = config.backends.find(({ name }) => name === before.name);
      return now !== undefined && !isSameServer(before, now);
    });
    const names = config.backends.map(({ name }) => name);
    for (const known of [this.#askedAt, this.#latencies]) {
      for (const name of known.keys()) if (!names.includes(name)) known.delete(name);
    }
    this.#config = config;
    this.#checks.configure(scheduleOf(config));
    for (const { name } of moved) {
      this.askAgain(name);
      this.#checks.again(name);
    }
  }

  /** Milliseconds that the last good checks of `backend` took, the oldest first. */
  latencies(backend: string): readonly number[] {
    return this.#latencies.get(backend) ?? [];
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
    const { sockets, offers, log, keyFor } = this.#options;
    const backend = this.#configured(name);
    if (backend === undefined) return undefined;
    const { login } = this.#config.health;
    const now = machineClock.now();
    const asks = login !== "" && now - (this.#askedAt.get(name) ?? -Infinity) >= ASK_AGAIN_MS;
    const hello = asks ? { name: login, key: keyFor(name, login) ?? "" } : undefined;
    // Before the answer is there: whoever says meanwhile that it is another server by now has it asked once more.
    if (asks) this.#askedAt.set(name, now);
    const outcome = await checkBackend(sockets, backend, hello, signal);
    if (asks && !outcome.ok) this.askAgain(name);
    const configured = this.#configured(name);
    if (configured === undefined || !isSameServer(backend, configured)) return undefined;
    if (!outcome.ok) return outcome.ownShortage ? undefined : outcome;
    if (!asks) this.#noteLatency(name, machineClock.now() - now);
    if (outcome.offer !== undefined) offers.learn(name, outcome.offer);
    if (outcome.note !== undefined) {
      log.warn("check", "backend is there but did not let the check in", { server: name, cause: outcome.note });
    }
    return { ok: true };
  }

  #configured(name: string): BackendConfig | undefined {
    return this.#config.backends.find((backend) => backend.name === name);
  }

  #noteLatency(backend: string, ms: number): void {
    const latencies = this.#latencies.get(backend) ?? [];
    latencies.push(ms);
    if (latencies.length > MOST_LATENCIES) latencies.shift();
    this.#latencies.set(backend, latencies);
  }
}

/** Whether both are reached in the same way, so that what is known of one counts for the other. */
function isSameServer(a: BackendConfig, b: BackendConfig): boolean {
  return formatAddress(a.address) === formatAddress(b.address) && a.forwardIp === b.forwardIp;
}

function scheduleOf({ backends, health: { intervalMs, timeoutMs } }: CheckedConfig): CheckSchedule {
  return { backends: backends.map(({ name }) => name), intervalMs, timeoutMs };
}
