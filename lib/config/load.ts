import { readDocument } from "./document.ts";
import { explain, explainFloats } from "./explain.ts";
import { applyEnvironment, applyOverrides, type Override } from "./overlay.ts";
import { checkPairings } from "./pairings.ts";
import { ConfigError, type ConfigProblem } from "./problem.ts";
import { checkReferences } from "./references.ts";
import { type Config, schema } from "./schema.ts";
import { readTextFile } from "./text_file.ts";
import { settingsWithoutEffect } from "./without_effect.ts";

/** Mebibytes of the largest file that is read; it bounds what a wrong path can cost. */
export const LARGEST_MIB = 1;

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
  /** What is valid but has no effect, or one that nobody may want. */
  readonly warnings: readonly ConfigProblem[];
}

/**
 * Reads and checks a configuration.
 *
 * @throws {ConfigError} with every problem found
 */
export async function loadConfig(options: LoadOptions): Promise<LoadedConfig> {
  return parseConfig(await readTextFile(options.path, LARGEST_MIB), options);
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
  // Read once, so that code made for these tables would cost more than it saves.
  const read = schema.safeParse(document.root, { jitless: true });
  const invalid = read.success ? [] : explain(document, read.error.issues);
  const problems = [
    ...misread,
    ...misset,
    ...invalid,
    ...explainFloats(document),
    ...checkReferences(document),
    ...checkPairings(document),
  ];
  if (problems.length > 0 || !read.success) throw new ConfigError(problems.toSorted(byLine));
  return { config: freeze(read.data), warnings: settingsWithoutEffect(document).toSorted(byLine) };
}

/** In the order of the file; what has no line comes last. */
function byLine(a: ConfigProblem, b: ConfigProblem): number {
  return (a.line ?? Number.MAX_VALUE) - (b.line ?? Number.MAX_VALUE);
}

/** `value` with everything in it frozen. */
function freeze<T>(value: T): T {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    Object.values(value).forEach(freeze);
  }
  return value;
}
