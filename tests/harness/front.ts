/** A proxy of others that passes connections on, as a process with a folder and a port of its own. */
import { Waits } from "./waits.ts";

const START_MS = 10_000;
/** Another program may take a free port before this one does. */
const ATTEMPTS = 3;

/** How a proxy is run. */
export interface FrontOptions {
  /** As people call it. */
  readonly name: string;
  readonly program: string;
  /** The Debian package that has it. */
  readonly from: string;
  readonly args: (folder: string) => readonly string[];
  /** Name of its configuration in the folder. */
  readonly file: string;
  readonly configuration: (folder: string, port: number) => string;
  /** What it writes on standard error once it listens. */
  readonly ready: string;
}

/** A running proxy. Disposing stops it. */
export class Front implements AsyncDisposable {
  /** Where it listens. */
  readonly hostname = "127.0.0.1";
  readonly port: number;
  readonly #name: string;
  readonly #child: Deno.ChildProcess;
  readonly #folder: string;
  readonly #reading: Promise<void>;
  #log = "";
  readonly #waits = new Waits(() => `${this.#name} wrote ${JSON.stringify(this.#log)}`, START_MS);

  private constructor(name: string, child: Deno.ChildProcess, folder: string, port: number) {
    this.#name = name;
    this.#child = child;
    this.#folder = folder;
    this.port = port;
    this.#reading = this.#read();
  }

  /** Starts the program and waits until it listens. */
  static async start(options: FrontOptions): Promise<Front> {
    for (let attempt = 1;; attempt++) {
      const front = await Front.#spawn(options, freePort());
      try {
        await front.#waits.until(() => front.#log.includes(options.ready), `${options.name} listening`);
        return front;
      } catch (error) {
        await front[Symbol.asyncDispose]();
        if (attempt === ATTEMPTS) throw error;
      }
    }
  }

  static async #spawn({ name, program, from, args, file, configuration }: FrontOptions, port: number): Promise<Front> {
    const folder = await Deno.makeTempDir({ prefix: `kurafuto-${program}-` });
    await Deno.writeTextFile(`${folder}/${file}`, configuration(folder, port));
    const command = new Deno.Command(program, { args: [...args(folder)], stdout: "null", stderr: "piped" });
    try {
      return new Front(name, command.spawn(), folder, port);
    } catch (error) {
      await Deno.remove(folder, { recursive: true });
      if (!(error instanceof Deno.errors.NotFound)) throw error;
      throw new Error(`Cannot start ${name}: it is not installed (Debian, Ubuntu: apt-get install ${from})`);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill("SIGTERM");
    } catch {
      // It has ended already.
    }
    await this.#child.status;
    await this.#reading;
    await Deno.remove(this.#folder, { recursive: true });
  }

  async #read(): Promise<void> {
    for await (const text of this.#child.stderr.pipeThrough(new TextDecoderStream())) {
      this.#log += text;
      this.#waits.changed();
    }
    this.#waits.end(`${this.#name} has ended`);
  }
}

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}
