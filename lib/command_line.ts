// @ts-types="../types/std_parse_args.d.ts"
import { parseArgs } from "@std/cli/parse-args";
import { suggestion } from "./config/nearest.ts";
import { type Config, LOG_FORMATS, LOG_LEVELS } from "./config/schema.ts";

/** Where the configuration is looked for when no flag names it. */
export const DEFAULT_FILES: readonly string[] = ["kurafuto.toml", "/etc/kurafuto/kurafuto.toml"];

export type CommandName = "run" | "check" | "schema" | "demo";

export interface Command {
  readonly name: CommandName;
  /** Letter of a flag that means the same, as `-t`. */
  readonly short?: string;
  readonly summary: string;
}

/** Every command; the first is meant when none is named. */
export const COMMANDS: readonly Command[] = [
  { name: "run", summary: "Run the edge (the default)" },
  { name: "check", short: "t", summary: "Say what is wrong with the configuration and where, then exit" },
  { name: "schema", summary: "Print the JSON Schema of the configuration" },
  { name: "demo", summary: "Run the edge with demo worlds on 127.0.0.1:25565, no configuration needed" },
];

/** What a command line does: a command, or the flag that stands for one. */
type Use = CommandName | "--version";

export type FlagName = "config" | "set" | "log-level" | "log-format" | "version" | "json" | "help";

export interface Flag {
  readonly name: FlagName;
  readonly short?: string;
  /** What stands for the value in the help; flags without one take no value. */
  readonly value?: string;
  /** The only values allowed. */
  readonly choices?: readonly string[];
  /** What it goes with; absent when it goes with everything. */
  readonly with?: readonly Use[];
  readonly summary: string;
}

/** Every flag. */
export const FLAGS: readonly Flag[] = [
  {
    name: "config",
    short: "c",
    value: "FILE",
    with: ["run", "check"],
    summary: `Configuration; otherwise ${DEFAULT_FILES.join(", then ")}`,
  },
  {
    name: "set",
    value: "SECTION.KEY=VALUE",
    with: ["run", "check"],
    summary: "Set one key, stronger than the environment and the file; may be repeated",
  },
  {
    name: "log-level",
    value: "LEVEL",
    choices: LOG_LEVELS,
    with: ["run", "check", "demo"],
    summary: LOG_LEVELS.join(", "),
  },
  {
    name: "log-format",
    value: "FORMAT",
    choices: LOG_FORMATS,
    with: ["run", "check", "demo"],
    summary: LOG_FORMATS.join(", "),
  },
  { name: "version", short: "V", summary: "Print the version" },
  { name: "json", with: ["--version"], summary: "Print the version with its surroundings, as JSON" },
  { name: "help", short: "h", summary: "Print this help" },
];

/** What a command line asks for. */
export type Invocation =
  | { readonly kind: "command"; readonly command: CommandName; readonly flags: FlagValues }
  | { readonly kind: "version"; readonly json: boolean }
  | { readonly kind: "help" }
  | { readonly kind: "misuse"; readonly message: string };

/** Values of the flags that were given. */
export interface FlagValues {
  readonly config: string | undefined;
  /** In the order given. */
  readonly set: readonly { readonly key: string; readonly value: string }[];
  readonly log: LogFlags;
}

/** What flags say about the log. */
export type LogFlags = Partial<Config["log"]>;

/** Reads a command line by the tables above. */
export function parseCommandLine(args: readonly string[]): Invocation {
  const unknown: string[] = [];
  const valued = FLAGS.filter((flag) => flag.value !== undefined).map(({ name }) => name);
  const commandFlags = COMMANDS.flatMap(({ short }) => short ?? []);
  const parsed = parseArgs(args, {
    string: ["_", ...valued],
    boolean: [...FLAGS.filter((flag) => flag.value === undefined).map(({ name }) => name), ...commandFlags],
    collect: valued,
    alias: Object.fromEntries(FLAGS.flatMap(({ name, short }) => short === undefined ? [] : [[short, name]])),
    unknown: (arg, key) => {
      if (key === undefined) return true;
      unknown.push(arg.replace(/=.*$/s, ""));
      return false;
    },
  });
  const given = new Map(FLAGS.flatMap(({ name }) => isGiven(parsed[name]) ? [[name, parsed[name]]] : []));
  const fault = unknownFlag(unknown) ?? wrongValue(given);
  if (fault !== undefined) return misuse(fault);
  if (given.has("help")) return { kind: "help" };
  const command = chooseCommand(parsed._, commandFlags.filter((short) => parsed[short] === true));
  if (typeof command !== "string") return command;
  const stray = strayFlag(given, given.has("version") ? "--version" : command);
  if (stray !== undefined) return misuse(stray);
  if (given.has("version")) return { kind: "version", json: given.has("json") };
  return { kind: "command", command, flags: flagValues(given) };
}

type Given = ReadonlyMap<FlagName, unknown>;

function isGiven(value: unknown): boolean {
  return Array.isArray(value) ? value.length > 0 : value === true;
}

function valuesOf(given: Given, name: FlagName): readonly string[] {
  const values = given.get(name);
  return Array.isArray(values) ? values.map(String) : [];
}

function flagValues(given: Given): FlagValues {
  const level = LOG_LEVELS.find((choice) => choice === valuesOf(given, "log-level").at(-1));
  const format = LOG_FORMATS.find((choice) => choice === valuesOf(given, "log-format").at(-1));
  return {
    config: valuesOf(given, "config").at(-1),
    set: valuesOf(given, "set").map((pair) => {
      const equals = pair.indexOf("=");
      return { key: pair.slice(0, equals), value: pair.slice(equals + 1) };
    }),
    log: { ...level && { level }, ...format && { format } },
  };
}

function unknownFlag([flag]: readonly string[]): string | undefined {
  if (flag === undefined) return undefined;
  return `Cannot use flag ${flag} as it is unknown${suggestion(flag, FLAGS.map(({ name }) => `--${name}`))}`;
}

function wrongValue(given: Given): string | undefined {
  for (const { name, value, choices } of FLAGS) {
    for (const text of valuesOf(given, name)) {
      if (text === "") return `Cannot use flag --${name} without a value: it takes ${value}`;
      if (choices !== undefined && !choices.includes(text)) {
        const known = choices.map((choice) => JSON.stringify(choice)).join(", ");
        return `Cannot use flag --${name} as it must be one of ${known}: ` +
          `current value is ${JSON.stringify(text)}${suggestion(text, choices)}`;
      }
    }
  }
  const pair = valuesOf(given, "set").find((text) => !/^[^=]+=/.test(text));
  if (pair === undefined) return undefined;
  return `Cannot use flag --set as it must be SECTION.KEY=VALUE: current value is ${JSON.stringify(pair)}`;
}

function strayFlag(given: Given, use: Use): string | undefined {
  const flag = FLAGS.find(({ name, with: allowed }) =>
    given.has(name) && allowed !== undefined && !allowed.includes(use)
  );
  if (flag === undefined) return undefined;
  return `Cannot use flag --${flag.name} with ${use}: it goes with ${flag.with?.join(", ")}`;
}

/** The command named by the first argument, or by one of the `letters` given as flags. */
function chooseCommand(words: readonly string[], letters: readonly string[]): CommandName | Invocation {
  const [word, ...rest] = words;
  const named = COMMANDS.find(({ name }) => name === word);
  if (word !== undefined && named === undefined) {
    const hint = suggestion(word, COMMANDS.map(({ name }) => name));
    return misuse(`Cannot run command ${JSON.stringify(word)} as it is unknown${hint}`);
  }
  if (rest.length > 0) return misuse(`Cannot use argument ${JSON.stringify(rest[0])}: ${word} takes none`);
  const lettered = COMMANDS.find(({ short }) => short !== undefined && letters.includes(short));
  if (named !== undefined && lettered !== undefined && named !== lettered) {
    return misuse(`Cannot use flag -${lettered.short} with ${named.name}: it means ${lettered.name}`);
  }
  return (lettered ?? named)?.name ?? "run";
}

function misuse(message: string): Invocation {
  return { kind: "misuse", message };
}
