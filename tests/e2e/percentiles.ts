/** Half of some durations, and 99 of 100, are at most this, in milliseconds. */
export interface Percentiles {
  readonly p50: number;
  readonly p99: number;
}

/** By nearest rank; throws a `RangeError` where there are no durations. */
export function percentiles(durations: readonly number[]): Percentiles {
  const sorted = durations.toSorted((a, b) => a - b);
  const at = (share: number): number => {
    const value = sorted[Math.ceil(share * sorted.length) - 1];
    if (value === undefined) throw new RangeError("Cannot rank durations: there are none");
    return value;
  };
  return { p50: at(0.5), p99: at(0.99) };
}

/** The percentiles of `durations`, which are printed together with what was measured. */
export function measured(what: string, durations: readonly number[]): Percentiles {
  const { p50, p99 } = percentiles(durations);
  console.log(`${what}: p50 ${p50.toFixed(0)} ms, p99 ${p99.toFixed(0)} ms, ${durations.length} times`);
  return { p50, p99 };
}
