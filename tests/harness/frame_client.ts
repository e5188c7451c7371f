/** A WebSocket client that sends frames byte by byte as it is told, right or wrong. */
import { PacketBuffer } from "../../lib/protocol/packet_buffer.ts";
import { type Ending, Link, type Target } from "./link.ts";
import { type WaitOptions, Waits } from "./waits.ts";

/** A frame from the server, which masks nothing and sends no more than 65,535 bytes in one. */
export interface ReceivedFrame {
  /** The first byte: opcode and flags. */
  readonly first: number;
  readonly payload: Uint8Array;
}

const CLOSE = 0x88;
const REQUEST = [
  "GET / HTTP/1.1",
  "Host: edge",
  "Connection: Upgrade",
  "Upgrade: websocket",
  "Sec-WebSocket-Version: 13",
  "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
  "Sec-WebSocket-Protocol: ClassiCube",
  "\r\n",
].join("\r\n");
const HEAD_END = "\r\n\r\n";

/** See the file's first line. */
export class FrameClient implements AsyncDisposable {
  readonly #link: Link;
  readonly #heard = new PacketBuffer();
  readonly #waits = new Waits(() => `${this.#heard.length} bytes had come`);
  #ending: Ending | undefined;

  private constructor(conn: Deno.TcpConn) {
    this.#link = new Link(conn, (chunk) => {
      this.#heard.append(chunk);
      this.#waits.changed();
    });
    this.#link.ended.then((ending) => {
      this.#ending = ending;
      this.#waits.end(`the connection is over (${ending})`);
    });
  }

  /** Connects, and waits for the end of the server's answer. */
  static async connect(target: Extract<Target, { port: number }>): Promise<FrameClient> {
    const client = new FrameClient(await Deno.connect(target));
    client.send(new TextEncoder().encode(REQUEST));
    await client.#waits.until(() => client.#head.endsWith(HEAD_END), "the answer to the request");
    return client;
  }

  /** The whole frames that have come. */
  get frames(): readonly ReceivedFrame[] {
    const bytes = this.#heard.view();
    const found: ReceivedFrame[] = [];
    for (let at = this.#head.length; at + 2 <= bytes.length;) {
      const [first = 0, short = 0, high = 0, low = 0] = bytes.subarray(at, at + 4);
      const start = at + (short < 126 ? 2 : 4);
      const end = start + (short < 126 ? short : high << 8 | low);
      if (end > bytes.length) break;
      found.push({ first, payload: bytes.slice(start, end) });
      at = end;
    }
    return found;
  }

  /** What the close frame said: its code, or 1005 for a frame without one; `undefined` where there was none. */
  get closeCode(): number | undefined {
    const close = this.frames.find(({ first }) => first === CLOSE);
    if (close === undefined) return undefined;
    const [high, low] = close.payload;
    return high === undefined || low === undefined ? 1005 : high << 8 | low;
  }

  /** Sends `bytes`. Resolves when the system took them, or when the connection is gone. */
  send(bytes: Uint8Array): Promise<void> {
    return this.#link.write(bytes);
  }

  /** Waits until `probe` returns something, looking again whenever something came. */
  until<T>(probe: () => T | undefined | false, what: string, options?: WaitOptions): Promise<T> {
    return this.#waits.until(probe, what, options);
  }

  /** Waits until the server has ended the connection, and says how. */
  over(): Promise<Ending> {
    return this.until(() => this.#ending, "the end of the connection");
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

  get #head(): string {
    const text = new TextDecoder("latin1").decode(this.#heard.view());
    const end = text.indexOf(HEAD_END);
    return end < 0 ? text : text.slice(0, end + HEAD_END.length);
  }
}
