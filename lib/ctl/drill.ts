/** Drills, as an operator follows them. */
import { type AdminClient, AdminError, type DrillRequest } from "../admin/client.ts";
import type { DrillReport, Outcome, Sight, SightedStep } from "../admin/control.ts";
import { escapeUnsafe } from "../observe/log_format.ts";
import { pause } from "../pause.ts";
import type { Paint } from "./paint.ts";
import { type Cell, table } from "./table.ts";

/** Milliseconds between two looks at what players see. */
const LOOK_MS = 200;

/** Something that became of a player. */
export interface PlayerStep {
  readonly player: string;
  readonly step: SightedStep;
}

export interface RunDrillOptions {
  readonly request: DrillRequest;
  /** Ends the drill before its time. */
  readonly interruption: AbortSignal;
  /** Called with the drill's id when it runs. */
  readonly begun: (drill: string) => void;
  /** Takes each step of each player, soon after it has happened. */
  readonly show: (step: PlayerStep) => void;
  /** @default 200 */
  readonly lookMs?: number;
}

/** A drill that was followed for as long as there was something to see. */
export interface FollowedDrill {
  readonly report: DrillReport;
  /** Why that is not the whole; `undefined` where it is. */
  readonly trouble: string | undefined;
}

/**
 * Begins a drill and follows it until it is over, or the edge is gone or knows it no more: then what was seen last is the report.
 *
 * @throws {AdminError} where the edge refuses, or goes before anything was seen
 */
export async function runDrill(
  client: AdminClient,
  { request, interruption, begun, show, lookMs = LOOK_MS }: RunDrillOptions,
): Promise<FollowedDrill> {
  const { drill } = await client.beginDrill(request);
  begun(drill);
  const shown = new Map<string, number>();
  let report: DrillReport | undefined;
  try {
    for (let isEnded = false;;) {
      if (interruption.aborted && !isEnded) {
        await client.endDrill(drill);
        isEnded = true;
      }
      report = await client.drill(drill);
      for (const step of newSteps(report, shown)) show(step);
      if (report.state === "over") return { report, trouble: undefined };
      await pause(lookMs, isEnded ? undefined : interruption);
    }
  } catch (error) {
    if (report === undefined || !(error instanceof AdminError)) throw error;
    return { report, trouble: `the edge ended the drill, and this was seen until then: ${error.message}` };
  }
}

/** What a drill is, with the id by which the API ends it, as a line with the line feed. */
export function beginLine(drill: string, { fault, backend }: DrillRequest): string {
  return escapeUnsafe(`drill ${drill}: ${fault} before ${backend}`) + "\n";
}

/** A step as `  1.204 s  Steve  in the waiting room: hub went silent`, with the line feed. */
export function stepLine({ player, step }: PlayerStep, paint: Paint): string {
  const time = `${(step.ms / 1000).toFixed(3)} s`.padStart(9);
  return `${paint(time, "grey")}  ${escapeUnsafe(player)}  ${escapeUnsafe(stepText(step))}\n`;
}

/** What all players saw, as a table, and a line about the whole. */
export function reportText({ fault, backend, ms, lost, seen, omitted }: DrillReport, paint: Paint): string {
  const header = ["PLAYER", "WAS ON", "SILENCE", "WHAT BECAME OF THEM"];
  const rows = seen.map((sight): readonly Cell[] => [
    sight.player,
    sight.from === "" ? "-" : sight.from,
    `${Math.round(sight.silenceMs)} ms`,
    outcomeCell(sight),
  ]);
  const players = seen.length + omitted;
  const end = `${fault} before ${backend} for ${(ms / 1000).toFixed(1)} s: ${players} ${
    players === 1 ? "player" : "players"
  } met it`;
  const note = omitted === 0 ? "" : `, of ${omitted} of whom nothing was noted`;
  const losses = paint(`${lost} lost`, lost === 0 ? "green" : "red");
  return `${rows.length === 0 ? "" : table(header, rows, paint)}${escapeUnsafe(end + note)}, ${losses}\n`;
}

function* newSteps({ seen }: DrillReport, shown: Map<string, number>): Generator<PlayerStep> {
  const fresh = seen.flatMap(({ player, session, steps }) => {
    const before = shown.get(session) ?? 0;
    shown.set(session, steps.length);
    return steps.slice(before).map((step) => ({ player, step }));
  });
  yield* fresh.toSorted((a, b) => a.step.ms - b.step.ms);
}

function stepText(step: SightedStep): string {
  switch (step.step) {
    case "refused":
      return `not taken by ${step.backend}: ${step.cause}`;
    case "lost":
      return `lost by ${step.backend}: ${step.cause}`;
    case "waiting":
      return `in the waiting room: ${step.cause}`;
    case "joined":
      return `on ${step.backend}`;
    case "ended":
      return `disconnected: ${step.reason} (${step.code})`;
  }
}

function outcomeCell({ outcome, from }: Sight): Cell {
  switch (outcome.kind) {
    case "unaffected":
      return { text: "unaffected", colour: "green" };
    case "stayed":
      return { text: `stayed on ${from}`, colour: "green" };
    case "playing":
      return `${wayTo(outcome.backend, from)} after ${spoken(outcome.ms)}`;
    case "waiting":
      return { text: `waiting room after ${spoken(outcome.ms)}`, colour: "yellow" };
    case "adrift":
      return { text: from === "" ? "still logging in" : "between two servers", colour: "yellow" };
    case "left":
      return `${ended(outcome)} after ${spoken(outcome.ms)}`;
    case "lost":
      return { text: `lost, ${ended(outcome)} after ${spoken(outcome.ms)}`, colour: "red" };
  }
}

function wayTo(backend: string, from: string): string {
  if (from === "") return `joined ${backend}`;
  return backend === from ? `back on ${backend}` : `moved to ${backend}`;
}

function ended({ code, reason }: Extract<Outcome, { readonly code: string }>): string {
  return `disconnected with ${code}, ${reason},`;
}

function spoken(ms: number): string {
  return `${Math.round(ms)} ms`;
}
