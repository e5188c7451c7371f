import { configureSync, getLogger, type LogLevel as Severity, type LogRecord } from "@logtape/logtape";
import type { Config } from "../config/schema.ts";
import { asError } from "../error_message.ts";
import { maskAddress, maskAddressesIn } from "./address_mask.ts";
import { formatJson, formatText, type LogFields } from "./log_format.ts";
import { LogSink } from "./log_sink.ts";
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

/** The log, for whoever opened it. What it is used as is a `Log`, which stays good whatever happens here. */
export interface OpenLog extends Log {
  /**
   * Goes on with other settings.
   *
   * @throws {UnusableFileError} where the file cannot be opened; then nothing has changed
   */
  configure(settings: LogSettings): void;
  /** Goes on in the file that has its path now, since another program has renamed the old one. */
  reopen(): void;
  /** Closes the file. Further lines go to standard error. */
  close(): void;
}

/** What can change while the log is open. */
export interface LogSettings {
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
   * File that lines are added to; empty for what {@linkcode LogOptions.write} writes to.
   *
   * @default ""
   */
  readonly file?: string;
  /**
   * Whether only the network part of players' addresses is written: in the fields `ip`, `detail`, `cause` and `err`.
   *
   * @default false
   */
  readonly maskAddresses?: boolean;
}

export interface LogOptions extends LogSettings {
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
/** Fields with text that may have a player's address in it. */
const TALKATIVE = ["detail", "cause", "err"] as const;

/**
 * Opens the log of the process. There is one: opening or configuring it again also redirects what holders of an earlier `Log` write.
 *
 * `message` is for the program's own words; what players or networks sent belongs into fields, which are quoted.
 *
 * @throws {UnusableFileError} where the file cannot be opened
 */
export function openLog(options: LogOptions = {}): OpenLog {
  const { write = writeStderr, now = Date.now } = options;
  const logger = getLogger(CATEGORY);
  let rank = RANKS.info;
  const writer = (at: LogLevel): Log[LogLevel] => (event, message, fields) => {
    if (RANKS[at] < rank) return;
    logger.emit({
      level: SEVERITIES[at],
      timestamp: now(),
      message: [message],
      rawMessage: message,
      properties: { event, ...fields },
    });
  };
  const lines: Log = { debug: writer("debug"), info: writer("info"), warn: writer("warn"), error: writer("error") };
  const sink = new LogSink({
    spare: write,
    trouble: (message, error) => lines.error("log-failed", message, { err: asError(error) }),
  });
  const configure = ({ level = "info", format = "text", file = "", maskAddresses = false }: LogSettings): void => {
    sink.useFile(file);
    rank = RANKS[level];
    const formatLine = format === "json" ? formatJson : formatText;
    configureSync({
      reset: true,
      sinks: { lines: (record) => sink.write(formatLine(maskAddresses ? masked(record) : record)) },
      loggers: [
        { category: CATEGORY, lowestLevel: SEVERITIES[level], sinks: ["lines"] },
        // LogTape reports failing sinks here; there is nowhere left to write such a report.
        { category: ["logtape", "meta"], lowestLevel: null, sinks: [] },
      ],
    });
  };
  configure(options);
  return { ...lines, configure, reopen: () => sink.reopen(), close: () => sink.close() };
}

/** The record with players' addresses masked. */
function masked(record: LogRecord): LogRecord {
  const properties = { ...record.properties };
  if (typeof properties.ip === "string") properties.ip = maskAddress(properties.ip);
  for (const name of TALKATIVE) {
    const value = properties[name];
    const text = value instanceof Error ? value.message : value;
    if (typeof text === "string") properties[name] = maskAddressesIn(text);
  }
  return { ...record, properties };
}
