/** Metrics of backends as the edge reaches them. */
import { Counter, Histogram, type Registry } from "./prometheus.ts";

const DIAL_S = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5];

/** See the file's first line. Backends that are not {@linkcode configured} are passed over. */
export class BackendMetrics {
  readonly #dials: Histogram<"backend">;
  readonly #failures: Counter<"backend">;
  readonly #checks: Counter<"backend" | "result">;
  #backends: ReadonlySet<string> = new Set();

  constructor(registry: Registry) {
    const registers = [registry];
    this.#dials = new Histogram({
      name: "kurafuto_backend_dial_seconds",
      help: "Time it took to connect to a backend for a player.",
      labelNames: ["backend"],
      buckets: DIAL_S,
      registers,
    });
    this.#failures = new Counter({
      name: "kurafuto_backend_dial_failures_total",
      help: "Connections to a backend for a player that did not come about.",
      labelNames: ["backend"],
      registers,
    });
    this.#checks = new Counter({
      name: "kurafuto_backend_checks_total",
      help: "Checks of a backend: ok or failed.",
      labelNames: ["backend", "result"],
      registers,
    });
  }

  /** There are these backends from now on: new ones begin at 0, the series of others end. */
  configured(backends: readonly { readonly name: string }[]): void {
    const names = new Set(backends.map(({ name }) => name));
    for (const backend of this.#backends) {
      if (!names.has(backend)) this.#remove(backend);
    }
    for (const backend of names) {
      if (!this.#backends.has(backend)) this.#dials.zero({ backend });
      this.#failures.inc({ backend }, 0);
      for (const result of ["ok", "failed"]) this.#checks.inc({ backend, result }, 0);
    }
    this.#backends = names;
  }

  /** `backend` was dialled for a player; `ms` is how long that took. */
  dialled(backend: string, ms: number, ok: boolean): void {
    if (!this.#backends.has(backend)) return;
    if (ok) this.#dials.observe({ backend }, ms / 1_000);
    else this.#failures.inc({ backend });
  }

  /** `backend` was checked. */
  checked(backend: string, ok: boolean): void {
    if (this.#backends.has(backend)) this.#checks.inc({ backend, result: ok ? "ok" : "failed" });
  }

  #remove(backend: string): void {
    this.#dials.remove({ backend });
    this.#failures.remove({ backend });
    for (const result of ["ok", "failed"]) this.#checks.remove({ backend, result });
  }
}
