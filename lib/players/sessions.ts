/** The sessions that run: how each begins, what it learns from and tells the rest of the edge, and how all of them end. */
import type { BackendConfig, Config, ListenerConfig } from "../config/schema.ts";
import type { Gatekeeper, Visitor } from "./gatekeeper.ts";
import type { Log } from "../observe/log.ts";
import type { Offers } from "../backends/offers.ts";
import type { Arrival, Reception } from "./reception.ts";
import type { Network } from "../routing/network.ts";
import {
  type Admission,
  DEFAULT_LIMITS,
  type SessionEvent,
  type SessionLimits,
  type SessionOptions,
  type SessionTraffic,
  type Whereabouts,
} from "../session/port.ts";
import type { Reason } from "../session/reasons.ts";
import type { MoveAnswer } from "../session/redirect/operator.ts";
import { Session } from "../session/session.ts";
import { SessionIds } from "./session_ids.ts";
import type { SessionReport, SessionReports } from "./session_reports.ts";
import { Caller, dialBackend } from "../transport/backend_dial.ts";
import { Beat } from "../transport/beat.ts";
import { isOwnShortage } from "../transport/dial.ts";
import type { LoopbackAddresses } from "../transport/loopback_addresses.ts";
import { Nap } from "../transport/nap.ts";
import type { Pace } from "../transport/pacer.ts";
import type { Conn } from "../transport/conn.ts";
import { SessionDriver } from "../transport/session_driver.ts";
import type { Sockets } from "../transport/sockets.ts";
import { Turnstile } from "../transport/turnstile.ts";

/** Bytes that may wait for one leg before its counterpart is not read any more. */
const SOFT_LIMIT = 256 << 10;
const NO_TRAFFIC: SessionTraffic = {
  bytes: { fromClient: 0, toClient: 0, fromBackend: 0, toBackend: 0 },
  packets: { fromClient: 0, fromBackend: 0 },
};
/** Milliseconds players are given to take what waits for them when the edge stops. */
const STOPPING_MS = 2_000;

/** What sessions work with. */
export interface SessionsOptions {
  readonly config: Config;
  readonly log: Log;
  readonly sockets: Sockets;
  readonly network: Network;
  readonly offers: Offers;
  readonly gatekeeper: Gatekeeper;
  readonly reception: Pick<Reception, "count">;
  readonly reports: SessionReports;
  /** Told how long a player's dial of a backend took, in milliseconds, and whether it went well. */
  readonly dialled: (backend: string, ms: number, ok: boolean) => void;
  readonly loopbacks: LoopbackAddresses;
  /** What proves a name to a backend. */
  readonly keyFor: (backend: string, name: string) => string | undefined;
}

/** A player who was let in. Times are those of `performance.now()`. */
export interface SeatedPlayer extends Whereabouts {
  readonly name: string;
  readonly session: string;
  readonly listener: string;
  /** Raw sessions cannot be moved. */
  readonly mode: ListenerConfig["mode"];
  readonly arrival: Arrival;
  /** What the client says it is. */
  readonly client: string;
  /** Since when the player is where they are. */
  readonly there: number;
  readonly moves: number;
}

/** A session, the driver that runs it, and who it is for. */
interface Running extends Visitor {
  readonly id: string;
  readonly mode: ListenerConfig["mode"];
  readonly arrival: Arrival;
  readonly report: SessionReport;
  readonly session: Session;
  readonly driver: SessionDriver;
  /** Set once the player was let in. */
  caller: Caller | undefined;
  /** Whether the edge had too few descriptors for the last dial, for which no backend is to blame. */
  ownShortage: boolean;
  client: string;
  there: number;
}

/** See the file's first line. */
export class Sessions {
  readonly #options: SessionsOptions;
  #config: Config;
  #backends: ReadonlyMap<string, BackendConfig>;
  #limits: SessionLimits;
  /** Of sessions that are over. */
  #traffic: SessionTraffic = NO_TRAFFIC;
  readonly #running = new Set<Running>();
  readonly #ids = new SessionIds();
  readonly #pace = { beat: new Beat(), nap: new Nap() } satisfies Pace;
  readonly #exit = new Turnstile(this.#pace.beat);
  /** Who waits for the end of the last session. */
  readonly #emptied = new Set<() => void>();

  constructor(options: SessionsOptions) {
    const { config } = options;
    this.#options = options;
    this.#config = config;
    this.#backends = backendsOf(config);
    this.#limits = limitsOf(config);
  }

  /**
   * Goes by another configuration: sessions that begin, and for all of them where backends and their listener's pool are, the edge's own
   * words, its command and its channel. Once the network goes by it too, {@linkcode reconsider} is to be called.
   */
  configure(config: Config): void {
    this.#config = config;
    this.#backends = backendsOf(config);
    this.#limits = limitsOf(config);
  }

  /** The network has changed: players on backends that are to be emptied leave them, and nobody else does. */
  reconsider(): void {
    for (const { driver } of this.#running) driver.tell((session) => session.reconsider());
  }

  /** Sessions whose sockets are not all closed yet. */
  get size(): number {
    return this.#running.size;
  }

  /** Everybody who was let in and whose sockets are not all closed yet, in the order they came. */
  players(): readonly SeatedPlayer[] {
    const players: SeatedPlayer[] = [];
    for (const { id, listener, mode, arrival, session, caller, client, there } of this.#running) {
      if (caller === undefined) continue;
      const { name } = caller;
      players.push({
        name,
        session: id,
        listener,
        mode,
        arrival,
        client,
        there,
        moves: session.moves,
        ...session.whereabouts,
      });
    }
    return players;
  }

  /** What went through all sessions so far; never decreases. */
  get traffic(): SessionTraffic {
    return this.#running.values().reduce((sum, { session }) => plus(sum, session.traffic), this.#traffic);
  }

  /** Bytes that wait to be written to players and backends. */
  get pending(): number {
    return this.#running.values().reduce((sum, { driver }) => sum + driver.pending, 0);
  }

  /** Begins a session for somebody who speaks Classic. */
  begin(listener: ListenerConfig, arrival: Arrival): void {
    const { log, reports, sockets } = this.#options;
    const { source: { address } } = arrival;
    const id = this.#ids.next();
    const report = reports.begin(id, listener.name, arrival);
    const driver = new SessionDriver({
      dial: (backend, signal) => this.#dial(running, backend, signal),
      openLeg: sockets.openLeg,
      emit: (event) => {
        report.event(event, running.caller?.name);
        this.#follow(event, running);
      },
      crashed: (err) => log.error("crashed", "error in the edge itself", { session: id, err: asError(err) }),
      pace: this.#pace,
      exit: this.#exit,
      softLimit: SOFT_LIMIT,
      hardLimit: this.#config.limits.clientBuffer,
    });
    const options = this.#sessionOptions(id, listener, arrival, () => running);
    const session = new Session(driver, options);
    // Sessions never run inside each other.
    const later = (change: (session: Session) => void): void => queueMicrotask(() => driver.tell(change));
    const running: Running = {
      id,
      listener: listener.name,
      mode: listener.mode,
      address,
      arrival,
      report,
      session,
      driver,
      caller: undefined,
      ownShortage: false,
      client: "",
      there: arrival.acceptedAt,
      get leaving() {
        return session.leaving;
      },
      dismiss: (reason, detail, text) => later(() => session.end(reason, detail, text)),
      call: () => later(() => session.admitted()),
    };
    this.#running.add(running);
    const makeRoom = (): void => running.dismiss("too-many-logins", "others needed the room");
    if (arrival.crowdedOut.aborted) makeRoom();
    else arrival.crowdedOut.addEventListener("abort", makeRoom);
    driver.start(session, arrival.conn);
  }

  /** Moves a player, whose name matches in any case, to a backend or pool. */
  move(player: string, to: string): MoveAnswer {
    const answer = this.#find(player)?.driver.tell((session) => session.move(to));
    return answer ?? { kind: "refused", why: "there is no such player" };
  }

  /**
   * Ends the session of a player, whose name matches in any case. Returns whether there is such a player.
   *
   * @param text What the player reads; empty for the reason's own.
   */
  kick(player: string, text: string): boolean {
    const found = this.#find(player);
    found?.driver.tell((session) => session.end("kicked", text || "no reason given", text || undefined));
    return found !== undefined;
  }

  /** Says something to every player in chat. Returns how many could be told. */
  announce(text: string): number {
    let told = 0;
    for (const { driver, caller } of this.#running) {
      if (caller !== undefined && driver.tell((session) => session.say(text)) === true) told++;
    }
    return told;
  }

  /** Ends the sessions of those who have not been let in yet. */
  turnAwayNewcomers(reason: Reason, detail: string): void {
    for (const { driver, caller } of this.#running) {
      if (caller === undefined) driver.tell((session) => session.end(reason, detail));
    }
  }

  /** Sessions that nothing has ended yet. */
  get staying(): number {
    return this.#running.values().reduce((count, { leaving }) => count + Number(!leaving), 0);
  }

  /** Ends the session of the player who has been here longest. Returns whether there was one. */
  dismissFirst(reason: Reason, detail: string): boolean {
    for (const { driver, leaving } of this.#running) {
      if (leaving) continue;
      driver.tell((session) => session.end(reason, detail));
      return true;
    }
    return false;
  }

  /** Resolves when no session is left, or after `ms` milliseconds. */
  async emptied(ms: number): Promise<void> {
    if (this.#running.size === 0) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#emptied.add(resolve);
    const timer = setTimeout(resolve, ms);
    await promise;
    clearTimeout(timer);
    this.#emptied.delete(resolve);
  }

  /** Breaks what has made no progress since the last call. */
  checkProgress(): void {
    for (const { driver } of this.#running) driver.checkProgress();
  }

  /**
   * Tells every player why, and resolves when all sockets are closed.
   *
   * @param closingMs Milliseconds that players are given to take what waits for them, two seconds at most.
   */
  async stop(reason: Reason, detail: string, closingMs: number = STOPPING_MS): Promise<void> {
    for (const { driver } of this.#running) driver.tell((session) => session.end(reason, detail));
    if (this.#running.size === 0) return;
    const deadline = setTimeout(() => {
      for (const { driver } of this.#running) driver.abort();
    }, Math.min(closingMs, STOPPING_MS));
    await new Promise<void>((resolve) => this.#emptied.add(resolve));
    clearTimeout(deadline);
  }

  #sessionOptions(id: string, listener: ListenerConfig, arrival: Arrival, running: () => Running): SessionOptions {
    const { offers, network, keyFor } = this.#options;
    // What may change while the session runs.
    const config = (): Config => this.#config;
    return {
      id,
      mode: listener.mode,
      acceptedAt: arrival.acceptedAt,
      appName: this.#config.cpe.appName,
      get welcome() {
        return config().edge;
      },
      announced: offers.announced,
      admit: (name, key) => this.#admit(running(), name, key),
      keyFor,
      listDelivery: (backend) => offers.delivery(backend),
      routes: network.routesFor({
        pool: () => config().listeners.find(({ name }) => name === listener.name)?.pool ?? listener.pool,
        admitted: () => running().driver.tell((session) => session.admitted()),
        decided: (decision) => running().report.decided(decision),
      }),
      tellsChat: () => config().events.chat,
      get redirect() {
        return config().redirect;
      },
      limits: this.#limits,
    };
  }

  #admit(running: Running, name: string, key: string): Admission {
    const { arrival } = running;
    if (arrival.refusal !== undefined) return arrival.refusal;
    const admission = this.#options.gatekeeper.admit(running, name, key);
    if (admission.kind === "admitted") {
      arrival.known();
      running.caller = new Caller(admission.name, arrival.source, arrival.destination, this.#options.loopbacks);
    }
    return admission;
  }

  async #dial(running: Running, backend: string, signal: AbortSignal): Promise<Conn> {
    const found = this.#backends.get(backend);
    if (found === undefined) throw new RangeError(`Cannot dial backend: current value is "${backend}"`);
    running.ownShortage = false;
    const began = performance.now();
    try {
      const conn = await dialBackend(this.#options.sockets, found, running.caller, signal);
      this.#options.dialled(backend, performance.now() - began, true);
      return conn;
    } catch (error) {
      running.ownShortage = isOwnShortage(error);
      if (!running.ownShortage && !signal.aborted) this.#options.dialled(backend, performance.now() - began, false);
      throw error;
    }
  }

  #find(player: string): Running | undefined {
    const wanted = player.toLowerCase();
    return this.#running.values().find(({ caller, leaving }) => !leaving && caller?.name.toLowerCase() === wanted);
  }

  /** Learns from what happens in a session. */
  #follow(event: SessionEvent, running: Running): void {
    const { offers, network, reception } = this.#options;
    switch (event.kind) {
      case "list-refused":
        offers.listRefused(event.backend);
        break;
      case "offered":
        offers.learn(event.backend, event.extensions);
        break;
      case "refused":
        if (!event.kicked && !running.ownShortage) network.dialFailed(event.backend, event.cause);
        break;
      case "identified":
        running.client = event.client;
        break;
      case "joined":
        network.dialSucceeded(event.backend);
        running.there = performance.now();
        break;
      case "waiting":
        running.there = performance.now();
        break;
      case "over-limit":
        reception.count(`${event.reason} (dry run)`, running.address);
        break;
      case "ended":
        this.#left(running);
    }
  }

  #left(running: Running): void {
    const { caller, arrival } = running;
    this.#running.delete(running);
    this.#traffic = plus(this.#traffic, running.session.traffic);
    arrival.gone();
    caller?.leave();
    this.#options.gatekeeper.left(running);
    if (this.#running.size > 0) return;
    for (const resolve of this.#emptied) resolve();
    this.#emptied.clear();
  }
}

function backendsOf({ backends }: Config): ReadonlyMap<string, BackendConfig> {
  return new Map(backends.map((backend) => [backend.name, backend]));
}

function limitsOf({ limits, health }: Config): SessionLimits {
  return {
    ...DEFAULT_LIMITS,
    loginMs: limits.loginTimeoutMs,
    packetsPerSecond: limits.packetsPerSecond,
    chatRate: limits.chatRate,
    dryRun: limits.dryRun,
    backendIdleMs: health.backendIdleTimeoutMs,
  };
}

function plus(a: SessionTraffic, b: SessionTraffic): SessionTraffic {
  return {
    bytes: {
      fromClient: a.bytes.fromClient + b.bytes.fromClient,
      toClient: a.bytes.toClient + b.bytes.toClient,
      fromBackend: a.bytes.fromBackend + b.bytes.fromBackend,
      toBackend: a.bytes.toBackend + b.bytes.toBackend,
    },
    packets: {
      fromClient: a.packets.fromClient + b.packets.fromClient,
      fromBackend: a.packets.fromBackend + b.packets.fromBackend,
    },
  };
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
