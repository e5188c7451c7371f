import { findProcesses, isAlive, readProcessTree } from "../accounting.ts";
import type { Startup } from "../scenario.ts";
import { freePort } from "./free_port.ts";
import type { Peer, Place } from "./peer.ts";

/** How long a peer may take until its port accepts, in milliseconds. */
const START_DEADLINE = 20_000;
/** How long it may take to end when asked, and again when killed. */
const STOP_DEADLINE = 5_000;
/** Between two looks whether it has ended. */
const LOOK_INTERVAL = 10;
/** Between two looks whether its port accepts: how exactly the time it takes to start is known. */
const START_LOOK_INTERVAL = 1;
/** How much of a failed peer's output is shown. */
const SHOWN_OUTPUT = 600;

/** A peer that accepts players. */
export class PeerProcess implements AsyncDisposable {
  readonly port: number;
  readonly #child: Deno.ChildProcess;
  readonly #directory: string;
  readonly #spawnedAt: number;
  #acceptingAt = NaN;

  private constructor(child: Deno.ChildProcess, place: Place, spawnedAt: number) {
    this.#child = child;
    this.#spawnedAt = spawnedAt;
    this.#directory = place.directory;
    this.port = place.port;
  }

  /**
   * Starts `peer` in a directory of its own and waits until it accepts.
   *
   * @param cpu The CPU it has to run on; any when `undefined`.
   */
  static async start(
    peer: Peer,
    { backendPort, sessions, cpu }: Pick<Place, "backendPort" | "sessions"> & { cpu: number | undefined },
  ): Promise<PeerProcess> {
    const place = {
      directory: await Deno.makeTempDir({ prefix: "kurafuto_bench_" }),
      port: freePort(),
      backendPort,
      sessions,
    };
    const { files, command } = peer.launch(place);
    for (const [name, text] of Object.entries(files)) await Deno.writeTextFile(`${place.directory}/${name}`, text);
    const pinned = cpu === undefined ? command : ["taskset", "--cpu-list", `${cpu}`, ...command];
    const spawnedAt = performance.now();
    const child = new Deno.Command("sh", {
      // Into a file: nobody reads a pipe while the load runs.
      args: ["-c", 'exec "$@" >"$0" 2>&1', outputPath(place.directory), ...pinned],
      stdin: "null",
    }).spawn();
    const process = new PeerProcess(child, place, spawnedAt);
    try {
      await process.#untilAccepting();
    } catch (error) {
      await process[Symbol.asyncDispose]();
      throw error;
    }
    return process;
  }

  get startup(): Startup {
    return { spawnedAt: this.#spawnedAt, acceptingAt: this.#acceptingAt };
  }

  /** The peer's processes that live now. */
  processes(): readonly number[] {
    return [...new Set(this.mains().flatMap(readProcessTree))];
  }

  /** The process that was started and, where it has handed over to another, that one: whoever works in the peer's directory. */
  mains(): readonly number[] {
    return [...new Set([this.#child.pid, ...findProcesses(this.#directory)])].filter(isAlive);
  }

  /** The end of what the peer has written to its standard streams. */
  output(): string {
    return Deno.readTextFileSync(outputPath(this.#directory)).trim().slice(-SHOWN_OUTPUT);
  }

  /** Ends the peer, kills what does not want to end, and returns when nothing is left of it. */
  async [Symbol.asyncDispose](): Promise<void> {
    const processes = this.processes();
    for (const pid of this.mains()) signal(pid, "SIGTERM");
    if (!await settles(() => !processes.some(isAlive), STOP_DEADLINE)) {
      for (const pid of processes) signal(pid, "SIGKILL");
      if (!await settles(() => !processes.some(isAlive), STOP_DEADLINE)) {
        throw new Error(`Cannot stop a peer: process ${processes.filter(isAlive).join(", ")} lives on`);
      }
    }
    await this.#child.status;
    await Deno.remove(this.#directory, { recursive: true });
  }

  async #untilAccepting(): Promise<void> {
    const accepts = async (): Promise<boolean> => {
      if (!isAlive(this.#child.pid)) throw new Error(`Cannot start a peer: it ended: ${this.output()}`);
      return await isAccepting(this.port);
    };
    if (await settles(accepts, START_DEADLINE, START_LOOK_INTERVAL)) {
      this.#acceptingAt = performance.now();
    } else {
      throw new Error(`Cannot start a peer: port ${this.port} is closed after ${START_DEADLINE} ms: ${this.output()}`);
    }
  }
}

function outputPath(directory: string): string {
  return `${directory}/output.log`;
}

async function isAccepting(port: number): Promise<boolean> {
  try {
    using _ = await Deno.connect({ hostname: "127.0.0.1", port });
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.ConnectionRefused) return false;
    throw error;
  }
}

/** Whether `condition` comes to hold within `deadline` milliseconds. */
async function settles(
  condition: () => boolean | Promise<boolean>,
  deadline: number,
  interval = LOOK_INTERVAL,
): Promise<boolean> {
  const end = performance.now() + deadline;
  while (!await condition()) {
    if (performance.now() > end) return false;
    await new Promise((resolve) => setTimeout(resolve, interval));
  }
  return true;
}

/** A process that has ended meanwhile needs no signal. */
function signal(pid: number, name: Deno.Signal): void {
  try {
    Deno.kill(pid, name);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
