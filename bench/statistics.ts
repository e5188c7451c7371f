/** Median, smallest and largest of some numbers. */
export interface Summary {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** One number that was measured in a round, and whether the machine was too busy with other things to believe it. */
export interface Sample {
  readonly round: number;
  readonly value: number;
  readonly noisy: boolean;
}

/** Median, min and max of `values`; `undefined` when there are none. An even count takes the mean of the middle two. */
export function summarize(values: readonly number[]): Summary | undefined {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const [min, max, high] = [sorted.at(0), sorted.at(-1), sorted[middle]];
  if (min === undefined || max === undefined || high === undefined) return undefined;
  const low = sorted.length % 2 === 1 ? high : sorted[middle - 1] ?? high;
  return { median: (low + high) / 2, min, max };
}

/** The calm samples, or all of them when none was calm. */
export function believable(samples: readonly Sample[]): readonly Sample[] {
  const calm = samples.filter(({ noisy }) => !noisy);
  return calm.length > 0 ? calm : samples;
}

/**
 * `samples` divided by the `reference` of the same round: both saw the same machine, so what slows it down for minutes cancels out.
 * Rounds that lack one of the two are left out; a ratio is noisy when either part is.
 */
export function ratios(samples: readonly Sample[], reference: readonly Sample[]): readonly Sample[] {
  return byRound(samples, reference.filter(({ value }) => value !== 0), (value, by) => value / by);
}

/** `samples` less the `reference` of the same round, on the terms of {@linkcode ratios}. */
export function differences(samples: readonly Sample[], reference: readonly Sample[]): readonly Sample[] {
  return byRound(samples, reference, (value, by) => value - by);
}

function byRound(
  samples: readonly Sample[],
  reference: readonly Sample[],
  combine: (value: number, by: number) => number,
): readonly Sample[] {
  const references = new Map(reference.map((sample) => [sample.round, sample]));
  return samples.flatMap(({ round, value, noisy }) => {
    const by = references.get(round);
    return by === undefined ? [] : [{ round, value: combine(value, by.value), noisy: noisy || by.noisy }];
  });
}
