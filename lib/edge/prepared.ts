/** A change that is made ready: exactly one of both is called, and neither throws. */
export interface Prepared {
  /** Puts it into effect, at once. */
  commit(): void;
  /** Leaves everything as it is. */
  discard(): void;
}
