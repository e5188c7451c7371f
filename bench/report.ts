import type { Row } from "./measure.ts";
import type { Metric, Scenario } from "./scenario.ts";
import { believable, differences, ratios, type Sample, summarize, type Summary } from "./statistics.ts";

/** The peer that all others are put in relation to. */
const REFERENCE = "haproxy";
/** Cores used by anything else while a measurement ran, above which it is noisy. */
const NOISY_CORES = 0.25;
/** Cores used by the generator above which it, not the peer, may be what limits a number. */
const BUSY_GENERATOR = 0.9;

/** How to read the tables. */
export const LEGEND =
  `Medians over the calm rounds (smallest–largest), × = median of the rounds' ratios to ${REFERENCE}.
calm: rounds in which the rest of the machine used at most ${NOISY_CORES} cores; ~ there was none, the numbers are of noisy rounds.
peer, generator: share of a core they used; ! the generator itself may be the limit (direct: how far it goes with no peer).`;

/** Whether the machine did too much else while a row was measured. */
export function isNoisy({ cores }: Row): boolean {
  return cores !== undefined && cores.others > NOISY_CORES;
}

/**
 * The table of one scenario: for each peer and metric the median over the calm rounds, smallest and largest, and the ratio to HAProxy;
 * under it the measurements that failed.
 */
export function report(scenario: Scenario, rows: readonly Row[]): string {
  const own = rows.filter((row) => row.scenario === scenario.name);
  const peers = [...new Set(own.map(({ peer }) => peer))];
  const table = [
    ["", ...scenario.metrics.map(({ unit }) => unit), "calm", "peer", "generator"],
    ...peers.map((
      peer,
    ) => [peer, ...scenario.metrics.map((metric) => cell(metric, peer, own)), ...conditions(peer, own)]),
  ];
  const errors = own.filter(({ error }) => error !== undefined);
  return [
    `${scenario.name}: ${scenario.about}`,
    ...aligned(table),
    ...errors.map(({ peer, round, error }) => `  ${peer}, round ${round + 1}: ${error}`),
    "",
  ].join("\n");
}

/** One number of one peer over all rounds. */
export interface Figure extends Summary {
  /** How many rounds it is of. */
  readonly rounds: number;
  /** Median of the rounds' ratios to HAProxy; `undefined` where there are none. */
  readonly ratio: number | undefined;
}

/** One metric of one peer out of the rows of one scenario; `undefined` when it was never measured. */
export function figureOf(metric: Metric, peer: string, rows: readonly Row[]): Figure | undefined {
  const samples = samplesOf(metric, peer, rows);
  const believed = believable(samples);
  const summary = summarize(believed.map(({ value }) => value));
  if (summary === undefined) return undefined;
  const reference = samplesOf({ ...metric, name: metric.against ?? metric.name }, REFERENCE, rows);
  const relative = peer === "direct" ? [] : believable(ratios(samples, reference));
  return { ...summary, rounds: believed.length, ratio: summarize(relative.map(({ value }) => value))?.median };
}

function cell(metric: Metric, peer: string, rows: readonly Row[]): string {
  const figure = figureOf(metric, peer, rows);
  if (figure === undefined) return "–";
  const { median, min, max, rounds, ratio } = figure;
  const range = rounds > 1 ? ` (${min.toFixed(metric.digits)}–${max.toFixed(metric.digits)})` : "";
  return `${median.toFixed(metric.digits)}${range}${ratio === undefined ? "" : ` ${ratio.toFixed(2)}×`}`;
}

function samplesOf(
  { name, of, added }: Pick<Metric, "name" | "of" | "added">,
  peer: string,
  rows: readonly Row[],
): readonly Sample[] {
  if (peer === "direct" && (of === "peer" || added === true)) return [];
  const samples = rows.filter((row) => row.peer === peer).flatMap((row) => {
    const value = row.values?.[name];
    return value === undefined ? [] : [{ round: row.round, value, noisy: isNoisy(row) }];
  });
  return added === true ? differences(samples, samplesOf({ name, of }, "direct", rows)) : samples;
}

/** How many rounds were calm, and the cores used by the peer and by the generator. */
function conditions(peer: string, rows: readonly Row[]): readonly string[] {
  const measured = rows.filter((row) => row.peer === peer && row.values !== undefined);
  const calm = measured.filter((row) => !isNoisy(row)).length;
  const cores = measured.flatMap((row) => row.cores ?? []);
  const generator = summarize(cores.map((used) => used.generator))?.median;
  return [
    `${calm}/${measured.length}${calm === 0 && measured.length > 0 ? " ~" : ""}`,
    peer === "direct" ? "–" : percent(summarize(cores.map((used) => used.peer))?.median),
    `${percent(generator)}${generator !== undefined && generator > BUSY_GENERATOR ? " !" : ""}`,
  ];
}

function percent(share: number | undefined): string {
  return share === undefined ? "–" : `${Math.round(share * 100)} %`;
}

function aligned(table: readonly (readonly string[])[]): readonly string[] {
  const columns = table[0]?.length ?? 0;
  const widths = Array.from(
    { length: columns },
    (_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0)),
  );
  return table.map((row) => row.map((text, column) => text.padEnd(widths[column] ?? 0)).join("  ").trimEnd());
}
