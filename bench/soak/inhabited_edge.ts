import { freePort } from "../peers/free_port.ts";
import { PeerProcess } from "../peers/process.ts";
import { startCommand } from "../peers/start_command.ts";
import { soakEdge } from "./edge.ts";
import { Town, type TownOptions } from "./town.ts";
import { type Look, look } from "./watch.ts";

/** Milliseconds that bots may take to join, together and for each of them. */
const JOIN_MS = { together: 20_000, each: 50 };
/** Milliseconds that it may take until nothing is under way, and until counts agree. */
const SETTLE_MS = 30_000;
const AGREE_MS = 5_000;
const LOOK_MS = 2_000;

/** How an edge with bots behind and in front of it is started. */
export interface InhabitedEdgeOptions extends TownOptions {
  /** Starts `kurafuto`. @default as `deno task start` does */
  readonly edgeCommand: readonly string[] | undefined;
  readonly driver: string | undefined;
  /** The CPU the edge has to run on; any when `undefined`. */
  readonly cpu: number | undefined;
}

/** The real program as a process, and a town that plays through it. */
export class InhabitedEdge implements AsyncDisposable {
  readonly town: Town;
  readonly #process: PeerProcess;
  readonly #adminPort: number;

  private constructor(town: Town, process: PeerProcess, adminPort: number) {
    this.town = town;
    this.#process = process;
    this.#adminPort = adminPort;
    town.targetPort = process.port;
  }

  static async start(options: InhabitedEdgeOptions): Promise<InhabitedEdge> {
    const town = new Town(options);
    const adminPort = freePort();
    const command = options.edgeCommand ?? startCommand();
    const peer = soakEdge({ command, worlds: town.worlds, adminPort, driver: options.driver });
    try {
      const place = { backendPort: 0, sessions: options.bots, cpu: options.cpu };
      return new InhabitedEdge(town, await PeerProcess.start(peer, place), adminPort);
    } catch (error) {
      town[Symbol.dispose]();
      throw error;
    }
  }

  /** The edge's processes that live now. */
  processes(): readonly number[] {
    return this.#process.processes();
  }

  /** The process of the edge and, while one takes over from another, both. */
  mains(): readonly number[] {
    return this.#process.mains();
  }

  /** The end of what the edge has written to its standard streams. */
  output(): string {
    return this.#process.output();
  }

  /** Lets everybody join. */
  inhabit(): void {
    const { ledger, bots } = this.town;
    const deadline = JOIN_MS.together + JOIN_MS.each * bots.length;
    if (this.town.run(deadline, () => ledger.counted("join") >= bots.length)) return;
    const joined = ledger.counted("join");
    throw new Error(
      `Cannot begin: ${joined} of ${bots.length} bots joined in ${deadline} ms; the edge says: ${this.output()}`,
    );
  }

  /** What the edge says of itself, while everybody goes on; `undefined` when it says nothing in time. */
  look(): Look | undefined {
    let found: Look | undefined;
    look(this.town.poller, this.#adminPort, (seen) => found = seen);
    this.town.run(LOOK_MS, () => found !== undefined);
    return found;
  }

  /**
   * Lets everybody stand still, then leave, and returns by how many sessions the counts of the bots, of the worlds and of the edge differed:
   * with everybody there, and with nobody.
   */
  empty(): number {
    const { town } = this;
    for (const bot of town.bots) bot.rest();
    town.run(SETTLE_MS, () => town.bots.every((bot) => bot.settled));
    const full = this.#miscounted();
    for (const bot of town.bots) bot.retire();
    town.run(SETTLE_MS, () => town.bots.every((bot) => bot.away));
    return Math.max(full, this.#miscounted());
  }

  /** Ends the edge, and then the town. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.town.poller.closeConnections();
    await this.#process[Symbol.asyncDispose]();
    this.town[Symbol.dispose]();
  }

  /** The difference of the counts, once it is none or does not go away. */
  #miscounted(): number {
    const deadline = performance.now() + AGREE_MS;
    for (;;) {
      const players = this.look()?.players ?? Infinity;
      const { playing, visiting } = this.town;
      const difference = Math.max(playing, visiting, players) - Math.min(playing, visiting, players);
      if (difference === 0 || performance.now() > deadline) return difference;
    }
  }
}
