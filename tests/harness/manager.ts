/** A service manager, as far as sd_notify(3) goes: a datagram socket that reads what services say. */
import { type WaitOptions, Waits } from "./waits.ts";

/** Reads from its first {@linkcode Manager.messages} on, so that it can also be one that reads nothing. */
export class Manager implements AsyncDisposable {
  readonly path: string;
  readonly #socket: Deno.DatagramConn;
  readonly #folder: string;
  readonly #received: string[] = [];
  readonly #waits = new Waits(() => `the manager was told: ${JSON.stringify(this.#received)}`);
  #reading: Promise<void> | undefined;

  private constructor(socket: Deno.DatagramConn, path: string, folder: string) {
    this.#socket = socket;
    this.path = path;
    this.#folder = folder;
  }

  /** @param name An abstract name; without it the socket is a file in a folder of its own. */
  static async start(name?: string): Promise<Manager> {
    const folder = await Deno.makeTempDir({ prefix: "kurafuto-test-" });
    const path = name ?? `${folder}/notify`;
    return new Manager(Deno.listenDatagram({ transport: "unixpacket", path }), path, folder);
  }

  /** Waits for `count` messages and takes them. */
  async messages(count: number, options?: WaitOptions): Promise<string[]> {
    this.#reading ??= this.#read();
    const isThere = (): boolean => this.#received.length >= count;
    await this.#waits.until(isThere, `${count} messages to the service manager`, options);
    return this.#received.splice(0, count);
  }

  /** Waits for a message that begins with `start`, takes it and forgets those before it. */
  async message(start: string, options?: WaitOptions): Promise<string> {
    this.#reading ??= this.#read();
    const find = (): readonly [number] | undefined => {
      const at = this.#received.findIndex((message) => message.startsWith(start));
      return at < 0 ? undefined : [at];
    };
    const [at] = await this.#waits.until(find, `${start} to the service manager`, options);
    return this.#received.splice(0, at + 1).at(-1) ?? "";
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket.close();
    await this.#reading;
    await Deno.remove(this.#folder, { recursive: true });
  }

  async #read(): Promise<void> {
    for await (const [bytes] of this.#socket) {
      this.#received.push(new TextDecoder().decode(bytes));
      this.#waits.changed();
    }
    this.#waits.end("the manager is gone");
  }
}
