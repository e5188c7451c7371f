import { resetConnection } from "../harness/reset.ts";
import { type WaitOptions, Waits } from "../harness/waits.ts";
import { LOCALHOST_CERTIFICATE, LOCALHOST_KEY } from "./certificates.ts";

/** What the list does with one connection. */
export interface Play {
  /** Sent once the whole request is there. */
  readonly bytes: string;
  /** What comes then; `hold` waits until the other side closes. */
  readonly then: "close" | "hold" | "reset";
}

/** Where a list listens. */
export interface ScriptedListOptions {
  /** @default "127.0.0.1" */
  readonly hostname?: string;
  /** @default 0 */
  readonly port?: number;
  /** Whether it speaks TLS as `localhost`. @default false */
  readonly tls?: boolean;
}

/** A complete reply. */
export function reply(status: string, contentType: string, body: string, moreHeaders = ""): Play {
  const length = new TextEncoder().encode(body).length;
  const head = `HTTP/1.1 ${status}\r\nContent-Type: ${contentType}\r\n${moreHeaders}Content-Length: ${length}\r\n\r\n`;
  return { bytes: head + body, then: "close" };
}

export const PLAY_URL = "https://www.classicube.net/server/play/0123456789abcdef0123456789abcdef/";
export const LISTED: Play = reply("200 OK", "text/plain", PLAY_URL);

/** The JSON in which the list refuses. */
export function refusal(text: string): Play {
  return reply("200 OK", "application/json", JSON.stringify({ errors: [[text]], response: "", status: "fail" }));
}

/** A server list that reads raw bytes and answers what the test says. */
export class ScriptedList implements AsyncDisposable {
  /** Every complete request, byte for byte. */
  readonly requests: string[] = [];
  /** Connections that the other side has closed while they were held. */
  abandoned = 0;
  /** What is played to every connection. */
  play: Play = LISTED;
  readonly #listener: Deno.Listener;
  readonly #conns = new Set<Deno.Conn>();
  readonly #served = new Set<Promise<void>>();
  readonly #accepting: Promise<void>;
  readonly #waits = new Waits(() => `the list has seen ${this.requests.length} requests`);
  readonly #tls: boolean;

  constructor({ hostname = "127.0.0.1", port = 0, tls = false }: ScriptedListOptions = {}) {
    this.#tls = tls;
    this.#listener = tls
      ? Deno.listenTls({ hostname, port, cert: LOCALHOST_CERTIFICATE, key: LOCALHOST_KEY })
      : Deno.listen({ hostname, port });
    this.#accepting = this.#accept();
  }

  get port(): number {
    return (this.#listener.addr as Deno.NetAddr).port;
  }

  /** Where to post to; `host` is looked up. */
  url(host = "localhost"): string {
    return `${this.#tls ? "https" : "http"}://${host}:${this.port}/heartbeat.jsp`;
  }

  /** Resolves when `probe` holds; looked at whenever the list has seen something. */
  async until(probe: () => boolean, what: string, options?: WaitOptions): Promise<void> {
    await this.#waits.until(probe, what, options);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    for (const conn of this.#conns) close(conn);
    await Promise.all([this.#accepting, ...this.#served]);
  }

  async #accept(): Promise<void> {
    try {
      for await (const conn of this.#listener) {
        this.#conns.add(conn);
        const served = this.#serve(conn).catch(() => {}).finally(() => {
          this.#served.delete(served);
          this.#conns.delete(conn);
          close(conn);
        });
        this.#served.add(served);
      }
    } catch (error) {
      if (!(error instanceof Deno.errors.BadResource || error instanceof Deno.errors.Interrupted)) throw error;
    }
  }

  async #serve(conn: Deno.Conn): Promise<void> {
    const request = await readRequest(conn);
    const { bytes, then } = this.play;
    this.requests.push(request);
    this.#waits.changed();
    const writer = conn.writable.getWriter();
    await writer.write(new TextEncoder().encode(bytes));
    if (then === "reset") resetConnection(conn);
    if (then !== "hold") return;
    await conn.read(new Uint8Array(1)).catch(() => null);
    this.abandoned++;
    this.#waits.changed();
  }
}

async function readRequest(conn: Deno.Conn): Promise<string> {
  const buffer = new Uint8Array(4096);
  for (let request = "";;) {
    const size = await conn.read(buffer);
    if (size === null) throw new Error("Cannot read request: connection closed");
    request += String.fromCharCode(...buffer.subarray(0, size));
    const [head = "", ...rest] = request.split("\r\n\r\n");
    const length = /^content-length: (\d+)\r?$/im.exec(head)?.[1];
    if (length !== undefined && rest.join("\r\n\r\n").length >= Number(length)) return request;
  }
}

function close(conn: Deno.Conn): void {
  try {
    conn.close();
  } catch (error) {
    if (!(error instanceof Deno.errors.BadResource)) throw error;
  }
}
