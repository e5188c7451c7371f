/** Where a key stands: table names, keys and positions in arrays, from the root. */
export type Path = readonly (string | number)[];

/** One thing wrong with, or worth knowing about, a configuration. */
export interface ConfigProblem {
  /** File, environment variable or flag that holds the value. */
  readonly file: string;
  /** Line in that file, from 1; `undefined` when the problem has none. */
  readonly line: number | undefined;
  /** Key as `listener[0].mode`; empty when the problem concerns the whole file. */
  readonly path: string;
  readonly message: string;
}

/** A configuration that cannot be used, with everything that is wrong with it. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  readonly problems: readonly ConfigProblem[];

  constructor(problems: readonly ConfigProblem[]) {
    super(problems.map(formatProblem).join("\n"));
    this.problems = problems;
  }
}

/** `problem` on one line: `kurafuto.toml:12: listener[0].mode: Cannot …`. */
export function formatProblem(problem: ConfigProblem): string {
  const place = problem.line === undefined ? problem.file : `${problem.file}:${problem.line}`;
  return [place, problem.path, problem.message].filter((part) => part !== "").join(": ");
}

/** `path` as `listener[0].mode`; keys that are no bare TOML keys are quoted. */
export function formatPath(path: Path): string {
  return path.reduce<string>((text, key) => {
    if (typeof key === "number") return `${text}[${key}]`;
    const name = /^[A-Za-z0-9_-]+$/.test(key) ? key : JSON.stringify(key);
    return text === "" ? name : `${text}.${name}`;
  }, "");
}
