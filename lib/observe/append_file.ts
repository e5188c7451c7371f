/** A file that lines are added to, and that another program may rename meanwhile. */
import { UnusableFileError } from "../config/unusable_file.ts";

const LINE_FEED = new Uint8Array([10]);

/** See the file's first line. What was written is in the file, as far as other programs see it, when {@linkcode write} returns. */
export class AppendFile {
  readonly path: string;
  readonly #key: string;
  #file: Deno.FsFile;
  /** Whether the file ends in a part of a line. */
  #torn = false;

  /**
   * Opens the file, and creates it with mode 0640 where there is none.
   *
   * @param key Of the configuration, that names the file.
   * @throws {UnusableFileError} where that fails
   */
  constructor(path: string, key: string) {
    this.path = path;
    this.#key = key;
    this.#file = open(path, key);
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
   * @throws {UnusableFileError} where that cannot be opened; then the old one stays
   */
  reopen(): void {
    const file = open(this.path, this.#key);
    this.#file.close();
    this.#file = file;
    this.#torn = false;
  }

  close(): void {
    this.#file.close();
  }
}

function open(path: string, key: string): Deno.FsFile {
  try {
    return Deno.openSync(path, { append: true, create: true, mode: 0o640 });
  } catch (error) {
    throw new UnusableFileError(`${key} '${path}'`, error);
  }
}
