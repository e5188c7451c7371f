/** Events in a file: one line of JSON for each. */
import { AppendFile } from "./append_file.ts";
import { droppedLine } from "./line_queue.ts";
import type { Log } from "./log.ts";

/** See the file's first line. What it had no room for is told in its place as soon as there is room again. */
export class EventFile {
  readonly #file: AppendFile;
  readonly #log: Log;
  /** Lines since the last that could be written. */
  #dropped = 0;

  /** @throws {UnusableFileError} where the file cannot be opened */
  constructor(path: string, log: Log) {
    this.#file = new AppendFile(path, "events.file");
    this.#log = log;
  }

  get path(): string {
    return this.#file.path;
  }

  add(line: string): void {
    try {
      this.#file.write(this.#dropped === 0 ? line : droppedLine(this.#dropped) + line);
      this.#dropped = 0;
    } catch (err) {
      if (this.#dropped++ > 0) return;
      this.#log.error("events-dropped", "cannot write to the events file, events are dropped", {
        file: this.path,
        err: String(err),
      });
    }
  }

  /** Goes on in the file that has the path now. */
  reopen(): void {
    try {
      this.#file.reopen();
    } catch (err) {
      const message = "cannot open the events file anew, the old one stays";
      this.#log.error("events-failed", message, { file: this.path, err: String(err) });
    }
  }

  close(): void {
    this.#file.close();
  }
}
