import { messageOf } from "../error_message.ts";
import type { LogRecord } from "@logtape/logtape";

/** What a field may hold; `undefined` leaves the field out, an error shows as its message. Words of a list have no comma. */
export type LogValue = string | number | bigint | boolean | null | undefined | Error | readonly string[];

/** Fields of a line. The names of its own parts are taken. */
export type LogFields = { readonly [name: string]: LogValue } & {
  readonly time?: never;
  readonly level?: never;
  readonly msg?: never;
  readonly event?: never;
};

const LEVEL_NAMES: Readonly<Record<string, string>> = { warning: "warn" };

/**
 * Characters that could end, hide or reorder a line: control and format characters (among them those that set the writing
 * direction), line separators, and halves of surrogate pairs.
 */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

/** Values that need no quotes in a line of text. */
const PLAIN = /^[\p{L}\p{N}_./:@+-]+$/u;

/** `2026-01-02T03:04:05.678Z INFO  message key=value`, with the line feed. */
export function formatText(record: LogRecord): string {
  const { event: _, ...fields } = record.properties;
  let line = `${time(record)} ${level(record).toUpperCase().padEnd(5)} ${escapeUnsafe(message(record))}`;
  for (const [name, value] of Object.entries(fields)) {
    if (value !== undefined) line += ` ${escapeUnsafe(name)}=${textValue(value)}`;
  }
  return `${line}\n`;
}

/** The line as one JSON object, with the line feed. */
export function formatJson(record: LogRecord): string {
  const { event, ...fields } = record.properties;
  const line = { time: time(record), level: level(record), msg: message(record), event, ...fields };
  return `${escapeUnsafe(JSON.stringify(line, jsonValue))}\n`;
}

function textValue(value: unknown): string {
  if (Array.isArray(value)) return textValue(value.join(","));
  const text = messageOf(value);
  return value === null || (typeof value !== "object" && PLAIN.test(text)) ? text : escapeUnsafe(JSON.stringify(text));
}

function jsonValue(_name: string, value: unknown): unknown {
  if (value instanceof Error) return value.message;
  return typeof value === "bigint" ? value.toString() : value;
}

function time(record: LogRecord): string {
  return new Date(record.timestamp).toISOString();
}

function level(record: LogRecord): string {
  return LEVEL_NAMES[record.level] ?? record.level;
}

function message(record: LogRecord): string {
  return record.message.join("");
}

/**
 * `text` with every character that could end, hide or reorder a line as JSON escapes it, which leaves the value of a JSON text as
 * it is.
 */
export function escapeUnsafe(text: string): string {
  return text.replaceAll(UNSAFE, (found) => {
    const units = Array.from({ length: found.length }, (_, index) => found.charCodeAt(index));
    return units.map((unit) => `\\u${unit.toString(16).padStart(4, "0")}`).join("");
  });
}
