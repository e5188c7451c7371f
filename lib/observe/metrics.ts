/** Everything the edge counts and measures, for Prometheus. */
import { Gauge, Histogram, Registry } from "./prometheus.ts";
import type { ReloadResult } from "./edge_event.ts";
import { EventLoopLag } from "./event_loop_lag.ts";
import { BackendMetrics } from "./metrics_backends.ts";
import { EdgeMetrics } from "./metrics_edge.ts";
import { MoveMetrics, type NetworkNames } from "./metrics_moves.ts";
import { type Rejection, type SessionMeter, SessionMetrics } from "./metrics_sessions.ts";
import type { MetricsSource } from "./metrics_source.ts";
import { ProcessMetrics } from "./process_metrics.ts";

/** The lowest is above what the edge sleeps on purpose while small pieces gather. */
const LAG_S = [0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5];

/** After a reload that was not put into effect, or not for good, the file says something else than what is running. */
const UNSUCCESSFUL: readonly ReloadResult[] = ["refused", "rolled-back"];

export interface MetricsOptions {
  /** The program's version. */
  readonly version: string;
  /** What is behind the edge at first. */
  readonly network: NetworkNames;
  readonly source: MetricsSource;
}

/**
 * See the file's first line. Metrics of one edge: nothing is shared with others of the process.
 *
 * Labels are names of the configuration, or words of a closed set that are all there from the start, at 0: whatever players do, the number of
 * series stays the same. Nothing here is to be called for each packet.
 */
export class Metrics {
  readonly #registry = new Registry();
  readonly #moves = new MoveMetrics(this.#registry);
  readonly #sessions = new SessionMetrics(this.#registry, this.#moves);
  readonly #backends = new BackendMetrics(this.#registry);
  readonly #process = new ProcessMetrics(this.#registry);
  readonly #edge: EdgeMetrics;
  readonly #lag: EventLoopLag;
  readonly #reloadSuccessful: Gauge;
  readonly #reloadedAt: Gauge;

  constructor({ version, network, source }: MetricsOptions) {
    const registers = [this.#registry];
    this.#edge = new EdgeMetrics(this.#registry, source);
    new Gauge({
      name: "kurafuto_build_info",
      help: "1; the labels tell which program this is, what runs it and on what.",
      labelNames: ["version", "deno", "target"],
      registers,
    }).set({ version, deno: Deno.version.deno, target: Deno.build.target }, 1);
    this.#reloadSuccessful = new Gauge({
      name: "kurafuto_config_last_reload_successful",
      help: "Whether the configuration that was read last is in effect.",
      registers,
    });
    this.#reloadedAt = new Gauge({
      name: "kurafuto_config_last_reload_success_timestamp_seconds",
      help: "When a configuration was last read and put into effect, in seconds since 1970.",
      registers,
    });
    const lag = new Histogram({
      name: "kurafuto_event_loop_lag_seconds",
      help: "How late timers were, four times a second: what players wait beside the network.",
      buckets: LAG_S,
      registers,
    });
    this.#lag = new EventLoopLag((seconds) => lag.observe(seconds));
    this.configured(network);
    this.reloaded("applied");
  }

  /** A session begins; its meter is to be told whatever happens in it. */
  session(): SessionMeter {
    return this.#sessions.begin();
  }

  /** A connection was turned away before it was a session. */
  rejected(reason: Rejection): void {
    this.#sessions.rejected(reason);
  }

  /** `backend` was dialled for a player; `ms` is how long that took, in milliseconds. */
  dialled(backend: string, ms: number, ok: boolean): void {
    this.#backends.dialled(backend, ms, ok);
  }

  /** `backend` was checked. */
  checked(backend: string, ok: boolean): void {
    this.#backends.checked(backend, ok);
  }

  /** A reload has put another network into effect: the series of what is gone end, what is new begins at 0. */
  configured(network: NetworkNames): void {
    this.#backends.configured(network.backends);
    this.#moves.configured(network);
  }

  /** This became of a reload. */
  reloaded(result: ReloadResult): void {
    const successful = !UNSUCCESSFUL.includes(result);
    this.#reloadSuccessful.set(successful ? 1 : 0);
    if (successful) this.#reloadedAt.setToCurrentTime();
  }

  /** Everything, in Prometheus' text format 0.0.4. */
  async text(): Promise<string> {
    this.#edge.read();
    this.#process.read();
    return await this.#registry.metrics();
  }

  /** Measures no more. */
  close(): void {
    this.#lag.close();
  }
}
