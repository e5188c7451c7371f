/** The flags: the other table of the command line. */
import { currentValue } from "../config/current_value.ts";
import { LOG_FORMATS, LOG_LEVELS } from "../config/schema.ts";
import { parseDuration } from "../config/units.ts";
import { parseEndpoint } from "../admin/endpoint.ts";
import { LONGEST_DELAY_MS } from "../drill/fault.ts";
import { fitsTextField } from "../protocol/text.ts";
import { type CommandName, groupOf, type NameKind } from "./commands.ts";

/** Where the configuration is looked for when no flag names it. */
export const DEFAULT_FILES: readonly string[] = ["kurafuto.toml", "/etc/kurafuto/kurafuto.toml"];

/** What a flag goes with: a command, all commands of a group, or the flag that stands for a command. */
type Use = CommandName | "ctl" | "--version";

/** Commands that read the whole configuration. */
const CONFIGURED: readonly Use[] = ["run", "check", "ban", "unban", "allow", "disallow", "bans"];

/** Commands that ask a running edge. */
const ASKING: readonly Use[] = [
  ...["plan", "reload", "confirm", "rollback", "drain", "upgrade", "drill", "health", "ctl", "complete"] as const,
];

/** Longest life of an entry that ends at all, in days. */
const LONGEST_DAYS = 36_500;

export type FlagName =
  | "config"
  | "set"
  | "admin"
  | "token-file"
  | "log-level"
  | "log-format"
  | "dump"
  | "confirm"
  | "ready"
  | "move"
  | "since"
  | "backend"
  | "player"
  | "for"
  | "delay"
  | "reason"
  | "to"
  | "version"
  | "json"
  | "help";

export interface Flag {
  readonly name: FlagName;
  readonly short?: string;
  /** What stands for the value in the help; flags without one take no value. */
  readonly value?: string;
  /** Whether the value is a path. */
  readonly isFile?: boolean;
  /** The only values allowed. */
  readonly choices?: readonly string[];
  /** What completions offer. */
  readonly names?: NameKind;
  /** Throws what is wrong with a value. */
  readonly check?: (value: string) => void;
  /** What it goes with; absent when it goes with everything. */
  readonly with?: readonly Use[];
  /** Commands that cannot do without it. */
  readonly neededBy?: readonly CommandName[];
  readonly summary: string;
}

/** Every flag. */
export const FLAGS: readonly Flag[] = [
  {
    name: "config",
    short: "c",
    value: "FILE",
    isFile: true,
    with: [...CONFIGURED, ...ASKING],
    summary: `Configuration; otherwise ${DEFAULT_FILES.join(", then ")}`,
  },
  {
    name: "set",
    value: "SECTION.KEY=VALUE",
    check: checkPair,
    with: [...CONFIGURED, ...ASKING],
    summary:
      "Set one key, stronger than the environment and the file; to find a running edge, one of [admin]; may be repeated",
  },
  {
    name: "admin",
    value: "ADDRESS",
    check: parseEndpoint,
    with: ASKING,
    summary: "Where the edge's admin API is: host:port, unix:/path or http://host; otherwise admin.bind",
  },
  {
    name: "token-file",
    value: "FILE",
    isFile: true,
    with: ASKING,
    summary: "File with the token of the admin API; otherwise admin.token_file, unless --admin is given",
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
    name: "dump",
    with: ["check"],
    summary: "Print the configuration that is meant, every key with its value, secrets masked",
  },
  {
    name: "confirm",
    value: "DURATION",
    check: checkConfirm,
    with: ["reload"],
    summary: 'Go back by itself after that time, as "60s", unless kurafuto confirm is run',
  },
  { name: "ready", with: ["health"], summary: "Ask whether the edge takes players, not only whether it runs" },
  { name: "move", with: ["ctl drain"], summary: "Move the players who are there to the fallback, at its join rate" },
  {
    name: "since",
    value: "ID",
    check: checkEventId,
    with: ["ctl events"],
    summary: "Begin with the event behind that one; 0 for all that the edge still knows",
  },
  {
    name: "backend",
    value: "NAME",
    names: "backends",
    with: ["drill"],
    neededBy: ["drill"],
    summary: "The backend that the fault stands before",
  },
  {
    name: "player",
    value: "NAME[,NAME]",
    names: "players",
    with: ["drill"],
    summary: "Players whom it is for; otherwise all who are on the backend or come there; may be repeated",
  },
  {
    name: "for",
    value: "DURATION",
    check: checkLifetime,
    with: ["ban", "allow", "drill"],
    summary: 'How long it counts, as "30m", "12h" or "7d"; otherwise for good, and drills for 10s',
  },
  {
    name: "delay",
    value: "DURATION",
    check: checkDelay,
    with: ["drill"],
    summary: "How much later bytes come with the fault delay; otherwise 250ms",
  },
  {
    name: "reason",
    value: "TEXT",
    check: checkReason,
    with: ["ban", "allow"],
    summary: "Why, which players who are banned are shown",
  },
  {
    name: "to",
    value: "PATH",
    isFile: true,
    with: ["upgrade"],
    summary: "Executable of the new process; otherwise the one that runs now",
  },
  {
    name: "json",
    with: ["--version", "bans", "plan", "reload", "confirm", "rollback", "drain", "upgrade", "drill", "ctl"],
    summary: "Print JSON; with --version also the surroundings",
  },
  { name: "version", short: "V", with: ["--version"], summary: "Print the version" },
  { name: "help", short: "h", summary: "Print help, with a command the help of that command" },
];

/** Whether `flag` goes with a command, or with the flag that stands for one. */
export function goesWith(flag: Flag, use: CommandName | "--version"): boolean {
  if (flag.with === undefined) return true;
  const group = groupOf(use);
  return flag.with.some((allowed) => allowed === use || allowed === group);
}

/** Whether a command asks a running edge. */
export function asksEdge(command: CommandName): boolean {
  return ASKING.some((asking) => asking === command || asking === groupOf(command));
}

function checkPair(text: string): void {
  if (/^[^=]+=/.test(text)) return;
  throw new SyntaxError(`Cannot use flag --set as it must be SECTION.KEY=VALUE: ${currentValue(text)}`);
}

function checkConfirm(text: string): void {
  const ms = parseDuration(text);
  if (ms >= 1000 && ms <= parseDuration("24h")) return;
  throw new RangeError(`Cannot use flag --confirm as it must be from 1s to 24h: ${currentValue(text)}`);
}

function checkDelay(text: string): void {
  const ms = parseDuration(text);
  if (ms >= 1 && ms <= LONGEST_DELAY_MS) return;
  throw new RangeError(
    `Cannot use flag --delay as it must be from 1ms to ${LONGEST_DELAY_MS / 1000}s: ${currentValue(text)}`,
  );
}

function checkEventId(text: string): void {
  if (/^\d{1,15}$/.test(text)) return;
  throw new SyntaxError(`Cannot use flag --since as it must be the number of an event: ${currentValue(text)}`);
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
