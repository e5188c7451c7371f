/** What the rule looks at in a backend. */
export interface Member {
  readonly up: boolean;
  readonly drained: boolean;
}

/**
 * Whether some pool that lists `backend` has nobody else who could take players. Failed dials never take such a backend down: they
 * may be the fault of the network between, or of a rush, and a doubtful backend is better than none.
 */
export function isLastUp<M extends Member>(backend: M, pools: readonly { readonly backends: readonly M[] }[]): boolean {
  return pools.some(({ backends }) =>
    backends.includes(backend) && backends.every((other) => other === backend || !other.up || other.drained)
  );
}
