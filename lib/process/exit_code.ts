/** What the process ends with. */
export const ExitCode = {
  Ok: 0,
  Failure: 1,
  Usage: 2,
  /** EX_TEMPFAIL of sysexits(3): worth trying again. */
  Temporary: 75,
  /** EX_CONFIG of sysexits(3): not worth trying again before the configuration is changed. */
  Config: 78,
  /** 128 + SIGINT, as a shell reports it. */
  Interrupted: 130,
} as const;

export type ExitCode = typeof ExitCode[keyof typeof ExitCode];

/** Meaning of each code, for people. */
export const EXIT_MEANINGS: readonly (readonly [ExitCode, string])[] = [
  [ExitCode.Ok, "clean"],
  [ExitCode.Failure, "run-time failure"],
  [ExitCode.Usage, "wrong command line"],
  [ExitCode.Temporary, "temporary failure, such as a port in use"],
  [ExitCode.Config, "bad configuration"],
  [ExitCode.Interrupted, "second Ctrl-C"],
];
