/** The edge: owns the listeners, the sessions and the configuration they run on. */
import manifest from "../deno.json" with { type: "json" };
import { readAdminAccess } from "./admin/access.ts";
import type { Control } from "./admin/control.ts";
import { dashboardPage } from "./admin/dashboard/page.ts";
import { AdminServer } from "./admin/server.ts";
import { BackendBeats } from "./backends/beats.ts";
import { BackendChecks } from "./backends/checks.ts";
import { type Address, formatAddress } from "./config/address.ts";
import type { Config } from "./config/schema.ts";
import type { ConfigSource } from "./config/source.ts";
import { EdgeControl } from "./edge_control.ts";
import { sayFarewell } from "./players/farewell.ts";
import { Gatekeeper, gateRules } from "./players/gatekeeper.ts";
import { AccessFile } from "./guard/access_file.ts";
import { type Keyrings, openKeyrings } from "./auth/keyrings.ts";
import { Listeners, type ListenerStatus } from "./listeners.ts";
import { Listings, type ListingStatus } from "./heartbeat/listings.ts";
import { AcceptLog } from "./observe/accept_log.ts";
import { logBackendChange } from "./observe/backend_log.ts";
import { logReload } from "./observe/edge_log.ts";
import { EventLog } from "./observe/event_log.ts";
import { EventOutputs } from "./observe/event_outputs.ts";
import { logTurnedAway, logTurns } from "./observe/guard_log.ts";
import type { OpenLog } from "./observe/log.ts";
import { Metrics } from "./observe/metrics.ts";
import type { MetricsSource } from "./observe/metrics_source.ts";
import { Trails } from "./observe/trails.ts";
import { Offers } from "./backends/offers.ts";
import { Reception, type Turn } from "./players/reception.ts";
import { Reloads } from "./reloads.ts";
import { machineClock } from "./routing/clock.ts";
import { type BackendStatus, Network } from "./routing/network.ts";
import { openRecent, wantsRecent } from "./routing/open_recent.ts";
import type { Recent } from "./routing/recent.ts";
import type { MoveAnswer } from "./session/redirect/operator.ts";
import { SessionReports } from "./players/session_reports.ts";
import { Sessions } from "./players/sessions.ts";
import { openSockets } from "./transport/open_sockets.ts";
import type { Sockets } from "./transport/sockets.ts";
import { LoopbackAddresses, type LoopbackEntry } from "./transport/loopback_addresses.ts";

/** Milliseconds in which a peer that has bytes waiting for it must take some. */
const PROGRESS_MS = 30_000;
/** Milliseconds between two looks at what changes by itself: counters for the log, and the age of salts. */
const LOOK_MS = 1_000;

/** Milliseconds that players are given to take their goodbye, however little there is left of their time to leave. */
const LEAST_CLOSING_MS = 500;

/** A running edge. */
export interface Edge extends AsyncDisposable {
  /** The bound listeners, with the ports that were taken for port 0. */
  readonly listeners: readonly ListenerStatus[];
  /** Where heartbeats of backends are taken; `undefined` where they are not. */
  readonly absorber: { readonly hostname: string; readonly port: number } | undefined;
  /** Where the admin API listens; `undefined` where it does not. */
  readonly admin: Address | undefined;
  /** Milliseconds that {@linkcode retire} gives players. */
  readonly drainTimeoutMs: number;
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
  /** What operators can see and do. */
  readonly control: Control;
  /** Resolves when an operator has asked for the end of the edge. */
  readonly endAsked: Promise<void>;
  /** Moves a player, whose name matches in any case, to a backend or pool. */
  move(player: string, to: string): MoveAnswer;
  /** Goes on in the log files that have their paths now. */
  reopenLogs(): void;
  /** Accepts no more, tells every player, gives them the configured time to leave, and stops. */
  retire(): Promise<void>;
  /** Accepts no more, tells every player, and resolves when all sockets are closed, which takes a few seconds at most. */
  stop(): Promise<void>;
}

/**
 * Binds every listener of `config` and starts to take players.
 *
 * @param source Where `config` came from, to be read anew by reloads; absent where it was made up.
 * @throws {BindError} where an address cannot be bound
 * @throws {Error} where a salt, a certificate, the access lists or the admin API's token cannot be read, or a file of events be opened
 */
export async function startEdge(config: Config, log: OpenLog, source?: ConfigSource): Promise<Edge> {
  const keyrings = await openKeyrings(config, log);
  const access = new AccessFile(config.edge.dataDir);
  await access.load();
  const recent = await openRecent(config, (message) => log.warn("recent", message));
  const sockets = openSockets(config.edge.driver, log);
  const edge = new RunningEdge({ config, source, log, sockets, recent, keyrings, access });
  await edge.start();
  return edge;
}

/** What an edge is made of that takes time to read. */
interface EdgeParts {
  readonly config: Config;
  readonly source: ConfigSource | undefined;
  readonly log: OpenLog;
  /** Closed by the edge at its end, as `recent`. */
  readonly sockets: Sockets;
  readonly recent: Recent;
  readonly keyrings: Keyrings;
  readonly access: AccessFile;
}

class RunningEdge implements Edge {
  readonly control: Control;
  readonly endAsked: Promise<void>;
  readonly #log: OpenLog;
  readonly #sockets: Sockets;
  readonly #access: AccessFile;
  readonly #reloads: Reloads;
  readonly #events: EventLog;
  readonly #outputs: EventOutputs;
  readonly #metrics: Metrics;
  readonly #network: Network;
  readonly #offers: Offers;
  readonly #checks: BackendChecks;
  readonly #gatekeeper: Gatekeeper;
  readonly #reception: Reception;
  readonly #beats: BackendBeats;
  readonly #sessions: Sessions;
  readonly #listings: Listings;
  readonly #listeners: Listeners;
  readonly #loopbacks = new LoopbackAddresses();
  readonly #acceptLog: AcceptLog;
  readonly #timers: ReturnType<typeof setInterval>[] = [];
  #recent: Recent;
  #keyrings: Keyrings;
  #admin: AdminServer | undefined;
  #endWatch: () => void = () => {};
  #state: "running" | "draining" = "running";
  #stopping: Promise<void> | undefined;

  constructor({ config, source, log, sockets, recent, keyrings, access }: EdgeParts) {
    this.#log = log;
    this.#sockets = sockets;
    this.#access = access;
    this.#recent = recent;
    this.#keyrings = keyrings;
    this.#acceptLog = new AcceptLog(log);
    const crashed = (error: unknown): void => log.error("crashed", "error in the edge itself", { err: asError(error) });
    this.#events = new EventLog({ crashed });
    this.#outputs = new EventOutputs(this.#events, log);
    this.#reloads = new Reloads({
      config,
      source,
      apply: (next) => this.#apply(next),
      ended: (answer) => {
        logReload(log, answer);
        this.#metrics.reloaded(answer.result);
        this.#events.publish({ event: "reload", result: answer.result, detail: answer.lines.join("; ") });
      },
      declined: (why) => log.warn("reload-declined", "cannot reload now", { why }),
    });
    const { backends, cpe, limits } = config;
    this.#offers = new Offers(backends.map(({ name }) => name), cpe.exclude);
    this.#network = new Network(config, {
      clock: machineClock,
      random: Math.random,
      recent: () => this.#recent,
      onChange: (change) => {
        const { backend, state, cause } = change;
        logBackendChange(log, change);
        this.#events.publish({ event: "backend", backend, state, cause: state === "down" ? cause : undefined });
        if (state === "up") this.#checks.askAgain(backend);
      },
    });
    this.#beats = new BackendBeats(config, this.#network, log, (backend) => this.#checks.askAgain(backend));
    const keyFor = (backend: string, name: string): string | undefined => this.#beats.keyFor(backend, name);
    this.#checks = new BackendChecks({
      config,
      network: this.#network,
      sockets: this.#sockets,
      offers: this.#offers,
      log,
      keyFor,
      onChecked: (backend, ok) => this.#metrics.checked(backend, ok),
    });
    this.#gatekeeper = new Gatekeeper({
      ...gateRules(config, keyrings),
      access: () => access.list,
      now: () => machineClock.now(),
    });
    this.#reception = new Reception({
      limits,
      access: () => access.list,
      onTurnedAway: (turned) => {
        logTurnedAway(log, turned);
        this.#metrics.rejected(turned.reason);
      },
      crashed,
    });
    const trails = new Trails();
    this.#metrics = new Metrics({ version: manifest.version, network: config, source: this.#measured() });
    const reports = new SessionReports({
      log,
      events: this.#events,
      trails,
      metrics: this.#metrics,
      config: () => this.#config,
    });
    this.#sessions = new Sessions({
      config,
      log,
      sockets: this.#sockets,
      network: this.#network,
      offers: this.#offers,
      gatekeeper: this.#gatekeeper,
      reception: this.#reception,
      reports,
      dialled: (backend, ms, ok) => this.#metrics.dialled(backend, ms, ok),
      loopbacks: this.#loopbacks,
      keyFor,
    });
    this.#listeners = new Listeners({
      log,
      sockets: this.#sockets,
      accepted: (listener, conn, door) =>
        this.#reception.receive(listener.name, conn, door, (arrival) => this.#sessions.begin(listener, arrival)),
      missed: (listener) => this.#reception.missed(listener),
      failed: (listener, error) => this.#acceptLog.failed(listener, error, machineClock.now()),
    });
    this.#listings = new Listings(config, keyrings, {
      port: (listener) => this.listeners.find(({ name }) => name === listener)?.port ?? 0,
      players: (listener) => this.#gatekeeper.playersThrough(listener),
    }, log);
    const asked = Promise.withResolvers<void>();
    this.endAsked = asked.promise;
    this.control = new EdgeControl({
      source,
      state: () => this.#state,
      reloads: this.#reloads,
      network: this.#network,
      checks: this.#checks,
      sessions: this.#sessions,
      gatekeeper: this.#gatekeeper,
      listings: () => this.listings,
      listeners: () => this.listeners,
      events: this.#events,
      trails,
      reports,
      metrics: this.#metrics,
      log,
      endEdge: asked.resolve,
    });
  }

  get listeners(): Edge["listeners"] {
    return this.#listeners.status;
  }

  get absorber(): Edge["absorber"] {
    return this.#beats.address;
  }

  get admin(): Address | undefined {
    return this.#admin?.address;
  }

  get drainTimeoutMs(): number {
    return this.#config.edge.drainTimeoutMs;
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

  get #config(): Config {
    return this.#reloads.config;
  }

  move(player: string, to: string): MoveAnswer {
    return this.#sessions.move(player, to);
  }

  reopenLogs(): void {
    this.#log.reopen();
    this.#outputs.reopen();
  }

  async start(): Promise<void> {
    const config = this.#config;
    try {
      this.#outputs.configure(config.events);
      await this.#beats.open();
      const prepared = await this.#listeners.prepare(config.listeners);
      try {
        prepared.bind();
      } catch (error) {
        prepared.discard();
        throw error;
      }
      prepared.commit();
      this.#beats.start((backend) => this.#listings.urlOf(backend));
      await this.#openAdmin(config);
    } catch (error) {
      await this.stop();
      throw error;
    }
    this.#checks.start();
    this.#listings.start();
    this.#endWatch = this.#access.watch({
      onChange: () => {
        this.#log.info("access", "ban and allow lists were read anew");
        this.#gatekeeper.review();
      },
      onProblem: (message) => this.#log.error("access", message),
    });
    this.#timers.push(
      setInterval(() => this.#sessions.checkProgress(), PROGRESS_MS),
      setInterval(() => this.#look(), LOOK_MS),
    );
    this.#events.publish({ event: "edge", state: "started" });
  }

  async retire(): Promise<void> {
    const began = performance.now();
    const { drainTimeoutMs } = this;
    if (this.#state === "running") {
      this.#state = "draining";
      this.#events.publish({ event: "edge", state: "draining" });
      this.#listeners.close();
      await Promise.all([this.#reloads.close(), this.#reception.stop(), this.#listings.stop()]);
      await sayFarewell(this.#sessions, drainTimeoutMs);
    }
    const left = Math.max(LEAST_CLOSING_MS, began + drainTimeoutMs - performance.now());
    await (this.#stopping ??= this.#stop(drainTimeoutMs > 0 ? left : undefined));
  }

  stop(): Promise<void> {
    return this.#stopping ??= this.#stop();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #stop(closingMs?: number): Promise<void> {
    this.#state = "draining";
    for (const timer of this.#timers) clearInterval(timer);
    this.#endWatch();
    this.#listeners.close();
    await Promise.all([this.#reloads.close(), this.#checks.stop(), this.#listings.stop(), this.#beats.stop()]);
    await this.#reception.stop();
    await this.#sessions.stop("shutdown", "the edge is stopping", closingMs);
    await this.#listeners.settled();
    await Promise.all([...this.#keyrings.values()].map((keyring) => keyring.settled()));
    await this.#sockets.close();
    this.#network.close();
    this.#recent.close();
    this.#events.publish({ event: "edge", state: "stopped" });
    await Promise.all([this.#admin?.close(), this.#outputs.close()]);
    this.#metrics.close();
  }

  async #openAdmin({ admin }: Config): Promise<void> {
    if (admin === undefined) return;
    const [access, page] = await Promise.all([readAdminAccess(admin), dashboardPage()]);
    const { control } = this;
    this.#admin = await AdminServer.open({ bind: admin.bind, access, page, control, log: this.#log });
    const address = formatAddress(this.#admin.address);
    this.#log.info("admin", "the admin API and the dashboard listen", { address });
  }

  /**
   * Puts another configuration into effect: everything that may fail comes first, the rest happens at once. Resolves with what is new
   * in files that it names.
   */
  async #apply(next: Config): Promise<readonly string[]> {
    const before = this.#config;
    const adminAccess = next.admin && await readAdminAccess(next.admin);
    const keyrings = await openKeyrings(next, this.#log, this.#keyrings);
    const recent = wantsRecent(next.pools) && !wantsRecent(before.pools)
      ? await openRecent(next, (message) => this.#log.warn("recent", message))
      : undefined;
    const prepared = [];
    let renewed: readonly string[];
    try {
      const listeners = await this.#listeners.prepare(next.listeners);
      prepared.push(listeners);
      ({ renewed } = listeners);
      prepared.push(this.#beats.prepare(next));
      listeners.bind();
      this.#log.configure(next.log);
      // Last, as a command that was ended for nothing would have to be started again.
      this.#outputs.configure(next.events);
    } catch (error) {
      for (const change of prepared) change.discard();
      recent?.close();
      this.#restoreLog(before);
      throw error;
    }
    if (recent !== undefined) {
      this.#recent.close();
      this.#recent = recent;
    }
    this.#keyrings = keyrings;
    for (const keyring of keyrings.values()) {
      keyring.configure({ rotationMs: next.auth.saltRotationMs, overlapMs: next.auth.saltOverlapMs });
    }
    if (adminAccess !== undefined) this.#admin?.configure(adminAccess);
    // First, as players who stand in line are asked which pool their listener leads to now.
    this.#sessions.configure(next);
    this.#network.configure(next);
    this.#offers.configure(next.backends.map(({ name }) => name), next.cpe.exclude);
    this.#checks.configure(next);
    this.#gatekeeper.configure(gateRules(next, keyrings));
    this.#reception.configure(next.limits);
    for (const change of prepared) change.commit();
    this.#listings.configure(next, keyrings);
    this.#metrics.configured(next);
    this.#sessions.reconsider();
    this.#tellBackends(before, next);
    return renewed.map((listener) => `listener "${listener}" has another certificate`);
  }

  #restoreLog({ log }: Config): void {
    try {
      this.#log.configure(log);
    } catch (error) {
      this.#log.error("log-failed", "the log is that of the configuration which was refused", { err: asError(error) });
    }
  }

  #tellBackends(before: Config, next: Config): void {
    const publish = (backend: string, state: "added" | "removed"): void =>
      this.#events.publish({ event: "backend", backend, state, cause: undefined });
    for (const { name } of next.backends) if (!namesBackend(before, name)) publish(name, "added");
    for (const { name } of before.backends) if (!namesBackend(next, name)) publish(name, "removed");
  }

  #look(): void {
    logTurns(this.#log, this.#reception.summaries());
    for (const keyring of this.#keyrings.values()) keyring.rotate();
  }

  /** What metrics are read from. */
  #measured(): MetricsSource {
    return {
      listeners: () => this.listeners.map(({ name }) => ({ name, players: this.#gatekeeper.playersThrough(name) })),
      backends: () => this.backends,
      listings: () => this.control.status().listings,
      traffic: () => this.#sessions.traffic,
      bufferBytes: () => this.#sessions.pending,
      queueLength: () => this.#network.waiting,
    };
  }
}

function namesBackend({ backends }: Config, name: string): boolean {
  return backends.some((backend) => backend.name === name);
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
