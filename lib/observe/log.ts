import { configureSync, getLogger, type LogLevel as Severity } from "@logtape/logtape";
import type { Config } from "../config/schema.ts";
import { formatJson, formatText, type LogFields } from "./log_format.ts";
import { writeStderr } from "./standard_streams.ts";

export type { LogFields, LogValue } from "./log_format.ts";
export type LogLevel = Config["log"]["level"];
export type LogFormat = Config["log"]["format"];

/** Writes one line for each event. Below the level of the log a call does nothing. */
export interface Log {
  debug(event: string, message: string, fields?: LogFields): void;
  info(event: string, message: string, fields?: LogFields): void;
  warn(event: string, message: string, fields?: LogFields): void;
  error(event: string, message: string, fields?: LogFields): void;
}

export interface LogOptions {
  /**
   * Least severity that is written.
   *
   * @default "info"
   */
  readonly level?: LogLevel;
  /**
   * Lines for people or for programs.
   *
   * @default "text"
   */
  readonly format?: LogFormat;
  /**
   * Takes each line with its line feed; has written it when it returns.
   *
   * @default standard error
   */
  readonly write?: (line: string) => void;
  /**
   * Milliseconds since 1970.
   *
   * @default Date.now
   */
  readonly now?: () => number;
}

const CATEGORY = "kurafuto";
const SEVERITIES: Readonly<Record<LogLevel, Severity>> = {
  debug: "debug",
  info: "info",
  warn: "warning",
  error: "error",
};
const RANKS: Readonly<Record<LogLevel, number>> = { debug: 0, info: 1, warn: 2, error: 3 };

/**
 * Opens the log of the process. There is one: opening it again also redirects what holders of an earlier `Log` write.
 *
 * `message` is for the program's own words; what players or networks sent belongs into fields, which are quoted.
 */
export function openLog(options: LogOptions = {}): Log {
  const { level = "info", format = "text", write = writeStderr, now = Date.now } = options;
  const formatLine = format === "json" ? formatJson : formatText;
  configureSync({
    reset: true,
    sinks: { lines: (record) => write(formatLine(record)) },
    loggers: [
      { category: CATEGORY, lowestLevel: SEVERITIES[level], sinks: ["lines"] },
      // LogTape reports failing sinks here; there is nowhere left to write such a report.
      { category: ["logtape", "meta"], lowestLevel: null, sinks: [] },
    ],
  });
  const logger = getLogger(CATEGORY);
  const writer = (at: LogLevel): Log[LogLevel] => {
    if (RANKS[at] < RANKS[level]) return () => {};
    return (event, message, fields) => {
      logger.emit({
        level: SEVERITIES[at],
        timestamp: now(),
        message: [message],
        rawMessage: message,
        properties: { event, ...fields },
      });
    };
  };
  return { debug: writer("debug"), info: writer("info"), warn: writer("warn"), error: writer("error") };
}
