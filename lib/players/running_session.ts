/** One session as it runs: whom it is for, and all that it and its driver ask of the edge around them. There is one for each player, so it is kept small. */
import type { Config, ListenerConfig } from "../config/schema.ts";
import type { Subject } from "../drill/witness.ts";
import type { LeavingSession } from "../handover/giving.ts";
import type { TravellingSession } from "../handover/messages.ts";
import type { Visitor } from "./gatekeeper.ts";
import { passportOf } from "./passport.ts";
import type { Arrival } from "./reception.ts";
import type { SessionReport } from "./session_reports.ts";
import type { ExtensionSet } from "../protocol/extensions.ts";
import type { Decision } from "../routing/decision.ts";
import type { RoutesOptions } from "../routing/session_routes.ts";
import {
  type Admission,
  type ListDelivery,
  type SessionEvent,
  type SessionLimits,
  type SessionOptions,
} from "../session/port.ts";
import type { Reason } from "../session/reasons.ts";
import type { SessionRoutes } from "../session/routes.ts";
import { Session } from "../session/session.ts";
import { encodeState, type SessionState } from "../session/state.ts";
import type { Caller } from "../transport/backend_dial.ts";
import type { Conn } from "../transport/conn.ts";
import type { Disturbance, OpenLeg } from "../transport/leg.ts";
import type { Pace } from "../transport/pacer.ts";
import { type ResumedLeg, SessionDriver, type SessionDriverOptions } from "../transport/session_driver.ts";
import type { Turnstile } from "../transport/turnstile.ts";

/** Bytes that may wait for one leg before its counterpart is not read any more. */
const SOFT_LIMIT = 256 << 10;
/** Bytes that may wait for the legs of a session which goes over to another process: whoever takes so little is waited for. */
const MOST_UNSENT = 4 << 20;
const NOTHING = new Uint8Array(0);

/** What all sessions share. */
export interface SessionHost {
  /** The configuration of now. */
  readonly config: Config;
  /** For sessions that begin now. */
  readonly limits: SessionLimits;
  readonly announced: ExtensionSet;
  readonly openLeg: OpenLeg;
  readonly pace: Pace;
  readonly exit: Pick<Turnstile, "pass">;
  admit(session: RunningSession, name: string, key: string): Admission;
  keyFor(backend: string, name: string): string | undefined;
  listDelivery(backend: string): ListDelivery;
  routesFor(options: RoutesOptions): SessionRoutes;
  dial(session: RunningSession, backend: string, signal: AbortSignal): Promise<Conn>;
  disturbance(session: RunningSession, backend: string): Disturbance | undefined;
  /** Told about each event of each session, behind its report. */
  follow(event: SessionEvent, session: RunningSession): void;
  /** Told about an error in a session's own code. */
  crashed(error: unknown, session: RunningSession): void;
}

/** A session that has stopped. Exactly one of both methods is called, once. */
export interface SuspendedSession {
  readonly leaving: LeavingSession;
  /** Goes on as if nothing had happened. */
  resume(): void;
  /** Another process goes on: the session is over here, and nobody is told. */
  release(): void;
}

/** What another process has said of a session that it had. */
export interface ResumedState {
  readonly state: SessionState;
  readonly caller: Caller;
  readonly client: string;
  readonly there: number;
}

/** See the file's first line. */
export class RunningSession implements Visitor, SessionOptions, SessionDriverOptions, RoutesOptions {
  readonly id: string;
  readonly arrival: Arrival;
  readonly report: SessionReport;
  readonly session: Session;
  readonly driver: SessionDriver;
  readonly announced: ExtensionSet;
  readonly limits: SessionLimits;
  readonly routes: SessionRoutes;
  /** Set once the player was let in. */
  caller: Caller | undefined;
  /** Whether no backend is to blame if the last dial fails: the edge had too few descriptors, or a drill is on. */
  blamesNobody = false;
  /** What the client says it is. */
  client: string;
  /** Since when the player is where they are, in milliseconds of `performance.now()`. */
  there: number;
  readonly #host: SessionHost;
  /** The configuration at the beginning. */
  readonly #config: Config;
  /** What the configuration said of the listener then. */
  readonly #listener: ListenerConfig;

  /** @param resumed Where another process had the session, which stands still until {@linkcode resume}. */
  constructor(
    host: SessionHost,
    id: string,
    listener: ListenerConfig,
    arrival: Arrival,
    report: SessionReport,
    resumed?: ResumedState,
  ) {
    this.id = id;
    this.arrival = arrival;
    this.report = report;
    this.announced = host.announced;
    this.limits = host.limits;
    this.caller = resumed?.caller;
    this.client = resumed?.client ?? "";
    this.there = resumed?.there ?? arrival.acceptedAt;
    this.#host = host;
    this.#config = host.config;
    this.#listener = listener;
    this.routes = host.routesFor(this);
    this.driver = new SessionDriver(this);
    this.session = resumed === undefined
      ? new Session(this.driver, this)
      : Session.resume(this.driver, this, resumed.state);
  }

  /** Takes over the player's connection. */
  start(conn: Conn): void {
    this.arrival.onCrowdedOut(() => this.dismiss("too-many-logins", "others needed the room"));
    this.driver.start(this.session, conn);
  }

  /** Goes on with the connections that another process had. */
  resume(legs: readonly ResumedLeg[]): void {
    this.driver.resume(this.session, legs);
  }

  /** The session as it would go over to another process, but for what is unsent; it goes on at once. `undefined` where it could not go now. */
  sample(): TravellingSession | undefined {
    const suspended = this.suspend();
    suspended?.resume();
    return suspended && { ...suspended.leaving, unsent: suspended.leaving.unsent.map(() => NOTHING) };
  }

  /** Stops, so that another process can go on; `undefined` where that cannot be now. */
  suspend(): SuspendedSession | undefined {
    const { caller } = this;
    const written = caller && this.session.writeDown();
    if (caller === undefined || written === undefined) return undefined;
    const state = encodeState(written);
    const driver = this.driver.pending > MOST_UNSENT ? undefined : this.driver.suspend();
    if (driver === undefined) return undefined;
    const legs = driver.legs.map(({ leg, websocket }) => ({ leg, websocket }));
    const passport = passportOf(this, caller.name, legs, performance.now());
    return {
      leaving: {
        passport,
        state,
        unsent: driver.legs.map(({ unsent }) => unsent),
        descriptors: driver.legs.map(({ descriptor }) => descriptor),
      },
      resume: () => driver.resume(),
      release: () => {
        driver.release();
        this.session.forget();
      },
    };
  }

  get listener(): string {
    return this.#listener.name;
  }

  get mode(): ListenerConfig["mode"] {
    return this.#listener.mode;
  }

  get address(): string {
    return this.arrival.source.address;
  }

  /** Whom a drill disturbs. Before somebody is anywhere, their whereabouts are the backend that is tried, which is no place to be. */
  get subject(): Subject {
    const isNew = this.there <= this.arrival.acceptedAt;
    const backend = isNew ? "" : this.session.whereabouts.backend;
    return { session: this.id, player: this.caller?.name ?? "", backend, isNew };
  }

  get leaving(): boolean {
    return this.session.leaving;
  }

  /** Ends the session, which is over two seconds from now in any case: somebody may wait for the name or the place. */
  expel(reason: Reason, detail: string, text?: string): void {
    this.driver.tell((session) => session.end(reason, detail, text));
    this.driver.hurry();
  }

  dismiss(reason: Reason, detail: string, text?: string): void {
    this.#later(() => this.expel(reason, detail, text));
  }

  call(): void {
    this.#later(() => this.admitted());
  }

  get acceptedAt(): number {
    return this.arrival.acceptedAt;
  }

  get appName(): string {
    return this.#config.cpe.appName;
  }

  get welcome(): SessionOptions["welcome"] {
    return this.#host.config.edge;
  }

  get redirect(): SessionOptions["redirect"] {
    return this.#host.config.redirect;
  }

  admit(name: string, key: string): Admission {
    return this.#host.admit(this, name, key);
  }

  keyFor(backend: string, name: string): string | undefined {
    return this.#host.keyFor(backend, name);
  }

  listDelivery(backend: string): ListDelivery {
    return this.#host.listDelivery(backend);
  }

  tellsChat(): boolean {
    return this.#host.config.events.chat;
  }

  get openLeg(): OpenLeg {
    return this.#host.openLeg;
  }

  get pace(): Pace {
    return this.#host.pace;
  }

  get exit(): Pick<Turnstile, "pass"> {
    return this.#host.exit;
  }

  get softLimit(): number {
    return SOFT_LIMIT;
  }

  get hardLimit(): number {
    return this.#config.limits.clientBuffer;
  }

  dial(backend: string, signal: AbortSignal): Promise<Conn> {
    return this.#host.dial(this, backend, signal);
  }

  disturbance(backend: string): Disturbance | undefined {
    return this.#host.disturbance(this, backend);
  }

  emit(event: SessionEvent): void {
    this.report.event(event, this.caller?.name);
    this.#host.follow(event, this);
  }

  crashed(error: unknown): void {
    this.#host.crashed(error, this);
  }

  pool(): string {
    return this.#host.config.listeners.find(({ name }) => name === this.listener)?.pool ?? this.#listener.pool;
  }

  admitted(): void {
    this.driver.tell((session) => session.admitted());
  }

  decided(decision: Decision): void {
    this.report.decided(decision);
  }

  /** Sessions never run inside each other. */
  #later(act: () => void): void {
    queueMicrotask(act);
  }
}
