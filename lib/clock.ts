/** Time and timers, which tests replace by their own. */
export interface Clock {
  /** Milliseconds from any start; never goes back. */
  now(): number;
  /** Calls `callback` once, `ms` milliseconds from now or soon after, never during this call. Returns what calls it off. */
  after(ms: number, callback: () => void): () => void;
}

/** The machine's clock. */
export const machineClock: Clock = {
  now: () => performance.now(),
  after: (ms, callback) => {
    const timer = setTimeout(callback, ms);
    return () => clearTimeout(timer);
  },
};
