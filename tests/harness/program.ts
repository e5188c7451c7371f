/** The real program as a process, with a configuration of its own. */
import { eventually } from "./kernel.ts";
import type { Target } from "./link.ts";
import { Waits } from "./waits.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
/** Deno's words before the program's: the permissions of deno.json and no others. */
export const DENO_FLAGS = ["run", "-q", "-P", "--no-prompt", "main.ts"];
const START_MS = 30_000;
const STOP_MS = 10_000;
/** Looks, in a row, at which the descriptors must be as many before they count as settled. */
const SETTLED_LOOKS = 10;

/** One line of the program's JSON log. */
export type LogLine = { readonly event: string; readonly msg: string } & Readonly<Record<string, unknown>>;

/** Lines of `[limits]` under which any number of players may come from one address and say what they like. */
export const NO_LIMITS: readonly string[] = [
  "connections_per_address = 100000",
  'connect_rate_per_address = "1000000/1s"',
  "logins_at_once = 100000",
  "packets_per_second = 1000000",
  'chat_rate = "1000000/1s"',
];

/** What a configuration for tests is made of. */
export interface ProgramOptions {
  /** TOML: everything but `[log]` and `[edge]`. Listeners bind port 0. Without `[limits]` there are {@linkcode NO_LIMITS}. */
  readonly config: string;
  /** TOML lines of `[edge]` beyond `data_dir`. @default room for any number of players; never time to leave */
  readonly edge?: readonly string[];
  /** What the program logs. @default everything */
  readonly level?: "debug" | "info";
  /** Where the program keeps what outlives it. @default a folder that is removed with the program */
  readonly dataDir?: string;
}

/**
 * How to start the program: the compiled executable where KURAFUTO_EXECUTABLE names one, else Deno on the sources.
 *
 * @param stdin What its standard input is; nothing can be typed at `"null"`.
 */
export function programCommand(args: readonly string[], stdin: "null" | "piped" = "null"): Deno.Command {
  const executable = Deno.env.get("KURAFUTO_EXECUTABLE");
  return new Deno.Command(executable ?? Deno.execPath(), {
    args: executable === undefined ? [...DENO_FLAGS, ...args] : [...args],
    cwd: ROOT,
    stdin,
    stdout: "piped",
    stderr: "piped",
  });
}

/** A running edge. Disposing stops it and fails where it did not stop cleanly. */
export class Program implements AsyncDisposable {
  /** The log so far. */
  readonly log: LogLine[] = [];
  /** The configuration file. */
  readonly path: string;
  readonly #options: ProgramOptions;
  readonly #child: Deno.ChildProcess;
  readonly #folder: string;
  readonly #waits = new Waits(() =>
    `the program logged last: ${this.log.slice(-5).map((line) => JSON.stringify(line))}`
  );
  readonly #reading: Promise<unknown>;
  #stopped = false;
  #ended = false;

  private constructor(child: Deno.ChildProcess, folder: string, options: ProgramOptions) {
    this.path = `${folder}/kurafuto.toml`;
    this.#child = child;
    this.#folder = folder;
    this.#options = options;
    this.#reading = Promise.all([this.#readLog(), child.stdout.cancel()]);
    child.status.then(() => this.#ended = true);
  }

  /** Starts the program and waits until all its listeners listen, the admin API included. */
  static async start(options: ProgramOptions): Promise<Program> {
    const folder = await Deno.makeTempDir({ prefix: "kurafuto-test-" });
    const path = `${folder}/kurafuto.toml`;
    await Deno.writeTextFile(path, fileContent(options, folder));
    const program = new Program(programCommand(["run", "-c", path]).spawn(), folder, options);
    const listeners = options.config.split("[[listener]]").length - 1;
    const admins = options.config.includes("[admin]") ? 1 : 0;
    const isUp = (): boolean =>
      program.lines("listening").length === listeners && program.lines("admin").length === admins;
    await program.until(isUp, "all listeners", { timeoutMs: START_MS });
    return program;
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** Writes another configuration into the file, which the program does not read by itself. Of the options, only these change. */
  async rewrite(options: Partial<ProgramOptions>): Promise<void> {
    await Deno.writeTextFile(this.path, fileContent({ ...this.#options, ...options }, this.#folder));
  }

  /** Where the admin API listens, as `http://…`. */
  get admin(): string {
    return `http://${this.lines("admin")[0]?.address}`;
  }

  /** Lines of one event, in order. */
  lines(event: string): readonly LogLine[] {
    return this.log.filter((line) => line.event === event);
  }

  /** Where the listener called `name` listens. */
  target(name = "main"): Target & { readonly hostname: string; readonly port: number } {
    const address = this.lines("listening").find(({ listener }) => listener === name)?.address;
    const [, hostname = "", port = ""] = /^\[?(.*?)\]?:(\d+)$/.exec(String(address)) ?? [];
    return { hostname, port: Number(port) };
  }

  /** Waits until `probe` returns something, looking again at each line of the log. */
  until<T>(probe: () => T | undefined | null | false, what: string, options?: { timeoutMs?: number }): Promise<T> {
    return this.#waits.until(probe, what, options);
  }

  /** Lines of sessions that ended and of connections that became none, in order. */
  get endings(): readonly LogLine[] {
    return this.log.filter(({ event }) => event === "ended" || event === "turned-away");
  }

  /** Waits for the `count`-th connection to end, whether it became a session or not, and returns its line. */
  async ended(count: number, options?: { timeoutMs?: number }): Promise<LogLine> {
    const probe = (): LogLine | undefined => this.endings[count - 1];
    return await this.until(probe, `the end of session number ${count}`, options);
  }

  /** Bytes of memory the process holds, from the kernel. */
  async residentBytes(): Promise<number> {
    const status = await Deno.readTextFile(`/proc/${this.pid}/status`);
    return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) * 1024;
  }

  /** Descriptors the process has open. */
  async descriptors(): Promise<number> {
    return (await Array.fromAsync(Deno.readDir(`/proc/${this.pid}/fd`))).length;
  }

  /**
   * Descriptors the process has open once it neither opens nor closes any more: what it opens in passing, as for reading a file, is not
   * among them.
   */
  async settledDescriptors(): Promise<number> {
    let [count, looks] = [await this.descriptors(), 0];
    return await eventually(async () => {
      const now = await this.descriptors();
      looks = now === count ? looks + 1 : 0;
      count = now;
      return looks >= SETTLED_LOOKS && count;
    }, "descriptors that stay as many");
  }

  /** Sends a signal, where the process has not ended by itself, and waits for its end. Returns its exit code. */
  async stop(signal: Deno.Signal = "SIGTERM"): Promise<number> {
    this.#stopped = true;
    this.#kill(signal);
    const killer = setTimeout(() => this.#kill("SIGKILL"), STOP_MS);
    const { code } = await this.#child.status;
    clearTimeout(killer);
    await this.#reading;
    await Deno.remove(this.#folder, { recursive: true });
    return code;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#stopped) return;
    const code = await this.stop();
    if (code !== 0) throw new Error(`Cannot stop the program: exit code is ${code}`);
    const crash = this.log.find(({ event }) => event === "crashed");
    if (crash !== undefined) throw new Error(`The program reported an error of its own: ${JSON.stringify(crash)}`);
  }

  #kill(signal: Deno.Signal): void {
    try {
      if (!this.#ended) this.#child.kill(signal);
    } catch (error) {
      // It has ended by itself, and the system knows of that already.
      if (!(error instanceof TypeError)) throw error;
    }
  }

  async #readLog(): Promise<void> {
    let rest = "";
    for await (const text of this.#child.stderr.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) this.log.push(parseLine(line));
      this.#waits.changed();
    }
    this.#waits.end("the program has ended");
  }
}

/** The TOML of one listener, pool and backend; `listener` and `pool` are further lines of theirs. */
export function network(
  backends: readonly { readonly name: string; readonly address: string }[],
  { listener = [], pool = [] }: { readonly listener?: readonly string[]; readonly pool?: readonly string[] } = {},
): string {
  const names = backends.map(({ name }) => `"${name}"`).join(", ");
  return [
    "[[listener]]",
    'name = "main"',
    'bind = "127.0.0.1:0"',
    'pool = "all"',
    'auth = "off"',
    ...listener,
    "[[listener]]",
    'name = "raw"',
    'bind = "127.0.0.1:0"',
    'mode = "raw"',
    'pool = "all"',
    'auth = "off"',
    "[[pool]]",
    'name = "all"',
    `backends = [${names}]`,
    ...pool,
    ...backends.flatMap(({ name, address }) => ["[[backend]]", `name = "${name}"`, `address = "${address}"`]),
  ].join("\n");
}

function parseLine(line: string): LogLine {
  try {
    return JSON.parse(line);
  } catch {
    return { event: "not-json", msg: line };
  }
}

function fileContent(
  { config, edge = ["max_players = 100000"], level = "debug", dataDir }: ProgramOptions,
  folder: string,
): string {
  const data = `data_dir = "${dataDir ?? `${folder}/data`}"`;
  const drain = edge.some((line) => line.startsWith("drain_timeout")) ? [] : ['drain_timeout = "0s"'];
  const limits = config.includes("[limits]") ? [] : ["[limits]", ...NO_LIMITS];
  const head = ["[edge]", data, ...drain, ...edge, "[log]", 'format = "json"', `level = "${level}"`, ...limits];
  return `${head.join("\n")}\n${config}`;
}
