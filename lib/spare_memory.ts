/** Gives back to the system what the C library keeps of memory that is free again: compiling the program while it runs leaves some 25 MiB. */

/** Only glibc keeps so much, and has this. */
const LIBRARY = "libc.so.6";
const SYMBOLS = {
  // It takes some 15 ms, which another thread has.
  malloc_trim: { parameters: ["usize"], result: "i32", nonblocking: true },
} as const satisfies Deno.ForeignLibraryInterface;
/** How much more memory the process has than at the end of the last time, in bytes, until it is worth another one. */
const WORTH = 4 << 20;
/** By how many bytes it grows between two looks while many log in: whoever allocates may have to wait while memory is given back. */
const RUSH = 1 << 20;

/** Asks the C library, from another thread, for what it does not need. */
export class SpareMemory {
  readonly #residentBytes: () => number;
  #library: Deno.DynamicLibrary<typeof SYMBOLS> | undefined;
  #isAsking = false;
  #least: number;
  #last: number;

  private constructor(library: Deno.DynamicLibrary<typeof SYMBOLS>, residentBytes: () => number) {
    this.#library = library;
    this.#residentBytes = residentBytes;
    this.#least = this.#last = residentBytes();
  }

  /**
   * `undefined` where there is no such library, or it may not be called.
   *
   * @param residentBytes Tells how much memory the process has now. @default what Deno says
   */
  static open(residentBytes: () => number = () => Deno.memoryUsage().rss): SpareMemory | undefined {
    try {
      return new SpareMemory(Deno.dlopen(LIBRARY, SYMBOLS), residentBytes);
    } catch {
      return undefined;
    }
  }

  /** Gives back what is spare where the process has grown by enough and does not just now; to be called about once a second. Resolves once that is done. */
  async look(): Promise<void> {
    const library = this.#library;
    if (library === undefined || this.#isAsking) return;
    const now = this.#residentBytes();
    const isCalm = now - this.#last < RUSH;
    this.#last = now;
    this.#least = Math.min(this.#least, now);
    if (!isCalm || now - this.#least < WORTH) return;
    this.#isAsking = true;
    await library.symbols.malloc_trim(0n);
    this.#least = this.#last = this.#residentBytes();
    this.#isAsking = false;
    if (this.#library === undefined) library.close();
  }

  /** Looks no more. */
  close(): void {
    if (!this.#isAsking) this.#library?.close();
    this.#library = undefined;
  }
}
