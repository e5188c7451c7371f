/** The HTTP endpoint that backends post their heartbeats to. */
import { type Address, formatAddress, type TcpAddress } from "../config/address.ts";
import { currentValue } from "../config/current_value.ts";
import { suggestion } from "../config/nearest.ts";
import { canonicalIp, type Network, parseIp } from "../config/network.ts";
import { NetworkSet } from "../guard/network_set.ts";
import { Beat } from "../transport/beat.ts";
import { BindError } from "../transport/bind_error.ts";
import { type HttpRequest, RequestReader } from "../transport/http_request.ts";
import type { AcceptedConn } from "../transport/conn.ts";
import { Listener } from "../transport/listener.ts";
import { Turnstile } from "../transport/turnstile.ts";
import { type AbsorbedBeat, LONGEST_FORM, readBeat } from "./absorbed_beat.ts";
import { BackendHosts, type BackendHostsOptions } from "./backend_hosts.ts";

/** A heartbeat that the backend of this name sent. */
export interface BackendBeat extends AbsorbedBeat {
  readonly backend: string;
}

/** A request that was no good heartbeat. */
export interface RefusedBeat {
  /** The sender's address. */
  readonly peer: string;
  /** Whose heartbeat it was to be; `undefined` where the sender named no backend. */
  readonly backend: string | undefined;
  /** HTTP status that was answered. */
  readonly status: number;
  readonly why: string;
}

/** The part of a backend's configuration that matters here. */
export interface BeatingBackend {
  readonly name: string;
  readonly address: Address;
}

/** Whose heartbeats are taken. */
export interface AbsorberRules {
  /** Networks that may send heartbeats. */
  readonly from: readonly Network[];
  readonly backends: readonly BeatingBackend[];
}

export interface HeartbeatAbsorberOptions extends AbsorberRules {
  readonly bind: TcpAddress;
  /** Where the public list shows the network, for the owner of a backend; `undefined` where nobody knows. */
  readonly playUrl: (backend: string) => string | undefined;
  readonly onBeat: (beat: BackendBeat) => void;
  readonly onRefused: (refused: RefusedBeat) => void;
  /** A connection could not be accepted, e.g. because the process has no descriptor left. The absorber goes on. */
  readonly onAcceptFailed: (error: unknown) => void;
  /** Milliseconds from accepting a connection to its end. @default 5000 */
  readonly deadlineMs?: number;
  /** How host names of backends are resolved. */
  readonly hosts?: BackendHostsOptions;
}

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly text: string;
}

interface Refusal {
  readonly status: number;
  readonly why: string;
  readonly backend?: string;
}

const DEADLINE_MS = 5_000;
/** Connections at one time, those of strangers counted apart. One more ends the oldest, so that nobody can keep others out. */
const MOST_CONNECTIONS = 64;
/** How long a refused sender is listened to: closing on bytes that were not read would take the answer from them. */
const LINGER_MS = 1_000;
const READ_SIZE = 4096;

const STATUS_TEXTS: Readonly<Record<number, string>> = {
  200: "OK",
  400: "Bad Request",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  408: "Request Timeout",
  409: "Conflict",
  411: "Length Required",
  413: "Content Too Large",
  431: "Request Header Fields Too Large",
  503: "Service Unavailable",
  505: "HTTP Version Not Supported",
};

/**
 * Takes heartbeats at `/hb/<backend>`, posted or as a query, one request for each connection. Time, bytes and connections are
 * bounded; it goes on where the process has no descriptor left, after which `Deno.serve` never accepts again (Deno 2.9).
 */
export class HeartbeatAbsorber implements AsyncDisposable {
  readonly #options: HeartbeatAbsorberOptions;
  #from = new NetworkSet([]);
  #backends: ReadonlyMap<string, BeatingBackend> = new Map();
  readonly #hosts: BackendHosts;
  readonly #listener: Listener;
  readonly #senders = new Set<AcceptedConn>();
  readonly #strangers = new Set<AcceptedConn>();
  readonly #serving = new Set<Promise<void>>();

  /**
   * Binds at once.
   *
   * @throws {BindError} where the address cannot be bound
   */
  constructor(options: HeartbeatAbsorberOptions) {
    this.#options = options;
    this.configure(options);
    this.#hosts = new BackendHosts(options.hosts);
    const { host, port } = options.bind;
    try {
      this.#listener = new Listener(host, port, {
        accepted: (conn) => {
          this.#accept(conn);
          return 1;
        },
        missed: () => {},
        failed: options.onAcceptFailed,
      }, new Turnstile(new Beat()));
    } catch (error) {
      throw new BindError("heartbeat_absorber", options.bind, error);
    }
  }

  /** Where it listens; tells the port taken for port 0. */
  get address(): { readonly hostname: string; readonly port: number } {
    return this.#listener.address;
  }

  /** Goes by other rules from the next connection on. */
  configure({ from, backends }: AbsorberRules): void {
    this.#from = new NetworkSet(from);
    this.#backends = new Map(backends.map((backend) => [backend.name, backend]));
  }

  /** Accepts no more and closes every connection. Resolves when nothing is left, at once but for a name that is being resolved. */
  async stop(): Promise<void> {
    await this.#listener.close();
    for (const conn of [...this.#senders, ...this.#strangers]) close(conn);
    await Promise.all(this.#serving);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  #accept(conn: AcceptedConn): void {
    const isKnown = this.#from.has(conn.remoteAddr.hostname);
    const connections = isKnown ? this.#senders : this.#strangers;
    const [oldest] = connections;
    if (oldest !== undefined && connections.size >= MOST_CONNECTIONS) {
      connections.delete(oldest);
      close(oldest);
    }
    connections.add(conn);
    const serving = this.#serve(conn, isKnown).finally(() => {
      connections.delete(conn);
      this.#serving.delete(serving);
      close(conn);
    });
    this.#serving.add(serving);
  }

  async #serve(conn: AcceptedConn, isKnown: boolean): Promise<void> {
    const exchange = new Exchange(conn, this.#options.deadlineMs ?? DEADLINE_MS);
    try {
      const outcome = isKnown
        ? await this.#take(exchange)
        : refusal(403, "its sender's address is not in heartbeat_absorber.from");
      if (outcome === undefined) return;
      if ("why" in outcome) {
        const { status, why, backend } = outcome;
        this.#options.onRefused({ peer: exchange.peer, backend, status, why });
        await exchange.answer(failure(status, `Cannot take heartbeat: ${why}`));
      } else {
        this.#options.onBeat(outcome);
        await exchange.answer({ status: 200, type: "text/plain", text: this.#success(outcome.backend) });
      }
    } finally {
      exchange[Symbol.dispose]();
    }
  }

  /** The beat in what a sender sends, or why there is none; `undefined` where the sender has gone. */
  async #take(exchange: Exchange): Promise<BackendBeat | Refusal | undefined> {
    const request = await exchange.request();
    if (request === undefined || "why" in request) return request;
    const [, path = "", query = ""] = /^(?:https?:\/\/[^/?]*)?([^?#]*)(?:\?([^#]*))?/i.exec(request.target) ?? [];
    if (isFromPage(request)) return refusal(403, "it comes from a web page");
    const name = /^\/hb\/([^/]+)$/.exec(path)?.[1];
    if (name === undefined) return refusal(404, "its path must be /hb/<backend>");
    const wanted = decoded(name);
    const backend = this.#find(wanted);
    if (backend === undefined) {
      const nearest = suggestion(wanted, this.#backends.keys());
      return refusal(404, `it must be of a configured backend: ${currentValue(wanted)}${nearest}`);
    }
    const why = (status: number, text: string): Refusal => ({ ...refusal(status, text), backend: backend.name });
    if (request.method !== "POST" && request.method !== "GET") return why(405, "its method must be POST or GET");
    if (request.method === "POST" && !request.headers.has("content-length")) {
      return why(411, "it must say its Content-Length");
    }
    const reading = readBeat(request.method === "POST" ? new TextDecoder().decode(request.body) : query);
    if (reading.kind === "fault") return why(400, reading.fault);
    return await this.#contradiction(backend, reading.beat, exchange) ?? { ...reading.beat, backend: backend.name };
  }

  async #contradiction(
    { name, address }: BeatingBackend,
    { port }: AbsorbedBeat,
    exchange: Exchange,
  ): Promise<Refusal | undefined> {
    const why = (status: number, text: string): Refusal => ({ ...refusal(status, text), backend: name });
    const where = formatAddress(address);
    if (address.kind === "tcp" && address.port !== port) {
      return why(409, `it says port ${port}, but the backend's address is ${where}`);
    }
    switch (await this.#hosts.compare(address, exchange)) {
      case "its-own":
        return undefined;
      case "another":
        return why(409, `it comes from ${exchange.peer}, but the backend's address is ${where}`);
      case "unknown":
        return why(503, `the host of the backend's address ${where} cannot be resolved now`);
    }
  }

  #find(name: string): BeatingBackend | undefined {
    const lower = name.toLowerCase();
    return this.#backends.get(name) ?? this.#backends.values().find((backend) => backend.name.toLowerCase() === lower);
  }

  /** What the owner of a backend sees as its URL. */
  #success(backend: string): string {
    return this.#options.playUrl(backend) ?? `${backend} is behind the edge, players join there`;
  }
}

/** One connection: a request and an answer in bounded time. */
class Exchange implements Disposable {
  /** The sender's address. */
  readonly peer: string;
  readonly local: string;
  readonly #conn: AcceptedConn;
  readonly #deadline: ReturnType<typeof setTimeout>;
  readonly #late = Promise.withResolvers<"late">();
  #end: ReturnType<typeof setTimeout> | undefined;

  constructor(conn: AcceptedConn, deadlineMs: number) {
    this.#conn = conn;
    this.peer = canonicalIp(conn.remoteAddr.hostname) ?? conn.remoteAddr.hostname;
    this.local = conn.localAddr.hostname;
    this.#deadline = setTimeout(() => this.#late.resolve("late"), deadlineMs);
  }

  /** What the sender asks for, or why it cannot be taken; `undefined` where the sender has gone. */
  async request(): Promise<HttpRequest | Refusal | undefined> {
    const reader = new RequestReader(LONGEST_FORM);
    const buffer = new Uint8Array(READ_SIZE);
    while (true) {
      const count = await Promise.race([this.#read(buffer), this.#late.promise]);
      if (count === "late") return refusal(408, "it took too long");
      if (count === null) return undefined;
      const progress = reader.take(buffer.subarray(0, count));
      switch (progress.kind) {
        case "request":
          return progress.request;
        case "fault":
          return refusal(progress.status, progress.fault);
        case "continue":
          await this.#write("HTTP/1.1 100 Continue\r\n\r\n");
      }
    }
  }

  /** Answers, and waits a little for the sender to have it. */
  async answer({ status, type, text }: Answer): Promise<void> {
    this.#end = setTimeout(() => close(this.#conn), LINGER_MS);
    const bytes = new TextEncoder().encode(text);
    const head = [
      `HTTP/1.1 ${status} ${STATUS_TEXTS[status] ?? ""}`,
      `Content-Type: ${type}; charset=utf-8`,
      `Content-Length: ${bytes.length}`,
      ...(status === 405 ? ["Allow: GET, POST"] : []),
      "Cache-Control: no-store",
      "Connection: close",
    ];
    await this.#write(`${head.join("\r\n")}\r\n\r\n${text}`);
    await this.#conn.closeWrite().catch(() => {});
    const rest = new Uint8Array(READ_SIZE);
    while (await this.#read(rest) !== null);
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#deadline);
    clearTimeout(this.#end);
  }

  /** `null` where the sender sends no more, or has gone. */
  #read(buffer: Uint8Array): Promise<number | null> {
    return this.#conn.read(buffer).catch(() => null);
  }

  async #write(text: string): Promise<void> {
    const bytes = new TextEncoder().encode(text);
    try {
      for (let at = 0; at < bytes.length;) at += await this.#conn.write(bytes.subarray(at));
    } catch {
      // The sender has gone.
    }
  }
}

/**
 * Whether a browser may have sent a request on behalf of a page: the network of a backend is no proof of who asks then. Browsers
 * say so in one of these headers; not in a GET to a name that its owner had resolved to this machine, which therefore must not
 * have a dot.
 */
function isFromPage({ method, headers }: HttpRequest): boolean {
  if (["origin", "referer", "sec-fetch-site"].some((name) => headers.has(name))) return true;
  const host = (headers.get("host") ?? "").replace(/:\d*$/, "").replace(/^\[|\]$/g, "");
  return method !== "POST" && host.includes(".") && parseIp(host) === undefined;
}

function decoded(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

function refusal(status: number, why: string): Refusal {
  return { status, why };
}

/** A failure as the public list tells it, which is what game servers show their owners. */
function failure(status: number, why: string): Answer {
  return { status, type: "application/json", text: JSON.stringify({ errors: [[why]], response: "", status: "fail" }) };
}

function close(conn: AcceptedConn): void {
  try {
    conn.close();
  } catch {
    // Closed already.
  }
}
