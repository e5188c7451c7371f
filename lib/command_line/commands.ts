/** The commands: the one table from which command lines are read and help, man page and completions are written. */
import { currentValue } from "../config/current_value.ts";
import { FAULTS } from "../drill/fault.ts";
import { parseSubject } from "../guard/access_list.ts";

/** Shells that completions are made for. */
export const SHELLS = ["bash", "zsh", "fish"] as const;
export type Shell = typeof SHELLS[number];

/** What a running edge is asked for by completions; destinations are backends and pools. */
export const NAME_KINDS = ["players", "backends", "destinations"] as const;
export type NameKind = typeof NAME_KINDS[number];

/** Headings that the commands stand under, in this order. */
export const TOPICS = ["The edge", "A running edge", "Players and backends", "Who may join", "Helpers"] as const;
export type Topic = typeof TOPICS[number];

/** Commands that ask a running edge for something. */
export type AskingCommand =
  | "plan"
  | "reload"
  | "confirm"
  | "rollback"
  | "drain"
  | "drill"
  | "upgrade"
  | "health"
  | "complete"
  | "ctl status"
  | "ctl players"
  | "ctl backends"
  | "ctl move"
  | "ctl kick"
  | "ctl announce"
  | "ctl drain"
  | "ctl enable"
  | "ctl explain"
  | "ctl events";

export type CommandName =
  | AskingCommand
  | "run"
  | "check"
  | "demo"
  | "schema"
  | "ban"
  | "unban"
  | "allow"
  | "disallow"
  | "bans"
  | "completion"
  | "man";

/** A word, or words, behind a command's name. */
export interface Argument {
  /** What stands for it in the help. */
  readonly value: string;
  /** Whether it may be left out; only the last may. */
  readonly optional?: boolean;
  /** Whether it is all the words that are left, joined by spaces; only the last may be. */
  readonly rest?: boolean;
  /** The only words allowed. */
  readonly choices?: readonly string[];
  /** Throws what is wrong with a word. */
  readonly check?: (word: string) => void;
  /** What completions offer. */
  readonly names?: NameKind;
}

export interface Command {
  /** One word, or the name of a group and another. */
  readonly name: CommandName;
  /** Letter of a flag that means the same, as `-t`. */
  readonly short?: string;
  /** What must follow it, in order. @default nothing may */
  readonly args?: readonly Argument[];
  /** Where it is told about; absent for what only completions call. */
  readonly topic?: Topic;
  readonly summary: string;
  /** More about it, a paragraph. */
  readonly details?: string;
}

const PLAYER: Argument = { value: "PLAYER", check: checkPlayer, names: "players" };
const BACKEND: Argument = { value: "BACKEND", check: checkBackend, names: "backends" };
const SUBJECT: Argument = { value: "NAME|ADDRESS|NETWORK", check: parseSubject, names: "players" };
const NEWCOMER: Argument = { ...SUBJECT, check: checkNewcomer };

/** What is meant when no command is named. */
export const DEFAULT_COMMAND: Command = {
  name: "run",
  topic: "The edge",
  summary: "Run the edge (the default)",
};

/** Every command. */
export const COMMANDS: readonly Command[] = [
  DEFAULT_COMMAND,
  {
    name: "check",
    short: "t",
    topic: "The edge",
    summary: "Say what is wrong with the configuration and where, then exit",
    details:
      "Reads the file, the environment and the flags as run does, looks at the files that they name, makes and probes nothing. " +
      "Ends with 78 where run would not start for them. With --dump it looks at no other file.",
  },
  {
    name: "demo",
    topic: "The edge",
    summary: "Run the edge with demo worlds on 127.0.0.1:25565, no configuration needed",
  },
  {
    name: "plan",
    topic: "A running edge",
    summary: "Show what a reload would change, and who would be moved",
    details:
      "Changes nothing. Ends with 78 where the file is invalid or asks for what cannot change while the edge runs.",
  },
  {
    name: "reload",
    topic: "A running edge",
    summary: "Put the configuration file, as it is now, into effect",
    details:
      "Players stay connected. All of it is taken or nothing: what is refused, and why, is printed. With --confirm the edge " +
      "goes back by itself to the configuration of before, unless the command confirm comes in time.",
  },
  { name: "confirm", topic: "A running edge", summary: "Keep what the last reload --confirm has changed" },
  {
    name: "rollback",
    topic: "A running edge",
    summary: "Go back to the configuration of before the last reload --confirm",
  },
  {
    name: "drain",
    topic: "A running edge",
    summary: "Stop the edge as the signal TERM does, without asking",
    details: "No new players; those who are there are told, and have edge.drain_timeout to leave. Then the edge ends.",
  },
  {
    name: "upgrade",
    topic: "A running edge",
    summary: "Put another process in the place of the edge's, while everybody plays on",
    details:
      "The new process takes over the listeners and the players' connections, and the old one ends. Where it cannot start, refuses " +
      "its configuration or fails half-way, the old one keeps everybody, and why is printed. Without --to the program is started " +
      "again that runs now, by its path, as the signal USR2 does. Linux only, with edge.driver epoll.",
  },
  {
    name: "drill",
    args: [{ value: "FAULT", choices: FAULTS }],
    topic: "A running edge",
    summary: "Break connections to a backend on purpose, and tell what each player saw",
    details:
      `FAULT is one of ${
        FAULTS.join(", ")
      }. It ends after --for, at Ctrl-C, TERM or HUP, or when the edge stops or is upgraded. Only where [drill] has ` +
      "enabled = true. Ends with 1 where the network has lost a player.",
  },
  {
    name: "health",
    topic: "A running edge",
    summary: "End with 0 where the edge runs, with 1 where it does not",
    details: "An edge that drains is healthy until it has stopped, but not ready.",
  },
  { name: "ctl status", topic: "A running edge", summary: "Show how the edge is doing" },
  {
    name: "ctl events",
    topic: "A running edge",
    summary: "Print what happens, a line for each event, until Ctrl-C",
    details: "Goes on when the edge is back after a restart.",
  },
  { name: "ctl players", topic: "Players and backends", summary: "List the players, and where they are" },
  { name: "ctl backends", topic: "Players and backends", summary: "List the backends, and how they are doing" },
  {
    name: "ctl move",
    args: [PLAYER, { value: "BACKEND|POOL", check: checkFilled, names: "destinations" }],
    topic: "Players and backends",
    summary: "Move a player to a backend, or to a pool",
  },
  {
    name: "ctl kick",
    args: [PLAYER, { value: "REASON", optional: true, rest: true }],
    topic: "Players and backends",
    summary: "Disconnect a player, who reads the reason",
  },
  {
    name: "ctl announce",
    args: [{ value: "TEXT", rest: true, check: checkFilled }],
    topic: "Players and backends",
    summary: "Tell every player something, in chat",
  },
  {
    name: "ctl drain",
    args: [BACKEND],
    topic: "Players and backends",
    summary: "Send a backend no more players; those who are there stay",
  },
  {
    name: "ctl enable",
    args: [BACKEND],
    topic: "Players and backends",
    summary: "Send a drained backend players again",
  },
  {
    name: "ctl explain",
    args: [{ value: "PLAYER|CODE", check: checkPlayer, names: "players" }],
    topic: "Players and backends",
    summary: "Tell how a session went and why, by the player's name or the code of a kick",
    details:
      "CODE is what stands at the end of the text that the player read, as PM-4H2KX; a session's id from the log will do, too.",
  },
  { name: "ban", args: [NEWCOMER], topic: "Who may join", summary: "Keep a player, an address or a network out" },
  { name: "unban", args: [SUBJECT], topic: "Who may join", summary: "Take an entry off the ban list" },
  {
    name: "allow",
    args: [NEWCOMER],
    topic: "Who may join",
    summary: "Let them in, whatever ban their address has",
  },
  { name: "disallow", args: [SUBJECT], topic: "Who may join", summary: "Take an entry off the allow list" },
  { name: "bans", topic: "Who may join", summary: "Show the ban list and the allow list" },
  { name: "schema", topic: "Helpers", summary: "Print the JSON Schema of the configuration" },
  {
    name: "completion",
    args: [{ value: SHELLS.join("|"), choices: SHELLS }],
    topic: "Helpers",
    summary: "Print what completes command lines in a shell",
    details:
      "For bash: kurafuto completion bash > ~/.local/share/bash-completion/completions/kurafuto. For zsh: a file _kurafuto in a " +
      "folder of $fpath. For fish: ~/.config/fish/completions/kurafuto.fish.",
  },
  { name: "man", topic: "Helpers", summary: "Print the man page: kurafuto man | man -l -" },
  {
    name: "complete",
    args: [{ value: "KIND", choices: NAME_KINDS }],
    summary: "Print names that a running edge knows",
  },
];

/** Words that commands of two words begin with. */
export const GROUPS: Readonly<Record<string, string>> = { ctl: "See and steer a running edge" };

/** The group of the command called `name`, `undefined` when it has none. */
export function groupOf(name: string): string | undefined {
  const [group, word] = name.split(" ", 2);
  return word === undefined ? undefined : group;
}

/** Commands that people are told of. */
export function shownCommands(): readonly Command[] {
  return COMMANDS.filter(({ topic }) => topic !== undefined);
}

function checkFilled(word: string): void {
  if (word.trim() === "") throw new SyntaxError(`Cannot use an empty argument: ${currentValue(word)}`);
}

function checkPlayer(word: string): void {
  checkFilled(word);
  if (!isFolder(word)) return;
  throw new SyntaxError(`Cannot name a player so: ${currentValue(word)} (name the session, which ctl players shows)`);
}

function checkBackend(word: string): void {
  checkFilled(word);
  if (isFolder(word)) throw new SyntaxError(`Cannot name a backend so: ${currentValue(word)}`);
}

/** What would be a name by its letters, and is a mistyped address in all likelihood; the file may have such names. */
function checkNewcomer(word: string): void {
  if (parseSubject(word).kind === "name" && /^[\d.]*\.[\d.]*$/.test(word)) {
    throw new SyntaxError(`Cannot read address: ${currentValue(word)} (access.toml can have it as a name)`);
  }
}

/** Players and backends may be called `.` and `..`, which no URL can say: the drain of `..` would be that of the whole edge. */
function isFolder(word: string): boolean {
  return word === "." || word === "..";
}
