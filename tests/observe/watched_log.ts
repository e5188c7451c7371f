/** A log whose lines a test waits for. */
import { type Log, openLog } from "../../lib/observe/log.ts";
import { Waits } from "../harness/waits.ts";

export type WatchedLine = { readonly event: string; readonly msg: string } & Readonly<Record<string, unknown>>;

/** See the file's first line. */
export class WatchedLog {
  readonly lines: WatchedLine[] = [];
  readonly log: Log;
  readonly #waits = new Waits(() => `logged last: ${JSON.stringify(this.lines.slice(-5))}`, 20_000);

  constructor() {
    const write = (line: string): void => {
      this.lines.push(JSON.parse(line));
      this.#waits.changed();
    };
    this.log = openLog({ level: "debug", format: "json", write });
  }

  /** Lines with those words. */
  saying(words: string): readonly WatchedLine[] {
    return this.lines.filter(({ msg }) => msg.includes(words));
  }

  /** Waits for the `count`-th line with those words. */
  async said(words: string, count = 1): Promise<WatchedLine> {
    return await this.#waits.until(() => this.saying(words)[count - 1], `"${words}" for the ${count}. time`);
  }
}
