/** The admin API on a socket. */
import type { Hono } from "hono";
import type { Address } from "../config/address.ts";
import { canonicalIp } from "../config/network.ts";
import { HalfOpen } from "../guard/half_open.ts";
import { AcceptLog } from "../observe/accept_log.ts";
import type { Log } from "../observe/log.ts";
import { pause } from "../pause.ts";
import { Beat } from "../transport/beat.ts";
import { BindError } from "../transport/bind_error.ts";
import { Turnstile } from "../transport/turnstile.ts";
import { type AdminAccess, checkAccess } from "./access.ts";
import { errorResponse } from "./api_error.ts";
import { createApp, EVENT_STREAM, type RequestFacts } from "./app.ts";
import type { Control } from "./control.ts";
import { EventFeed, type EventFeedOptions } from "./event_feed.ts";
import { type AdminConn, Exchange, type ExchangeLimits, type Received } from "./exchange.ts";
import { fetchRequest } from "./fetch_request.ts";
import { AdminGuard } from "./guard.ts";
import { type Page, securePage } from "./page.ts";
import { RequestLog } from "./request_log.ts";
import { listenOnUnixSocket } from "./unix_socket.ts";

export interface AdminServerOptions {
  readonly bind: Address;
  readonly access: AdminAccess;
  readonly control: Control;
  readonly log: Log;
  /** HTML of the page at `/`. */
  readonly page: string;
  /** Bounds of the streams of events. */
  readonly events?: EventFeedOptions;
  /** How long peers may take. @default 10 s for a request, 10 s for an answer, 30 s for a part of a stream */
  readonly limits?: Partial<ExchangeLimits>;
}

interface Bound {
  readonly listener: Deno.TcpListener | Deno.UnixListener;
  readonly address: Address;
  /** Takes back what closing the listener leaves. */
  readonly remove: () => void;
}

const LIMITS: ExchangeLimits = { readMs: 10_000, answerMs: 10_000, stallMs: 30_000 };
/** Connections whose request has not come, and those that are being answered, each. One more ends the oldest of its kind. */
const MOST_OF_A_KIND = 64;
/**
 * Connections in all, streams included. In Deno 2.7 a write to a peer that takes nothing cannot be broken off, so that such a
 * connection lasts as long as the peer likes: beyond this no one is let in. Later versions never have as many.
 */
const MOST_CONNECTIONS = 256;
/** Milliseconds to wait after a failed accept, so that a process out of descriptors does not spin. */
const RETRY_MS = 100;
/** Milliseconds that answers which are under way are given at the end. */
const CLOSE_MS = 2_000;

/**
 * Serves the admin API over HTTP/1.1, one request for each connection. Time, bytes and connections are bounded, so that nobody who
 * connects and says nothing takes the descriptors that players need; it goes on where the process has no descriptor left, after
 * which `Deno.serve` never accepts again (Deno 2.9).
 */
export class AdminServer implements AsyncDisposable {
  readonly #bind: Address;
  readonly #bound: Bound;
  readonly #limits: ExchangeLimits;
  readonly #app: Hono<RequestFacts>;
  readonly #guard: AdminGuard;
  readonly #events: EventFeed;
  readonly #acceptLog: AcceptLog;
  readonly #requestLog: RequestLog;
  readonly #reading = new HalfOpen(MOST_OF_A_KIND);
  readonly #answering = new HalfOpen(MOST_OF_A_KIND);
  /** Those that are open, and what ends with them. */
  readonly #exchanges = new Map<Exchange, Promise<void>>();
  #accepting: Promise<void> = Promise.resolve();
  #isClosed = false;
  #closing: Promise<void> | undefined;

  /**
   * Binds the address. Whoever connects waits until {@linkcode serve}.
   *
   * @throws {BindError} where the address cannot be bound
   * @throws {Error} where it can be reached from other machines and no token is asked for
   */
  static async open(options: AdminServerOptions): Promise<AdminServer> {
    checkAccess(options.bind, options.access);
    const page = await securePage(options.page);
    const bound = await listen(options.bind);
    return new AdminServer(options, bound, page);
  }

  private constructor(options: AdminServerOptions, bound: Bound, page: Page) {
    const { bind, access, control, log, events, limits } = options;
    const now = (): number => performance.now();
    this.#bind = bind;
    this.#bound = bound;
    this.#limits = { ...LIMITS, ...limits };
    this.#guard = new AdminGuard(bind, bound.address, access, now);
    this.#events = new EventFeed(control, events);
    this.#acceptLog = new AcceptLog(log);
    this.#requestLog = new RequestLog(log, now);
    this.#app = createApp({ control, guard: this.#guard, events: this.#events, log: this.#requestLog, page });
  }

  /** Answers from now on. To be called once. */
  serve(): void {
    this.#accepting = this.#accept();
  }

  /** Where it listens; tells the port taken for port 0. */
  get address(): Address {
    return this.#bound.address;
  }

  /** What it was told to bind, and what that is: a name, or port 0, stands for another address. */
  get places(): readonly Address[] {
    return [this.#bind, this.#bound.address];
  }

  /** Connections that are open. */
  get connections(): number {
    return this.#exchanges.size;
  }

  /**
   * Goes on with other rules, for the requests that come from now on.
   *
   * @throws {Error} where it can be reached from other machines and no token is asked for
   */
  configure(access: AdminAccess): void {
    checkAccess(this.#bind, access);
    this.#guard.configure(access);
  }

  /** Accepts no more, ends streams, and gives answers that are under way two seconds. */
  close(): Promise<void> {
    return this.#closing ??= this.#close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #close(): Promise<void> {
    this.#isClosed = true;
    this.#bound.remove();
    this.#bound.listener.close();
    await this.#accepting;
    this.#events.end();
    for (const exchange of this.#exchanges.keys()) if (exchange.isWaiting) exchange.close();
    const late = Promise.withResolvers<void>();
    const timer = setTimeout(late.resolve, CLOSE_MS);
    await Promise.race([Promise.all(this.#exchanges.values()), late.promise]);
    clearTimeout(timer);
    for (const exchange of this.#exchanges.keys()) exchange.close();
  }

  async #accept(): Promise<void> {
    // Deno accepts all that wait before it looks at anything else, and players must not wait for that.
    const entrance = new Turnstile(new Beat());
    while (!this.#isClosed) {
      await entrance.pass(1);
      try {
        this.#begin(await this.#bound.listener.accept());
      } catch (error) {
        if (this.#isClosed) return;
        this.#acceptLog.failed("admin", error, performance.now());
        await pause(RETRY_MS);
      }
    }
  }

  #begin(conn: AdminConn): void {
    const exchange = new Exchange(conn, this.#limits);
    if (this.#exchanges.size >= MOST_CONNECTIONS) return exchange.close();
    const serving = this.#serve(exchange, peerOf(conn)).finally(() => {
      exchange.close();
      this.#exchanges.delete(exchange);
    });
    this.#exchanges.set(exchange, serving);
  }

  async #serve(exchange: Exchange, peer: string): Promise<void> {
    const reading = this.#reading.enter(() => exchange.close());
    const received = await exchange.receive();
    reading.release();
    if (received === undefined) return;
    const answering = this.#answering.enter(() => exchange.close());
    try {
      const response = await this.#respond(received, peer);
      const isStream = response.headers.get("Content-Type") === EVENT_STREAM;
      if (!isStream || response.body === null) return await exchange.answer(response);
      // Streams are counted by who gives them.
      answering.release();
      await exchange.stream(response, response.body);
    } catch (error) {
      this.#requestLog.failed(peer, "", error);
    } finally {
      answering.release();
    }
  }

  async #respond(received: Received, peer: string): Promise<Response> {
    if (received.kind === "fault") {
      const { status, fault } = received;
      return errorResponse(status, status === 413 ? "too_large" : "bad_request", `Cannot take request: ${fault}`);
    }
    const request = fetchRequest(received.request);
    if (request !== undefined) return await this.#app.fetch(request, { peer });
    return errorResponse(400, "bad_request", "Cannot take request: its method, target or headers are of another kind");
  }
}

async function listen(bind: Address): Promise<Bound> {
  try {
    if (bind.kind === "unix") return { ...await listenOnUnixSocket(bind.path), address: bind };
    const listener = Deno.listen({ hostname: bind.host, port: bind.port });
    const { hostname, port } = listener.addr;
    return { listener, address: { kind: "tcp", host: hostname, port }, remove: () => {} };
  } catch (error) {
    throw new BindError("admin", bind, error);
  }
}

/** The caller's address; all who use a socket file have one. */
function peerOf({ remoteAddr }: AdminConn): string {
  if (remoteAddr.transport !== "tcp") return "unix";
  return canonicalIp(remoteAddr.hostname) ?? remoteAddr.hostname;
}
