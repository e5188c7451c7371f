/** A `ws` client as a connection, so that whatever speaks over one can speak through a WebSocket. */
import { DEFAULT_TIMEOUT_MS } from "./waits.ts";
import { PacketBuffer } from "../../lib/protocol/packet_buffer.ts";
import { seeded, splitAtRandom } from "./chunks.ts";
import { type ClientOptions, WebSocket } from "./ws.ts";

/**
 * How what is written becomes messages: each write one binary or one text message, a message for each byte, each write one message of
 * many fragments with empty ones and pings between them, or messages that begin and end wherever, in one write or over several.
 */
export type Framing = "binary" | "text" | "bytes" | "fragments" | "torn";

export interface WebSocketStreamOptions extends ClientOptions {
  /** @default "binary" */
  readonly framing?: Framing;
}

/** Bytes that may wait to be read before the peer has to wait too. */
const SOFT_LIMIT = 256 << 10;
const ADDRESS: Deno.NetAddr = { transport: "tcp", hostname: "127.0.0.1", port: 0 };

/** See the file's first line. Where it is closed, the connection is torn down; {@linkcode closeWrite} closes the WebSocket. */
export class WebSocketStream implements Deno.Conn {
  readonly socket: WebSocket;
  readonly localAddr = ADDRESS;
  readonly remoteAddr = ADDRESS;
  /** The code and reason with which the WebSocket was closed: 1005 stands for none, 1006 for an end without a close frame. */
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
  readonly #framing: Framing;
  readonly #random = seeded(20);
  /** What has come and was not read yet, and how many bytes that is. */
  readonly #incoming: Uint8Array[] = [];
  #waiting = 0;
  readonly #unsent = new PacketBuffer();
  #changed = Promise.withResolvers<void>();
  #isOver = false;
  #failure: Error | undefined;

  private constructor(socket: WebSocket, framing: Framing) {
    this.socket = socket;
    this.#framing = framing;
    const closed = Promise.withResolvers<{ code: number; reason: string }>();
    this.closed = closed.promise;
    socket.on("message", (data) => {
      this.#incoming.push(Uint8Array.from(data));
      this.#waiting += data.length;
      if (this.#waiting > SOFT_LIMIT) socket.pause();
      this.#changed.resolve();
    });
    socket.on("error", (error) => this.#failure = error);
    socket.on("close", (code, reason) => {
      this.#isOver = true;
      closed.resolve({ code, reason: reason.toString() });
      this.#changed.resolve();
    });
  }

  /** Connects to a `ws:` or `wss:` address with the subprotocol that Classic has. */
  static async connect(
    address: string,
    { framing = "binary", ...options }: WebSocketStreamOptions = {},
  ): Promise<WebSocketStream> {
    const socket = new WebSocket(address, ["ClassiCube"], options);
    const stream = new WebSocketStream(socket, framing);
    const opened = Promise.withResolvers<void>();
    socket.on("open", opened.resolve);
    socket.on("error", opened.reject);
    await opened.promise;
    return stream;
  }

  /** `null` where the WebSocket was closed with a close frame; rejects where it ended without one. */
  async read(buffer: Uint8Array): Promise<number | null> {
    let next = this.#incoming.shift();
    for (; next === undefined; next = this.#incoming.shift()) {
      if (this.#isOver) return await this.#ending();
      this.#changed = Promise.withResolvers();
      await this.#changed.promise;
    }
    const count = Math.min(buffer.length, next.length);
    buffer.set(next.subarray(0, count));
    if (count < next.length) this.#incoming.unshift(next.subarray(count));
    this.#waiting -= count;
    if (this.#waiting <= SOFT_LIMIT && !this.#isOver) this.socket.resume();
    return count;
  }

  write(bytes: Uint8Array): Promise<number> {
    const { length } = bytes;
    const copy = bytes.slice();
    switch (this.#framing) {
      case "bytes":
        for (const byte of copy) this.socket.send(Uint8Array.of(byte));
        break;
      case "fragments":
        this.#sendFragments(copy);
        break;
      case "torn":
        if (this.#unsent.length === 0) setTimeout(() => this.#sendTorn(), this.#random.below(20));
        this.#unsent.append(copy);
        break;
      default:
        this.socket.send(copy, { binary: this.#framing === "binary" });
    }
    return Promise.resolve(length);
  }

  /** Sends a ping and waits for the pong that carries the same, whatever answers to earlier pings come before it. */
  ping(payload: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      const late = (): void => reject(new Error(`Cannot see the pong: not within ${DEFAULT_TIMEOUT_MS} ms`));
      const deadline = setTimeout(late, DEFAULT_TIMEOUT_MS);
      const heard = (data: Uint8Array): void => {
        const isAnswer = data.length === payload.length && payload.every((byte, index) => byte === data[index]);
        if (!isAnswer) return void this.socket.once("pong", heard);
        clearTimeout(deadline);
        resolve();
      };
      this.socket.once("pong", heard);
      this.socket.ping(payload);
    });
  }

  closeWrite(): Promise<void> {
    this.#sendTorn();
    this.socket.close(1000);
    return Promise.resolve();
  }

  close(): void {
    this.socket.terminate();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  ref(): void {}
  unref(): void {}

  get readable(): ReadableStream<Uint8Array<ArrayBuffer>> {
    throw new Error("Cannot read a WebSocket as a stream: use read");
  }

  get writable(): WritableStream<Uint8Array<ArrayBufferLike>> {
    throw new Error("Cannot write to a WebSocket as a stream: use write");
  }

  #sendFragments(bytes: Uint8Array): void {
    for (const piece of splitAtRandom(bytes, this.#random)) {
      this.socket.send(piece, { fin: false });
      this.socket.ping(piece.subarray(0, 4));
      this.socket.send(new Uint8Array(0), { fin: false });
    }
    this.socket.send(new Uint8Array(0));
  }

  #sendTorn(): void {
    if (this.#unsent.length === 0) return;
    for (const piece of splitAtRandom(this.#unsent.copy(), this.#random)) this.socket.send(piece);
    this.#unsent.clear();
  }

  async #ending(): Promise<null> {
    const { code } = await this.closed;
    if (code !== 1006) return null;
    throw new Deno.errors.ConnectionReset(`Cannot read: the WebSocket is lost, ${this.#failure?.message ?? code}`);
  }
}
