import { PacketBuffer } from "../protocol/packet_buffer.ts";

/** Bytes that may wait to be written before {@linkcode Link.room} makes the sender wait. */
const SOFT_LIMIT = 64 * 1024;
/** How long, in ms, the other side may take to close after the goodbye. */
const LINGER = 1000;

/** A socket as a listener accepts it. */
export type Socket = Deno.TcpConn | Deno.UnixConn;

/** One accepted socket with a bounded queue of bytes to write. */
export class Link {
  readonly #conn: Socket;
  readonly #limit: number;
  readonly #ending = new AbortController();
  #state: "open" | "ending" | "closed" = "open";
  #queued = new PacketBuffer();
  #flying = new PacketBuffer();
  #writing = false;
  #room: PromiseWithResolvers<void> | undefined;
  #linger: ReturnType<typeof setTimeout> | undefined;

  /** @param limit Bytes that may wait to be written; one more closes the socket. */
  constructor(conn: Socket, limit: number) {
    this.#conn = conn;
    this.#limit = limit;
    if ("setNoDelay" in conn) conn.setNoDelay(true);
  }

  /** Address of the other side; empty on a Unix socket. */
  get remoteHostname(): string {
    const { remoteAddr } = this.#conn;
    return "hostname" in remoteAddr ? remoteAddr.hostname : "";
  }

  /** Whether bytes can still be sent. */
  get open(): boolean {
    return this.#state === "open";
  }

  /** Aborted as soon as nothing more can be sent. */
  get ended(): AbortSignal {
    return this.#ending.signal;
  }

  /** Reads what has arrived into `buffer`; `null` once the other side or this one has closed, or the socket failed. */
  async read(buffer: Uint8Array): Promise<number | null> {
    try {
      return await this.#conn.read(buffer);
    } catch {
      return null;
    }
  }

  /** Queues a copy of `bytes`. All that is queued in one turn of the event loop leaves in one write. */
  send(bytes: Uint8Array): void {
    if (this.#state !== "open") return;
    if (this.#waiting + bytes.length > this.#limit) return this.destroy();
    this.#queued.append(bytes);
    void this.#write();
  }

  /** Waits until little is left to write, or the socket is closed. */
  room(): Promise<void> {
    if (this.#state === "closed" || this.#waiting < SOFT_LIMIT) return Promise.resolve();
    this.#room ??= Promise.withResolvers();
    return this.#room.promise;
  }

  /** Sends no more, writes what is queued, then lets the other side close first; closes after a second at the latest. */
  end(): void {
    if (this.#state !== "open") return;
    this.#state = "ending";
    this.#linger = setTimeout(() => this.destroy(), LINGER);
    void this.#write();
    this.#ending.abort();
  }

  /** Closes the socket at once. */
  destroy(): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    clearTimeout(this.#linger);
    this.#conn.close();
    this.#room?.resolve();
    this.#ending.abort();
  }

  get #waiting(): number {
    return this.#queued.length + this.#flying.length;
  }

  async #write(): Promise<void> {
    if (this.#writing) return;
    this.#writing = true;
    try {
      await Promise.resolve();
      while (this.#queued.length > 0 && this.#state !== "closed") {
        [this.#queued, this.#flying] = [this.#flying, this.#queued];
        await this.#writeAll(this.#flying.view());
        this.#flying.clear();
        this.#offerRoom();
      }
      if (this.#state === "ending") await this.#conn.closeWrite();
    } catch {
      this.destroy();
    } finally {
      this.#writing = false;
    }
  }

  async #writeAll(bytes: Uint8Array): Promise<void> {
    for (let done = 0; done < bytes.length;) done += await this.#conn.write(bytes.subarray(done));
  }

  #offerRoom(): void {
    if (this.#waiting >= SOFT_LIMIT) return;
    this.#room?.resolve();
    this.#room = undefined;
  }
}
