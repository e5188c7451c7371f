/** The edge: owns the listeners, the sessions and the configuration they run on. */
import type { Keyring } from "./auth/keyring.ts";
import { BackendBeats } from "./backend_beats.ts";
import { BackendChecks } from "./backend_checks.ts";
import { formatAddress } from "./config/address.ts";
import type { Config, ListenerConfig } from "./config/schema.ts";
import { Gatekeeper } from "./gatekeeper.ts";
import { AccessFile } from "./guard/access_file.ts";
import { NetworkSet } from "./guard/network_set.ts";
import { openKeyrings } from "./keyrings.ts";
import { Listings, type ListingStatus } from "./listings.ts";
import { AcceptLog } from "./observe/accept_log.ts";
import { logBackendChange } from "./observe/backend_log.ts";
import { logTurnedAway, logTurns } from "./observe/guard_log.ts";
import type { Log } from "./observe/log.ts";
import { Offers } from "./offers.ts";
import { Reception, type Turn } from "./reception.ts";
import { machineClock } from "./routing/clock.ts";
import { type BackendStatus, Network } from "./routing/network.ts";
import { Recent } from "./routing/recent.ts";
import type { MoveAnswer } from "./session/redirect/operator.ts";
import { Sessions } from "./sessions.ts";
import { Beat } from "./transport/beat.ts";
import type { DoorOptions } from "./transport/front_door.ts";
import { Listener } from "./transport/listener.ts";
import { LoopbackAddresses, type LoopbackEntry } from "./transport/loopback_addresses.ts";
import { TlsLayer } from "./transport/tls.ts";
import { Turnstile } from "./transport/turnstile.ts";

/** Milliseconds in which a peer that has bytes waiting for it must take some. */
const PROGRESS_MS = 30_000;
/** Milliseconds between two looks at what changes by itself: counters for the log, and the age of salts. */
const LOOK_MS = 1_000;

/** A running edge. */
export interface Edge extends AsyncDisposable {
  /** The bound listeners, with the ports that were taken for port 0. */
  readonly listeners: readonly { readonly name: string; readonly hostname: string; readonly port: number }[];
  /** Where heartbeats of backends are taken; `undefined` where they are not. */
  readonly absorber: { readonly hostname: string; readonly port: number } | undefined;
  /** Sessions whose sockets are not all closed yet. */
  readonly sessions: number;
  /** Players who were let in and have not left. */
  readonly players: number;
  /** How each backend is, and how many players are on it or on their way there. */
  readonly backends: readonly BackendStatus[];
  /** The entries in public server lists. */
  readonly listings: readonly ListingStatus[];
  /** Connections and sessions that were turned away, by reason; what would have been in a dry run is marked. */
  readonly turns: readonly (readonly [Turn, number])[];
  /** Which address 127.x.y.z stands for which player, where backends are dialled from such. */
  readonly loopbacks: readonly LoopbackEntry[];
  /** Moves a player, whose name matches in any case, to a backend or pool. */
  move(player: string, to: string): MoveAnswer;
  /** Gives a backend no more players; those who are there stay. Returns whether there is such a backend. */
  drain(backend: string): boolean;
  /** Gives a drained backend players again. Returns whether there is such a backend. */
  enable(backend: string): boolean;
  /** Accepts no more, tells every player, and resolves when all sockets are closed, which takes a few seconds at most. */
  stop(): Promise<void>;
}

/**
 * Binds every listener of `config` and starts to take players.
 *
 * @throws {ListenError} where an address cannot be bound
 * @throws {AbsorberBindError} where that of the heartbeat absorber cannot
 * @throws {Error} where a salt, a certificate or the access lists cannot be read
 */
export async function startEdge(config: Config, log: Log): Promise<Edge> {
  const keyrings = await openKeyrings(config, log);
  const access = new AccessFile(config.edge.dataDir);
  await access.load();
  const edge = new RunningEdge({ config, log, recent: await openRecent(config, log), keyrings, access });
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
    super(`Cannot bind listener '${name}' to ${formatAddress(bind)}: ${why}`, { cause });
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

/** What an edge is made of that outlives it, or that takes time to read. */
interface EdgeParts {
  readonly config: Config;
  readonly log: Log;
  /** Closed by the edge at its end. */
  readonly recent: Recent;
  readonly keyrings: ReadonlyMap<string, Keyring>;
  readonly access: AccessFile;
}

class RunningEdge implements Edge {
  readonly #parts: EdgeParts;
  readonly #network: Network;
  readonly #checks: BackendChecks;
  readonly #gatekeeper: Gatekeeper;
  readonly #reception: Reception;
  readonly #beats: BackendBeats;
  readonly #sessions: Sessions;
  readonly #listings: Listings;
  readonly #loopbacks = new LoopbackAddresses();
  readonly #listeners: { readonly name: string; readonly listener: Listener }[] = [];
  readonly #entrance = new Turnstile(new Beat());
  readonly #tlsLayers: TlsLayer[] = [];
  readonly #acceptLog: AcceptLog;
  readonly #timers: ReturnType<typeof setInterval>[] = [];
  #endWatch: () => void = () => {};

  constructor(parts: EdgeParts) {
    const { config, log, recent, keyrings, access } = parts;
    const { edge, auth, limits, cpe, backends, listeners } = config;
    this.#parts = parts;
    this.#acceptLog = new AcceptLog(log);
    const offers = new Offers(backends.map(({ name }) => name), cpe.exclude);
    this.#network = new Network(config, {
      clock: machineClock,
      random: Math.random,
      recent,
      onChange: (change) => {
        logBackendChange(log, change);
        if (change.state === "up") this.#checks.askAgain(change.backend);
      },
    });
    this.#beats = new BackendBeats(config, this.#network, log, (backend) => this.#checks.askAgain(backend));
    const keyFor = (backend: string, name: string): string | undefined => this.#beats.keyFor(backend, name);
    this.#checks = new BackendChecks({ config, network: this.#network, offers, log, keyFor });
    const asking = new Set(listeners.filter(({ auth }) => auth === "mppass").map(({ name }) => name));
    this.#gatekeeper = new Gatekeeper({
      keyrings: new Map([...keyrings].filter(([listener]) => asking.has(listener))),
      duplicateNames: auth.duplicateNames,
      maxPlayers: edge.maxPlayers,
      allowOnly: limits.allowOnly,
      access: () => access.list,
      now: () => machineClock.now(),
    });
    this.#reception = new Reception({
      limits,
      access: () => access.list,
      onTurnedAway: (turned) => logTurnedAway(log, turned),
      crashed: (error) => log.error("crashed", "error in the edge itself", { err: asError(error) }),
    });
    this.#sessions = new Sessions({
      config,
      log,
      network: this.#network,
      offers,
      gatekeeper: this.#gatekeeper,
      reception: this.#reception,
      loopbacks: this.#loopbacks,
      keyFor,
    });
    this.#listings = new Listings(config, keyrings, {
      port: (listener) => this.listeners.find(({ name }) => name === listener)?.port ?? 0,
      players: (listener) => this.#gatekeeper.playersThrough(listener),
    }, log);
  }

  get listeners(): Edge["listeners"] {
    return this.#listeners.map(({ name, listener }) => ({ name, ...listener.address }));
  }

  get absorber(): Edge["absorber"] {
    return this.#beats.address;
  }

  get sessions(): number {
    return this.#sessions.size;
  }

  get players(): number {
    return this.#gatekeeper.players;
  }

  get backends(): readonly BackendStatus[] {
    return this.#network.status();
  }

  get listings(): readonly ListingStatus[] {
    return this.#listings.status;
  }

  get turns(): Edge["turns"] {
    return this.#reception.turns;
  }

  get loopbacks(): readonly LoopbackEntry[] {
    return this.#loopbacks.entries();
  }

  move(player: string, to: string): MoveAnswer {
    return this.#sessions.move(player, to);
  }

  drain(backend: string): boolean {
    return this.#network.drain(backend);
  }

  enable(backend: string): boolean {
    return this.#network.enable(backend);
  }

  async start(): Promise<void> {
    const { config, log, access } = this.#parts;
    try {
      await this.#beats.open();
      for (const listener of config.listeners) this.#listen(listener, await this.#door(listener));
      this.#beats.start((backend) => this.#playUrl(backend));
    } catch (error) {
      await this.stop();
      throw error;
    }
    this.#checks.start();
    this.#listings.start();
    this.#endWatch = access.watch({
      onChange: () => {
        log.info("access", "ban and allow lists were read anew");
        this.#gatekeeper.review();
      },
      onProblem: (message) => log.error("access", message),
    });
    this.#timers.push(
      setInterval(() => this.#sessions.checkProgress(), PROGRESS_MS),
      setInterval(() => this.#look(), LOOK_MS),
    );
  }

  async stop(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    this.#endWatch();
    await Promise.all([
      this.#checks.stop(),
      this.#listings.stop(),
      this.#beats.stop(),
      ...this.#listeners.map(({ listener }) => listener.close()),
    ]);
    await this.#reception.stop();
    await this.#sessions.stop("shutdown", "the edge is stopping");
    await Promise.all(this.#tlsLayers.map((layer) => layer[Symbol.asyncDispose]()));
    await Promise.all([...this.#parts.keyrings.values()].map((keyring) => keyring.settled()));
    this.#network.close();
    this.#parts.recent.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  /** How connections to a listener come in. */
  async #door({ websocket, proxyProtocolFrom, realIpFrom, tlsCert, tlsKey }: ListenerConfig): Promise<DoorOptions> {
    const [proxies, webServers] = [new NetworkSet(proxyProtocolFrom), new NetworkSet(realIpFrom)];
    const door = {
      websocket,
      proxyFrom: (address: string): boolean => proxies.has(address),
      realIpFrom: (address: string): boolean => webServers.has(address),
    };
    if (tlsCert === "") return door;
    const layer = await TlsLayer.open(tlsCert, tlsKey);
    this.#tlsLayers.push(layer);
    return { ...door, tls: (conn, signal) => layer.accept(conn, signal) };
  }

  #listen(config: ListenerConfig, door: DoorOptions): void {
    const { log } = this.#parts;
    const { host, port } = config.bind;
    let listener: Listener;
    try {
      listener = new Listener(host, port, {
        accepted: (conn) =>
          this.#reception.receive(config.name, conn, door, (arrival) => this.#sessions.begin(config, arrival)),
        missed: () => this.#reception.missed(config.name),
        failed: (error) => this.#acceptLog.failed(config.name, error, machineClock.now()),
      }, this.#entrance);
    } catch (error) {
      throw new ListenError(config, error);
    }
    this.#listeners.push({ name: config.name, listener });
    const { hostname, port: taken } = listener.address;
    log.info("listening", "listening", {
      listener: config.name,
      address: formatAddress({ kind: "tcp", host: hostname, port: taken }),
      mode: config.mode,
    });
  }

  #look(): void {
    logTurns(this.#parts.log, this.#reception.summaries());
    for (const keyring of this.#parts.keyrings.values()) keyring.rotate();
  }

  /** Where the public list shows a listener that leads to `backend`. */
  #playUrl(backend: string): string | undefined {
    const { listeners, pools } = this.#parts.config;
    const leading = listeners.filter(({ pool }) =>
      pools.some(({ name, backends }) => name === pool && backends.includes(backend))
    );
    const found = this.#listings.status.find(({ listener, url }) =>
      url !== undefined && leading.some(({ name }) => name === listener)
    );
    return found?.url;
  }
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
