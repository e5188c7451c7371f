/**
 * CLOCK_MONOTONIC of Linux, as far as Deno lets it be known: `performance.now()` counts by that clock from an unknown start, and
 * `Deno.osUptime()` tells whole seconds, rounded up (do_sysinfo in the kernel's sys.c). So this clock is never behind. It is up to a
 * second ahead, less with each look, and by the time that the machine has slept.
 */
export class MonotonicClock {
  /** Milliseconds at which `performance.now()` was 0: the least that any look allows. */
  #start = Infinity;

  /** Looks at the machine's clock, for more precision. */
  look(): void {
    // In this order: time that passes in between must not put the clock behind.
    const now = performance.now();
    this.#start = Math.min(this.#start, Deno.osUptime() * 1_000 - now);
  }

  /** Microseconds. */
  now(): number {
    this.look();
    return Math.ceil((this.#start + performance.now()) * 1_000);
  }
}
