/** Gives back to the system what the C library keeps of memory that is free again: compiling the program while it runs leaves some 25 MiB. */
import process from "node:process";

/** Only glibc keeps so much, and has this. */
const LIBRARY = "libc.so.6";
const SYMBOLS = {
  // It takes some 15 ms, which another thread has; where that shares a core with this one, players wait as long.
  malloc_trim: { parameters: ["usize"], result: "i32", nonblocking: true },
} as const satisfies Deno.ForeignLibraryInterface;
/** How much more memory the process has than at the end of the last time, in bytes, until it is worth another one. */
const WORTH = 4 << 20;
/** By how many bytes it grows between two looks while many log in: whoever allocates may have to wait while memory is given back. */
const RUSH = 1 << 20;

/** The part of a core above which the process is busy with players, who are not to wait for this. */
const BUSY = 0.1;

/** What the process takes. */
export interface Consumption {
  residentBytes(): number;
  /** CPU time so far, in milliseconds. */
  cpuMs(): number;
}

const OWN: Consumption = {
  residentBytes: () => Deno.memoryUsage().rss,
  cpuMs: () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1_000;
  },
};

/** Asks the C library, from another thread, for what it does not need. */
export class SpareMemory {
  readonly #consumption: Consumption;
  #library: Deno.DynamicLibrary<typeof SYMBOLS> | undefined;
  #isAsking = false;
  #least: number;
  #last: number;
  #cpuMs: number;
  #lookedAt = performance.now();

  private constructor(library: Deno.DynamicLibrary<typeof SYMBOLS>, consumption: Consumption) {
    this.#library = library;
    this.#consumption = consumption;
    this.#least = this.#last = consumption.residentBytes();
    this.#cpuMs = consumption.cpuMs();
  }

  /**
   * `undefined` where there is no such library, or it may not be called.
   *
   * @param consumption Of the process. @default what Deno says
   */
  static open(consumption: Consumption = OWN): SpareMemory | undefined {
    try {
      return new SpareMemory(Deno.dlopen(LIBRARY, SYMBOLS), consumption);
    } catch {
      return undefined;
    }
  }

  /**
   * Gives back what is spare where the process has grown by enough, and does not grow and is not busy just now; to be called about
   * once a second. Resolves once that is done.
   */
  async look(): Promise<void> {
    const library = this.#library;
    if (library === undefined || this.#isAsking) return;
    const now = this.#consumption.residentBytes();
    const isCalm = !this.#wasBusy() && now - this.#last < RUSH;
    this.#last = now;
    this.#least = Math.min(this.#least, now);
    if (!isCalm || now - this.#least < WORTH) return;
    this.#isAsking = true;
    await library.symbols.malloc_trim(0n);
    this.#least = this.#last = this.#consumption.residentBytes();
    this.#isAsking = false;
    if (this.#library === undefined) library.close();
  }

  /** Whether it was busy since the last look, which this is from now on. */
  #wasBusy(): boolean {
    const [at, cpuMs] = [performance.now(), this.#consumption.cpuMs()];
    const wasBusy = cpuMs - this.#cpuMs > BUSY * (at - this.#lookedAt);
    [this.#lookedAt, this.#cpuMs] = [at, cpuMs];
    return wasBusy;
  }

  /** Looks no more. */
  close(): void {
    if (!this.#isAsking) this.#library?.close();
    this.#library = undefined;
  }
}
