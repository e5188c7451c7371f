/** A real HAProxy as a process, which passes TCP connections on. */
import { Waits } from "./waits.ts";

const START_MS = 10_000;
/** Another program may take a free port before HAProxy does. */
const ATTEMPTS = 3;

/** What HAProxy is to do. */
export interface HaproxyOptions {
  /** Where the server listens, such as `127.0.0.1:25565`. */
  readonly server: string;
  /** More of the `bind` line, such as `accept-proxy`. @default none */
  readonly bind?: string;
  /** More of the `server` line, such as `send-proxy-v2` or `source 127.1.2.3`. @default none */
  readonly serverLine?: string;
  /** More lines of the section. @default none */
  readonly lines?: readonly string[];
}

/** A running HAProxy. Disposing stops it. */
export class Haproxy implements AsyncDisposable {
  /** Where it listens. */
  readonly hostname = "127.0.0.1";
  readonly port: number;
  readonly #child: Deno.ChildProcess;
  readonly #folder: string;
  readonly #reading: Promise<void>;
  #log = "";
  readonly #waits = new Waits(() => `HAProxy wrote ${JSON.stringify(this.#log)}`, START_MS);

  private constructor(child: Deno.ChildProcess, folder: string, port: number) {
    this.#child = child;
    this.#folder = folder;
    this.port = port;
    this.#reading = this.#read();
  }

  /** Starts HAProxy and waits until it listens. */
  static async start(options: HaproxyOptions): Promise<Haproxy> {
    for (let attempt = 1;; attempt++) {
      const haproxy = await Haproxy.#spawn(options, freePort());
      try {
        await haproxy.#waits.until(() => haproxy.#log.includes("Loading success"), "HAProxy listening");
        return haproxy;
      } catch (error) {
        await haproxy[Symbol.asyncDispose]();
        if (attempt === ATTEMPTS) throw error;
      }
    }
  }

  static async #spawn(options: HaproxyOptions, port: number): Promise<Haproxy> {
    const folder = await Deno.makeTempDir({ prefix: "kurafuto-haproxy-" });
    const path = `${folder}/haproxy.cfg`;
    await Deno.writeTextFile(path, configuration(options, port));
    // The master tells when its worker listens, and takes it along when it ends.
    const command = new Deno.Command("haproxy", { args: ["-W", "-db", "-f", path], stdout: "null", stderr: "piped" });
    try {
      return new Haproxy(command.spawn(), folder, port);
    } catch (error) {
      await Deno.remove(folder, { recursive: true });
      if (!(error instanceof Deno.errors.NotFound)) throw error;
      throw new Error("Cannot start HAProxy: it is not installed (Debian, Ubuntu: apt-get install haproxy)");
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
    this.#waits.end("HAProxy has ended");
  }
}

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

function configuration({ server, bind = "", serverLine = "", lines = [] }: HaproxyOptions, port: number): string {
  return `
global
  hard-stop-after 1s

defaults
  mode tcp
  timeout connect 5s
  timeout client 1m
  timeout server 1m

listen passed-on
  bind 127.0.0.1:${port} ${bind}
  server only ${server} ${serverLine}
  ${lines.join("\n  ")}
`;
}
