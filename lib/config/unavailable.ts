import { currentValue } from "./current_value.ts";
import type { Document } from "./document.ts";
import type { ConfigProblem, Path } from "./problem.ts";

/** A setting that is part of the configuration but that this version does not carry out. */
interface Unavailable {
  readonly section: string;
  /** The key; absent when the whole section is meant. */
  readonly key?: string;
  /** Whether a value asks for what is missing. */
  readonly asks: (value: unknown) => boolean;
  /** `refuse`: the edge would do something else than what was asked. `warn`: it does all the rest. */
  readonly effect: "refuse" | "warn";
  /** What happens instead, or what to set. */
  readonly advice: string;
}

const isOneOf = (...values: readonly unknown[]) => (value: unknown): boolean => values.includes(value);

/** One row for each setting; a row is deleted when the edge learns to carry it out. */
const UNAVAILABLE: readonly Unavailable[] = [
  { section: "edge", key: "driver", asks: isOneOf("epoll"), effect: "refuse", advice: `set "auto" or "deno"` },
];

export interface UnavailableSettings {
  readonly errors: readonly ConfigProblem[];
  readonly warnings: readonly ConfigProblem[];
}

/** What `document` asks of this version that it does not provide yet. */
export function unavailableSettings(document: Document): UnavailableSettings {
  const errors: ConfigProblem[] = [];
  const warnings: ConfigProblem[] = [];
  for (const { section, key, asks, effect, advice } of UNAVAILABLE) {
    for (const path of places(document, section, key)) {
      if (!asks(document.valueAt(path))) continue;
      const statement = `Cannot use setting as this version does not have it yet (${advice})`;
      if (effect === "warn") warnings.push(document.problem(path, statement));
      else errors.push(document.problem(path, `${statement}: ${currentValue(document.valueAt(path))}`));
    }
  }
  return { errors, warnings };
}

/** Paths of `key` in each table of `section`, or of the section itself. */
function places(document: Document, section: string, key: string | undefined): readonly Path[] {
  if (key === undefined) return [[section]];
  const tables = document.tables(section);
  return Array.isArray(document.root[section]) ? tables.map(({ path }) => [...path, key]) : [[section, key]];
}
