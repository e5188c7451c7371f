// @ts-types="../types/std_parse_args.d.ts"
import { parseArgs } from "@std/cli/parse-args";
import { currentValue } from "./config/current_value.ts";
import { suggestion } from "./config/nearest.ts";
import { type Config, LOG_FORMATS, LOG_LEVELS } from "./config/schema.ts";
import { parseDuration } from "./config/units.ts";
import { parseSubject } from "./guard/access_list.ts";
import { fitsTextField } from "./protocol/text.ts";

/** Where the configuration is looked for when no flag names it. */
export const DEFAULT_FILES: readonly string[] = ["kurafuto.toml", "/etc/kurafuto/kurafuto.toml"];

export type CommandName = "run" | "check" | "schema" | "demo" | "ban" | "unban" | "allow" | "disallow" | "bans";

/** The word that a command acts upon. */
export interface Argument {
  /** What stands for it in the help. */
  readonly value: string;
  /** Throws what is wrong with a word. */
  readonly check: (word: string) => void;
}

export interface Command {
  readonly name: CommandName;
  /** Letter of a flag that means the same, as `-t`. */
  readonly short?: string;
  /** What must follow it; absent when nothing may. */
  readonly argument?: Argument;
  readonly summary: string;
}

const PLAYERS: Argument = { value: "NAME|ADDRESS|NETWORK", check: parseSubject };

/** What is meant when no command is named. */
const DEFAULT_COMMAND: Command = { name: "run", summary: "Run the edge (the default)" };

/** Every command. */
export const COMMANDS: readonly Command[] = [
  DEFAULT_COMMAND,
  { name: "check", short: "t", summary: "Say what is wrong with the configuration and where, then exit" },
  { name: "schema", summary: "Print the JSON Schema of the configuration" },
  { name: "demo", summary: "Run the edge with demo worlds on 127.0.0.1:25565, no configuration needed" },
  { name: "ban", argument: PLAYERS, summary: "Keep a player, an address or a network out" },
  { name: "unban", argument: PLAYERS, summary: "Take an entry off the ban list" },
  { name: "allow", argument: PLAYERS, summary: "Let them in, whatever ban their address has" },
  { name: "disallow", argument: PLAYERS, summary: "Take an entry off the allow list" },
  { name: "bans", summary: "Show the ban list and the allow list" },
];

/** Commands that read a configuration. */
const CONFIGURED: readonly CommandName[] = ["run", "check", "ban", "unban", "allow", "disallow", "bans"];

/** Longest life of an entry that ends at all, in days. */
const LONGEST_DAYS = 36_500;

/** What a command line does: a command, or the flag that stands for one. */
type Use = CommandName | "--version";

export type FlagName =
  | "config"
  | "set"
  | "log-level"
  | "log-format"
  | "for"
  | "reason"
  | "version"
  | "json"
  | "help";

export interface Flag {
  readonly name: FlagName;
  readonly short?: string;
  /** What stands for the value in the help; flags without one take no value. */
  readonly value?: string;
  /** The only values allowed. */
  readonly choices?: readonly string[];
  /** Throws what is wrong with a value. */
  readonly check?: (value: string) => void;
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
    with: CONFIGURED,
    summary: `Configuration; otherwise ${DEFAULT_FILES.join(", then ")}`,
  },
  {
    name: "set",
    value: "SECTION.KEY=VALUE",
    check: checkPair,
    with: CONFIGURED,
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
  {
    name: "for",
    value: "DURATION",
    check: checkLifetime,
    with: ["ban", "allow"],
    summary: 'How long it counts, as "30m", "12h" or "7d"; otherwise for good',
  },
  {
    name: "reason",
    value: "TEXT",
    check: checkReason,
    with: ["ban", "allow"],
    summary: "Why, which players who are banned are shown",
  },
  { name: "version", short: "V", summary: "Print the version" },
  { name: "json", with: ["--version", "bans"], summary: "Print JSON; with --version also the surroundings" },
  { name: "help", short: "h", summary: "Print this help" },
];

/** What a command line asks for. */
export type Invocation =
  | CommandInvocation
  | { readonly kind: "version"; readonly json: boolean }
  | { readonly kind: "help" }
  | { readonly kind: "misuse"; readonly message: string };

export interface CommandInvocation {
  readonly kind: "command";
  readonly command: CommandName;
  /** Empty where the command takes none. */
  readonly argument: string;
  readonly flags: FlagValues;
}

/** Values of the flags that were given. */
export interface FlagValues {
  readonly config: string | undefined;
  /** In the order given. */
  readonly set: readonly { readonly key: string; readonly value: string }[];
  readonly log: LogFlags;
  /** Milliseconds. */
  readonly for: number | undefined;
  readonly reason: string | undefined;
  readonly json: boolean;
}

/** What flags say about the log. */
export type LogFlags = Partial<Pick<Config["log"], "level" | "format">>;

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
  if ("kind" in command) return command;
  const stray = strayFlag(given, given.has("version") ? "--version" : command.name);
  if (stray !== undefined) return misuse(stray);
  if (given.has("version")) return { kind: "version", json: given.has("json") };
  const words = parsed._.slice(1);
  const wrong = wrongWords(command, words);
  if (wrong !== undefined) return misuse(wrong);
  return { kind: "command", command: command.name, argument: words[0] ?? "", flags: flagValues(given) };
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
  const lifetime = valuesOf(given, "for").at(-1);
  return {
    config: valuesOf(given, "config").at(-1),
    set: valuesOf(given, "set").map((pair) => {
      const equals = pair.indexOf("=");
      return { key: pair.slice(0, equals), value: pair.slice(equals + 1) };
    }),
    log: { ...level && { level }, ...format && { format } },
    for: lifetime === undefined ? undefined : parseDuration(lifetime),
    reason: valuesOf(given, "reason").at(-1),
    json: given.has("json"),
  };
}

function unknownFlag([flag]: readonly string[]): string | undefined {
  if (flag === undefined) return undefined;
  return `Cannot use flag ${flag} as it is unknown${suggestion(flag, FLAGS.map(({ name }) => `--${name}`))}`;
}

function wrongValue(given: Given): string | undefined {
  for (const { name, value, choices, check } of FLAGS) {
    for (const text of valuesOf(given, name)) {
      if (text === "") return `Cannot use flag --${name} without a value: it takes ${value}`;
      if (choices !== undefined && !choices.includes(text)) {
        const known = choices.map((choice) => JSON.stringify(choice)).join(", ");
        return `Cannot use flag --${name} as it must be one of ${known}: ${currentValue(text)}${
          suggestion(text, choices)
        }`;
      }
      const fault = check && faultOf(check, text);
      if (fault !== undefined) return fault;
    }
  }
  return undefined;
}

/** What `check` throws about `text`. */
function faultOf(check: (text: string) => void, text: string): string | undefined {
  try {
    check(text);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function checkPair(text: string): void {
  if (/^[^=]+=/.test(text)) return;
  throw new SyntaxError(`Cannot use flag --set as it must be SECTION.KEY=VALUE: ${currentValue(text)}`);
}

function checkLifetime(text: string): void {
  const ms = parseDuration(text);
  if (ms > 0 && ms <= parseDuration(`${LONGEST_DAYS}d`)) return;
  throw new RangeError(`Cannot use flag --for as it must be from 1ms to ${LONGEST_DAYS}d: ${currentValue(text)}`);
}

function checkReason(text: string): void {
  if (fitsTextField(text)) return;
  throw new RangeError(
    `Cannot use flag --reason as it must be text of at most 64 characters of code page 437: ${currentValue(text)}`,
  );
}

function strayFlag(given: Given, use: Use): string | undefined {
  const flag = FLAGS.find(({ name, with: allowed }) =>
    given.has(name) && allowed !== undefined && !allowed.includes(use)
  );
  if (flag === undefined) return undefined;
  return `Cannot use flag --${flag.name} with ${use}: it goes with ${flag.with?.join(", ")}`;
}

/** The command named by the first of `words`, or by one of the `letters` given as flags. */
function chooseCommand([word]: readonly string[], letters: readonly string[]): Command | Invocation {
  const named = COMMANDS.find(({ name }) => name === word);
  if (word !== undefined && named === undefined) {
    const hint = suggestion(word, COMMANDS.map(({ name }) => name));
    return misuse(`Cannot run command ${JSON.stringify(word)} as it is unknown${hint}`);
  }
  const lettered = COMMANDS.find(({ short }) => short !== undefined && letters.includes(short));
  if (named !== undefined && lettered !== undefined && named !== lettered) {
    return misuse(`Cannot use flag -${lettered.short} with ${named.name}: it means ${lettered.name}`);
  }
  return lettered ?? named ?? DEFAULT_COMMAND;
}

/** What is wrong with the words behind a command's name. */
function wrongWords({ name, argument }: Command, [word, extra]: readonly string[]): string | undefined {
  if (argument === undefined) {
    return word === undefined ? undefined : `Cannot use argument ${JSON.stringify(word)}: ${name} takes none`;
  }
  if (word === undefined) return `Cannot run ${name} without an argument: it takes ${argument.value}`;
  if (extra !== undefined) return `Cannot use argument ${JSON.stringify(extra)}: ${name} takes only ${argument.value}`;
  return faultOf(argument.check, word);
}

function misuse(message: string): Invocation {
  return { kind: "misuse", message };
}
