/** Speaks HTTP to the admin API without the help, and the rules, of a client library. */
import type { Address } from "../../lib/config/address.ts";
import { DEFAULT_TIMEOUT_MS } from "../harness/waits.ts";

export interface RawRequest {
  readonly method?: string;
  /** @default `localhost` */
  readonly host?: string | undefined;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface RawAnswer {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  readonly text: string;
}

export type RawConn = Deno.TcpConn | Deno.UnixConn;

export async function dial(address: Address): Promise<RawConn> {
  return address.kind === "unix"
    ? await Deno.connect({ transport: "unix", path: address.path })
    : await Deno.connect({ hostname: address.host, port: address.port });
}

/** Asks once and reads to the end. */
export async function ask(address: Address, target: string, request: RawRequest = {}): Promise<RawAnswer> {
  using conn = await dial(address);
  await conn.write(formatRequest(target, request));
  return readAnswer(await readAll(conn));
}

/** Sends bytes as they are, and reads to the end. */
export async function askRaw(address: Address, bytes: string): Promise<RawAnswer> {
  using conn = await dial(address);
  await conn.write(new TextEncoder().encode(bytes));
  return readAnswer(await readAll(conn));
}

/** The bytes of a request. */
export function formatRequest(target: string, request: RawRequest = {}): Uint8Array {
  const { method = "GET", headers = {}, body } = request;
  const host = "host" in request ? request.host : "localhost";
  const bytes = new TextEncoder().encode(body ?? "");
  const lines = [
    `${method} ${target} HTTP/1.1`,
    ...(host === undefined ? [] : [`Host: ${host}`]),
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    ...(body === undefined && method !== "POST" ? [] : [`Content-Length: ${bytes.length}`]),
  ];
  return new TextEncoder().encode(`${lines.join("\r\n")}\r\n\r\n${body ?? ""}`);
}

/** What the peer sends until it ends the connection, however it does. */
export async function readAll(conn: RawConn): Promise<string> {
  const decoder = new TextDecoder();
  const buffer = new Uint8Array(64 << 10);
  let text = "";
  while (true) {
    const count = await conn.read(buffer).catch(() => null);
    if (count === null) return text;
    text += decoder.decode(buffer.subarray(0, count), { stream: true });
  }
}

export function readAnswer(bytes: string): RawAnswer {
  const [head = "", ...rest] = bytes.split("\r\n\r\n");
  const [first = "", ...lines] = head.split("\r\n");
  const headers = new Map(lines.map((line): [string, string] => {
    const [name = "", ...value] = line.split(": ");
    return [name.toLowerCase(), value.join(": ")];
  }));
  return { status: Number(/^HTTP\/1\.1 (\d{3}) /.exec(first)?.[1]), headers, text: rest.join("\r\n\r\n") };
}

/** An open stream of events, read on demand. */
export class RawStream implements Disposable {
  readonly conn: RawConn;
  readonly #decoder = new TextDecoder();
  /** Everything that came. */
  text = "";
  isOver = false;

  private constructor(conn: RawConn) {
    this.conn = conn;
  }

  static async open(
    address: Address,
    target: string,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<RawStream> {
    const conn = await dial(address);
    await conn.write(formatRequest(target, { headers }));
    return new RawStream(conn);
  }

  /** Ids of the events that came. */
  get ids(): readonly number[] {
    return [...this.text.matchAll(/^id: (\d+)$/gm)].map(([, id]) => Number(id));
  }

  /** Reads until `probe` holds; fails where the stream ends before, or that takes too long. */
  async until(probe: () => boolean): Promise<void> {
    const timer = setTimeout(() => this[Symbol.dispose](), DEFAULT_TIMEOUT_MS);
    const buffer = new Uint8Array(64 << 10);
    try {
      while (!probe()) {
        if (this.isOver) throw new Error(`Cannot see what is awaited: the stream ended with ${this.text.slice(-300)}`);
        const count = await this.conn.read(buffer).catch(() => null);
        if (count === null) this.isOver = true;
        else this.text += this.#decoder.decode(buffer.subarray(0, count), { stream: true });
      }
    } finally {
      clearTimeout(timer);
    }
  }

  /** Reads until the stream ends. */
  async over(): Promise<void> {
    await this.until(() => this.isOver);
  }

  [Symbol.dispose](): void {
    try {
      this.conn.close();
    } catch {
      // Closed already.
    }
  }
}
