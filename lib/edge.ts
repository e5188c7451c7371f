/** The edge: owns the listeners, the sessions and the configuration they run on. */
import { verifyKey } from "./auth/mppass.ts";
import { loadSalt } from "./auth/salt_file.ts";
import type { Config, ListenerConfig, PoolConfig } from "./config/schema.ts";
import type { Log } from "./observe/log.ts";
import { logSessionEvent } from "./observe/session_log.ts";
import { announcedSet, type ExtensionSet } from "./protocol/extensions.ts";
import { Pool } from "./routing/pool.ts";
import { DEFAULT_LIMITS, type ListDelivery, type SessionEvent, type SessionOptions } from "./session/port.ts";
import { Session } from "./session/session.ts";
import { SessionIds } from "./session_ids.ts";
import { Beat } from "./transport/beat.ts";
import { DenoDriver } from "./transport/deno_driver.ts";
import { type Address, dial } from "./transport/dial.ts";
import { Listener } from "./transport/listener.ts";
import { Nap } from "./transport/nap.ts";
import type { Pace } from "./transport/pacer.ts";

/** Bytes that may wait for one leg before its counterpart is not read any more. */
const SOFT_LIMIT = 256 << 10;
/** Milliseconds in which a peer that has bytes waiting for it must take some. */
const PROGRESS_MS = 30_000;
/** Milliseconds players are given to take what waits for them when the edge stops. */
const STOPPING_MS = 2_000;

/** A running edge. */
export interface Edge extends AsyncDisposable {
  /** The bound listeners, with the ports that were taken for port 0. */
  readonly listeners: readonly { readonly name: string; readonly hostname: string; readonly port: number }[];
  /** Sessions whose sockets are not all closed yet. */
  readonly sessions: number;
  /** Accepts no more, tells every player, and resolves when all sockets are closed, which takes a few seconds at most. */
  stop(): Promise<void>;
}

/** A session and the driver that runs it. */
interface Running {
  readonly session: Session;
  readonly driver: DenoDriver;
}

/**
 * Binds every listener of `config` and starts to take players.
 *
 * @throws {ListenError} where an address cannot be bound
 * @throws {Error} where a salt cannot be read or made
 */
export async function startEdge(config: Config, log: Log): Promise<Edge> {
  const edge = new RunningEdge(config, log);
  await edge.start();
  return edge;
}

/** An address could not be bound. */
export class ListenError extends Error {
  override name = "ListenError";
  /** Whether another program, or another edge, has the address. */
  readonly inUse: boolean;

  constructor({ name, bind }: ListenerConfig, cause: unknown) {
    const why = cause instanceof Error ? cause.message : String(cause);
    super(`Cannot bind listener '${name}' to ${bind.host}:${bind.port}: ${why}`, { cause });
    this.inUse = cause instanceof Deno.errors.AddrInUse;
  }
}

class RunningEdge implements Edge {
  readonly #config: Config;
  readonly #log: Log;
  readonly #pools: ReadonlyMap<string, Pool>;
  readonly #addresses: ReadonlyMap<string, Address>;
  /** What each backend offered when somebody last logged in to it. */
  readonly #offers = new Map<string, ExtensionSet>();
  /** Backends that broke off over a list of extensions. */
  readonly #refusesLists = new Set<string>();
  #announced: ExtensionSet;
  readonly #listeners: { readonly name: string; readonly listener: Listener }[] = [];
  readonly #running = new Set<Running>();
  readonly #ids = new SessionIds();
  readonly #pace: Pace = { beat: new Beat(), nap: new Nap(), now: () => performance.now() };
  readonly #emptied: (() => void)[] = [];
  #progressTimer: ReturnType<typeof setInterval> | undefined;

  constructor(config: Config, log: Log) {
    this.#config = config;
    this.#log = log;
    this.#pools = new Map(config.pools.map((pool) => [pool.name, newPool(pool)]));
    this.#addresses = new Map(config.backends.map(({ name, address }) => [name, address]));
    this.#announced = this.#announcedNow();
  }

  get listeners(): Edge["listeners"] {
    return this.#listeners.map(({ name, listener }) => ({ name, ...listener.address }));
  }

  get sessions(): number {
    return this.#running.size;
  }

  async start(): Promise<void> {
    const salts = new Map<string, string>();
    for (const { name, auth } of this.#config.listeners) {
      if (auth === "mppass") salts.set(name, await loadSalt(this.#config.edge.dataDir, name));
    }
    try {
      for (const listener of this.#config.listeners) this.#listen(listener, salts.get(listener.name));
    } catch (error) {
      await this.stop();
      throw error;
    }
    this.#progressTimer = setInterval(() => {
      for (const { driver } of this.#running) driver.checkProgress();
    }, PROGRESS_MS);
  }

  async stop(): Promise<void> {
    clearInterval(this.#progressTimer);
    await Promise.all(this.#listeners.map(({ listener }) => listener.close()));
    for (const { session } of this.#running) session.end("shutdown", "the edge is stopping");
    if (this.#running.size === 0) return;
    const deadline = setTimeout(() => {
      for (const { driver } of this.#running) driver.abort();
    }, STOPPING_MS);
    await new Promise<void>((resolve) => this.#emptied.push(resolve));
    clearTimeout(deadline);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  #listen(config: ListenerConfig, salt: string | undefined): void {
    const { host, port } = config.bind;
    let listener: Listener;
    try {
      listener = new Listener(host, port, {
        accepted: (conn) => this.#accept(config, salt, conn),
        failed: (error) =>
          this.#log.error("accept-failed", "cannot accept", { listener: config.name, err: asError(error) }),
      });
    } catch (error) {
      throw new ListenError(config, error);
    }
    this.#listeners.push({ name: config.name, listener });
    const { hostname, port: taken } = listener.address;
    this.#log.info("listening", "listening", {
      listener: config.name,
      address: `${hostname}:${taken}`,
      mode: config.mode,
    });
  }

  #accept(listener: ListenerConfig, salt: string | undefined, conn: Deno.TcpConn): void {
    const options = this.#sessionOptions(listener, salt);
    const ip = conn.remoteAddr.hostname;
    const driver = new DenoDriver({
      dial: (backend, signal) => this.#dial(backend, signal),
      emit: (event) => {
        logSessionEvent(this.#log, { session: options.id, listener: listener.name, ip }, event);
        this.#follow(event, running);
      },
      crashed: (err) =>
        this.#log.error("crashed", "error in the edge itself", { session: options.id, err: asError(err) }),
      pace: this.#pace,
      softLimit: SOFT_LIMIT,
      hardLimit: this.#config.limits.clientBuffer,
    });
    const session = new Session(driver, options);
    const running: Running = { session, driver };
    this.#running.add(running);
    driver.start(session, conn);
  }

  #sessionOptions(listener: ListenerConfig, salt: string | undefined): SessionOptions {
    const pool = this.#pools.get(listener.pool);
    return {
      id: this.#ids.next(),
      mode: listener.mode,
      appName: this.#config.cpe.appName,
      announced: this.#announced,
      onKick: this.#config.pools.find(({ name }) => name === listener.pool)?.onKick ?? "disconnect",
      verify: (name, key) => salt === undefined || verifyKey(salt, name, key),
      listDelivery: (backend) => this.#listDelivery(backend),
      candidates: () => pool?.candidates() ?? [],
      limits: { ...DEFAULT_LIMITS, loginMs: this.#config.limits.loginTimeoutMs },
    };
  }

  /** Learns what a backend offers; S is what some backend offers, or may offer as long as nobody has asked it. */
  #learn(backend: string, offer: ExtensionSet): void {
    if (offer.size > 0) this.#refusesLists.delete(backend);
    if (this.#offers.get(backend)?.key === offer.key) return;
    this.#offers.set(backend, offer);
    this.#announced = this.#announcedNow();
  }

  #listDelivery(backend: string): ListDelivery {
    if (this.#refusesLists.has(backend)) return "on request";
    return this.#offers.has(backend) ? "at once" : "on trial";
  }

  #announcedNow(): ExtensionSet {
    return announcedSet(this.#config.cpe.exclude, this.#config.backends.map(({ name }) => this.#offers.get(name)));
  }

  #dial(backend: string, signal: AbortSignal): ReturnType<typeof dial> {
    const address = this.#addresses.get(backend);
    if (address === undefined) throw new RangeError(`Cannot dial backend: current value is "${backend}"`);
    return dial(address, signal);
  }

  #follow(event: SessionEvent, running: Running): void {
    if (event.kind === "list-refused") this.#refusesLists.add(event.backend);
    if (event.kind === "offered") this.#learn(event.backend, event.extensions);
    if (event.kind !== "ended") return;
    this.#running.delete(running);
    if (this.#running.size === 0) { for (const resolve of this.#emptied.splice(0)) resolve(); }
  }
}

function newPool({ name, backends, balance }: PoolConfig): Pool {
  if (balance !== "first" && balance !== "round-robin") {
    throw new RangeError(`Cannot balance pool '${name}': current value is "${balance}"`);
  }
  return new Pool(name, backends, balance);
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
