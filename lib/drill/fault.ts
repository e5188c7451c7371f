/** What can be wrong between the edge and a backend. */

/** Every kind of fault. */
export const FAULTS = ["delay", "stall", "reset", "half-open", "garbage", "death"] as const;
export type FaultKind = typeof FAULTS[number];

/** Milliseconds of the longest delay. */
export const LONGEST_DELAY_MS = 60_000;

/** A fault, as connections suffer it. */
export type Fault =
  /** Bytes of both directions come `ms` milliseconds later, in order. */
  | { readonly kind: "delay"; readonly ms: number }
  /** No byte makes progress in either direction, and the connection stays open. */
  | { readonly kind: "stall" }
  /** The connection breaks off, as by RST. */
  | { readonly kind: "reset" }
  /** The backend has vanished: what it is sent is lost, and nothing ever comes from it, not even an end. */
  | { readonly kind: "half-open" }
  /** In place of its own bytes the backend sends random ones, which `seed` repeats. */
  | { readonly kind: "garbage"; readonly seed: number }
  /** The backend closes its connections, and refuses others. */
  | { readonly kind: "death" };

/** The fault of that kind; `ms` is that of a delay, `seed` that of garbage. */
export function faultOf(kind: FaultKind, { ms, seed }: { readonly ms: number; readonly seed: number }): Fault {
  if (kind === "delay") return { kind, ms };
  return kind === "garbage" ? { kind, seed } : { kind };
}
