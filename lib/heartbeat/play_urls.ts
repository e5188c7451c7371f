import { messageOf } from "../error_message.ts";
import { replaceFile } from "../replace_file.ts";

/** The list shows the addresses to everybody. */
const READABLE = 0o644;

export interface PlayUrlsOptions {
  /** Directory of the file; made where there is none. */
  readonly dataDir: string;
  /** Name of the listener. */
  readonly listener: string;
  /** Told why the file could not be written. */
  readonly onProblem: (message: string) => void;
}

/** Keeps `play-url-<listener>.txt` up to date: where players start to play, one address for each list that has the listener. */
export class PlayUrls {
  readonly #options: PlayUrlsOptions;
  readonly #path: string;
  /** The addresses, by the place of the list in the configuration. */
  readonly #urls = new Map<number, string>();
  #writing: Promise<void> | undefined;

  constructor(options: PlayUrlsOptions) {
    this.#options = options;
    this.#path = `${options.dataDir}/play-url-${options.listener}.txt`;
  }

  /** The list that comes at `place` among this listener's gives `url`. Writes the file soon, if that changes it. */
  set(place: number, url: string): void {
    this.#urls.set(place, url);
    this.#writing ??= this.#write();
  }

  /** These are the addresses from now on, by place. */
  replace(urls: ReadonlyMap<number, string>): void {
    this.#urls.clear();
    for (const [place, url] of urls) this.#urls.set(place, url);
    this.#writing ??= this.#write();
  }

  /** Resolves when everything is written, or could not be. */
  async settled(): Promise<void> {
    await this.#writing;
  }

  async #write(): Promise<void> {
    try {
      await Deno.mkdir(this.#options.dataDir, { recursive: true, mode: 0o700 });
      let written = await this.#read();
      for (let text = this.#text(); text !== written; text = this.#text()) {
        await replaceFile(this.#path, text, READABLE);
        written = text;
      }
    } catch (error) {
      const why = messageOf(error);
      this.#options.onProblem(`Cannot write ${this.#path}: ${why}`);
    } finally {
      this.#writing = undefined;
    }
  }

  #text(): string {
    const places = [...this.#urls].sort(([a], [b]) => a - b);
    return places.map(([, url]) => `${url}\n`).join("");
  }

  async #read(): Promise<string | undefined> {
    try {
      return await Deno.readTextFile(this.#path);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return undefined;
      throw error;
    }
  }
}
