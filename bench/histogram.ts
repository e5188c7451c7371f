/** Each doubling is cut into this many buckets, so that a bucket is at most 1/64 wide: quantiles are 1.6 % exact. */
const BUCKETS_PER_OCTAVE = 64;
const EXACT_BITS = 6;
const OCTAVES = 32 - EXACT_BITS;

/** Counts values from 0 to 2³²−1 in a fixed amount of memory. */
export class Histogram {
  readonly #buckets = new Uint32Array((OCTAVES + 1) * BUCKETS_PER_OCTAVE);
  #count = 0;
  #max = 0;

  get count(): number {
    return this.#count;
  }

  /** Largest value added; 0 when there is none. */
  get max(): number {
    return this.#max;
  }

  /** Adds a whole number; below 0 counts as 0. */
  add(value: number): void {
    const bounded = Math.max(value, 0);
    const bucket = bucketOf(bounded);
    this.#buckets[bucket] = (this.#buckets[bucket] ?? 0) + 1;
    this.#count++;
    if (bounded > this.#max) this.#max = bounded;
  }

  /** The value that a share of `q` (0 to 1) of the values does not exceed: the lower edge of its bucket. NaN when empty. */
  quantile(q: number): number {
    if (this.#count === 0) return NaN;
    const rank = Math.max(Math.ceil(q * this.#count), 1);
    let seen = 0;
    for (const [bucket, count] of this.#buckets.entries()) {
      seen += count;
      if (seen >= rank) return lowerEdge(bucket);
    }
    return this.#max;
  }

  clear(): void {
    this.#buckets.fill(0);
    this.#count = 0;
    this.#max = 0;
  }
}

function bucketOf(value: number): number {
  const octave = Math.max(OCTAVES - Math.clz32(value), 0);
  return octave * BUCKETS_PER_OCTAVE + ((value >>> Math.max(octave - 1, 0)) & (BUCKETS_PER_OCTAVE - 1));
}

function lowerEdge(bucket: number): number {
  const octave = Math.floor(bucket / BUCKETS_PER_OCTAVE);
  const step = bucket % BUCKETS_PER_OCTAVE;
  return octave === 0 ? step : (BUCKETS_PER_OCTAVE + step) * 2 ** (octave - 1);
}
