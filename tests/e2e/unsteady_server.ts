/** A backend that dies, hangs, turns players away, throws them out and talks nonsense, as it is told, always at one address. */
import { ServerProcess, type ServerProcessOptions, type Software } from "./server_process.ts";

/** Connections to here come from 127.0.0.1, so that none of them can take the port while no server has it. */
const HOSTNAME = "127.0.0.2";

/** How a server takes players, beyond how its software does. */
export type Manners = ServerProcessOptions["options"];

/** See the file's first line. */
export class UnsteadyServer implements AsyncDisposable {
  readonly name: string;
  readonly address: string;
  readonly #port: number;
  readonly #onChat: (player: string, text: string) => void;
  #process: ServerProcess | undefined;

  private constructor(name: string, port: number, onChat: (player: string, text: string) => void) {
    this.name = name;
    this.address = `${HOSTNAME}:${port}`;
    this.#port = port;
    this.#onChat = onChat;
  }

  /** Takes an address; nobody listens there before {@linkcode start}. `onChat` is told what players say there. */
  static create(name: string, onChat: (player: string, text: string) => void): UnsteadyServer {
    using listener = Deno.listen({ hostname: HOSTNAME, port: 0 });
    return new UnsteadyServer(name, listener.addr.port, onChat);
  }

  /** Starts a server where none is. */
  async start(software: Software, manners: Manners = {}): Promise<void> {
    if (this.#process !== undefined) throw new Error(`Cannot start ${this.name}: it runs already`);
    const options = {
      ...{ hostname: HOSTNAME, port: this.#port, name: this.name, maxPlayers: 200, maxPlayersPerAddress: 0 },
      ...{ pingIntervalMs: 250, protocols: [3, 4, 5, 6, 7] as const },
      ...manners,
    };
    this.#process = await ServerProcess.start({ software, options }, this.#onChat);
  }

  /** The process dies; connections are refused from then on. */
  async kill(): Promise<void> {
    const process = this.#process;
    this.#process = undefined;
    await process?.kill();
  }

  /** Stops reading and writing, and keeps all connections. */
  stall(): void {
    this.#process?.stall();
  }

  /** Ends {@linkcode stall}. */
  resume(): void {
    this.#process?.resume();
  }

  /** Kicks `count` players; the number `from` chooses the first of them. */
  async kick(from: number, count: number, text: string): Promise<void> {
    await this.#process?.tell({ kind: "kick", from, count, text });
  }

  /** Talks nonsense to `count` players; the number `from` chooses the first of them. */
  async babble(from: number, count: number): Promise<void> {
    await this.#process?.tell({ kind: "noise", from, count });
  }

  /** Names of those who are in the world, in order. */
  async players(): Promise<readonly string[]> {
    return (await this.#process?.players() ?? []).toSorted();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }
}
