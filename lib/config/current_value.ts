/** Longest part of a text that a message shows. */
const LONGEST_TEXT = 80;

/** `current value is …` for the end of a message. */
export function currentValue(value: unknown): string {
  return `current value is ${show(value)}`;
}

function show(value: unknown): string {
  if (typeof value === "string") {
    return JSON.stringify(value.length > LONGEST_TEXT ? `${value.slice(0, LONGEST_TEXT)}…` : value);
  }
  if (Array.isArray(value)) return value.length === 0 ? "an empty array" : "an array";
  if (value instanceof Date) return value.toISOString();
  return typeof value === "object" && value !== null ? "a table" : String(value);
}
