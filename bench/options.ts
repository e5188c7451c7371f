import { parseArgs } from "node:util";

/** What `deno task bench` was asked for. */
export interface BenchOptions {
  /** Names or beginnings of names, as given; the usual ones when `undefined`. */
  readonly scenarios: readonly string[] | undefined;
  /** Names as given; the usual ones when `undefined`. */
  readonly peers: readonly string[] | undefined;
  /** @default 5 */
  readonly rounds: number;
  /** Length of one measurement. @default 3 */
  readonly seconds: number;
  /** Starts the edge; as `deno task start` does when `undefined`. */
  readonly edgeCommand: readonly string[] | undefined;
  /** Starts another edge, to be measured beside the first. */
  readonly vsCommand: readonly string[] | undefined;
  /** File for the raw rows. */
  readonly json: string | undefined;
  readonly help: boolean;
}

/** Something asked for that does not exist. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** Reads the command line. */
export function parseOptions(args: readonly string[]): BenchOptions {
  const { values } = parse(args);
  return {
    scenarios: names(values.scenario),
    peers: names(values.peers),
    rounds: atLeastOne("rounds", values.rounds),
    seconds: atLeastOne("seconds", values.seconds),
    edgeCommand: words(values["edge-command"]),
    vsCommand: words(values["vs-command"]),
    json: values.json,
    help: values.help,
  };
}

/**
 * What `wanted` names among `known`, in the order of `known`: whole names, and with `variants` also the beginnings of names before a
 * dash, such as `fanout` for `fanout-batched` and `fanout-unbatched`.
 */
export function choose<T extends { readonly name: string }>(
  what: string,
  known: readonly T[],
  wanted: readonly string[],
  variants: "names" | "variants" = "names",
): readonly T[] {
  const fits = ({ name }: T, want: string): boolean =>
    name === want || (variants === "variants" && name.startsWith(`${want}-`));
  for (const want of wanted) {
    if (!known.some((item) => fits(item, want))) {
      throw new UsageError(`Cannot find ${what} "${want}": there are ${known.map(({ name }) => name).join(", ")}`);
    }
  }
  return known.filter((item) => wanted.some((want) => fits(item, want)));
}

// deno-lint-ignore explicit-function-return-type -- the type of the values follows from the options
function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        scenario: { type: "string" },
        peers: { type: "string" },
        rounds: { type: "string", default: "5" },
        seconds: { type: "string", default: "3" },
        "edge-command": { type: "string" },
        "vs-command": { type: "string" },
        json: { type: "string" },
        help: { type: "boolean", short: "h", default: false },
      },
    });
  } catch (error) {
    if (error instanceof TypeError) throw new UsageError(error.message);
    throw error;
  }
}

function names(list: string | undefined): readonly string[] | undefined {
  return list?.split(",").map((name) => name.trim()).filter((name) => name !== "");
}

function words(command: string | undefined): readonly string[] | undefined {
  return command?.trim().split(/\s+/);
}

function atLeastOne(option: string, text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) {
    throw new UsageError(`Cannot use --${option}: it must be a whole number of at least 1, current value is "${text}"`);
  }
  return value;
}
