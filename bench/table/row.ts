/** What a row of the table is, and whether it keeps its bounds. */

/** Something measured. */
export interface Reading {
  /** What it is of, where a row has several. */
  readonly of: string;
  readonly value: number;
}

/** How a number is bounded: it must not be above, or must not be below. */
export type Sense = "at-most" | "at-least";

/** What a row must keep and what it aims at. */
export interface Bounds {
  readonly sense: Sense;
  readonly bound: number;
  readonly aim: number;
  readonly unit: string;
  /** Digits after the point. */
  readonly digits: number;
}

/** One row of the table. */
export interface TableRow {
  /** By which it can be asked for. */
  readonly name: string;
  readonly measure: string;
  readonly bounds: Bounds;
  /** What produces it, behind `deno`; `COMPILED` stands for the compiled executable. */
  readonly command: readonly string[];
  /** Reads what the command has written into the file of `--json`; `lines` are its lines. */
  read(lines: readonly unknown[]): readonly Reading[];
}

/** How well a row keeps its bounds: the worst of its readings counts. */
export type Outcome = "aim met" | "met" | "missed" | "not measured";

/** Holds what was measured against the bounds. */
export function outcome({ sense, bound, aim }: Bounds, readings: readonly Reading[]): Outcome {
  if (readings.length === 0 || readings.some(({ value }) => Number.isNaN(value))) return "not measured";
  const keeps = (limit: number): boolean =>
    readings.every(({ value }) => sense === "at-most" ? value <= limit : value >= limit);
  if (keeps(aim)) return "aim met";
  return keeps(bound) ? "met" : "missed";
}

/** The row in Markdown: measure, measured, bound, aim, outcome, command. `failure` says why there are no readings. */
export function markdownRow(
  { measure, bounds, command }: TableRow,
  readings: readonly Reading[],
  failure = "",
): string {
  const measured = readings.map(({ of, value }) => `${of === "" ? "" : `${of} `}${amount(value, bounds)}`).join(", ");
  const sign = bounds.sense === "at-most" ? "≤" : "≥";
  const cells = [
    measure,
    measured === "" ? failure : measured,
    `${sign} ${amount(bounds.bound, bounds)}`,
    `${sign} ${amount(bounds.aim, bounds)}`,
    outcome(bounds, readings),
    `\`deno ${command.join(" ")}\``,
  ];
  return `| ${cells.join(" | ")} |`;
}

/** What stands above the rows. */
export const MARKDOWN_HEAD = `| measure | measured | at least | aim | | command |
|---|---|---|---|---|---|`;

function amount(value: number, { unit, digits }: Bounds): string {
  const text = value.toFixed(digits);
  return unit === "×" ? `${text} ×` : `${text} ${unit}`;
}
