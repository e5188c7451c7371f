import { PacketBuffer } from "../../lib/protocol/packet_buffer.ts";
import { type Ending, Link, type Target } from "../harness/link.ts";
import { Waits } from "../harness/waits.ts";
import { GREETING } from "./waiting.ts";

const TIMEOUT_MS = 10_000;

/** A connection that says whatever it is told to, and keeps what it hears. */
export class Stranger implements AsyncDisposable {
  readonly #link: Link;
  readonly #heard = new PacketBuffer();
  readonly #waits = new Waits(() => `${this.#heard.length} bytes had come`, TIMEOUT_MS);
  #ending: Ending | undefined;

  private constructor(conn: Deno.TcpConn) {
    this.#link = new Link(conn, (chunk) => {
      this.#heard.append(chunk);
      this.#waits.changed();
    });
    this.#link.ended.then((ending) => {
      this.#ending = ending;
      this.#waits.changed();
    });
  }

  static async connect(target: Extract<Target, { port: number }>): Promise<Stranger> {
    return new Stranger(await Deno.connect(target));
  }

  /** Everything heard so far. */
  get heard(): Uint8Array {
    return this.#heard.copy();
  }

  /** Whether the waiting room has been shown. */
  get isWaiting(): boolean {
    return new TextDecoder("latin1").decode(this.#heard.view()).includes(GREETING);
  }

  /** Whether the connection is not over yet. */
  get isOpen(): boolean {
    return this.#ending === undefined;
  }

  /** Sends `bytes`. Resolves when the system took them, or when the connection is gone. */
  send(bytes: Uint8Array): Promise<void> {
    return this.#link.write(bytes);
  }

  /** Waits until at least `count` bytes were heard. */
  async hears(count: number): Promise<void> {
    await this.#waits.until(() => this.#heard.length >= count, `${count} bytes`);
  }

  /** Waits until the waiting room is shown. */
  async waits(): Promise<void> {
    await this.#waits.until(() => this.isWaiting, "the waiting room");
  }

  /** Waits until the other side has closed or broken the connection. */
  async over(): Promise<void> {
    await this.#waits.until(() => this.#ending, "the end of the connection");
  }

  /** Sends FIN and goes on reading. */
  halfClose(): Promise<void> {
    return this.#link.closeWrite();
  }

  /** Breaks the connection with RST. */
  reset(): void {
    this.#link.reset();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#link[Symbol.asyncDispose]();
  }
}
