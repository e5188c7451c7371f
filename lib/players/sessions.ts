/** The sessions that run: how each begins, what it learns from and tells the rest of the edge, and how all of them end. */
import type { BackendConfig, Config, ListenerConfig } from "../config/schema.ts";
import type { Gatekeeper } from "./gatekeeper.ts";
import type { Drill } from "../drill/drill.ts";
import type { Drills } from "../drill/drills.ts";
import type { Subject } from "../drill/witness.ts";
import type { Frozen, LeavingSession } from "../handover/giving.ts";
import type { TravellingSession } from "../handover/messages.ts";
import type { Log } from "../observe/log.ts";
import type { Offers } from "../backends/offers.ts";
import type { Arrival, Reception } from "./reception.ts";
import type { Network } from "../routing/network.ts";
import {
  type Admission,
  CLIENT,
  DEFAULT_LIMITS,
  type SessionEvent,
  type SessionLimits,
  type SessionTraffic,
  type Whereabouts,
} from "../session/port.ts";
import type { Reason } from "../session/reasons.ts";
import type { MoveAnswer } from "../session/redirect/operator.ts";
import { decodeState, placeOf } from "../session/state.ts";
import { newcomerWith } from "./passport.ts";
import { RunningSession, type SessionHost, type SuspendedSession } from "./running_session.ts";
import { SessionIds } from "./session_ids.ts";
import type { SessionReports } from "./session_reports.ts";
import { Caller, dialBackend } from "../transport/backend_dial.ts";
import { Beat } from "../transport/beat.ts";
import { isOwnShortage } from "../transport/dial.ts";
import type { LoopbackAddresses } from "../transport/loopback_addresses.ts";
import { Nap } from "../transport/nap.ts";
import type { Conn } from "../transport/conn.ts";
import type { ResumedLeg } from "../transport/session_driver.ts";
import type { Sockets } from "../transport/sockets.ts";
import { Turnstile } from "../transport/turnstile.ts";

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
  readonly reception: Pick<Reception, "count" | "resume">;
  readonly drills: Pick<Drills, "on" | "event">;
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

/** See the file's first line. */
export class Sessions {
  readonly #options: SessionsOptions;
  #config: Config;
  #backends: ReadonlyMap<string, BackendConfig>;
  #limits: SessionLimits;
  /** Of sessions that are over. */
  #traffic: SessionTraffic = NO_TRAFFIC;
  readonly #running = new Set<RunningSession>();
  readonly #ids = new SessionIds();
  readonly #host: SessionHost;
  /** Of another process, and not resumed yet. */
  readonly #adopted: Adopted[] = [];
  /** Who waits for the end of the last session. */
  readonly #emptied = new Set<() => void>();

  constructor(options: SessionsOptions) {
    const { config } = options;
    this.#options = options;
    this.#config = config;
    this.#backends = backendsOf(config);
    this.#limits = limitsOf(config);
    this.#host = this.#makeHost();
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

  /** Sessions that can go over to another process, if not at once: all whose client's connection has no state but the kernel's. */
  get portable(): number {
    return this.#running.values().filter(({ arrival: { transport, secure }, leaving }) =>
      transport === "tcp" && !secure && !leaving
    ).reduce((count) => count + 1, 0);
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
  begin(listener: ListenerConfig, arrival: Arrival, conn: Conn): void {
    const id = this.#ids.next();
    const report = this.#options.reports.begin(id, listener.name, arrival);
    const running = new RunningSession(this.#host, id, listener, arrival, report);
    this.#running.add(running);
    running.start(conn);
  }

  /** Stops every session with which another process can go on now. */
  freeze(): Frozen {
    const stopped: Stopped[] = [];
    return {
      sessions: this.#suspend(stopped),
      staying: () => this.#namesExcept(new Set(stopped.map(({ running }) => running))),
      thaw: () => {
        for (const { suspended } of stopped) suspended.resume();
      },
      release: (kept) => {
        for (const { running, suspended } of stopped) {
          if (kept.has(running.id)) suspended.resume();
          else this.#handedOver(running, suspended);
        }
      },
    };
  }

  /**
   * Takes a session over that another process had; it stands still until {@linkcode resume}. Returns why it cannot be, where it cannot:
   * the connections are closed then, as far as they are this process's.
   */
  adopt(session: TravellingSession, connections: readonly Conn[]): string | undefined {
    const adopted = this.#restore(session, connections);
    if (typeof adopted !== "string") {
      this.#adopted.push(adopted);
      return undefined;
    }
    for (const connection of connections) connection.close();
    return adopted;
  }

  /** Goes on with what was adopted since the last time. */
  resume(): void {
    for (const { running, legs } of this.#adopted.splice(0)) {
      this.#running.add(running);
      running.resume(legs);
    }
    this.reconsider();
  }

  /** Forgets what was adopted and not resumed, which is still the other process's. */
  abandon(): void {
    for (const { running, legs } of this.#adopted.splice(0)) {
      running.session.forget();
      for (const { conn } of legs) conn.close();
      this.#gone(running);
    }
  }

  /** Puts a drill around the connections that it is for and that are there already. */
  disturb(drill: Drill): void {
    const { backend } = drill.order;
    for (const running of this.#running) {
      if (running.caller === undefined || !drill.concerns(backend, running.caller.name)) continue;
      running.driver.disturb(backend, (leg, events) => drill.disturb(subjectOf(running), leg, events));
    }
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

  #makeHost(): SessionHost {
    const { log, sockets, network, offers, keyFor } = this.#options;
    const beat = new Beat();
    const config = (): Config => this.#config;
    const limits = (): SessionLimits => this.#limits;
    return {
      get config() {
        return config();
      },
      get limits() {
        return limits();
      },
      get announced() {
        return offers.announced;
      },
      openLeg: sockets.openLeg,
      pace: { beat, nap: new Nap() },
      exit: new Turnstile(beat),
      admit: (running, name, key) => this.#admit(running, name, key),
      keyFor,
      listDelivery: (backend) => offers.delivery(backend),
      routesFor: (options) => network.routesFor(options),
      dial: (running, backend, signal) => this.#dial(running, backend, signal),
      disturbance: (running, backend) => {
        const drill = this.#drillOn(backend, running);
        return drill && ((leg, events) => drill.disturb(subjectOf(running), leg, events));
      },
      follow: (event, running) => this.#follow(event, running),
      crashed: (err, { id }) => log.error("crashed", "error in the edge itself", { session: id, err: asError(err) }),
    };
  }

  #admit(running: RunningSession, name: string, key: string): Admission {
    const { arrival } = running;
    if (arrival.refusal !== undefined) return arrival.refusal;
    const admission = this.#options.gatekeeper.admit(running, name, key);
    if (admission.kind === "admitted") {
      arrival.known();
      running.caller = new Caller(admission.name, arrival.source, arrival.destination, this.#options.loopbacks);
    }
    return admission;
  }

  async #dial(running: RunningSession, backend: string, signal: AbortSignal): Promise<Conn> {
    const found = this.#backends.get(backend);
    if (found === undefined) throw new RangeError(`Cannot dial backend: current value is "${backend}"`);
    const drill = this.#drillOn(backend, running);
    running.blamesNobody = drill?.isSelective === true;
    const began = performance.now();
    try {
      await drill?.dial(subjectOf(running), signal);
      const conn = await dialBackend(this.#options.sockets, found, running.caller, signal);
      this.#options.dialled(backend, performance.now() - began, true);
      return conn;
    } catch (error) {
      running.blamesNobody ||= isOwnShortage(error);
      if (!running.blamesNobody && !signal.aborted) this.#options.dialled(backend, performance.now() - began, false);
      throw error;
    }
  }

  #drillOn(backend: string, { caller }: RunningSession): Drill | undefined {
    return caller && this.#options.drills.on(backend, caller.name);
  }

  #find(player: string): RunningSession | undefined {
    const wanted = player.toLowerCase();
    return this.#running.values().find(({ caller, leaving }) => !leaving && caller?.name.toLowerCase() === wanted);
  }

  /** Learns from what happens in a session. */
  #follow(event: SessionEvent, running: RunningSession): void {
    const { offers, network, reception, drills } = this.#options;
    drills.event(running.id, event);
    switch (event.kind) {
      case "list-refused":
        offers.listRefused(event.backend);
        break;
      case "offered":
        offers.learn(event.backend, event.extensions);
        break;
      case "refused":
        if (!event.kicked && !running.blamesNobody) network.dialFailed(event.backend, event.cause);
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

  /** The session of `passport`, or why there can be none. */
  #restore(session: TravellingSession, connections: readonly Conn[]): Adopted | string {
    const { passport: { session: id, listener: listenerName, mode, player, client, legs, thereMs } } = session;
    const state = decodeState(session.state);
    if ("refused" in state) return state.refused;
    const place = placeOf(state);
    const wanted = place === undefined ? [CLIENT] : [CLIENT, place.leg];
    const resumed = wanted.flatMap((leg): ResumedLeg[] => {
      const index = legs.indexOf(leg);
      const [conn, unsent] = [connections[index], session.unsent[index]];
      if (conn === undefined || unsent === undefined) return [];
      return [{ leg, backend: leg === CLIENT ? "" : place?.backend ?? "", conn, unsent }];
    });
    if (resumed.length !== wanted.length || connections.length !== wanted.length) {
      return `its connections are ${legs}, not ${wanted}`;
    }
    const listener = this.#config.listeners.find(({ name }) => name === listenerName);
    if (listener === undefined) return `there is no listener "${listenerName}" any more`;
    const now = performance.now();
    const { reception, reports, gatekeeper, loopbacks } = this.#options;
    if (gatekeeper.has(player)) return `somebody else plays as ${player}`;
    const arrival = reception.resume(newcomerWith(session.passport, now));
    const { source, destination } = arrival;
    const running = new RunningSession(
      this.#host,
      id,
      { ...listener, mode },
      arrival,
      reports.resume(id, listenerName, arrival, { player, backend: place?.backend ?? "" }),
      { state, client, there: now - thereMs, caller: new Caller(player, source, destination, loopbacks) },
    );
    gatekeeper.resume(running, player);
    return { running, legs: resumed };
  }

  #namesExcept(others: ReadonlySet<RunningSession>): readonly string[] {
    return [...this.#running].flatMap((running) => others.has(running) ? [] : running.caller?.name ?? []);
  }

  /** Stops one session after the other, each when it is asked for, and adds it to `stopped`. */
  *#suspend(stopped: Stopped[]): Iterable<LeavingSession> {
    for (const running of [...this.#running]) {
      const suspended = running.suspend();
      if (suspended === undefined) continue;
      stopped.push({ running, suspended });
      yield suspended.leaving;
    }
  }

  #handedOver(running: RunningSession, suspended: SuspendedSession): void {
    suspended.release();
    this.#left(running);
  }

  #left(running: RunningSession): void {
    this.#running.delete(running);
    this.#traffic = plus(this.#traffic, running.session.traffic);
    this.#gone(running);
    if (this.#running.size > 0) return;
    for (const resolve of this.#emptied) resolve();
    this.#emptied.clear();
  }

  /** Gives back what a session takes up beside its connections. */
  #gone(running: RunningSession): void {
    running.arrival.gone();
    running.caller?.leave();
    this.#options.gatekeeper.left(running);
  }
}

/** A session with which another process may go on. */
interface Stopped {
  readonly running: RunningSession;
  readonly suspended: SuspendedSession;
}

/** A session that another process had. */
interface Adopted {
  readonly running: RunningSession;
  readonly legs: readonly ResumedLeg[];
}

function subjectOf({ id, caller, session, there, arrival }: RunningSession): Subject {
  // Before somebody is anywhere, their whereabouts are the backend that is tried.
  const backend = there > arrival.acceptedAt ? session.whereabouts.backend : "";
  return { session: id, player: caller?.name ?? "", backend };
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
