import { parseArgs } from "node:util";
import { UsageError } from "../options.ts";
import { BUDGET_NAMES, type BudgetName, BUDGETS, type Budgets } from "./budgets.ts";

/** What `deno task soak` was asked for. */
export interface SoakOptions {
  /** @default 200 */
  readonly bots: number;
  /** How long everybody lives, in seconds. @default 20 */
  readonly seconds: number;
  /** Seconds between two lines. @default a tenth of the time, between 2 and 60 */
  readonly interval: number;
  /** Whatever the bots decide follows from it. @default drawn */
  readonly seed: number;
  /** Starts the edge; as `deno task start` does when `undefined`. */
  readonly edgeCommand: readonly string[] | undefined;
  readonly driver: string | undefined;
  readonly budgets: Budgets;
  readonly help: boolean;
}

/** Below so many seconds memory tells nothing about an hour: the budget of its growth counts only when it is given. */
const GROWTH_SECONDS = 600;
const USUAL_BUDGETS: Budgets = {
  lost: 0,
  wrong: 0,
  refused: 0,
  miscounted: 0,
  p99: 100,
  lag: 100,
  rss: 512,
  growth: 16,
};

/** What `--help` prints. */
export const HELP = `Usage: deno task soak [OPTIONS]

  --bots N              players (default: 200)
  --seconds N           how long they play (default: 20); also --minutes N, --hours N
  --every N             seconds between two lines (default: a tenth of the time, 2 to 60)
  --seed N              repeats the decisions of the bots
  --driver NAME         what owns the edge's sockets: auto, deno, epoll
  --edge-command "…"    starts kurafuto, e.g. a compiled dist/kurafuto; "run -c FILE" is appended
${
  BUDGET_NAMES.map((name) => {
    const { unit, about } = BUDGETS[name];
    return `  --budget-${name.padEnd(12)} most ${about}${unit === "" ? "" : `, in ${unit}`} (default: ${
      USUAL_BUDGETS[name]
    })`;
  }).join("\n")
}

The budget of the growth counts from ${
  GROWTH_SECONDS / 60
} minutes on, or when it is given. Exit code 1: a budget was exceeded.`;

/** Reads the command line. */
export function parseSoakOptions(args: readonly string[]): SoakOptions {
  const values = parse(args);
  const seconds = lengthOf(values);
  return {
    bots: wholeNumber("bots", values["bots"] ?? "200", 1),
    seconds,
    interval: values["every"] === undefined
      ? Math.min(Math.max(Math.round(seconds / 10), 2), 60)
      : wholeNumber("every", values["every"], 1),
    seed: values["seed"] === undefined ? Math.floor(Math.random() * 2 ** 31) : wholeNumber("seed", values["seed"], 0),
    edgeCommand: values["edge-command"]?.trim().split(/\s+/),
    driver: values["driver"],
    budgets: budgetsOf(values, seconds),
    help: values["help"] !== undefined,
  };
}

type Values = Readonly<Partial<Record<string, string>>>;

function parse(args: readonly string[]): Values {
  const names = ["bots", "seconds", "minutes", "hours", "every", "seed", "driver", "edge-command"];
  const budgets = BUDGET_NAMES.map((name) => `budget-${name}`);
  const options = Object.fromEntries([...names, ...budgets].map((name) => [name, { type: "string" as const }]));
  try {
    const { values } = parseArgs({ args: [...args], options: { ...options, help: { type: "boolean", short: "h" } } });
    return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, String(value)]));
  } catch (error) {
    if (error instanceof TypeError) throw new UsageError(error.message);
    throw error;
  }
}

function lengthOf({ seconds, minutes, hours }: Values): number {
  if (hours !== undefined) return 3_600 * positive("hours", hours);
  if (minutes !== undefined) return 60 * positive("minutes", minutes);
  return positive("seconds", seconds ?? "20");
}

function budgetsOf(values: Values, seconds: number): Budgets {
  const budget = (name: BudgetName): number => {
    const given = values[`budget-${name}`];
    if (given !== undefined) return atLeast(`budget-${name}`, given, 0);
    return name === "growth" && seconds < GROWTH_SECONDS ? Infinity : USUAL_BUDGETS[name];
  };
  return {
    lost: budget("lost"),
    wrong: budget("wrong"),
    refused: budget("refused"),
    miscounted: budget("miscounted"),
    p99: budget("p99"),
    lag: budget("lag"),
    rss: budget("rss"),
    growth: budget("growth"),
  };
}

function wholeNumber(option: string, text: string, min: number): number {
  const value = Number(text);
  if (text !== "" && Number.isInteger(value) && value >= min) return value;
  throw new UsageError(
    `Cannot use --${option}: it must be a whole number of at least ${min}, current value is "${text}"`,
  );
}

function positive(option: string, text: string): number {
  const value = Number(text);
  if (Number.isFinite(value) && value > 0) return value;
  throw new UsageError(`Cannot use --${option}: it must be a number above 0, current value is "${text}"`);
}

function atLeast(option: string, text: string, min: number): number {
  const value = Number(text);
  if (text !== "" && value >= min) return value;
  throw new UsageError(`Cannot use --${option}: it must be a number of at least ${min}, current value is "${text}"`);
}
