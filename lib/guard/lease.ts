/** A place that is taken until it is given back. */
export interface Lease {
  /** Gives the place back; calls after the first do nothing. */
  release(): void;
}
