/** What a soak came to, as far as there are budgets for it. */
export interface Figures {
  /** Sessions that ended although their bots wanted to go on. */
  readonly lost: number;
  /** Packets lost, repeated, overtaken, changed, misframed or on the wrong way, and deeds that never came to an end. */
  readonly wrong: number;
  /** Moves that the edge refused. */
  readonly refused: number;
  /** How far the counts of the bots, of the worlds and of the edge were apart when nothing was under way. */
  readonly miscounted: number;
  /** 99th percentile of the one-way times, in milliseconds. */
  readonly p99: number;
  /** 99th percentile of how late the edge's timers were, in milliseconds: the upper bound of its bucket. */
  readonly lag: number;
  /** Most resident memory of the edge, in MiB. */
  readonly rss: number;
  /** Growth of the edge's resident memory in MiB an hour. */
  readonly growth: number;
}

/** What there are budgets for. */
export type BudgetName = keyof Figures;

/** The most that each figure may be. */
export type Budgets = Readonly<Record<BudgetName, number>>;

/** One figure beside its budget. */
export interface Verdict {
  readonly name: BudgetName;
  readonly figure: number;
  readonly budget: number;
  readonly kept: boolean;
}

/** Each budget's unit and what it is about. */
export const BUDGETS: Readonly<Record<BudgetName, { readonly unit: string; readonly about: string }>> = {
  lost: { unit: "", about: "sessions lost" },
  wrong: { unit: "", about: "packets wrong, or deeds without an end" },
  refused: { unit: "", about: "moves refused" },
  miscounted: { unit: "", about: "sessions by which counts differ" },
  p99: { unit: "ms", about: "one-way p99" },
  lag: { unit: "ms", about: "event loop lag p99" },
  rss: { unit: "MiB", about: "most RSS" },
  growth: { unit: "MiB/h", about: "growth of RSS" },
};

/** Names of all budgets. */
export const BUDGET_NAMES: readonly BudgetName[] = [
  "lost",
  "wrong",
  "refused",
  "miscounted",
  "p99",
  "lag",
  "rss",
  "growth",
];

/** Holds every figure against its budget. A figure that is not known keeps none. */
export function judge(figures: Figures, budgets: Budgets): readonly Verdict[] {
  return BUDGET_NAMES.map((name) => {
    const [figure, budget] = [figures[name], budgets[name]];
    return { name, figure, budget, kept: figure <= budget };
  });
}

/** One line: the budget's name, the figure, and the budget. */
export function verdictLine({ name, figure, budget, kept }: Verdict): string {
  const { unit, about } = BUDGETS[name];
  const amount = (value: number): string => [amountText(value), unit].filter((part) => part !== "").join(" ");
  return `${kept ? "ok       " : "EXCEEDED "} ${name.padEnd(10)} ${amount(figure)} of at most ${
    amount(budget)
  }: ${about}`;
}

function amountText(value: number): string {
  if (value === Infinity) return "any amount";
  return Number.isInteger(value) ? `${value}` : value.toFixed(1);
}
