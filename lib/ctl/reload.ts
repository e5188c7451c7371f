/** What a reload would change, and what one has changed. */
import type { PlannedChange, ReloadAnswer, ReloadPlan } from "../admin/control.ts";
import { ExitCode } from "../process/exit_code.ts";
import { spokenDuration } from "./duration.ts";
import { listed } from "./listed.ts";
import type { Colour, Paint } from "./paint.ts";
import { escapeUnsafe } from "../observe/log_format.ts";

const SIGNS: Readonly<Record<PlannedChange["kind"], readonly [string, Colour]>> = {
  added: ["+", "green"],
  removed: ["-", "red"],
  changed: ["~", "yellow"],
};

/** The changes, and who would be moved. */
export function planText({ result, changes, moves, warnings = [] }: ReloadPlan, paint: Paint): string {
  const lines = result === "unchanged"
    ? ["a reload would change nothing"]
    : changes.flatMap(({ kind, what, details }) => {
      const [sign, colour] = SIGNS[kind];
      return [
        paint(`${sign} ${escapeUnsafe(what)}`, colour),
        ...details.map((detail) => `    ${escapeUnsafe(detail)}`),
      ];
    });
  if (moves.length > 0) {
    lines.push(`${moves.length} ${moves.length === 1 ? "player" : "players"} would be moved:`);
    lines.push(...moves.map(({ player, from }) => `    ${escapeUnsafe(player)} from ${escapeUnsafe(from)}`));
  }
  lines.push(...warnings.map((warning) => `warning: ${escapeUnsafe(warning)}`));
  return lines.map((line) => `${line}\n`).join("");
}

const REFUSALS: Readonly<Record<ReloadPlan["result"], string | undefined>> = {
  changes: undefined,
  unchanged: undefined,
  invalid: "Cannot reload as the configuration is invalid",
  restart: "Cannot reload as this cannot change while the edge runs",
  stopping: "Cannot reload",
};

/** Why the file cannot be put into effect; `undefined` where it can. */
export function planTrouble({ result, problems }: ReloadPlan): string | undefined {
  const title = REFUSALS[result];
  return title && listed(title, problems);
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

/** Why an order was refused; `undefined` where it was not. */
export function reloadTrouble({ result, lines }: ReloadAnswer, order: "reload" | "roll back"): string | undefined {
  return result === "refused" ? listed(`Cannot ${order}, and nothing was changed`, lines) : undefined;
}

/** What a reload ends with. */
export function reloadCode({ result, badConfig, temporary }: ReloadAnswer): ExitCode {
  if (result !== "refused") return ExitCode.Ok;
  if (badConfig) return ExitCode.Config;
  return temporary ? ExitCode.Temporary : ExitCode.Failure;
}
