import { type Address, formatAddress } from "./address.ts";
import { formatNetwork, type Network } from "./network.ts";
import { formatDuration, formatRate, formatSize, type Rate } from "./units.ts";

/** What a field of the configuration holds. */
type FieldValue = string | number | boolean | Address | Network | Rate | readonly FieldValue[];

/** A table of the configuration. */
export type Fields = Readonly<Record<string, FieldValue>>;

/** Fields that hold bytes. */
const SIZES: ReadonlySet<string> = new Set(["clientBuffer"]);

/** Keys and values of a table as the file would say them: `max_players` and `300`. */
export function written(fields: Fields): ReadonlyMap<string, string> {
  return new Map(Object.entries(fields).map(([field, value]) => [keyOf(field), writtenValue(field, value)]));
}

function keyOf(field: string): string {
  return field.replace(/Ms$/, "").replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function writtenValue(field: string, value: FieldValue): string {
  if (typeof value === "number") {
    if (field.endsWith("Ms")) return JSON.stringify(formatDuration(value));
    return SIZES.has(field) ? JSON.stringify(formatSize(value)) : String(value);
  }
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "boolean") return String(value);
  if (isList(value)) return `[${value.map((element) => writtenValue(field, element)).join(", ")}]`;
  if ("kind" in value) return JSON.stringify(formatAddress(value));
  return JSON.stringify("prefix" in value ? formatNetwork(value) : formatRate(value));
}

function isList(value: FieldValue): value is readonly FieldValue[] {
  return Array.isArray(value);
}
