import type { ClassicServerOptions } from "./options.ts";
import { ClassicServer } from "./server.ts";

/** A world of the demo network. Its server can be stopped and started again: its address and what was built there stay. */
export class DemoWorld {
  readonly name: string;
  /** Where its server listens, as the configuration has it. */
  readonly address: string;
  readonly #options: ClassicServerOptions;
  #server: ClassicServer | undefined;

  /** Starts a world on a free port of this machine. */
  static async start(name: string, options: ClassicServerOptions): Promise<DemoWorld> {
    return new DemoWorld(name, options, await ClassicServer.start({ ...options, name }));
  }

  private constructor(name: string, options: ClassicServerOptions, server: ClassicServer) {
    this.name = name;
    this.address = server.address;
    this.#options = { ...options, name, port: server.port };
    this.#server = server;
  }

  get isRunning(): boolean {
    return this.#server !== undefined;
  }

  /**
   * Starts the server again, unless it runs.
   *
   * @throws {Deno.errors.AddrInUse} where another program has taken the port meanwhile
   */
  async start(): Promise<void> {
    this.#server ??= await ClassicServer.start(this.#options);
  }

  /** Sends everybody away and closes the port, unless that is done. */
  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    await server?.stop();
  }
}
