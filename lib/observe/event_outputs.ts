/** Where events go beside the admin interface, for programs that read lines. */
import type { Config } from "../config/schema.ts";
import type { StampedEvent } from "./edge_event.ts";
import { EventCommand } from "./event_command.ts";
import { EventFile } from "./event_file.ts";
import type { EventLog } from "./event_log.ts";
import { EventStdout } from "./event_stdout.ts";
import type { Log } from "./log.ts";
import { escapeUnsafe } from "./log_format.ts";

export type EventOutputSettings = Pick<Config["events"], "file" | "stdout" | "command">;

/** See the file's first line. There are none until it is configured. */
export class EventOutputs {
  readonly #log: Log;
  readonly #stop: () => void;
  #file: EventFile | undefined;
  /** Never a second one: lines of two writers would mix. */
  readonly #stdout: EventStdout;
  #usesStdout = false;
  #command: EventCommand | undefined;
  #commandLine: readonly string[] = [];
  /** Commands whose last lines are on their way. */
  readonly #closing = new Set<Promise<void>>();

  constructor(events: EventLog, log: Log) {
    this.#log = log;
    this.#stdout = new EventStdout(log);
    this.#stop = events.subscribe((event) => this.#add(event));
  }

  /**
   * Goes on with other settings. Outputs that are in both miss nothing and get nothing twice.
   *
   * @throws {UnusableFileError} where the file cannot be opened; then nothing has changed
   */
  configure({ file, stdout, command }: EventOutputSettings): void {
    if (file !== (this.#file?.path ?? "")) {
      const opened = file === "" ? undefined : new EventFile(file, this.#log);
      this.#file?.close();
      this.#file = opened;
    }
    this.#usesStdout = stdout;
    if (!isEqual(command, this.#commandLine)) {
      this.#closeCommand();
      this.#commandLine = command;
      this.#command = command.length === 0 ? undefined : new EventCommand({ command, log: this.#log });
    }
  }

  /** Goes on in the file that has its path now, since another program has renamed the old one. */
  reopen(): void {
    this.#file?.reopen();
  }

  /** Takes no more events. Resolves when all are handed on, or whoever should take them has had a few seconds for it. */
  async close(): Promise<void> {
    this.#stop();
    this.#file?.close();
    this.#file = undefined;
    this.#closeCommand();
    await Promise.all([this.#stdout.close(), ...this.#closing]);
  }

  #add(event: StampedEvent): void {
    if (this.#file === undefined && !this.#usesStdout && this.#command === undefined) return;
    const line = `${escapeUnsafe(JSON.stringify(event))}\n`;
    this.#file?.add(line);
    if (this.#usesStdout) this.#stdout.add(line);
    this.#command?.add(line);
  }

  #closeCommand(): void {
    if (this.#command === undefined) return;
    const closing = this.#command.close().finally(() => this.#closing.delete(closing));
    this.#closing.add(closing);
    this.#command = undefined;
  }
}

function isEqual(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((word, index) => word === other[index]);
}
