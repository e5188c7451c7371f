import type { Address } from "../config/address.ts";
import type {
  BackendDetails,
  DrillReport,
  EdgeStatus,
  PlayerStatus,
  ReloadAnswer,
  ReloadPlan,
  Trail,
  UpgradeAnswer,
} from "./control.ts";
import type { StampedEvent } from "../observe/edge_event.ts";
import type { Endpoint } from "./endpoint.ts";
import { readEvents } from "./event_stream.ts";

/** Milliseconds that an answer may take: a reload looks up names and binds ports. */
const TIMEOUT_MS = 30_000;
/** The edge says something every 15 seconds. */
const SILENCE_MS = 45_000;

/** An order that was not carried out, or a question without an answer. */
export class AdminError extends Error {
  override readonly name = "AdminError";

  /** @param kind `"unreachable"`: nobody answered. `"refused"`: the edge did, and would not. */
  constructor(readonly kind: "unreachable" | "refused", message: string) {
    super(message);
  }
}

export interface ClientOptions {
  /** What `Authorization: Bearer` is followed by. @default none is sent */
  readonly token?: string | undefined;
  /** What to try where nobody answers, for operators. @default nothing is said */
  readonly advice?: string;
  /** Milliseconds that an answer may take. @default 30000 */
  readonly timeoutMs?: number;
  /** Milliseconds without a byte after which a stream of events is dead. @default 45000 */
  readonly silenceMs?: number;
}

/** An order that was carried out. */
export interface Done {
  readonly message: string;
}

/** A drill, as the API takes it. */
export interface DrillRequest {
  readonly fault: string;
  readonly backend: string;
  /** Names; absent for everybody. */
  readonly players?: readonly string[];
  /** Duration as `"10s"`. */
  readonly for: string;
  /** Milliseconds. */
  readonly delay_ms?: number;
}

/**
 * The admin API of a running edge. Answers are those of the API, unchanged; each method throws {@linkcode AdminError}. One owner
 * disposes of it.
 */
export class AdminClient implements Disposable {
  readonly #endpoint: Endpoint;
  readonly #token: string | undefined;
  readonly #advice: string | undefined;
  readonly #timeoutMs: number;
  readonly #silenceMs: number;
  readonly #http: Deno.HttpClient | undefined;

  constructor(endpoint: Endpoint, options: ClientOptions = {}) {
    const { token, advice, timeoutMs = TIMEOUT_MS, silenceMs = SILENCE_MS } = options;
    this.#endpoint = endpoint;
    this.#token = token;
    this.#advice = advice;
    this.#timeoutMs = timeoutMs;
    this.#silenceMs = silenceMs;
    this.#http = endpoint.dial && directClient(endpoint.dial);
  }

  async status(): Promise<EdgeStatus> {
    return await this.#ask<EdgeStatus>("GET", "v1/status", "state");
  }

  async players(): Promise<{ readonly players: readonly PlayerStatus[] }> {
    return await this.#ask("GET", "v1/players", "players");
  }

  async backends(): Promise<{ readonly backends: readonly BackendDetails[] }> {
    return await this.#ask("GET", "v1/backends", "backends");
  }

  async plan(): Promise<ReloadPlan> {
    return await this.#ask("GET", "v1/plan", "changes");
  }

  /** @param who A player's name, a session's id or an end code. */
  async explain(who: string): Promise<Trail> {
    return await this.#ask("GET", `v1/explain/${encodeURIComponent(who)}`, "steps");
  }

  async move(player: string, to: string): Promise<Done> {
    return await this.#ask("POST", `v1/players/${encodeURIComponent(player)}/move`, "message", { to });
  }

  /** @param reason What the player reads; `undefined` for a usual text. */
  async kick(player: string, reason: string | undefined): Promise<Done> {
    return await this.#ask("POST", `v1/players/${encodeURIComponent(player)}/kick`, "message", { reason });
  }

  async drainBackend(backend: string, options: { readonly move: boolean }): Promise<Done> {
    return await this.#ask("POST", `v1/backends/${encodeURIComponent(backend)}/drain`, "message", options);
  }

  async enableBackend(backend: string): Promise<Done> {
    return await this.#ask("POST", `v1/backends/${encodeURIComponent(backend)}/enable`, "message", {});
  }

  async announce(text: string): Promise<Done & { readonly players: number }> {
    return await this.#ask("POST", "v1/announce", "message", { text });
  }

  /** @param confirm Duration as `"60s"`; absent for a reload that stays. */
  async reload(confirm: string | undefined): Promise<ReloadAnswer> {
    return await this.#ask("POST", "v1/reload", "lines", { confirm });
  }

  async confirmReload(): Promise<Done> {
    return await this.#ask("POST", "v1/reload/confirm", "message", {});
  }

  async rollBack(): Promise<ReloadAnswer> {
    return await this.#ask("POST", "v1/reload/rollback", "lines", {});
  }

  /** Stops the edge as TERM does. */
  async drainEdge(): Promise<Done> {
    return await this.#ask("POST", "v1/drain", "message", {});
  }

  /** @param to Absolute path of an executable on the edge's machine; `undefined` for the one that runs now. */
  async upgrade(to: string | undefined): Promise<UpgradeAnswer> {
    return await this.#ask("POST", "v1/upgrade", "message", { to });
  }

  /** Begins a drill. */
  async beginDrill(request: DrillRequest): Promise<{ readonly drill: string }> {
    return await this.#ask("POST", "v1/drills", "drill", request);
  }

  /** What was seen in a drill until now. */
  async drill(id: string): Promise<DrillReport> {
    return await this.#ask("GET", `v1/drills/${encodeURIComponent(id)}`, "seen");
  }

  async endDrill(id: string): Promise<Done> {
    return await this.#ask("POST", `v1/drills/${encodeURIComponent(id)}/end`, "message", {});
  }

  /** Resolves where the edge runs, or takes players if it must be `ready`. */
  async checkHealth(ready: boolean): Promise<void> {
    const response = await this.#fetch("GET", ready ? "readyz" : "healthz", this.#deadline());
    await this.#read(response);
    if (response.ok) return;
    const what = ready ? "ready" : "healthy";
    throw new AdminError(
      "refused",
      `The edge at ${this.#endpoint.name} is not ${what}: HTTP status is ${response.status}`,
    );
  }

  /**
   * What happens, from now on or from behind the event `since`, until the edge ends the connection. Leaving the loop closes it.
   */
  async *events(since: number | undefined): AsyncGenerator<StampedEvent> {
    const silence = new AbortController();
    const expire = (): void => silence.abort(new Error("nothing was heard for too long"));
    let timer = setTimeout(expire, this.#timeoutMs);
    const heard = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
      transform: (chunk, out) => {
        clearTimeout(timer);
        timer = setTimeout(expire, this.#silenceMs);
        out.enqueue(chunk);
      },
    });
    try {
      const path = since === undefined ? "v1/events" : `v1/events?since=${since}`;
      const response = await this.#fetch("GET", path, silence.signal);
      if (!response.ok || response.body === null) throw this.#refused(response.status, await this.#read(response));
      for await (const data of readEvents(response.body.pipeThrough(heard))) yield JSON.parse(data);
    } catch (error) {
      throw error instanceof AdminError ? error : this.#unreachable(error);
    } finally {
      clearTimeout(timer);
    }
  }

  [Symbol.dispose](): void {
    this.#http?.close();
  }

  /** The answer's JSON, whatever its status where it is no error; one without `key` is not the edge's. `body` goes along as JSON. */
  async #ask<T extends object>(method: "GET" | "POST", path: string, key: keyof T, body?: object): Promise<T> {
    const response = await this.#fetch(method, path, this.#deadline(), body);
    const answer = await this.#read(response);
    if (!isObject(answer) || !(key in answer)) throw this.#refused(response.status, answer);
    // The edge and this client are one program; an answer of another version only shows less.
    return answer as T;
  }

  async #fetch(method: string, path: string, signal: AbortSignal, body?: object): Promise<Response> {
    const headers = new Headers();
    if (this.#token !== undefined) headers.set("authorization", `Bearer ${this.#token}`);
    if (body !== undefined) headers.set("content-type", "application/json");
    try {
      return await fetch(new URL(path, this.#endpoint.base), {
        method,
        headers,
        signal,
        redirect: "error",
        ...body && { body: JSON.stringify(body) },
        ...this.#http && { client: this.#http },
      });
    } catch (error) {
      throw this.#unreachable(error);
    }
  }

  /** The body as JSON; `undefined` where it is none. */
  async #read(response: Response): Promise<unknown> {
    let text: string;
    try {
      text = await response.text();
    } catch (error) {
      throw this.#unreachable(error);
    }
    try {
      return JSON.parse(text);
    } catch {
      return undefined;
    }
  }

  #deadline(): AbortSignal {
    return AbortSignal.timeout(this.#timeoutMs);
  }

  #refused(status: number, answer: unknown): AdminError {
    const { error } = isObject(answer) ? answer as { readonly error?: unknown } : {};
    const { message } = isObject(error) ? error as { readonly message?: unknown } : {};
    if (typeof message === "string") {
      if (status !== 401) return new AdminError("refused", message);
      const what = this.#token === undefined ? "it wants a token" : "it wants another token";
      const where = "it stands in the file that admin.token_file or --token-file names";
      return new AdminError("refused", `Cannot ask the edge at ${this.#endpoint.name} as ${what} (${where})`);
    }
    return new AdminError(
      "refused",
      `Cannot understand the answer of ${this.#endpoint.name}: HTTP status is ${status}`,
    );
  }

  #unreachable(error: unknown): AdminError {
    const why = `Cannot reach the edge at ${this.#endpoint.name} (is it running?): ${reason(error, this.#timeoutMs)}`;
    return new AdminError("unreachable", this.#advice === undefined ? why : `${why}; ${this.#advice}`);
  }
}

/** A client that dials `address` whatever a URL says, and past the proxies that the environment names. */
function directClient(address: Address): Deno.HttpClient {
  const proxy: Deno.Proxy = address.kind === "unix"
    ? { transport: "unix", path: address.path }
    // In brackets where it is IPv6: it becomes part of a URL.
    : {
      transport: "tcp",
      hostname: address.host.includes(":") ? `[${address.host}]` : address.host,
      port: address.port,
    };
  return Deno.createHttpClient({ proxy });
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

const REASONS: readonly (readonly [RegExp, string])[] = [
  [/connection refused/i, "nothing listens there"],
  [/no such file/i, "there is no such socket"],
  [/permission denied/i, "permission is denied"],
  [/lookup address|dns error/i, "nobody knows that name"],
];

/** Why a request failed; the error, or its cause, tells it in a text of several layers. */
function reason(error: unknown, timeoutMs: number): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === "TimeoutError") return `no answer within ${timeoutMs / 1000} s`;
  const text = error.cause instanceof Error ? error.cause.message : error.message;
  return REASONS.find(([pattern]) => pattern.test(text))?.[1] ?? text;
}
