/** The part of `@std/cli/parse-args` that the command line uses; its npm mirror ships no types. */
export interface ParseOptions {
  readonly alias?: Readonly<Record<string, string>>;
  readonly boolean?: readonly string[];
  readonly string?: readonly string[];
  readonly collect?: readonly string[];
  /** Called for each flag that no option names, and for each positional argument, then without a key. */
  readonly unknown?: (arg: string, key?: string, value?: unknown) => unknown;
}

export interface Args {
  readonly _: readonly string[];
  readonly [flag: string]: unknown;
}

export declare function parseArgs(args: readonly string[], options?: ParseOptions): Args;
