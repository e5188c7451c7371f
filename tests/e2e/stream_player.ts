import { type Ending, Link, type Target } from "../harness/link.ts";
import { ByteCheck } from "../harness/long_stream.ts";
import { Waits } from "../harness/waits.ts";
import { identification } from "../session/logins.ts";
import { GREETING } from "./waiting.ts";

const TIMEOUT_MS = 15_000;
/** Size of the packet that ends the waiting room's greeting. */
const GREETING_SIZE = 66;

/** A player without CPE who compares every byte that comes with the one that should come. */
export class StreamPlayer implements AsyncDisposable {
  /** The player's own port. */
  readonly port: number;
  readonly #check: ByteCheck;
  readonly #link: Link;
  readonly #waits = new Waits(() => `${this.#check.position} bytes had come`, TIMEOUT_MS);
  #ending: Ending | undefined;

  private constructor(conn: Deno.TcpConn, expected: Iterable<Uint8Array>) {
    this.port = conn.localAddr.port;
    this.#check = new ByteCheck(expected);
    this.#link = new Link(conn, (chunk) => this.#receive(chunk));
    this.#link.ended.then((ending) => {
      this.#ending = ending;
      this.#waits.end(`the connection is over (${ending})`);
    });
  }

  /** Connects. `expected` is what the backend is going to say first; `identify` sends the Identification. */
  static async connect(
    target: Extract<Target, { port: number }>,
    expected: Iterable<Uint8Array>,
    identify: (player: StreamPlayer) => Promise<void> = (player) => player.send(identification("Steve", "-", 0)),
  ): Promise<StreamPlayer> {
    const player = new StreamPlayer(await Deno.connect(target), expected);
    await identify(player);
    return player;
  }

  /** Whether something may still be read. */
  get isOpen(): boolean {
    return this.#ending === undefined;
  }

  /** Sends `bytes`. Resolves when the system took them, or when the connection is gone. */
  send(bytes: Uint8Array): Promise<void> {
    return this.#link.write(bytes);
  }

  /** Sends one piece after the other. */
  async sendAll(pieces: Iterable<Uint8Array>): Promise<void> {
    for (const piece of pieces) await this.send(piece);
  }

  /** Waits for that many bytes. */
  async received(count: number): Promise<void> {
    await this.#waits.until(() => this.#check.position >= count, `${count} bytes`);
  }

  /** Waits for something behind what is expected. */
  async answered(): Promise<void> {
    await this.#waits.until(() => this.#check.rest.length > 0, "an answer");
  }

  /** Waits for everything expected and for the end of what the edge sends. Returns what came in between. */
  async finished(): Promise<Uint8Array> {
    await this.#waits.until(() => this.#check.isComplete, "everything the backend said");
    await this.#waits.until(() => this.#ending === "finished", "the end of the connection");
    return this.#check.rest;
  }

  /** Waits for everything expected and for the waiting room behind it. Returns what came in between, up to the room's greeting. */
  async waiting(): Promise<Uint8Array> {
    await this.#waits.until(() => this.#check.isComplete, "everything the backend said");
    const isGreeted = (): boolean => {
      const { rest } = this.#check;
      return new TextDecoder("latin1").decode(rest.subarray(-GREETING_SIZE)).includes(GREETING);
    };
    await this.#waits.until(isGreeted, "the waiting room");
    return this.#check.rest;
  }

  pauseReading(): void {
    this.#link.pause();
  }

  resumeReading(): void {
    this.#link.resume();
  }

  /** Sends FIN and goes on reading. */
  halfClose(): Promise<void> {
    return this.#link.closeWrite();
  }

  /** Breaks the connection with RST; what the system still has to send is lost. */
  reset(): void {
    this.#link.reset();
  }

  /** Closes the connection, which sends RST where something was not read. */
  close(): void {
    this.#link.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#link[Symbol.asyncDispose]();
  }

  #receive(chunk: Uint8Array): void {
    try {
      this.#check.take(chunk);
    } catch (error) {
      this.#waits.break(String(error));
    }
    this.#waits.changed();
  }
}
