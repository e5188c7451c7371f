/** A file that lines are added to, and that another program may rename meanwhile. */

/** A file cannot be opened. */
export class AppendFileError extends Error {
  override name = "AppendFileError";

  constructor(path: string, cause: unknown) {
    super(`Cannot open file '${path}': ${cause instanceof Error ? cause.message : cause}`, { cause });
  }
}

const LINE_FEED = new Uint8Array([10]);

/** See the file's first line. What was written is in the file, as far as other programs see it, when {@linkcode write} returns. */
export class AppendFile {
  readonly path: string;
  #file: Deno.FsFile;
  /** Whether the file ends in a part of a line. */
  #torn = false;

  /**
   * Opens the file, and creates it with mode 0640 where there is none.
   *
   * @throws {AppendFileError} where that fails
   */
  constructor(path: string) {
    this.path = path;
    this.#file = open(path);
  }

  /**
   * Adds whole lines.
   *
   * @throws {Error} where they cannot be written as a whole; the part that was is ended before the next line
   */
  write(lines: string): void {
    if (this.#torn) {
      this.#file.writeSync(LINE_FEED);
      this.#torn = false;
    }
    const bytes = new TextEncoder().encode(lines);
    for (let done = 0; done < bytes.length;) {
      done += this.#file.writeSync(bytes.subarray(done));
      this.#torn = done < bytes.length;
    }
  }

  /**
   * Goes on in the file that has the path now.
   *
   * @throws {AppendFileError} where that cannot be opened; then the old one stays
   */
  reopen(): void {
    const file = open(this.path);
    this.#file.close();
    this.#file = file;
    this.#torn = false;
  }

  close(): void {
    this.#file.close();
  }
}

function open(path: string): Deno.FsFile {
  try {
    return Deno.openSync(path, { append: true, create: true, mode: 0o640 });
  } catch (error) {
    throw new AppendFileError(path, error);
  }
}
