/** The edge around sessions: what they are given of its parts, and what those learn from them. */
import type { Offers } from "../backends/offers.ts";
import type { BackendConfig, Config } from "../config/schema.ts";
import type { Drill } from "../drill/drill.ts";
import type { Drills } from "../drill/drills.ts";
import { asError } from "../error_message.ts";
import type { Log } from "../observe/log.ts";
import type { ExtensionSet } from "../protocol/extensions.ts";
import type { Network } from "../routing/network.ts";
import type { RoutesOptions } from "../routing/session_routes.ts";
import {
  type Admission,
  DEFAULT_LIMITS,
  type ListDelivery,
  type SessionEvent,
  type SessionLimits,
} from "../session/port.ts";
import type { SessionRoutes } from "../session/routes.ts";
import { Caller, dialBackend } from "../transport/backend_dial.ts";
import { Beat } from "../transport/beat.ts";
import type { Conn } from "../transport/conn.ts";
import { isOwnShortage } from "../transport/dial.ts";
import type { Disturbance, OpenLeg } from "../transport/leg.ts";
import type { LoopbackAddresses } from "../transport/loopback_addresses.ts";
import { Nap } from "../transport/nap.ts";
import type { Pace } from "../transport/pacer.ts";
import type { Sockets } from "../transport/sockets.ts";
import { Turnstile } from "../transport/turnstile.ts";
import type { Gatekeeper } from "./gatekeeper.ts";
import type { Reception } from "./reception.ts";
import type { Roster } from "./roster.ts";
import type { RunningSession, SessionHost } from "./running_session.ts";

/** What sessions work with. */
export interface EdgeHostOptions {
  readonly config: Config;
  readonly log: Log;
  readonly sockets: Sockets;
  readonly network: Network;
  readonly offers: Offers;
  readonly gatekeeper: Gatekeeper;
  readonly reception: Pick<Reception, "count">;
  readonly drills: Pick<Drills, "on" | "event">;
  /** Sessions leave it when they are over. */
  readonly roster: Roster;
  /** Told how long a player's dial of a backend took, in milliseconds, and whether it went well. */
  readonly dialled: (backend: string, ms: number, ok: boolean) => void;
  readonly loopbacks: LoopbackAddresses;
  /** What proves a name to a backend. */
  readonly keyFor: (backend: string, name: string) => string | undefined;
}

/** A dial that is under way. */
interface Dial {
  readonly backend: string;
  /** In milliseconds of `performance.now()`. */
  readonly began: number;
}

/** See the file's first line. */
export class EdgeHost implements SessionHost {
  readonly openLeg: OpenLeg;
  readonly pace: Pace;
  readonly exit: Pick<Turnstile, "pass">;
  readonly #options: EdgeHostOptions;
  /** The last of each session. */
  readonly #dials = new Map<RunningSession, Dial>();
  #config: Config;
  #backends: ReadonlyMap<string, BackendConfig>;
  #limits: SessionLimits;

  constructor(options: EdgeHostOptions) {
    const { config, sockets } = options;
    const beat = new Beat();
    this.openLeg = sockets.openLeg;
    this.pace = { beat, nap: new Nap() };
    this.exit = new Turnstile(beat);
    this.#options = options;
    this.#config = config;
    this.#backends = backendsOf(config);
    this.#limits = limitsOf(config);
  }

  /**
   * Goes by another configuration: sessions that begin, and for all of them where backends and their listener's pool are, the edge's own
   * words, its command and its channel. Once the network goes by it too, the sessions are to reconsider.
   */
  configure(config: Config): void {
    this.#config = config;
    this.#backends = backendsOf(config);
    this.#limits = limitsOf(config);
  }

  get config(): Config {
    return this.#config;
  }

  get limits(): SessionLimits {
    return this.#limits;
  }

  get announced(): ExtensionSet {
    return this.#options.offers.announced;
  }

  admit(running: RunningSession, name: string, key: string): Admission {
    const { arrival } = running;
    if (arrival.refusal !== undefined) return arrival.refusal;
    const { gatekeeper, loopbacks } = this.#options;
    const admission = gatekeeper.admit(running, name, key);
    if (admission.kind === "admitted") {
      arrival.known();
      running.caller = new Caller(admission.name, arrival.source, arrival.destination, loopbacks);
    }
    return admission;
  }

  keyFor(backend: string, name: string): string | undefined {
    return this.#options.keyFor(backend, name);
  }

  listDelivery(backend: string): ListDelivery {
    return this.#options.offers.delivery(backend);
  }

  routesFor(options: RoutesOptions): SessionRoutes {
    return this.#options.network.routesFor(options);
  }

  async dial(running: RunningSession, backend: string, signal: AbortSignal): Promise<Conn> {
    const { sockets, dialled } = this.#options;
    const found = this.#backends.get(backend);
    if (found === undefined) throw new RangeError(`Cannot dial backend: current value is "${backend}"`);
    const drill = this.#drillOn(backend, running);
    running.blamesNobody = drill?.isSelective === true;
    const began = performance.now();
    const dial = { backend, began };
    this.#dials.set(running, dial);
    try {
      await drill?.dial(running.subject, signal);
      const conn = await dialBackend(sockets, found, running.caller, signal);
      dialled(backend, performance.now() - began, true);
      return conn;
    } catch (error) {
      running.blamesNobody ||= isOwnShortage(error);
      if (!running.blamesNobody && !signal.aborted) dialled(backend, performance.now() - began, false);
      throw error;
    } finally {
      if (this.#dials.get(running) === dial) this.#dials.delete(running);
    }
  }

  disturbance(running: RunningSession, backend: string): Disturbance | undefined {
    const drill = this.#drillOn(backend, running);
    return drill && ((leg, events) => drill.disturb(running.subject, leg, events));
  }

  follow(event: SessionEvent, running: RunningSession): void {
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
        if (event.kicked || running.blamesNobody) break;
        network.dialFailed(event.backend, event.cause);
        this.#gaveUp(running, event.backend);
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
        this.left(running);
    }
  }

  crashed(error: unknown, { id }: RunningSession): void {
    this.#options.log.error("crashed", "error in the edge itself", { session: id, err: asError(error) });
  }

  /** The session is over, or another process's. */
  left(running: RunningSession): void {
    this.#options.roster.remove(running);
    this.giveBack(running);
  }

  /** Gives back what a session takes up beside its connections. */
  giveBack(running: RunningSession): void {
    running.arrival.gone();
    running.caller?.leave();
    this.#options.gatekeeper.left(running);
  }

  /** The backend was given up, perhaps before it had answered a dial. */
  #gaveUp(running: RunningSession, backend: string): void {
    const dial = this.#dials.get(running);
    if (dial?.backend === backend) this.#options.dialled(backend, performance.now() - dial.began, false);
  }

  #drillOn(backend: string, { caller }: RunningSession): Drill | undefined {
    return caller && this.#options.drills.on(backend, caller.name);
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
