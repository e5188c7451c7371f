import manifest from "../deno.json" with { type: "json" };
import { accessJson, accessTable, addEntry, removeEntry } from "./access_commands.ts";
import {
  type CommandInvocation,
  DEFAULT_FILES,
  type FlagValues,
  type LogFlags,
  parseCommandLine,
} from "./command_line.ts";
import { loadConfig, type LoadOptions } from "./config/load.ts";
import { ConfigError, type ConfigProblem, formatProblem } from "./config/problem.ts";
import { type Config, jsonSchema } from "./config/schema.ts";
import { ExitCode } from "./exit_code.ts";
import { AccessFileError } from "./guard/access_file.ts";
import type { ListName } from "./guard/access_list.ts";
import { helpText } from "./help.ts";

/** What the command line needs of the world. */
export interface CliIo {
  readonly env: Readonly<Record<string, string>>;
  readonly stdout: (text: string) => void;
  readonly stderr: (text: string) => void;
  readonly exists: (path: string) => Promise<boolean>;
  /** Runs the edge until it has stopped; resolves to an exit code. */
  readonly run: (config: Config, warnings: readonly ConfigProblem[]) => Promise<number>;
  /** Runs the demo network until it has stopped; resolves to an exit code. */
  readonly demo: (log: LogFlags) => Promise<number>;
}

/** Does what `args` ask and resolves to an exit code. */
export async function cli(args: readonly string[], io: CliIo): Promise<number> {
  const invocation = parseCommandLine(args);
  switch (invocation.kind) {
    case "misuse":
      io.stderr(`kurafuto: ${invocation.message}\nTry kurafuto --help\n`);
      return ExitCode.Usage;
    case "help":
      io.stdout(helpText());
      return ExitCode.Ok;
    case "version":
      io.stdout(invocation.json ? `${JSON.stringify(surroundings())}\n` : `kurafuto ${manifest.version}\n`);
      return ExitCode.Ok;
    case "command":
      return await perform(invocation, io);
  }
}

async function perform({ command, argument, flags }: CommandInvocation, io: CliIo): Promise<number> {
  try {
    switch (command) {
      case "run":
        return await run(flags, io);
      case "check":
        return await check(flags, io);
      case "schema":
        io.stdout(`${JSON.stringify(jsonSchema(), null, 2)}\n`);
        return ExitCode.Ok;
      case "demo":
        return await io.demo(flags.log);
      case "ban":
      case "allow":
        return await add(command, argument, flags, io);
      case "unban":
        return await remove("ban", argument, flags, io);
      case "disallow":
        return await remove("allow", argument, flags, io);
      case "bans":
        io.stdout(await (flags.json ? accessJson : accessTable)(await dataDir(flags, io)));
        return ExitCode.Ok;
    }
  } catch (error) {
    if (error instanceof ConfigError) {
      io.stderr(`${error.message}\n`);
      return ExitCode.Config;
    }
    if (error instanceof AccessFileError) {
      io.stderr(`kurafuto: ${error.message}\n`);
      return ExitCode.Failure;
    }
    io.stderr(`kurafuto: ${error instanceof Error ? error.stack ?? error.message : error}\n`);
    return ExitCode.Failure;
  }
}

async function run(flags: FlagValues, io: CliIo): Promise<number> {
  const { config, warnings } = await loadConfig({ path: await configFile(flags, io), ...settings(flags, io) });
  return await io.run(config, warnings);
}

async function check(flags: FlagValues, io: CliIo): Promise<number> {
  const path = await configFile(flags, io);
  const { config, warnings } = await loadConfig({ path, ...settings(flags, io) });
  for (const warning of warnings) io.stderr(`warning: ${formatProblem(warning)}\n`);
  const counts = [
    count(config.listeners, "listener"),
    count(config.backends, "backend"),
    count(config.pools, "pool"),
  ];
  io.stdout(`${path}: ok (${counts.join(", ")})\n`);
  return ExitCode.Ok;
}

async function add(list: ListName, who: string, flags: FlagValues, io: CliIo): Promise<number> {
  const { for: lifetimeMs, reason } = flags;
  io.stdout(`${await addEntry(await dataDir(flags, io), list, who, { lifetimeMs, reason })}\n`);
  return ExitCode.Ok;
}

async function remove(list: ListName, who: string, flags: FlagValues, io: CliIo): Promise<number> {
  const done = await removeEntry(await dataDir(flags, io), list, who);
  if (done === undefined) {
    io.stderr(`kurafuto: Cannot find ${who} on the ${list} list (kurafuto bans shows it)\n`);
    return ExitCode.Failure;
  }
  io.stdout(`${done}\n`);
  return ExitCode.Ok;
}

async function dataDir(flags: FlagValues, io: CliIo): Promise<string> {
  const { config } = await loadConfig({ path: await configFile(flags, io), ...settings(flags, io) });
  return config.edge.dataDir;
}

function count(entries: readonly unknown[], noun: string): string {
  return `${entries.length} ${noun}${entries.length === 1 ? "" : "s"}`;
}

async function configFile(flags: FlagValues, io: CliIo): Promise<string> {
  if (flags.config !== undefined) return flags.config;
  for (const path of DEFAULT_FILES) if (await io.exists(path)) return path;
  const message = `Cannot find a configuration (name one with --config): ${DEFAULT_FILES.join(" and ")} do not exist`;
  throw new ConfigError([{ file: "kurafuto", line: undefined, path: "", message }]);
}

function settings({ log, set }: FlagValues, { env }: CliIo): Pick<LoadOptions, "env" | "overrides"> {
  const overrides = set.map(({ key, value }) => ({ flag: "--set", key, value }));
  for (const [key, value] of Object.entries(log)) overrides.push({ flag: `--log-${key}`, key: `log.${key}`, value });
  return { env, overrides };
}

/** Versions of everything the program is made of, for reports of faults. */
function surroundings(): Readonly<Record<string, string>> {
  return { version: manifest.version, ...Deno.version, target: Deno.build.target };
}
