import { currentValue } from "./current_value.ts";

const UNIT_MS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, ms: 1 };
const UNIT_BYTES: Readonly<Record<string, number>> = { B: 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30 };

/** At most `count` events in any `windowMs` milliseconds. */
export interface Rate {
  readonly count: number;
  readonly windowMs: number;
}

/** Number followed by one of `units`, in the base unit; `undefined` when `text` is anything else. */
function quantity(text: string, units: Readonly<Record<string, number>>): number | undefined {
  const [, count, unit = ""] = /^(\d{1,15})([a-zA-Z]+)$/.exec(text) ?? [];
  const factor = Object.hasOwn(units, unit) ? units[unit] : undefined;
  return count === undefined || factor === undefined ? undefined : Number(count) * factor;
}

/** What `text` was probably meant to be: its number with the unit that it begins to name, or else one of the same first letter. */
function correction(text: string, units: Readonly<Record<string, number>>): string {
  const [, count, written = ""] = /^\s*(\d{1,15})\s*([a-z]{0,4})\s*$/.exec(text.toLowerCase()) ?? [];
  if (count === undefined) return "";
  const likely = Object.keys(units).filter((unit) => unit.toLowerCase().startsWith(written.slice(0, 1)));
  const begun = likely.filter((unit) => written.startsWith(unit.toLowerCase()));
  const unit = begun.toSorted((a, b) => b.length - a.length)[0] ?? likely[0];
  return unit === undefined ? "" : ` (did you mean ${JSON.stringify(count + unit)}?)`;
}

/**
 * Milliseconds of a duration such as `"250ms"`, `"30s"`, `"5m"`, `"24h"` or `"7d"`.
 *
 * @throws {SyntaxError} when `text` is not a whole number and one of these units
 */
export function parseDuration(text: string): number {
  const ms = quantity(text, UNIT_MS);
  if (ms !== undefined) return ms;
  throw new SyntaxError(
    `Cannot read duration as it must be a whole number and ms, s, m, h or d: ${currentValue(text)}` +
      correction(text, UNIT_MS),
  );
}

/**
 * Bytes of a size such as `"512B"`, `"64KiB"`, `"8MiB"` or `"1GiB"`.
 *
 * @throws {SyntaxError} when `text` is not a whole number and one of these units
 */
export function parseSize(text: string): number {
  const bytes = quantity(text, UNIT_BYTES);
  if (bytes !== undefined) return bytes;
  throw new SyntaxError(
    `Cannot read size as it must be a whole number and B, KiB, MiB or GiB: ${currentValue(text)}` +
      correction(text, UNIT_BYTES),
  );
}

/**
 * Rate such as `"10/10s"`: ten events in ten seconds.
 *
 * @throws {SyntaxError} when `text` is not a whole number above 0, a slash and a duration above 0
 */
export function parseRate(text: string): Rate {
  const [, count, window = ""] = /^(\d{1,15})\/(.+)$/.exec(text) ?? [];
  const windowMs = quantity(window, UNIT_MS);
  if (!Number(count) || !windowMs) {
    throw new SyntaxError(
      `Cannot read rate as it must be a count and a duration such as "10/10s": ${currentValue(text)}`,
    );
  }
  return { count: Number(count), windowMs };
}

/** Duration of `ms` milliseconds as it is written in the configuration, in the greatest unit that it is a whole number of. */
export function formatDuration(ms: number): string {
  return formatQuantity(ms, UNIT_MS);
}

/** Size of `bytes` as it is written in the configuration, in the greatest unit that it is a whole number of. */
export function formatSize(bytes: number): string {
  return formatQuantity(bytes, UNIT_BYTES);
}

/** Rate as it is written in the configuration. */
export function formatRate({ count, windowMs }: Rate): string {
  return `${count}/${formatDuration(windowMs)}`;
}

/** `value`, in the base unit, as a whole number and a unit; the first unit stands behind 0. */
function formatQuantity(value: number, units: Readonly<Record<string, number>>): string {
  const known = Object.entries(units);
  const fitting = known.filter(([, factor]) => value >= factor && value % factor === 0);
  const [unit, factor] = fitting.toSorted(([, a], [, b]) => b - a)[0] ?? known[0] ?? ["", 1];
  return `${value / factor}${unit}`;
}
