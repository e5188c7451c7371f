/** Events on the standard input of a program that the edge starts: one line of JSON for each. */
import { pause } from "../pause.ts";
import { LineQueue } from "./line_queue.ts";
import type { Log } from "./log.ts";
import { type ByteTaker, pump } from "./pump.ts";

export interface EventCommandOptions {
  /** The program and its arguments. */
  readonly command: readonly string[];
  readonly log: Log;
  /**
   * Milliseconds before a program that has ended is started again. Doubled each time, up to sixty times as much, until it has run
   * for a minute.
   *
   * @default 1_000
   */
  readonly pauseMs?: number;
  /**
   * Milliseconds a program has to end when its input has, before it is sent TERM, and again before KILL.
   *
   * @default 2_000
   */
  readonly graceMs?: number;
  /**
   * Lines that may wait for it.
   *
   * @default 10_000
   */
  readonly limit?: number;
}

/** How many first pauses the longest is. */
const LONGEST_PAUSE = 60;
/** Milliseconds after which a program that ends has done well. */
const PROVED_MS = 60_000;

/**
 * See the file's first line. The program's standard error is the edge's own; what it writes to its standard output goes nowhere,
 * because the edge's may have a reader who expects events. Lines it was given and has not read are lost where it ends.
 */
export class EventCommand {
  readonly #command: readonly string[];
  readonly #log: Log;
  readonly #queue: LineQueue;
  readonly #pauseMs: number;
  readonly #graceMs: number;
  readonly #closing = new AbortController();
  readonly #over: Promise<void>;
  #wake: () => void = () => {};

  /** Starts the program. */
  constructor({ command, log, pauseMs = 1_000, graceMs = 2_000, limit = 10_000 }: EventCommandOptions) {
    this.#command = command;
    this.#log = log;
    this.#pauseMs = pauseMs;
    this.#graceMs = graceMs;
    const message = "the events command is too slow, events are dropped";
    this.#queue = new LineQueue({ limit, onFull: () => log.warn("events-dropped", message, { command: command[0] }) });
    this.#over = this.#run();
  }

  add(line: string): void {
    this.#queue.add(line);
    this.#wake();
  }

  /** Ends the program's input behind the last line. Resolves when it has ended, or was made to. */
  async close(): Promise<void> {
    this.#closing.abort();
    this.#wake();
    await this.#over;
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing;
    const [command] = this.#command;
    const longestMs = LONGEST_PAUSE * this.#pauseMs;
    for (let pauseMs = this.#pauseMs; !signal.aborted; pauseMs = Math.min(2 * pauseMs, longestMs)) {
      const startedAt = performance.now();
      const cause = await this.#serve();
      if (signal.aborted) break;
      if (performance.now() - startedAt >= PROVED_MS) pauseMs = this.#pauseMs;
      const message = "the events command does not run, it is started again";
      this.#log.warn("events-command", message, { command, cause, in_ms: pauseMs });
      await pause(pauseMs, signal);
    }
    const count = this.#queue.missing;
    if (count > 0) this.#log.warn("events-lost", "the events command did not take all events", { command, count });
  }

  /** Runs the program once. Resolves to what became of it. */
  async #serve(): Promise<string> {
    let child: Deno.ChildProcess;
    try {
      child = this.#start();
    } catch (error) {
      return String(error);
    }
    let hasEnded = false;
    const status = child.status.finally(() => {
      hasEnded = true;
      this.#wake();
    });
    const endings: ReturnType<typeof setTimeout>[] = [];
    const end = (): void => {
      endings.push(
        setTimeout(() => kill(child, "SIGTERM"), this.#graceMs),
        setTimeout(() => kill(child, "SIGKILL"), 2 * this.#graceMs),
      );
    };
    this.#closing.signal.addEventListener("abort", end);
    const input = new Input(child.stdin);
    const fed = this.#feed(input, () => hasEnded || this.#closing.signal.aborted).then(() => {
      if (!hasEnded && !this.#closing.signal.aborted) end();
    });
    const { code, signal } = await status;
    // What the program has started may hold its input open, and take nothing of what is written there.
    endings.push(setTimeout(() => input.leave(), this.#graceMs));
    await fed;
    this.#closing.signal.removeEventListener("abort", end);
    for (const ending of endings) clearTimeout(ending);
    return signal === null ? `exit code ${code}` : `signal ${signal}`;
  }

  #start(): Deno.ChildProcess {
    const [program = "", ...args] = this.#command;
    // Detached, as a Ctrl-C in a terminal goes to everybody there, and it would miss the last events.
    const options = { args, stdin: "piped", stdout: "null", stderr: "inherit", detached: true } as const;
    const child = new Deno.Command(program, options).spawn();
    this.#log.info("events-command", "the events command has started", { command: program, pid: child.pid });
    return child;
  }

  /** Hands lines on until the program takes no more, or `isOver` and there are none. */
  async #feed(input: Input, isOver: () => boolean): Promise<void> {
    try {
      while (true) {
        // Made before looking, so that no line comes unnoticed.
        const change = new Promise<void>((resolve) => this.#wake = resolve);
        const wasOver = isOver();
        await pump(this.#queue, input);
        if (wasOver) break;
        await change;
      }
      await input.close();
    } catch {
      // It has closed its input, or is gone.
    }
  }
}

/** A program's standard input, of which a write is waited for no longer than one likes. */
class Input implements ByteTaker {
  readonly #writer: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>>;
  #hasLeft = false;
  /** Ends the wait for what is under way. */
  #giveUp: (why: Error) => void = () => {};

  constructor(stream: WritableStream<Uint8Array<ArrayBuffer>>) {
    this.#writer = stream.getWriter();
  }

  write(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    return this.#unlessLeft(this.#writer.write(bytes));
  }

  /** Ends it behind what was written. */
  close(): Promise<void> {
    return this.#unlessLeft(this.#writer.close());
  }

  /** What is under way rejects, though it may still be taken. */
  leave(): void {
    this.#hasLeft = true;
    this.#giveUp(nobodyWaits());
    this.#writer.abort().catch(() => {});
  }

  /** Not a race with one promise that lives as long as the program: that one would keep something of every write. */
  #unlessLeft(work: Promise<void>): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#giveUp = reject;
      work.then(resolve, reject);
      if (this.#hasLeft) reject(nobodyWaits());
    });
  }
}

function nobodyWaits(): Error {
  return new Error("Cannot write: nobody waits for that any more");
}

/** Ends the program and, where that may be, what it has started: they are one group of processes, since it is detached. */
function kill(child: Deno.ChildProcess, signal: Deno.Signal): void {
  const mayEndAll = Deno.build.os !== "windows" && Deno.permissions.querySync({ name: "run" }).state === "granted";
  try {
    if (mayEndAll) Deno.kill(-child.pid, signal);
    else child.kill(signal);
  } catch {
    // It has ended already.
  }
}
