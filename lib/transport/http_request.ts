/** Reads one small HTTP/1.1 request from the bytes of a connection. */

/** A whole request. */
export interface HttpRequest {
  readonly method: string;
  /** As it stands in the first line: path and query. */
  readonly target: string;
  /** Names in lower case; the values of a repeated one are joined with commas. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Uint8Array;
}

/** What has been read so far. */
export type RequestProgress =
  | { readonly kind: "incomplete" }
  /** The client wants to hear `100 Continue` before it sends the body. Said once. */
  | { readonly kind: "continue" }
  | { readonly kind: "request"; readonly request: HttpRequest }
  /** What came is no request that can be taken; `status` is the HTTP status to answer. */
  | { readonly kind: "fault"; readonly status: 400 | 411 | 413 | 431 | 505; readonly fault: string };

interface Head {
  readonly method: string;
  readonly target: string;
  readonly headers: ReadonlyMap<string, string>;
  readonly bodyAt: number;
  readonly bodyLength: number;
}

const LONGEST_HEAD = 8192;
const INCOMPLETE = { kind: "incomplete" } as const;
const TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
const FIRST_LINE = new RegExp(`^(${TOKEN}) (\\S+) HTTP/1\\.[01]$`);
const OTHER_VERSION = new RegExp(`^${TOKEN} \\S+ HTTP/\\d`);
const HEADER = new RegExp(`^(${TOKEN}):[ \\t]*(.*?)[ \\t]*$`);

/** Takes a request in whatever portions it comes. Holds at most the longest head and the longest body. */
export class RequestReader {
  readonly #longestBody: number;
  readonly #bytes: Uint8Array<ArrayBuffer>;
  #length = 0;
  #head: Head | undefined;

  /** @param longestBody Most bytes of a body. */
  constructor(longestBody: number) {
    this.#longestBody = longestBody;
    this.#bytes = new Uint8Array(LONGEST_HEAD + longestBody);
  }

  /** Takes the next bytes. Those behind the request are dropped. */
  take(chunk: Uint8Array): RequestProgress {
    const taken = chunk.subarray(0, this.#bytes.length - this.#length);
    this.#bytes.set(taken, this.#length);
    this.#length += taken.length;
    if (this.#head !== undefined) return this.#withHead(this.#head);
    const text = new TextDecoder("latin1").decode(this.#bytes.subarray(0, Math.min(this.#length, LONGEST_HEAD)));
    const end = text.indexOf("\r\n\r\n");
    if (end >= 0) return this.#begin(text.slice(0, end), end + 4);
    return this.#length < LONGEST_HEAD ? INCOMPLETE : fault(431, `its head is longer than ${LONGEST_HEAD} bytes`);
  }

  #begin(head: string, bodyAt: number): RequestProgress {
    const [first = "", ...lines] = head.split("\r\n");
    const [, method, target] = FIRST_LINE.exec(first) ?? [];
    if (method === undefined || target === undefined) {
      return OTHER_VERSION.test(first) ? fault(505, "it is not HTTP/1.1") : fault(400, "it is no HTTP request");
    }
    const headers = readHeaders(lines);
    if (headers === undefined) return fault(400, "one of its headers is malformed");
    if (headers.has("transfer-encoding")) return fault(411, "it must say its Content-Length");
    // Where a request does not say its length, it has no body (RFC 9112, 6.3).
    const length = headers.get("content-length");
    if (length !== undefined && !/^\d{1,15}$/.test(length)) return fault(400, "its Content-Length is no number");
    const bodyLength = Number(length ?? 0);
    if (bodyLength > this.#longestBody) return fault(413, `its body is longer than ${this.#longestBody} bytes`);
    this.#head = { method, target, headers, bodyAt, bodyLength };
    const progress = this.#withHead(this.#head);
    const mustSay = progress.kind === "incomplete" && headers.get("expect")?.toLowerCase() === "100-continue";
    return mustSay ? { kind: "continue" } : progress;
  }

  #withHead({ method, target, headers, bodyAt, bodyLength }: Head): RequestProgress {
    if (this.#length < bodyAt + bodyLength) return INCOMPLETE;
    const body = this.#bytes.slice(bodyAt, bodyAt + bodyLength);
    return { kind: "request", request: { method, target, headers, body } };
  }
}

function readHeaders(lines: readonly string[]): Map<string, string> | undefined {
  const headers = new Map<string, string>();
  for (const line of lines) {
    const [, name, value] = HEADER.exec(line) ?? [];
    if (name === undefined || value === undefined) return undefined;
    const key = name.toLowerCase();
    const earlier = headers.get(key);
    headers.set(key, earlier === undefined ? value : `${earlier}, ${value}`);
  }
  return headers;
}

function fault(status: 400 | 411 | 413 | 431 | 505, why: string): RequestProgress {
  return { kind: "fault", status, fault: why };
}
