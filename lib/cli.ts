import manifest from "../deno.json" with { type: "json" };
import { accessJson, accessTable, addEntry, dataFolder, removeEntry } from "./command_line/access_commands.ts";
import { AdminClient, AdminError, type ClientOptions } from "./admin/client.ts";
import { NAME_KINDS, SHELLS } from "./command_line/commands.ts";
import { DEFAULT_FILES } from "./command_line/flags.ts";
import { type CommandInvocation, type FlagValues, type LogFlags, parseCommandLine } from "./command_line/parse.ts";
import { dumpConfig } from "./config/dump.ts";
import { loadConfig, type LoadOptions } from "./config/load.ts";
import { ConfigError, formatProblem } from "./config/problem.ts";
import { jsonSchema } from "./config/schema.ts";
import { type ConfigSource, configSource } from "./config/source.ts";
import { UnusableFileError } from "./config/unusable_file.ts";
import { type Question, QUESTIONS } from "./ctl/ask.ts";
import { beginLine, reportText, runDrill, stepLine } from "./ctl/drill.ts";
import { eventLine } from "./ctl/event_line.ts";
import { findEdge } from "./ctl/find_edge.ts";
import { follow } from "./ctl/follow.ts";
import { knownNames } from "./ctl/names.ts";
import { coloured, type Paint, plain } from "./ctl/paint.ts";
import { escapeUnsafe } from "./observe/log_format.ts";
import { StdoutError } from "./observe/standard_streams.ts";
import { ExitCode } from "./process/exit_code.ts";
import { AccessFileError } from "./guard/access_file.ts";
import type { ListName } from "./guard/access_list.ts";
import { completionScript } from "./manual/completion/script.ts";
import { helpText } from "./manual/help.ts";
import { manPage } from "./manual/man_page.ts";

/** Milliseconds that a health check waits, less than whoever runs it, so that it can still say what is wrong. */
const HEALTH_TIMEOUT_MS = 4000;
/** Milliseconds that completions wait: somebody holds the Tab key. */
const COMPLETION_TIMEOUT_MS = 1000;

/** Milliseconds that a drill lasts unless somebody says how long. */
const DRILL_MS = 10_000;

/** Errors that say all that an operator needs; others are faults of the program. */
const EXPECTED = [AccessFileError, AdminError, StdoutError, UnusableFileError];

/** What the command line needs of the world. */
export interface CliIo {
  readonly env: Readonly<Record<string, string>>;
  /** Returns whether somebody still reads. */
  readonly stdout: (text: string) => boolean;
  readonly stderr: (text: string) => void;
  /** Whether standard output is a terminal. */
  readonly isTerminal: boolean;
  readonly exists: (path: string) => Promise<boolean>;
  /** From now on what asks the process to end, as Ctrl-C and TERM do, does not end it but aborts the signal. */
  readonly interruption: () => AbortSignal;
  /** Runs the edge until it has stopped; resolves to an exit code. */
  readonly run: (source: ConfigSource) => Promise<number>;
  /** Runs the demo network until it has stopped; resolves to an exit code. */
  readonly demo: (log: LogFlags) => Promise<number>;
}

/** Does what `args` ask and resolves to an exit code. */
export async function cli(args: readonly string[], io: CliIo): Promise<number> {
  const invocation = parseCommandLine(args);
  switch (invocation.kind) {
    case "misuse":
      io.stderr(`kurafuto: ${invocation.message}\nTry kurafuto ${`${invocation.about} --help`.trimStart()}\n`);
      return ExitCode.Usage;
    case "help":
      io.stdout(helpText(invocation.about));
      return ExitCode.Ok;
    case "version":
      io.stdout(invocation.json ? `${JSON.stringify(surroundings())}\n` : `kurafuto ${manifest.version}\n`);
      return ExitCode.Ok;
    case "command":
      return await perform(invocation, io);
  }
}

async function perform(invocation: CommandInvocation, io: CliIo): Promise<number> {
  const { command, args, flags } = invocation;
  const [word = ""] = args;
  try {
    switch (command) {
      case "run":
        return await io.run(configSource(await configuration(flags, io)));
      case "check":
        return await check(flags, io);
      case "demo":
        return await io.demo(flags.log);
      case "ban":
      case "allow":
        return await add(command, word, flags, io);
      case "unban":
        return await remove("ban", word, flags, io);
      case "disallow":
        return await remove("allow", word, flags, io);
      case "bans":
        return print(await (flags.json ? accessJson : accessTable)(await dataDir(flags, io)), io);
      case "schema":
        return print(`${JSON.stringify(jsonSchema(), null, 2)}\n`, io);
      case "completion":
        return print(SHELLS.filter((shell) => shell === word).map(completionScript).join(""), io);
      case "man":
        return print(manPage(manifest.version), io);
      case "complete":
        return await complete(invocation, io);
      case "health":
        return await health(flags, io);
      case "ctl events":
        return await showEvents(flags, io);
      case "drill":
        return await drill(word, flags, io);
      default:
        return await ask(command, invocation, io);
    }
  } catch (error) {
    return tell(error, io);
  }
}

/** Says what went wrong and returns what to end with. */
function tell(error: unknown, io: CliIo): ExitCode {
  if (error instanceof ConfigError) {
    io.stderr(`${error.message}\n`);
    return ExitCode.Config;
  }
  const isExpected = EXPECTED.some((kind) => error instanceof kind);
  io.stderr(`kurafuto: ${isExpected && error instanceof Error ? escapeUnsafe(error.message) : faultText(error)}\n`);
  return error instanceof UnusableFileError ? ExitCode.Config : ExitCode.Failure;
}

/** Of an error that nobody expected. */
function faultText(error: unknown): string {
  return error instanceof Error ? error.stack ?? error.message : String(error);
}

function print(text: string, io: CliIo): number {
  io.stdout(text);
  return ExitCode.Ok;
}

async function check(flags: FlagValues, io: CliIo): Promise<number> {
  const options = await configuration(flags, io);
  const { config, warnings } = await loadConfig(options);
  for (const warning of warnings) io.stderr(`warning: ${formatProblem(warning)}\n`);
  // The values are the same on every machine, the files are not.
  if (flags.dump) return print(dumpConfig(config), io);
  const { unusableFiles } = await import("./edge/named_files.ts");
  const unusable = await unusableFiles(config);
  for (const error of unusable) tell(error, io);
  if (unusable.length > 0) return ExitCode.Config;
  const counts = [
    count(config.listeners, "listener"),
    count(config.backends, "backend"),
    count(config.pools, "pool"),
  ];
  return print(`${options.path}: ok (${counts.join(", ")})\n`, io);
}

async function add(list: ListName, who: string, flags: FlagValues, io: CliIo): Promise<number> {
  const { for: lifetimeMs, reason } = flags;
  return print(`${await addEntry(await dataDir(flags, io), list, who, { lifetimeMs, reason })}\n`, io);
}

async function remove(list: ListName, who: string, flags: FlagValues, io: CliIo): Promise<number> {
  const done = await removeEntry(await dataDir(flags, io), list, who);
  if (done !== undefined) return print(`${done}\n`, io);
  io.stderr(`kurafuto: Cannot find ${who} on the ${list} list (kurafuto bans shows it)\n`);
  return ExitCode.Failure;
}

async function ask(question: Question, { args, flags }: CommandInvocation, io: CliIo): Promise<number> {
  using client = await clientFor(flags, io);
  const { json, text, trouble, code } = await QUESTIONS[question]({ client, args, flags, paint: paintFor(io) });
  if (flags.json) io.stdout(`${jsonLine(json)}\n`);
  else if (trouble === undefined) io.stdout(text);
  if (trouble === undefined) return code ?? ExitCode.Ok;
  if (!flags.json) io.stderr(`kurafuto: ${trouble}\n`);
  return code ?? ExitCode.Failure;
}

async function showEvents(flags: FlagValues, io: CliIo): Promise<number> {
  using client = await clientFor(flags, io);
  const paint = paintFor(io);
  await follow(client, {
    since: flags.since,
    show: (event) => io.stdout(flags.json ? `${jsonLine(event)}\n` : eventLine(event, paint)),
    tell: (text) => io.stderr(`kurafuto: ${text}\n`),
  });
  return ExitCode.Ok;
}

async function drill(fault: string, flags: FlagValues, io: CliIo): Promise<number> {
  using client = await clientFor(flags, io);
  const { json, backend = "", players, for: forMs = DRILL_MS, delay } = flags;
  const paint = paintFor(io);
  const request = {
    fault,
    backend,
    for: `${forMs}ms`,
    ...players.length > 0 && { players },
    ...delay !== undefined && { delay_ms: delay },
  };
  const { report, trouble } = await runDrill(client, {
    request,
    interruption: io.interruption(),
    begun: (id) => void (json || io.stdout(beginLine(id, request))),
    show: (step) => void (json || io.stdout(stepLine(step, paint))),
  });
  io.stdout(json ? `${jsonLine(report)}\n` : reportText(report, paint));
  if (trouble !== undefined) io.stderr(`kurafuto: ${escapeUnsafe(trouble)}\n`);
  return report.lost === 0 ? ExitCode.Ok : ExitCode.Failure;
}

async function health(flags: FlagValues, io: CliIo): Promise<number> {
  using client = await clientFor(flags, io, { timeoutMs: HEALTH_TIMEOUT_MS });
  await client.checkHealth(flags.ready);
  return print(flags.ready ? "ready\n" : "healthy\n", io);
}

/** Prints names for a shell, or nothing: whoever pressed Tab is not helped by an error in the middle of a line. */
async function complete({ args, flags }: CommandInvocation, io: CliIo): Promise<number> {
  try {
    using client = await clientFor(flags, io, { timeoutMs: COMPLETION_TIMEOUT_MS });
    for (const kind of NAME_KINDS.filter((kind) => args.includes(kind))) {
      for (const name of await knownNames(client, kind)) io.stdout(`${escapeUnsafe(name)}\n`);
    }
  } catch {
    return ExitCode.Failure;
  }
  return ExitCode.Ok;
}

async function clientFor(flags: FlagValues, io: CliIo, options: ClientOptions = {}): Promise<AdminClient> {
  const { admin, tokenFile } = flags;
  const { endpoint, ...found } = await findEdge({ admin, tokenFile, configuration: () => configuration(flags, io) });
  return new AdminClient(endpoint, { ...found, ...options });
}

function paintFor({ isTerminal, env }: CliIo): Paint {
  return isTerminal && (env["NO_COLOR"] ?? "") === "" ? coloured : plain;
}

/** `value` as JSON that cannot drive a terminal. */
function jsonLine(value: unknown): string {
  return escapeUnsafe(JSON.stringify(value));
}

async function dataDir(flags: FlagValues, io: CliIo): Promise<string> {
  const { config } = await loadConfig(await configuration(flags, io));
  return await dataFolder(config.edge.dataDir);
}

function count(entries: readonly unknown[], noun: string): string {
  return `${entries.length} ${noun}${entries.length === 1 ? "" : "s"}`;
}

/** The file that flags or usage name, and what is stronger than it. */
async function configuration(flags: FlagValues, io: CliIo): Promise<LoadOptions> {
  const { log, set } = flags;
  const overrides = set.map(({ key, value }) => ({ flag: "--set", key, value }));
  for (const [key, value] of Object.entries(log)) overrides.push({ flag: `--log-${key}`, key: `log.${key}`, value });
  return { path: await configFile(flags, io), env: io.env, overrides };
}

async function configFile(flags: FlagValues, io: CliIo): Promise<string> {
  if (flags.config !== undefined) return flags.config;
  for (const path of DEFAULT_FILES) if (await io.exists(path)) return path;
  const message = `Cannot find a configuration (name one with --config): ${DEFAULT_FILES.join(" and ")} do not exist`;
  throw new ConfigError([{ file: "kurafuto", line: undefined, path: "", message }]);
}

/** Versions of everything the program is made of, for reports of faults. */
function surroundings(): Readonly<Record<string, string>> {
  return { version: manifest.version, ...Deno.version, target: Deno.build.target };
}
