/** One connection to the admin API: a request and its answer, every wait with an end. */
import { type RequestProgress, RequestReader } from "../transport/http_request.ts";

/** A connection of either kind. */
export type AdminConn = Deno.TcpConn | Deno.UnixConn;

/** How long peers may take, in milliseconds. */
export interface ExchangeLimits {
  /** From the connection to the whole request. */
  readonly readMs: number;
  /** For taking the answer. */
  readonly answerMs: number;
  /** In which the reader of a stream must take some of what waits for it. */
  readonly stallMs: number;
}

/** A request, or what is wrong with what came. */
export type Received = Extract<RequestProgress, { readonly kind: "request" | "fault" }>;

/** Bytes of the longest body. */
const LONGEST_BODY = 16 << 10;
const READ_SIZE = 16 << 10;
/** How long a peer is listened to after its answer: closing on unread bytes would take the answer from them. */
const LINGER_MS = 1_000;
/** Bytes that a peer may send behind a request; nobody looks at them. */
const MOST_IGNORED = 4 << 20;

const REASONS: Readonly<Record<number, string>> = {
  200: "OK",
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  409: "Conflict",
  411: "Length Required",
  413: "Content Too Large",
  429: "Too Many Requests",
  431: "Request Header Fields Too Large",
  500: "Internal Server Error",
  503: "Service Unavailable",
  505: "HTTP Version Not Supported",
};

/** Said with every answer. */
const HEADERS: readonly string[] = [
  "Cache-Control: no-store",
  "X-Content-Type-Options: nosniff",
  "Referrer-Policy: no-referrer",
  "Connection: close",
];

/** See the file's first line. */
export class Exchange {
  readonly #conn: AdminConn;
  readonly #limits: ExchangeLimits;
  #isWaiting = true;

  constructor(conn: AdminConn, limits: ExchangeLimits) {
    this.#conn = conn;
    this.#limits = limits;
  }

  /** Whether no whole request has come yet. */
  get isWaiting(): boolean {
    return this.#isWaiting;
  }

  /** What the peer asks for; `undefined` where it has gone, or did not say so in time. */
  async receive(): Promise<Received | undefined> {
    const received = await this.#within(this.#limits.readMs, () => this.#receive());
    this.#isWaiting = false;
    return received;
  }

  /** Gives a whole answer, and waits a little for the peer to have it. */
  async answer(response: Response): Promise<void> {
    // An answer to HEAD has the headers of another one, whose length is not known here.
    const isHeadOnly = response.body === null;
    const body = new Uint8Array(await response.arrayBuffer());
    const head = headOf(response, isHeadOnly ? [] : [`Content-Length: ${body.length}`]);
    const bytes = new Uint8Array(head.length + body.length);
    bytes.set(head);
    bytes.set(body, head.length);
    const isTaken = await this.#within(this.#limits.answerMs, () => this.#write(bytes));
    if (isTaken) await this.#within(LINGER_MS, () => this.#linger());
  }

  /** Gives an answer as it comes into being, until it ends or the peer has gone. */
  async stream(response: Response, body: ReadableStream<Uint8Array>): Promise<void> {
    const reader = body.getReader();
    // What broke the stream, if anything did, is told by reading it.
    const cancel = (): Promise<void> => reader.cancel().catch(() => {});
    const gone = this.#drain().then(cancel);
    try {
      let isTaken = await this.#writeSteadily(headOf(response, []));
      while (isTaken) {
        const { value } = await reader.read();
        if (value === undefined) break;
        isTaken = await this.#writeSteadily(value);
      }
    } finally {
      await cancel();
      this.close();
      await gone;
    }
  }

  close(): void {
    try {
      this.#conn.close();
    } catch {
      // Closed already.
    }
  }

  async #receive(): Promise<Received | undefined> {
    const reader = new RequestReader(LONGEST_BODY);
    const buffer = new Uint8Array(READ_SIZE);
    while (true) {
      const count = await this.#read(buffer);
      if (count === null) return undefined;
      const progress = reader.take(buffer.subarray(0, count));
      if (progress.kind === "request" || progress.kind === "fault") return progress;
      if (progress.kind === "continue") await this.#write(encode("HTTP/1.1 100 Continue\r\n\r\n"));
    }
  }

  /** Tells the peer that this was all, and reads what it still sends. */
  async #linger(): Promise<void> {
    try {
      await this.#conn.closeWrite();
    } catch {
      return;
    }
    await this.#drain();
  }

  /** Reads until the peer sends no more, or has sent too much. */
  async #drain(): Promise<void> {
    const buffer = new Uint8Array(READ_SIZE);
    for (let left = MOST_IGNORED; left > 0;) {
      const count = await this.#read(buffer);
      if (count === null) return;
      left -= count;
    }
  }

  /** `null` where the peer sends no more, or has gone. */
  #read(buffer: Uint8Array): Promise<number | null> {
    return this.#conn.read(buffer).catch(() => null);
  }

  /** Returns whether the peer has taken everything. */
  async #write(bytes: Uint8Array): Promise<boolean> {
    try {
      for (let at = 0; at < bytes.length;) at += await this.#conn.write(bytes.subarray(at));
      return true;
    } catch {
      return false;
    }
  }

  /** As {@linkcode #write}, for as long as the peer takes some. */
  async #writeSteadily(bytes: Uint8Array): Promise<boolean> {
    for (let at = 0; at < bytes.length; at += READ_SIZE) {
      const part = bytes.subarray(at, at + READ_SIZE);
      if (!await this.#within(this.#limits.stallMs, () => this.#write(part))) return false;
    }
    return true;
  }

  /** Closes the connection, which ends every wait, where `work` takes longer. */
  async #within<T>(ms: number, work: () => Promise<T>): Promise<T> {
    const timer = setTimeout(() => this.close(), ms);
    try {
      return await work();
    } finally {
      clearTimeout(timer);
    }
  }
}

function headOf(response: Response, further: readonly string[]): Uint8Array {
  const lines = [
    `HTTP/1.1 ${response.status} ${REASONS[response.status] ?? ""}`,
    `Date: ${new Date().toUTCString()}`,
    ...[...response.headers].map(([name, value]) => `${name}: ${value}`),
    ...HEADERS,
    ...further,
  ];
  return encode(`${lines.join("\r\n")}\r\n\r\n`);
}

function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
