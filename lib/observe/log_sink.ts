/** Where the lines of the log go: to a file, or else elsewhere, and never nowhere. */
import { AppendFile } from "./append_file.ts";

export interface LogSinkOptions {
  /** Takes each line with its line feed where there is no file, or where it takes no more. */
  readonly spare: (line: string) => void;
  /** Told what is wrong with the file, once until it is well again; may write to the sink. */
  readonly trouble: (message: string, error: unknown) => void;
}

/** See the file's first line. */
export class LogSink {
  readonly #options: LogSinkOptions;
  #file: AppendFile | undefined;
  #failed = false;

  constructor(options: LogSinkOptions) {
    this.#options = options;
  }

  /**
   * Writes to the file with that path from now on, or to none where it is empty.
   *
   * @throws {UnusableFileError} where it cannot be opened; then nothing has changed
   */
  useFile(path: string): void {
    if (path === (this.#file?.path ?? "")) return;
    const opened = path === "" ? undefined : new AppendFile(path, "log.file");
    this.close();
    this.#file = opened;
  }

  /** Has written the line, as far as other programs see it, when it returns. */
  write(line: string): void {
    const { spare, trouble } = this.#options;
    if (this.#file === undefined) return spare(line);
    try {
      this.#file.write(line);
      this.#failed = false;
    } catch (error) {
      spare(line);
      if (this.#failed) return;
      this.#failed = true;
      trouble("cannot write to the log file, lines go to standard error", error);
    }
  }

  /** Goes on in the file that has the path now. */
  reopen(): void {
    try {
      this.#file?.reopen();
    } catch (error) {
      this.#options.trouble("cannot open the log file anew, the old one stays", error);
    }
  }

  /** Further lines go elsewhere. */
  close(): void {
    this.#file?.close();
    this.#file = undefined;
    this.#failed = false;
  }
}
