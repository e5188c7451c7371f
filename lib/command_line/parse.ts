// @ts-types="../../types/std_parse_args.d.ts"
import { parseArgs } from "@std/cli/parse-args";
import { currentValue } from "../config/current_value.ts";
import { nearest, suggestion } from "../config/nearest.ts";
import { type Config, LOG_FORMATS, LOG_LEVELS } from "../config/schema.ts";
import { parseDuration } from "../config/units.ts";
import {
  type Argument,
  type Command,
  type CommandName,
  COMMANDS,
  DEFAULT_COMMAND,
  GROUPS,
  shownCommands,
} from "./commands.ts";
import { asksEdge, type FlagName, FLAGS, goesWith } from "./flags.ts";
import { messageOf } from "../error_message.ts";

/** What a command line asks for. */
export type Invocation =
  | CommandInvocation
  | { readonly kind: "version"; readonly json: boolean }
  /** `about` is the name of a command or of a group, empty for all of them. */
  | { readonly kind: "help"; readonly about: string }
  /** `about` as for the help that tells more. */
  | { readonly kind: "misuse"; readonly about: string; readonly message: string };

export interface CommandInvocation {
  readonly kind: "command";
  readonly command: CommandName;
  /** In the order of the command's arguments; shorter where the last was left out. */
  readonly args: readonly string[];
  readonly flags: FlagValues;
}

/** Values of the flags that were given. */
export interface FlagValues {
  readonly config: string | undefined;
  /** In the order given. */
  readonly set: readonly { readonly key: string; readonly value: string }[];
  readonly log: LogFlags;
  readonly admin: string | undefined;
  readonly tokenFile: string | undefined;
  readonly dump: boolean;
  /** Milliseconds. */
  readonly confirm: number | undefined;
  readonly ready: boolean;
  readonly move: boolean;
  readonly since: number | undefined;
  readonly backend: string | undefined;
  /** Names, in the order given. */
  readonly players: readonly string[];
  /** Milliseconds. */
  readonly delay: number | undefined;
  /** Milliseconds. */
  readonly for: number | undefined;
  readonly reason: string | undefined;
  readonly to: string | undefined;
  readonly json: boolean;
}

/** What flags say about the log. */
export type LogFlags = Partial<Pick<Config["log"], "level" | "format">>;

/** Reads a command line by the tables of commands and flags. */
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
  const fault = unknownFlag(unknown) ?? needlessValue(args) ?? wrongValue(given);
  if (fault !== undefined) return misuse(fault);
  const letters = commandFlags.filter((short) => parsed[short] === true);
  const names = parsed._.length + letters.length;
  if (given.has("help") && (names === 0 || isGroup(parsed._))) return { kind: "help", about: parsed._[0] ?? "" };
  const chosen = chooseCommand(parsed._, letters);
  if ("kind" in chosen) return chosen;
  const { command, words } = chosen;
  if (given.has("help")) return { kind: "help", about: command.name };
  const stray = strayFlag(given, given.has("version") ? "--version" : command.name);
  if (stray !== undefined) return misuse(stray, command.name);
  if (given.has("version")) return { kind: "version", json: given.has("json") };
  const values = joinRest(command.args ?? [], words);
  const wrong = strayKey(given, command.name) ?? wrongWords(command, values) ?? missingFlag(given, command.name);
  if (wrong !== undefined) return misuse(wrong, command.name);
  return { kind: "command", command: command.name, args: values, flags: flagValues(given) };
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
  const last = (name: FlagName): string | undefined => valuesOf(given, name).at(-1);
  const duration = (name: FlagName): number | undefined => {
    const text = last(name);
    return text === undefined ? undefined : parseDuration(text);
  };
  const level = LOG_LEVELS.find((choice) => choice === last("log-level"));
  const format = LOG_FORMATS.find((choice) => choice === last("log-format"));
  const since = last("since");
  return {
    config: last("config"),
    set: valuesOf(given, "set").map((pair) => {
      const equals = pair.indexOf("=");
      return { key: pair.slice(0, equals), value: pair.slice(equals + 1) };
    }),
    log: { ...level && { level }, ...format && { format } },
    admin: last("admin"),
    tokenFile: last("token-file"),
    dump: given.has("dump"),
    confirm: duration("confirm"),
    ready: given.has("ready"),
    move: given.has("move"),
    since: since === undefined ? undefined : Number(since),
    backend: last("backend"),
    players: valuesOf(given, "player").flatMap((names) => names.split(",")).filter((name) => name !== ""),
    delay: duration("delay"),
    for: duration("for"),
    reason: last("reason"),
    to: last("to"),
    json: given.has("json"),
  };
}

function unknownFlag([flag]: readonly string[]): string | undefined {
  if (flag === undefined) return undefined;
  const word = flag.replace(/^-+/, "");
  if (word.length === 1) return `Cannot use flag ${flag} as it is unknown: known letters are ${letters().join(", ")}`;
  const near = nearest(word, FLAGS.map(({ name }) => name));
  return `Cannot use flag ${flag} as it is unknown${near === undefined ? "" : ` (did you mean "--${near}"?)`}`;
}

/** A flag with a value though it takes none. */
function needlessValue(args: readonly string[]): string | undefined {
  const end = args.indexOf("--");
  const flags = end < 0 ? args : args.slice(0, end);
  const plain = FLAGS.filter(({ value }) => value === undefined).map(({ name }) => `--${name}`);
  const valued = flags.find((arg) => plain.some((flag) => arg.startsWith(`${flag}=`)));
  return valued && `Cannot use flag ${valued.replace(/=.*$/s, "")} with a value as it takes none`;
}

/** The flags of one letter, and what each of them means. */
function letters(): readonly string[] {
  return [
    ...FLAGS.flatMap(({ short, name }) => short === undefined ? [] : [`-${short} (--${name})`]),
    ...COMMANDS.flatMap(({ short, name }) => short === undefined ? [] : [`-${short} (${name})`]),
  ];
}

function wrongValue(given: Given): string | undefined {
  for (const { name, value, choices, check } of FLAGS) {
    for (const text of valuesOf(given, name)) {
      if (text === "") return `Cannot use flag --${name} without a value: it takes ${value}`;
      if (choices !== undefined && !choices.includes(text)) {
        return `Cannot use flag --${name} as ${noChoice(text, choices)}`;
      }
      const fault = check && faultOf(check, text);
      if (fault !== undefined) return fault;
    }
  }
  return undefined;
}

function noChoice(text: string, choices: readonly string[]): string {
  const known = choices.map((choice) => JSON.stringify(choice)).join(", ");
  return `it must be one of ${known}: ${currentValue(text)}${suggestion(text, choices)}`;
}

/** What `check` throws about `text`. */
function faultOf(check: (text: string) => void, text: string): string | undefined {
  try {
    check(text);
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}

function strayFlag(given: Given, use: CommandName | "--version"): string | undefined {
  const flag = FLAGS.find((candidate) => given.has(candidate.name) && !goesWith(candidate, use));
  if (flag === undefined) return undefined;
  const hidden = COMMANDS.filter(({ topic }) => topic === undefined).map(({ name }): string => name);
  const uses = flag.with?.filter((name) => !hidden.includes(name)) ?? [];
  return `Cannot use flag --${flag.name} with ${use}: it goes with ${uses.join(", ")}`;
}

/** A key that would do nothing: the running edge has flags of its own. */
function strayKey(given: Given, command: CommandName): string | undefined {
  if (!asksEdge(command)) return undefined;
  const pair = valuesOf(given, "set").find((pair) => !pair.startsWith("admin."));
  return pair &&
    `Cannot use flag --set with ${command} for another section than [admin], by which it finds the edge, as the edge ` +
      `goes by its own flags: ${currentValue(pair)}`;
}

function missingFlag(given: Given, command: CommandName): string | undefined {
  const flag = FLAGS.find(({ name, neededBy }) => neededBy?.includes(command) === true && !given.has(name));
  return flag && `Cannot run ${command} without flag --${flag.name}: it takes ${flag.value}`;
}

interface Choice {
  readonly command: Command;
  /** What follows its name. */
  readonly words: readonly string[];
}

/** The command that `words` begin with, or that one of the `letters` given as flags means. */
function chooseCommand(words: readonly string[], letters: readonly string[]): Choice | Invocation {
  const named = COMMANDS.find(({ name }) => name === words.slice(0, name.split(" ").length).join(" "));
  if (named === undefined && words.length > 0) return isGroup(words) ? incomplete(words) : unknownCommand(words);
  const lettered = COMMANDS.find(({ short }) => short !== undefined && letters.includes(short));
  if (named !== undefined && lettered !== undefined && named !== lettered) {
    return misuse(`Cannot use flag -${lettered.short} with ${named.name}: it means ${lettered.name}`, named.name);
  }
  const command = lettered ?? named ?? DEFAULT_COMMAND;
  return { command, words: named === undefined ? [] : words.slice(named.name.split(" ").length) };
}

/** Whether `words` are the name of a group and no more. */
function isGroup([group, word]: readonly string[]): boolean {
  return group !== undefined && Object.hasOwn(GROUPS, group) && word === undefined;
}

function incomplete([group = ""]: readonly string[]): Invocation {
  const words = shownCommands().flatMap(({ name }) =>
    name.startsWith(`${group} `) ? [name.slice(group.length + 1)] : []
  );
  return misuse(`Cannot run ${group} alone: it takes one of ${words.join(", ")}`, group);
}

function unknownCommand([first = "", second]: readonly string[]): Invocation {
  const inGroup = Object.hasOwn(GROUPS, first) && second !== undefined;
  const typed = inGroup ? `${first} ${second}` : first;
  const names = shownCommands().map(({ name }) => name);
  const elsewhere = names.find((name) => name.split(" ").at(-1) === typed.split(" ").at(-1));
  const meant = FLAGS.some(({ name, value }) => name === typed && value === undefined) ? `--${typed}` : elsewhere;
  const hint = meant === undefined ? suggestion(typed, names) : ` (did you mean ${JSON.stringify(meant)}?)`;
  return misuse(`Cannot run command ${JSON.stringify(typed)} as it is unknown${hint}`, inGroup ? first : "");
}

/** `words` with those joined that belong to one argument. */
function joinRest(args: readonly Argument[], words: readonly string[]): readonly string[] {
  const last = args.length - 1;
  if (args[last]?.rest !== true || words.length <= args.length) return words;
  return [...words.slice(0, last), words.slice(last).join(" ")];
}

/** What is wrong with the words behind a command's name. */
function wrongWords({ name, args = [] }: Command, words: readonly string[]): string | undefined {
  const missing = args.find(({ optional }, index) => words[index] === undefined && optional !== true);
  if (missing !== undefined) {
    const takes = args.length === 1 ? "" : `: it takes ${usualArguments(args)}`;
    return `Cannot run ${name} without ${missing.value}${takes}`;
  }
  const extra = words[args.length];
  if (extra !== undefined) {
    const takes = args.length === 0 ? "takes none" : `takes only ${usualArguments(args)}`;
    return `Cannot use argument ${JSON.stringify(extra)}: ${name} ${takes}`;
  }
  for (const [index, { choices, check }] of args.entries()) {
    const word = words[index];
    if (word === undefined) continue;
    if (choices !== undefined && !choices.includes(word)) return `Cannot run ${name} as ${noChoice(word, choices)}`;
    const fault = check && faultOf(check, word);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

/** `args` as the help shows them: `PLAYER [REASON]`. */
export function usualArguments(args: readonly Argument[]): string {
  return args.map(({ value, optional }) => optional === true ? `[${value}]` : value).join(" ");
}

function misuse(message: string, about = ""): Invocation {
  return { kind: "misuse", about, message };
}
