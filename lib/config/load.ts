import { readDocument } from "./document.ts";
import { explain } from "./explain.ts";
import { applyEnvironment, applyOverrides, type Override } from "./overlay.ts";
import { checkPairings } from "./pairings.ts";
import { ConfigError, type ConfigProblem } from "./problem.ts";
import { checkReferences } from "./references.ts";
import { type Config, schema } from "./schema.ts";
import { unavailableSettings } from "./unavailable.ts";

/** Largest file that is read; it bounds what a wrong path can cost. */
const LARGEST_FILE = 1024 * 1024;

export interface LoadOptions {
  /** File to read; messages name it as it stands here. */
  readonly path: string;
  /**
   * Environment, of which `KURAFUTO_<SECTION>__<KEY>` count.
   *
   * @default {}
   */
  readonly env?: Readonly<Record<string, string>>;
  /**
   * Keys set on the command line, stronger than the environment and the file.
   *
   * @default []
   */
  readonly overrides?: readonly Override[];
}

export interface LoadedConfig {
  readonly config: Config;
  /** What is valid but has no effect in this version. */
  readonly warnings: readonly ConfigProblem[];
}

/**
 * Reads and checks a configuration.
 *
 * @throws {ConfigError} with every problem found
 */
export async function loadConfig(options: LoadOptions): Promise<LoadedConfig> {
  return parseConfig(await readText(options.path), options);
}

/**
 * Checks `text` as the content of the file `options.path`, which is not read.
 *
 * @throws {ConfigError} with every problem found
 */
export function parseConfig(text: string, { path, env = {}, overrides = [] }: LoadOptions): LoadedConfig {
  const { document, problems: misread } = readDocument(path, text);
  if (document === undefined) throw new ConfigError(misread);
  const misset = [...applyEnvironment(document, env), ...applyOverrides(document, overrides)];
  const { errors, warnings } = unavailableSettings(document);
  const read = schema.safeParse(document.root);
  const invalid = read.success ? [] : explain(document, read.error.issues);
  const problems = [
    ...misread,
    ...misset,
    ...invalid,
    ...checkReferences(document),
    ...checkPairings(document),
    ...errors,
  ];
  if (problems.length > 0 || !read.success) throw new ConfigError(problems.toSorted(byLine));
  return { config: freeze(read.data), warnings: warnings.toSorted(byLine) };
}

/** In the order of the file; what has no line comes last. */
function byLine(a: ConfigProblem, b: ConfigProblem): number {
  return (a.line ?? Number.MAX_VALUE) - (b.line ?? Number.MAX_VALUE);
}

async function readText(path: string): Promise<string> {
  const bytes = await readBytes(path);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    const line = new TextDecoder().decode(bytes).split("\uFFFD", 1)[0]?.split("\n").length;
    throw new ConfigError([{ file: path, line, path: "", message: "Cannot read file as it is not UTF-8" }]);
  }
}

async function readBytes(path: string): Promise<Uint8Array> {
  try {
    if ((await Deno.stat(path)).isDirectory) throw unreadable(path, "it is a directory");
    using file = await Deno.open(path);
    const buffer = new Uint8Array(LARGEST_FILE + 1);
    let size = 0;
    for (let count: number | null = 0; count !== null && size < buffer.length; size += count ?? 0) {
      count = await file.read(buffer.subarray(size));
    }
    if (size > LARGEST_FILE) throw unreadable(path, "it is larger than 1 MiB");
    return buffer.subarray(0, size);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) throw unreadable(path, "it does not exist");
    if (error instanceof Deno.errors.PermissionDenied) throw unreadable(path, "permission is denied");
    if (error instanceof ConfigError || !(error instanceof Error)) throw error;
    throw unreadable(path, error.message);
  }
}

function unreadable(path: string, reason: string): ConfigError {
  return new ConfigError([{ file: path, line: undefined, path: "", message: `Cannot read file as ${reason}` }]);
}

/** `value` with everything in it frozen. */
function freeze<T>(value: T): T {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    Object.values(value).forEach(freeze);
  }
  return value;
}
