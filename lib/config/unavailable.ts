import { currentValue } from "./current_value.ts";
import type { Document } from "./document.ts";
import type { ConfigProblem, Path } from "./problem.ts";

/** A value that is part of the configuration but that this version does not carry out. */
interface Unavailable {
  readonly path: Path;
  readonly value: string;
  /** What to set. */
  readonly advice: string;
}

/** A row is deleted when the edge learns to carry it out. */
export const UNAVAILABLE: readonly Unavailable[] = [
  { path: ["edge", "driver"], value: "epoll", advice: `set "auto" or "deno"` },
];

/** What `document` asks of this version that it does not provide yet. */
export function unavailableSettings(document: Document): ConfigProblem[] {
  return UNAVAILABLE.filter(({ path, value }) => document.valueAt(path) === value).map(({ path, value, advice }) =>
    document.problem(
      path,
      `Cannot use setting as this version does not have it yet: ${currentValue(value)} (${advice})`,
    )
  );
}
