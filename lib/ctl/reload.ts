/** What a reload would change, and what one has changed. */
import type { PlannedChange, ReloadAnswer, ReloadPlan } from "../admin/control.ts";
import { spokenDuration } from "./duration.ts";
import type { Colour, Paint } from "./paint.ts";
import { escapeUnsafe } from "../observe/log_format.ts";

const SIGNS: Readonly<Record<PlannedChange["kind"], readonly [string, Colour]>> = {
  added: ["+", "green"],
  removed: ["-", "red"],
  changed: ["~", "yellow"],
};

/** The changes, and who would be moved. */
export function planText({ result, changes, moves }: ReloadPlan, paint: Paint): string {
  if (result === "unchanged") return "a reload would change nothing\n";
  const lines = changes.flatMap(({ kind, what, details }) => {
    const [sign, colour] = SIGNS[kind];
    return [paint(`${sign} ${escapeUnsafe(what)}`, colour), ...details.map((detail) => `    ${escapeUnsafe(detail)}`)];
  });
  if (moves.length > 0) {
    lines.push(`${moves.length} ${moves.length === 1 ? "player" : "players"} would be moved:`);
    lines.push(...moves.map(({ player, from }) => `    ${escapeUnsafe(player)} from ${escapeUnsafe(from)}`));
  }
  return lines.map((line) => `${line}\n`).join("");
}

/** Why the file cannot be put into effect; `undefined` where it can. */
export function planTrouble({ result, problems }: ReloadPlan): string | undefined {
  if (result !== "invalid" && result !== "restart") return undefined;
  const title = result === "invalid"
    ? "Cannot reload as the configuration is invalid"
    : "Cannot reload as only a restart can do this";
  return listed(title, problems);
}

/** What a reload has changed, and until when it must be confirmed. @param now Milliseconds since 1970. */
export function reloadText({ result, lines, warnings = [], confirmBy }: ReloadAnswer, now: number): string {
  const title = {
    applied: "the configuration is in effect",
    unchanged: "the configuration was in effect already",
    confirmed: "the configuration stays",
    "rolled-back": "the configuration of before is in effect again",
    refused: "",
  }[result];
  const end = confirmBy === undefined
    ? ""
    : `it is rolled back in ${
      spokenDuration((Date.parse(confirmBy) - now) / 1000)
    }, unless you run: kurafuto confirm\n`;
  return `${listed(title, [...lines, ...warnings.map((warning) => `warning: ${warning}`)])}\n${end}`;
}

/** Why a reload was refused; `undefined` where it was not. */
export function reloadTrouble({ result, lines }: ReloadAnswer): string | undefined {
  return result === "refused" ? listed("Cannot reload, and nothing was changed", lines) : undefined;
}

function listed(title: string, lines: readonly string[]): string {
  return lines.length === 0 ? title : `${title}:\n${lines.map((line) => `    ${escapeUnsafe(line)}`).join("\n")}`;
}
