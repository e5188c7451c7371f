/** What trials with a town have in common: rounds on an edge of their own, none of which may lose anything. */
import { parseArgs } from "node:util";
import { MeasurementError } from "../leg.ts";
import { Meter } from "../meter.ts";
import { UsageError } from "../options.ts";
import { pin } from "../pin.ts";
import { summarize } from "../statistics.ts";
import { WALKING } from "./habits.ts";
import { InhabitedEdge } from "./inhabited_edge.ts";
import { total } from "./ledger.ts";
import { coresText, summary } from "./progress.ts";

const EXIT_FAILURE = 1;
const EXIT_USAGE = 2;

/** A trial. */
export interface Trial {
  /** Its command, e.g. `bench/moves.ts`. */
  readonly command: string;
  readonly about: string;
  /** @default for {@linkcode TrialOptions} where the command line says nothing */
  readonly usual: { readonly bots: number; readonly rounds: number; readonly amount: number };
  /** Option that tells how much of it, and what that is. */
  readonly amount: { readonly option: string; readonly about: string };
  /** What it measures, in the order of the table. */
  readonly metrics: readonly { readonly name: string; readonly unit: string; readonly digits: number }[];
  /**
   * Measures once. `amount` is what was asked for on the command line.
   *
   * @throws {MeasurementError} when it cannot go on
   */
  run(edge: InhabitedEdge, amount: number): Readonly<Record<string, number>>;
}

/** What a round came to, as it stands in the file of `--json`. */
export interface TrialRow {
  readonly round: number;
  readonly values: Readonly<Record<string, number>>;
}

interface TrialOptions {
  readonly bots: number;
  readonly rounds: number;
  readonly amount: number;
  readonly edgeCommand: readonly string[] | undefined;
  readonly driver: string | undefined;
  readonly json: string | undefined;
  readonly help: boolean;
}

/** Runs a trial as its command line says, prints each round and the medians, and sets the exit code. */
export async function runTrial(trial: Trial, args: readonly string[]): Promise<void> {
  try {
    await runRounds(trial, parseTrialOptions(trial, args));
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(error.message);
    Deno.exit(EXIT_USAGE);
  }
}

async function runRounds(trial: Trial, options: TrialOptions): Promise<void> {
  if (options.help) {
    console.log(helpOf(trial));
    return;
  }
  const cpu = await pin();
  using json = options.json === undefined ? undefined : await Deno.create(options.json);
  const rows: TrialRow[] = [];
  for (let round = 0; round < options.rounds; round++) {
    await using edge = await InhabitedEdge.start({ ...options, seed: round, weights: WALKING, cpu });
    edge.inhabit();
    const values = runRound(trial, edge, options.amount, `round ${round + 1}/${options.rounds}`);
    if (values === undefined) {
      Deno.exitCode = EXIT_FAILURE;
      continue;
    }
    const row: TrialRow = { round, values };
    rows.push(row);
    json?.writeSync(new TextEncoder().encode(`${JSON.stringify(row)}\n`));
  }
  if (rows.length > 0) console.log(`median: ${valuesText(trial, medians(trial, rows))}`);
}

/** Measures once and prints what came of it; `undefined` when something was lost, wrong or refused. */
function runRound(trial: Trial, edge: InhabitedEdge, amount: number, title: string): TrialRow["values"] | undefined {
  const meter = new Meter(() => edge.processes());
  const mains = `${edge.mains()}`;
  meter.start();
  const { ledger } = edge.town;
  const failures: string[] = [];
  let values: TrialRow["values"] = {};
  try {
    values = trial.run(edge, amount);
  } catch (error) {
    if (!(error instanceof MeasurementError)) throw error;
    failures.push(error.message);
  }
  const usage = meter.stop();
  // What a process has used is not known any more once another has taken over from it.
  const cores = mains === `${edge.mains()}` ? `; ${coresText(usage)}` : "";
  const miscounted = edge.empty();
  if (miscounted > 0) failures.push(`counts of sessions differ by ${miscounted}`);
  if (total(ledger.lost) + total(ledger.faults) + ledger.counted("refused") > 0) failures.push(summary(ledger));
  console.log(`${title}: ${failures.length > 0 ? "failed" : valuesText(trial, values)}${cores}`);
  if (failures.length === 0) return values;
  console.log([...failures, `the edge says: ${edge.output()}`].join("\n"));
  return undefined;
}

function parseTrialOptions({ usual, amount }: Trial, args: readonly string[]): TrialOptions {
  const text = { type: "string" as const };
  const options = {
    ...{ bots: text, rounds: text, [amount.option]: text, driver: text, json: text, "edge-command": text },
    help: { type: "boolean" as const, short: "h" },
  };
  const values: Readonly<Record<string, string | boolean | undefined>> = parsed(args, options);
  const number = (option: string, otherwise: number): number => {
    const value = Number(values[option] ?? otherwise);
    if (Number.isInteger(value) && value >= 1) return value;
    throw new UsageError(
      `Cannot use --${option}: it must be a whole number of at least 1, current value is "${values[option]}"`,
    );
  };
  const word = (option: string): string | undefined => {
    const value = values[option];
    return typeof value === "string" ? value : undefined;
  };
  return {
    bots: number("bots", usual.bots),
    rounds: number("rounds", usual.rounds),
    amount: number(amount.option, usual.amount),
    edgeCommand: word("edge-command")?.trim().split(/\s+/),
    driver: word("driver"),
    json: word("json"),
    help: values["help"] === true,
  };
}

function parsed(
  args: readonly string[],
  options: Readonly<Record<string, { readonly type: "string" | "boolean"; readonly short?: string }>>,
): Readonly<Record<string, string | boolean | undefined>> {
  try {
    return { ...parseArgs({ args: [...args], options }).values } as Record<string, string | boolean | undefined>;
  } catch (error) {
    if (error instanceof TypeError) throw new UsageError(error.message);
    throw error;
  }
}

function helpOf({ command, about, usual, amount }: Trial): string {
  const option = `--${amount.option} N`.padEnd(20);
  return `Usage: deno run --allow-all ${command} [OPTIONS]

${about}

  --bots N            players (default: ${usual.bots})
  --rounds N          rounds, each on an edge of its own (default: ${usual.rounds})
  ${option}${amount.about} (default: ${usual.amount})
  --driver NAME       what owns the edge's sockets: auto, deno, epoll
  --edge-command "…"  starts kurafuto, e.g. a compiled dist/kurafuto; "run -c FILE" is appended
  --json FILE         what each round came to, one JSON object a line

Exit code 1: something was lost, wrong or refused.`;
}

function medians({ metrics }: Trial, rows: readonly TrialRow[]): Readonly<Record<string, number>> {
  return Object.fromEntries(metrics.map(({ name }) => {
    const values = rows.flatMap((row) => row.values[name] ?? []);
    return [name, summarize(values)?.median ?? NaN];
  }));
}

function valuesText({ metrics }: Trial, values: Readonly<Record<string, number>>): string {
  return metrics.map(({ name, unit, digits }) => `${(values[name] ?? NaN).toFixed(digits)} ${unit}`).join(", ");
}
