import { messageOf } from "../lib/error_message.ts";
import { Load } from "./load.ts";
import { Meter } from "./meter.ts";
import type { Peer } from "./peers/peer.ts";
import { PeerProcess } from "./peers/process.ts";
import type { Bench, Scenario } from "./scenario.ts";

/** What the clients connect to: a peer, or the backend itself, which tells how far the generator can go. */
export type Path = Peer | "direct";

/** One measurement. */
export interface Row {
  readonly scenario: string;
  readonly peer: string;
  /** From 0. */
  readonly round: number;
  /** By name of the metric; absent when the measurement failed. */
  readonly values?: Readonly<Record<string, number>>;
  /** Why the measurement failed. */
  readonly error?: string;
  /** Cores that were used while it ran by the peer, by the generator and by everything else on the machine. */
  readonly cores?: { readonly peer: number; readonly generator: number; readonly others: number };
}

/** How a measurement is made. */
export interface MeasureOptions {
  readonly round: number;
  readonly seconds: number;
  /** The CPU a peer has to run on; any when `undefined`. */
  readonly cpu: number | undefined;
}

function pathName(path: Path): string {
  return path === "direct" ? path : path.name;
}

/** Starts the peer anew, runs the scenario through it once, and stops it. Whatever goes wrong ends up in the row. */
export async function measure(scenario: Scenario, path: Path, options: MeasureOptions): Promise<Row> {
  const key = { scenario: scenario.name, peer: pathName(path), round: options.round };
  try {
    return { ...key, ...await run(scenario, path, options) };
  } catch (error) {
    return { ...key, error: messageOf(error) };
  }
}

async function run(
  scenario: Scenario,
  path: Path,
  { seconds, cpu }: MeasureOptions,
): Promise<Pick<Row, "values" | "cores">> {
  using load = new Load();
  if (path === "direct") {
    return runThrough(scenario, { load, client: "vanilla", meter: new Meter(() => []), seconds, startup: undefined });
  }
  const { backendPort } = load;
  await using process = await PeerProcess.start(path, { backendPort, sessions: scenario.sessions, cpu });
  load.targetPort = process.port;
  try {
    const meter = new Meter(() => process.processes());
    return runThrough(scenario, { load, client: path.client, meter, seconds, startup: process.startup });
  } catch (error) {
    const output = process.output();
    throw output === "" ? error : new Error(`${messageOf(error)}; the peer says: ${output}`, { cause: error });
  } finally {
    // Before the peer is stopped: it has nobody to wait for then.
    load.hangUp();
  }
}

function runThrough(scenario: Scenario, bench: Bench): Pick<Row, "values" | "cores"> {
  const values = scenario.run(bench);
  const { usage } = bench.meter;
  if (usage === undefined) return { values };
  const { peer, generator, others } = usage;
  return {
    values,
    cores: { peer: peer / usage.seconds, generator: generator / usage.seconds, others: others / usage.seconds },
  };
}
