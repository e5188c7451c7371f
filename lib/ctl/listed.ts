import { escapeUnsafe } from "../observe/log_format.ts";

/** `title`, and below it each of `lines`, made safe to print. */
export function listed(title: string, lines: readonly string[]): string {
  return lines.length === 0 ? title : `${title}:\n${lines.map((line) => `    ${escapeUnsafe(line)}`).join("\n")}`;
}
