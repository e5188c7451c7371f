import { PacketBuffer } from "../../lib/protocol/packet_buffer.ts";
import type { Conn } from "../../lib/transport/conn.ts";

/** A connection whose peer is the test: it says how much each write takes, and when. */
export class FakeConn implements Conn {
  /** What each write was handed, in order. */
  readonly handed: Uint8Array[] = [];
  /** What the socket did besides writing. */
  readonly calls: ("closeWrite" | "close")[] = [];
  /** Bytes one write takes at most. */
  takes = Infinity;
  /** What every write fails with from now on. */
  failure: Error | undefined;
  /** Resolves when the socket has closed the connection. */
  readonly closed: Promise<void>;
  readonly #taken = new PacketBuffer();
  #held: PromiseWithResolvers<void> | undefined;
  readonly #closing = Promise.withResolvers<void>();
  #isClosed = false;

  constructor() {
    this.closed = this.#closing.promise;
  }

  /** Everything the peer has got. */
  get taken(): Uint8Array {
    return this.#taken.copy();
  }

  /** Lets writes wait until {@linkcode release}. */
  hold(): void {
    this.#held ??= Promise.withResolvers();
  }

  release(): void {
    this.#held?.resolve();
    this.#held = undefined;
  }

  async write(bytes: Uint8Array): Promise<number> {
    this.handed.push(bytes);
    await this.#held?.promise;
    if (this.#isClosed) throw new Deno.errors.BadResource("Bad resource ID");
    if (this.failure !== undefined) throw this.failure;
    const count = Math.min(bytes.length, this.takes);
    this.#taken.append(bytes, 0, count);
    return count;
  }

  read(_buffer?: Uint8Array): Promise<number | null> {
    return Promise.resolve(null);
  }

  closeWrite(): Promise<void> {
    this.calls.push("closeWrite");
    return this.failure === undefined ? Promise.resolve() : Promise.reject(this.failure);
  }

  close(): void {
    if (this.#isClosed) throw new Deno.errors.BadResource("Bad resource ID");
    this.#isClosed = true;
    this.calls.push("close");
    this.#closing.resolve();
    this.release();
  }
}
