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
import type { Drill } from "./drill/drill.ts";
import { Drills } from "./drill/drills.ts";
import { bindLater } from "./bind_later.ts";
import { EdgeControl } from "./edge_control.ts";
import { Giver, Taker } from "./handing_over.ts";
import type { Conversation } from "./handover/conversation.ts";
import type { Heir } from "./handover/heir.ts";
import { takeOver, takeRest } from "./handover/taking.ts";
import { sayFarewell } from "./players/farewell.ts";
import { Gatekeeper, gateRules } from "./players/gatekeeper.ts";
import { AccessFile } from "./guard/access_file.ts";
import { type Keyrings, openKeyrings } from "./auth/keyrings.ts";
import { Listeners, type ListenerStatus } from "./listeners.ts";
import { Listings, type ListingStatus } from "./heartbeat/listings.ts";
import { AcceptLog } from "./observe/accept_log.ts";
import { logBackendChange } from "./observe/backend_log.ts";
import { logDrillBegun, logDrillEnded, type LoggedDrill } from "./observe/drill_log.ts";
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
import { STATE_VERSION } from "./session/state.ts";
import { Upgrades } from "./upgrades.ts";
import { SessionReports } from "./players/session_reports.ts";
import { Sessions } from "./players/sessions.ts";
import { openSockets } from "./transport/open_sockets.ts";
import type { Sockets } from "./transport/sockets.ts";
import { LoopbackAddresses, type LoopbackEntry } from "./transport/loopback_addresses.ts";

/** Milliseconds in which a peer that has bytes waiting for it must take some. */
const PROGRESS_MS = 30_000;
/** Milliseconds between two looks at what changes by itself: counters for the log, and the age of salts. */
const LOOK_MS = 1_000;

/** Milliseconds between two looks at who can be handed over by now. */
const REST_MS = 100;
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
  /** Resolves when another process has taken this one's place; {@linkcode Edge.leave} is to follow. */
  readonly handedOver: Promise<Heir>;
  /** Moves a player, whose name matches in any case, to a backend or pool. */
  move(player: string, to: string): MoveAnswer;
  /** Goes on in the log files that have their paths now. */
  reopenLogs(): void;
  /** Accepts no more, tells every player, gives them the configured time to leave, and stops. */
  retire(): Promise<void>;
  /** Hands over whoever could not go with the others as soon as they can, gives the rest the configured time, and stops. */
  leave(): Promise<void>;
  /** Accepts no more, tells every player, and resolves when all sockets are closed, which takes a few seconds at most. */
  stop(): Promise<void>;
}

/**
 * Binds every listener of `config` and starts to take players.
 *
 * @param source Where `config` came from, to be read anew by reloads; absent where it was made up.
 * @param predecessor The process whose place this one takes, with all its players.
 * @throws {BindError} where an address cannot be bound
 * @throws {Error} where a salt, a certificate, the access lists or the admin API's token cannot be read, or a file of events be opened
 */
export async function startEdge(
  config: Config,
  log: OpenLog,
  source?: ConfigSource,
  predecessor?: Conversation,
): Promise<Edge> {
  const keyrings = await openKeyrings(config, log);
  const access = new AccessFile(config.edge.dataDir);
  await access.load();
  const recent = await openRecent(config, (message) => log.warn("recent", message));
  const sockets = openSockets(config.edge.driver, log);
  const edge = new RunningEdge({ config, source, log, sockets, recent, keyrings, access });
  await edge.start(predecessor);
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
  readonly handedOver: Promise<Heir>;
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
  readonly #drills: Drills;
  readonly #sessions: Sessions;
  readonly #listings: Listings;
  readonly #listeners: Listeners;
  readonly #loopbacks = new LoopbackAddresses();
  readonly #acceptLog: AcceptLog;
  readonly #upgrades: Upgrades;
  readonly #giver: Giver;
  readonly #taker: Taker;
  /** Ends the coming of sessions from another process. */
  readonly #farewell = new AbortController();
  #arriving: Promise<void> = Promise.resolve();
  /** Whether it is not settled: what the process before has left could not follow into a third one. */
  #isArriving = false;
  readonly #timers: ReturnType<typeof setInterval>[] = [];
  #recent: Recent;
  #keyrings: Keyrings;
  #admin: AdminServer | undefined;
  #endWatch: () => void = () => {};
  #state: "running" | "draining" | "handed-over" = "running";
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
    this.#drills = new Drills({
      clock: machineClock,
      enabled: config.drill.enabled,
      begun: (drill) => {
        logDrillBegun(log, factsOf(drill), drill.order);
        this.#tellOfDrill(drill, "begun", undefined);
      },
      ended: (drill, why) => {
        logDrillEnded(log, factsOf(drill), why);
        this.#tellOfDrill(drill, "ended", why);
      },
    });
    this.#sessions = new Sessions({
      config,
      log,
      sockets: this.#sockets,
      network: this.#network,
      offers: this.#offers,
      gatekeeper: this.#gatekeeper,
      reception: this.#reception,
      drills: this.#drills,
      reports,
      dialled: (backend, ms, ok) => this.#metrics.dialled(backend, ms, ok),
      loopbacks: this.#loopbacks,
      keyFor,
    });
    this.#listeners = new Listeners({
      log,
      sockets: this.#sockets,
      accepted: (listener, conn, door) =>
        this.#reception.receive(
          listener.name,
          conn,
          door,
          (arrival, conn) => this.#sessions.begin(listener, arrival, conn),
        ),
      missed: (listener) => this.#reception.missed(listener),
      failed: (listener, error) => this.#acceptLog.failed(listener, error, machineClock.now()),
    });
    this.#listings = new Listings(config, keyrings, {
      port: (listener) => this.listeners.find(({ name }) => name === listener)?.port ?? 0,
      players: (listener) => this.#gatekeeper.playersThrough(listener),
    }, log);
    const asked = Promise.withResolvers<void>();
    this.endAsked = asked.promise;
    const parts = {
      sockets: this.#sockets,
      listeners: this.#listeners,
      sessions: this.#sessions,
      gatekeeper: this.#gatekeeper,
      network: this.#network,
      offers: this.#offers,
    };
    this.#giver = new Giver(parts, () => this.#hindrance());
    this.#taker = new Taker(parts, () => this.#listen());
    const handedOver = Promise.withResolvers<Heir>();
    this.handedOver = handedOver.promise;
    this.#upgrades = new Upgrades({
      giver: this.#giver,
      log,
      dataDir: () => this.#config.edge.dataDir,
      sessions: () => this.#sessions.size,
      succeeded: (heir) => {
        this.#succeeded();
        handedOver.resolve(heir);
      },
    });
    this.control = new EdgeControl({
      source,
      state: () => this.#state === "running" ? "running" : "draining",
      reloads: this.#reloads,
      network: this.#network,
      checks: this.#checks,
      sessions: this.#sessions,
      drills: this.#drills,
      gatekeeper: this.#gatekeeper,
      listings: () => this.listings,
      listeners: () => this.listeners,
      events: this.#events,
      trails,
      reports,
      metrics: this.#metrics,
      log,
      endEdge: asked.resolve,
      upgrades: this.#upgrades,
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

  async start(predecessor: Conversation | undefined): Promise<void> {
    const config = this.#config;
    const startBeats = (): void => this.#beats.start((backend) => this.#listings.urlOf(backend));
    try {
      this.#outputs.configure(config.events);
      await this.#beats.open();
      if (predecessor === undefined) {
        await this.#listen();
        startBeats();
        await this.#openAdmin(config);
      } else {
        await takeOver(predecessor, this.#taker, { release: manifest.version, states: [STATE_VERSION] });
        this.#arriving = this.#takeRest(predecessor);
        await this.#openLater("heartbeat_absorber", startBeats);
        await this.#openLater("admin", () => this.#openAdmin(config));
      }
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
    await this.#upgrades.close();
    if (this.#state === "running") {
      this.#state = "draining";
      this.#events.publish({ event: "edge", state: "draining" });
      this.#drills.close();
      this.#listeners.close();
      await Promise.all([this.#reloads.close(), this.#reception.stop(), this.#listings.stop()]);
      await sayFarewell(this.#sessions, drainTimeoutMs);
    }
    const left = Math.max(LEAST_CLOSING_MS, began + drainTimeoutMs - performance.now());
    await (this.#stopping ??= this.#stop(drainTimeoutMs > 0 ? left : undefined));
  }

  async leave(): Promise<void> {
    const began = performance.now();
    const { drainTimeoutMs } = this;
    const passed = (): number => performance.now() - began;
    const over = new AbortController();
    const handing = this.#handRest(await this.handedOver, over.signal);
    // Whoever is on their way in is here no longer than that, and is not to be lost for a shorter drain.
    const patienceMs = this.#config.limits.loginTimeoutMs;
    while (this.#sessions.portable + this.#reception.size > 0 && passed() < patienceMs) await pause(REST_MS);
    await sayFarewell(this.#sessions, Math.max(0, drainTimeoutMs - passed()), upgradeWords);
    over.abort();
    await handing;
    await (this.#stopping ??= this.#stop(Math.max(LEAST_CLOSING_MS, drainTimeoutMs - passed())));
  }

  stop(): Promise<void> {
    return this.#stopping ??= this.#stop();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #stop(closingMs?: number): Promise<void> {
    await this.#upgrades.close();
    const isHandedOver = this.#state === "handed-over";
    if (!isHandedOver) this.#state = "draining";
    this.#farewell.abort();
    await this.#arriving;
    for (const timer of this.#timers) clearInterval(timer);
    this.#endWatch();
    this.#drills.close();
    this.#listeners.close();
    await Promise.all([this.#reloads.close(), this.#checks.stop(), this.#listings.stop(), this.#beats.stop()]);
    await this.#reception.stop();
    await this.#sessions.stop("shutdown", "the edge is stopping", closingMs);
    await this.#listeners.settled();
    await Promise.all([...this.#keyrings.values()].map((keyring) => keyring.settled()));
    await this.#sockets.close();
    this.#network.close();
    this.#recent.close();
    if (!isHandedOver) this.#events.publish({ event: "edge", state: "stopped" });
    await Promise.all([this.#admin?.close(), this.#outputs.close()]);
    this.#metrics.close();
  }

  /** Binds the listeners of the configuration. */
  async #listen(): Promise<void> {
    const prepared = await this.#listeners.prepare(this.#config.listeners);
    try {
      prepared.bind();
    } catch (error) {
      prepared.discard();
      throw error;
    }
    prepared.commit();
  }

  /** Opens something at an address that the process before is about to leave. Players are here already, whom it must not cost their places. */
  async #openLater(what: string, open: () => void | Promise<void>): Promise<void> {
    try {
      await bindLater(open);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      this.#log.error("listen-failed", `${message}; ${what} is missing until a restart or another upgrade`);
    }
  }

  async #takeRest(predecessor: Conversation): Promise<void> {
    this.#isArriving = true;
    try {
      await takeRest(predecessor, this.#taker, this.#farewell.signal);
    } catch (error) {
      if (!this.#farewell.signal.aborted) {
        this.#log.warn("take-over", "the process before hands over no more sessions", { err: asError(error) });
      }
    }
    predecessor.close();
    this.#gatekeeper.reserve([]);
    this.#isArriving = false;
  }

  /** Hands over, again and again, who can be by then; and no more once that is over. */
  async #handRest(rest: Heir, signal: AbortSignal): Promise<void> {
    using heir = rest;
    try {
      while (!signal.aborted && this.#sessions.size + this.#reception.size > 0) {
        await pause(REST_MS);
        const { count } = await heir.hand(this.#giver.freeze());
        if (count > 0) this.#log.info("handed-over", "sessions have gone over", { pid: heir.pid, sessions: count });
      }
    } catch (error) {
      this.#log.warn("hand-over", "the sessions that are left stay here", { err: asError(error) });
    }
  }

  /** Why no other process can take over now. */
  #hindrance(): string | undefined {
    if (this.#state !== "running") return "the edge is stopping";
    if (this.#isArriving) return "the process before still hands over its last players";
    return this.#reloads.confirmBy === undefined ? undefined : "a reload waits to be confirmed";
  }

  /** Another process has taken over: leaves it what only one can have. */
  #succeeded(): void {
    this.#state = "handed-over";
    this.#events.publish({ event: "edge", state: "handed-over" });
    // What a drill disturbs cannot go over before that is over.
    this.#drills.close();
    void Promise.all([this.#admin?.close(), this.#beats.stop(), this.#listings.stop()]);
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
    if (this.#upgrades.isRunning) {
      throw new Error("Cannot reload: another process is about to take over, which reads the file itself");
    }
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
    const names = next.backends.map(({ name }) => name);
    this.#drills.configure(next.drill.enabled, names);
    this.#offers.configure(names, next.cpe.exclude);
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

  #tellOfDrill(drill: Drill, state: "begun" | "ended", cause: string | undefined): void {
    this.#events.publish({ event: "drill", ...factsOf(drill), state, cause });
  }

  #look(): void {
    logTurns(this.#log, this.#reception.summaries());
    // The process that takes over has read them already.
    if (this.#upgrades.isRunning || this.#state === "handed-over") return;
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

function factsOf({ id, order: { fault, backend } }: Drill): LoggedDrill {
  return { drill: id, fault: fault.kind, backend };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function upgradeWords(seconds: number): string {
  return `&eThe network is upgraded, which your connection cannot follow: it ends within ${seconds} s. Come right back!`;
}

function namesBackend({ backends }: Config, name: string): boolean {
  return backends.some((backend) => backend.name === name);
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
