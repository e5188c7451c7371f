/** The edge: owns the listeners, the sessions and the configuration they run on. */
import { verifyKey } from "./auth/mppass.ts";
import { loadSalt } from "./auth/salt_file.ts";
import { BackendChecks } from "./backend_checks.ts";
import type { BackendConfig, Config, ListenerConfig } from "./config/schema.ts";
import { logBackendChange } from "./observe/backend_log.ts";
import type { Log } from "./observe/log.ts";
import { logSessionEvent } from "./observe/session_log.ts";
import { Offers } from "./offers.ts";
import { machineClock } from "./routing/clock.ts";
import { type BackendStatus, Network } from "./routing/network.ts";
import { Recent } from "./routing/recent.ts";
import { DEFAULT_LIMITS, type SessionEvent, type SessionLimits, type SessionOptions } from "./session/port.ts";
import type { MoveAnswer } from "./session/redirect/operator.ts";
import { Session } from "./session/session.ts";
import { SessionIds } from "./session_ids.ts";
import { Beat } from "./transport/beat.ts";
import { DenoDriver } from "./transport/deno_driver.ts";
import { dial } from "./transport/dial.ts";
import { Listener } from "./transport/listener.ts";
import { Nap } from "./transport/nap.ts";
import type { Pace } from "./transport/pacer.ts";
import { Turnstile } from "./transport/turnstile.ts";

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
  /** How each backend is, and how many players are on it or on their way there. */
  readonly backends: readonly BackendStatus[];
  /** Moves a player, whose name matches in any case, to a backend or pool. */
  move(player: string, to: string): MoveAnswer;
  /** Gives a backend no more players; those who are there stay. Returns whether there is such a backend. */
  drain(backend: string): boolean;
  /** Gives a drained backend players again. Returns whether there is such a backend. */
  enable(backend: string): boolean;
  /** Accepts no more, tells every player, and resolves when all sockets are closed, which takes a few seconds at most. */
  stop(): Promise<void>;
}

/** A session and the driver that runs it. */
interface Running {
  readonly session: Session;
  readonly driver: DenoDriver;
  /** Empty until the client has said it. */
  player: string;
}

/**
 * Binds every listener of `config` and starts to take players.
 *
 * @throws {ListenError} where an address cannot be bound
 * @throws {Error} where a salt cannot be read or made
 */
export async function startEdge(config: Config, log: Log): Promise<Edge> {
  const edge = new RunningEdge(config, log, await openRecent(config, log));
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

/** What outlives the edge about players; in memory only where no pool asks for it or the directory cannot be had. */
async function openRecent({ edge: { dataDir }, pools }: Config, log: Log): Promise<Recent> {
  const onProblem = (message: string): void => log.warn("recent", message);
  if (!pools.some(({ recent }) => recent)) return new Recent(undefined, { onProblem });
  try {
    await Deno.mkdir(dataDir, { recursive: true, mode: 0o700 });
    return new Recent(dataDir, { onProblem });
  } catch (error) {
    onProblem(`Cannot remember beyond this run which backend players were on: ${asError(error).message}`);
    return new Recent(undefined, { onProblem });
  }
}

class RunningEdge implements Edge {
  readonly #config: Config;
  readonly #log: Log;
  readonly #backends: ReadonlyMap<string, BackendConfig>;
  readonly #limits: SessionLimits;
  readonly #offers: Offers;
  readonly #recent: Recent;
  readonly #network: Network;
  readonly #checks: BackendChecks;
  readonly #listeners: { readonly name: string; readonly listener: Listener }[] = [];
  readonly #running = new Set<Running>();
  readonly #ids = new SessionIds();
  readonly #pace = { beat: new Beat(), nap: new Nap() } satisfies Pace;
  readonly #exit = new Turnstile(this.#pace.beat);
  readonly #emptied: (() => void)[] = [];
  #progressTimer: ReturnType<typeof setInterval> | undefined;

  constructor(config: Config, log: Log, recent: Recent) {
    this.#config = config;
    this.#log = log;
    this.#recent = recent;
    this.#backends = new Map(config.backends.map((backend) => [backend.name, backend]));
    this.#limits = {
      ...DEFAULT_LIMITS,
      loginMs: config.limits.loginTimeoutMs,
      backendIdleMs: config.health.backendIdleTimeoutMs,
    };
    this.#offers = new Offers([...this.#backends.keys()], config.cpe.exclude);
    this.#network = new Network(config, {
      clock: machineClock,
      random: Math.random,
      recent,
      onChange: (change) => {
        logBackendChange(log, change);
        if (change.state === "up") this.#checks.askAgain(change.backend);
      },
    });
    this.#checks = new BackendChecks(config, this.#network, this.#offers, log);
  }

  get listeners(): Edge["listeners"] {
    return this.#listeners.map(({ name, listener }) => ({ name, ...listener.address }));
  }

  get sessions(): number {
    return this.#running.size;
  }

  get backends(): readonly BackendStatus[] {
    return this.#network.status();
  }

  move(player: string, to: string): MoveAnswer {
    const wanted = player.toLowerCase();
    for (const { driver, player: name } of this.#running) {
      if (name.toLowerCase() !== wanted) continue;
      const answer = driver.tell((session) => session.move(to));
      if (answer !== undefined) return answer;
    }
    return { kind: "refused", why: "there is no such player" };
  }

  drain(backend: string): boolean {
    return this.#network.drain(backend);
  }

  enable(backend: string): boolean {
    return this.#network.enable(backend);
  }

  async start(): Promise<void> {
    const salts = new Map<string, string>();
    try {
      for (const { name, auth } of this.#config.listeners) {
        if (auth === "mppass") salts.set(name, await loadSalt(this.#config.edge.dataDir, name));
      }
      for (const listener of this.#config.listeners) this.#listen(listener, salts.get(listener.name));
    } catch (error) {
      await this.stop();
      throw error;
    }
    this.#checks.start();
    this.#progressTimer = setInterval(() => {
      for (const { driver } of this.#running) driver.checkProgress();
    }, PROGRESS_MS);
  }

  async stop(): Promise<void> {
    clearInterval(this.#progressTimer);
    await Promise.all([this.#checks.stop(), ...this.#listeners.map(({ listener }) => listener.close())]);
    for (const { driver } of this.#running) driver.tell((session) => session.end("shutdown", "the edge is stopping"));
    await this.#settled();
    this.#network.close();
    this.#recent.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #settled(): Promise<void> {
    if (this.#running.size === 0) return;
    const deadline = setTimeout(() => {
      for (const { driver } of this.#running) driver.abort();
    }, STOPPING_MS);
    await new Promise<void>((resolve) => this.#emptied.push(resolve));
    clearTimeout(deadline);
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
    const options = this.#sessionOptions(listener, salt, () => driver.tell((session) => session.admitted()));
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
      exit: this.#exit,
      softLimit: SOFT_LIMIT,
      hardLimit: this.#config.limits.clientBuffer,
    });
    const session = new Session(driver, options);
    const running: Running = { session, driver, player: "" };
    this.#running.add(running);
    driver.start(session, conn);
  }

  #sessionOptions(listener: ListenerConfig, salt: string | undefined, admitted: () => void): SessionOptions {
    const { edge, cpe, redirect } = this.#config;
    return {
      id: this.#ids.next(),
      mode: listener.mode,
      appName: cpe.appName,
      welcome: edge,
      announced: this.#offers.announced,
      verify: (name, key) => salt === undefined || verifyKey(salt, name, key),
      listDelivery: (backend) => this.#offers.delivery(backend),
      routes: this.#network.routesFor(listener.pool, admitted),
      redirect,
      limits: this.#limits,
    };
  }

  #dial(backend: string, signal: AbortSignal): ReturnType<typeof dial> {
    const found = this.#backends.get(backend);
    if (found === undefined) throw new RangeError(`Cannot dial backend: current value is "${backend}"`);
    return dial(found.address, signal);
  }

  /** Learns from what happens in a session. */
  #follow(event: SessionEvent, running: Running): void {
    switch (event.kind) {
      case "identified":
        running.player = event.player;
        break;
      case "list-refused":
        this.#offers.listRefused(event.backend);
        break;
      case "offered":
        this.#offers.learn(event.backend, event.extensions);
        break;
      case "refused":
        if (!event.kicked) this.#network.dialFailed(event.backend, event.cause);
        break;
      case "joined":
        this.#network.dialSucceeded(event.backend);
        break;
      case "ended":
        this.#running.delete(running);
        if (this.#running.size === 0) { for (const resolve of this.#emptied.splice(0)) resolve(); }
    }
  }
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
