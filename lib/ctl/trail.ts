import type { Trail, TrailCandidate } from "../admin/control.ts";
import type { Paint } from "./paint.ts";
import { escapeUnsafe } from "../observe/log_format.ts";
import { type Cell, table } from "./table.ts";
import { ofMost, stateCell } from "./tables.ts";

/** A session's story: a line for each step, and below a decision what was decided between. */
export function trailText(trail: Trail, paint: Paint): string {
  const { player, session, listener, ip, startedAt, steps, omitted } = trail;
  const title = escapeUnsafe(
    `${player || "(no name)"}, session ${session}, by ${listener} from ${ip}, since ${startedAt}`,
  );
  const width = Math.max(...steps.map(({ step }) => step.length));
  const times = steps.map(({ ms }) => spokenTime(ms));
  const timeWidth = Math.max(...times.map((time) => time.length));
  const lines = steps.map(({ step, text, candidates = [] }, index) => {
    const time = times[index]?.padStart(timeWidth) ?? "";
    const line = `${paint(time, "grey")}  ${escapeUnsafe(step).padEnd(width)}  ${escapeUnsafe(text)}\n`;
    return line + indented(candidatesTable(candidates, paint), timeWidth + 2);
  });
  const note = omitted === 0 ? "" : `${omitted} steps in the middle are not kept any more\n`;
  return `${paint(title, "bold")}\n${lines.join("")}${note}`;
}

function candidatesTable(candidates: readonly TrailCandidate[], paint: Paint): string {
  if (candidates.length === 0) return "";
  const rows = candidates.map(({ backend, state, players, maxPlayers, share, picked, why }): readonly Cell[] => [
    picked ? { text: "->", colour: "green" } : "",
    backend,
    stateCell(state),
    ofMost(players, maxPlayers),
    `${Math.round(share * 100)}%`,
    why ?? "",
  ]);
  return table(["", "BACKEND", "STATE", "PLAYERS", "SHARE", "WHY NOT"], rows, paint);
}

function indented(text: string, columns: number): string {
  return text.replaceAll(/^(?=.)/gm, " ".repeat(columns));
}

/** `31 ms`, `2.4 s` or `75 s` behind the start. */
function spokenTime(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  return ms < 10_000 ? `${(ms / 1000).toFixed(1)} s` : `${Math.round(ms / 1000)} s`;
}
