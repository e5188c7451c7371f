import type { Load } from "./load.ts";
import type { ClientKind } from "./login.ts";
import type { Meter } from "./meter.ts";

/** One number a scenario measures. */
export interface Metric {
  readonly name: string;
  readonly unit: string;
  /** Digits after the point in the table. */
  readonly digits: number;
  /** What the number is about: the peer itself, or the whole path, so that it exists without a peer as well. */
  readonly of: "peer" | "path";
  /** Shows what the peer adds to the path: the value that {@linkcode name} has without a peer in the same round is taken off. */
  readonly added?: true;
  /** The metric of HAProxy that ratios are to. @default the same */
  readonly against?: string;
}

/** When a peer was started, in milliseconds of `performance.now()`. */
export interface Startup {
  /** Its process was asked for. */
  readonly spawnedAt: number;
  /** Its port took the first connection. */
  readonly acceptingAt: number;
}

/** What a scenario runs on. */
export interface Bench {
  readonly load: Load;
  readonly meter: Meter;
  readonly client: ClientKind;
  /** How long to measure, in seconds. */
  readonly seconds: number;
  /** When the peer was started; `undefined` when there is none. */
  readonly startup: Startup | undefined;
}

/** One kind of load. */
export interface Scenario {
  readonly name: string;
  /** One line for the report: what happens. */
  readonly about: string;
  /** Sessions at the same time, at most. */
  readonly sessions: number;
  readonly metrics: readonly Metric[];
  /**
   * Measures once and returns a value for each metric, by name.
   *
   * @throws {MeasurementError} when a packet was lost, came twice, out of order or wrongly framed, or a session broke
   */
  run(bench: Bench): Readonly<Record<string, number>>;
}
