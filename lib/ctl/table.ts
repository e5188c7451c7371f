import { type Colour, type Paint, plain } from "./paint.ts";
import { escapeUnsafe } from "../observe/log_format.ts";

/** A cell, with its colour where it has one. Numbers stand at the right. */
export type Cell = string | number | { readonly text: string; readonly colour: Colour };

/** `rows` in aligned columns under `header`, a line for each. What could drive a terminal is escaped. */
export function table(header: readonly string[], rows: readonly (readonly Cell[])[], paint: Paint = plain): string {
  const head = header.map((text): Cell => ({ text, colour: "bold" }));
  const numeric = header.map((_, column) => rows.some((row) => typeof row[column] === "number"));
  const texts = [head, ...rows].map((row) => row.map((cell) => escapeUnsafe(textOf(cell))));
  const widths = header.map((_, column) => Math.max(...texts.map((row) => row[column]?.length ?? 0)));
  return [head, ...rows].map((row, line) => {
    // Nothing is padded at the end of a line, where it would only make narrow terminals wrap.
    const last = row.findLastIndex((_, column) => texts[line]?.[column] !== "");
    const cells = row.slice(0, last + 1).map((cell, column) => {
      const text = texts[line]?.[column] ?? "";
      const padding = " ".repeat((widths[column] ?? 0) - text.length);
      const shown = paint(text, typeof cell === "object" ? cell.colour : undefined);
      if (numeric[column]) return padding + shown;
      return column === last ? shown : shown + padding;
    });
    return `${cells.join("  ")}\n`;
  }).join("");
}

function textOf(cell: Cell): string {
  return typeof cell === "object" ? cell.text : String(cell);
}
