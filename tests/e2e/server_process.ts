/** A demo server in a process of its own, which can die and stop like one. */
import type { ClassicServerOptions } from "../../lib/demo/options.ts";
import { Waits } from "../harness/waits.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
const START_MS = 60_000;

/** Whose preset of lib/demo/presets.ts a server takes; `"demo"` has no preset. */
export type Software = "demo" | "mcgalaxy" | "cserver" | "mcchost" | "classicborne" | "vanilla";

/** What the process is started with. */
export interface ServerProcessOptions {
  readonly software: Software;
  /** Plain values only, beyond those of the preset. */
  readonly options: Omit<ClassicServerOptions, "extensions" | "world" | "verifyKey" | "random" | "onEvent">;
}

/** What the process is told to do. `from` is any whole number and chooses the first of `count` players. */
export type ServerOrder =
  | { readonly kind: "kick"; readonly from: number; readonly count: number; readonly text: string }
  /** Sends bytes that are no packets to players. */
  | { readonly kind: "noise"; readonly from: number; readonly count: number }
  | { readonly kind: "list" };

/** What the process tells. */
export type ServerReport =
  | { readonly kind: "listening"; readonly port: number }
  | { readonly kind: "chat"; readonly player: string; readonly text: string }
  /** The answer to `"list"`. */
  | { readonly kind: "players"; readonly players: readonly string[] };

/** See the file's first line. Disposing kills it. */
export class ServerProcess implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #orders: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>>;
  readonly #onChat: (player: string, text: string) => void;
  readonly #waits = new Waits(() => "the server's process", START_MS);
  readonly #reading: Promise<void>;
  #port = 0;
  #lists: (readonly string[])[] = [];

  private constructor(child: Deno.ChildProcess, onChat: (player: string, text: string) => void) {
    this.#child = child;
    this.#orders = child.stdin.getWriter();
    this.#onChat = onChat;
    this.#reading = this.#read();
  }

  /** Starts the process and waits until it listens. `onChat` is told each whole line of chat that the server hears. */
  static async start(
    options: ServerProcessOptions,
    onChat: (player: string, text: string) => void,
  ): Promise<ServerProcess> {
    const args = ["run", "--allow-net", "tests/e2e/server_main.ts", JSON.stringify(options)];
    const command = new Deno.Command(Deno.execPath(), { args, cwd: ROOT, stdin: "piped", stdout: "piped" });
    const server = new ServerProcess(command.spawn(), onChat);
    await server.#waits.until(() => server.#port > 0, "the server listening");
    return server;
  }

  /** The TCP port it listens on. */
  get port(): number {
    return this.#port;
  }

  /** Gives an order. Lost if the process is gone. */
  async tell(order: ServerOrder): Promise<void> {
    await this.#orders.write(new TextEncoder().encode(`${JSON.stringify(order)}\n`)).catch(() => {});
  }

  /** Names of those who are in the world, as the server sees it. */
  async players(): Promise<readonly string[]> {
    this.#lists = [];
    await this.tell({ kind: "list" });
    return await this.#waits.until(() => this.#lists[0], "the list of players");
  }

  /** Stops the process where it is: its sockets stay open, and the system still accepts connections for it. */
  stall(): void {
    this.#child.kill("SIGSTOP");
  }

  /** Ends {@linkcode stall}. */
  resume(): void {
    this.#child.kill("SIGCONT");
  }

  /** Ends the process at once. */
  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#child.status;
    await this.#reading;
    await this.#orders.abort().catch(() => {});
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }

  async #read(): Promise<void> {
    let rest = "";
    for await (const text of this.#child.stdout.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) this.#take(JSON.parse(line));
      this.#waits.changed();
    }
    this.#waits.end("the process has ended");
  }

  #take(report: ServerReport): void {
    switch (report.kind) {
      case "listening":
        this.#port = report.port;
        break;
      case "chat":
        this.#onChat(report.player, report.text);
        break;
      case "players":
        this.#lists.push(report.players);
    }
  }
}
