/** Sets of packet ids, as tables that a framer looks up. */

/** A table that is non-zero for `ids`. */
export function idTable(...ids: readonly number[]): Uint8Array {
  const table = new Uint8Array(256);
  for (const id of ids) table[id] = 1;
  return table;
}

/** Every id there is. */
export const EVERY_PACKET: Uint8Array = new Uint8Array(256).fill(1);

const unions = new WeakMap<Uint8Array, WeakMap<Uint8Array, Uint8Array>>();

/** What is in either table. Tables that sessions share have one union that they share too: do not change it. */
export function union(a: Uint8Array, b: Uint8Array): Uint8Array {
  const withA = unions.get(a) ?? new WeakMap<Uint8Array, Uint8Array>();
  unions.set(a, withA);
  const known = withA.get(b);
  if (known !== undefined) return known;
  const table = a.map((flag, id) => flag | (b[id] ?? 0));
  withA.set(b, table);
  return table;
}
