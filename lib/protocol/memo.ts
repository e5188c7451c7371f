/** Results kept by key. */

/**
 * `make`, which is called once for each key. What it returns is shared and must not be changed. Keys that clients can choose are
 * no reason to grow: above `limit` results all are forgotten.
 */
export function memo<A extends readonly unknown[], R>(
  limit: number,
  keyOf: (...args: A) => string,
  make: (...args: A) => R,
): (...args: A) => R {
  const results = new Map<string, R>();
  return (...args) => {
    const key = keyOf(...args);
    const known = results.get(key);
    if (known !== undefined) return known;
    if (results.size >= limit) results.clear();
    const result = make(...args);
    results.set(key, result);
    return result;
  };
}
