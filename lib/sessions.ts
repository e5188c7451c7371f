/** The sessions that run: how each begins, what it learns from and tells the rest of the edge, and how all of them end. */
import type { BackendConfig, Config, ListenerConfig } from "./config/schema.ts";
import type { Gatekeeper, Visitor } from "./gatekeeper.ts";
import type { Log } from "./observe/log.ts";
import { logSessionEvent } from "./observe/session_log.ts";
import type { Offers } from "./offers.ts";
import type { Arrival, Reception } from "./reception.ts";
import type { Network } from "./routing/network.ts";
import {
  type Admission,
  DEFAULT_LIMITS,
  type SessionEvent,
  type SessionLimits,
  type SessionOptions,
} from "./session/port.ts";
import type { Reason } from "./session/reasons.ts";
import type { MoveAnswer } from "./session/redirect/operator.ts";
import { Session } from "./session/session.ts";
import { SessionIds } from "./session_ids.ts";
import { Caller, dialBackend } from "./transport/backend_dial.ts";
import { Beat } from "./transport/beat.ts";
import { DenoDriver } from "./transport/deno_driver.ts";
import { isOwnShortage } from "./transport/dial.ts";
import type { LoopbackAddresses } from "./transport/loopback_addresses.ts";
import { Nap } from "./transport/nap.ts";
import type { Pace } from "./transport/pacer.ts";
import type { Conn } from "./transport/socket.ts";
import { Turnstile } from "./transport/turnstile.ts";

/** Bytes that may wait for one leg before its counterpart is not read any more. */
const SOFT_LIMIT = 256 << 10;
/** Milliseconds players are given to take what waits for them when the edge stops. */
const STOPPING_MS = 2_000;

/** What sessions work with. */
export interface SessionsOptions {
  readonly config: Config;
  readonly log: Log;
  readonly network: Network;
  readonly offers: Offers;
  readonly gatekeeper: Gatekeeper;
  readonly reception: Pick<Reception, "count">;
  readonly loopbacks: LoopbackAddresses;
  /** What proves a name to a backend. */
  readonly keyFor: (backend: string, name: string) => string | undefined;
}

/** A session, the driver that runs it, and who it is for. */
interface Running extends Visitor {
  readonly arrival: Arrival;
  readonly session: Session;
  readonly driver: DenoDriver;
  /** Set once the player was let in. */
  caller: Caller | undefined;
  /** Whether the edge had too few descriptors for the last dial, for which no backend is to blame. */
  ownShortage: boolean;
}

/** See the file's first line. */
export class Sessions {
  readonly #options: SessionsOptions;
  readonly #backends: ReadonlyMap<string, BackendConfig>;
  readonly #limits: SessionLimits;
  readonly #running = new Set<Running>();
  readonly #ids = new SessionIds();
  readonly #pace = { beat: new Beat(), nap: new Nap() } satisfies Pace;
  readonly #exit = new Turnstile(this.#pace.beat);
  readonly #emptied: (() => void)[] = [];

  constructor(options: SessionsOptions) {
    const { backends, limits, health } = options.config;
    this.#options = options;
    this.#backends = new Map(backends.map((backend) => [backend.name, backend]));
    this.#limits = {
      ...DEFAULT_LIMITS,
      loginMs: limits.loginTimeoutMs,
      packetsPerSecond: limits.packetsPerSecond,
      chatRate: limits.chatRate,
      dryRun: limits.dryRun,
      backendIdleMs: health.backendIdleTimeoutMs,
    };
  }

  /** Sessions whose sockets are not all closed yet. */
  get size(): number {
    return this.#running.size;
  }

  /** Begins a session for somebody who speaks Classic. */
  begin(listener: ListenerConfig, arrival: Arrival): void {
    const { config, log } = this.#options;
    const { source: { address } } = arrival;
    const options = this.#sessionOptions(listener, arrival, () => running);
    const driver = new DenoDriver({
      dial: (backend, signal) => this.#dial(running, backend, signal),
      emit: (event) => {
        logSessionEvent(log, { session: options.id, listener: listener.name, ip: address }, event);
        this.#follow(event, running);
      },
      crashed: (err) => log.error("crashed", "error in the edge itself", { session: options.id, err: asError(err) }),
      pace: this.#pace,
      exit: this.#exit,
      softLimit: SOFT_LIMIT,
      hardLimit: config.limits.clientBuffer,
    });
    const session = new Session(driver, options);
    // Sessions never run inside each other.
    const later = (change: (session: Session) => void): void => queueMicrotask(() => driver.tell(change));
    const running: Running = {
      listener: listener.name,
      address,
      arrival,
      session,
      driver,
      caller: undefined,
      ownShortage: false,
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
    const wanted = player.toLowerCase();
    for (const { driver, caller } of this.#running) {
      if (caller?.name.toLowerCase() !== wanted) continue;
      const answer = driver.tell((session) => session.move(to));
      if (answer !== undefined) return answer;
    }
    return { kind: "refused", why: "there is no such player" };
  }

  /** Breaks what has made no progress since the last call. */
  checkProgress(): void {
    for (const { driver } of this.#running) driver.checkProgress();
  }

  /** Tells every player why, and resolves when all sockets are closed, which takes a few seconds at most. */
  async stop(reason: Reason, detail: string): Promise<void> {
    for (const { driver } of this.#running) driver.tell((session) => session.end(reason, detail));
    if (this.#running.size === 0) return;
    const deadline = setTimeout(() => {
      for (const { driver } of this.#running) driver.abort();
    }, STOPPING_MS);
    await new Promise<void>((resolve) => this.#emptied.push(resolve));
    clearTimeout(deadline);
  }

  #sessionOptions(listener: ListenerConfig, arrival: Arrival, running: () => Running): SessionOptions {
    const { config: { edge, cpe, redirect }, offers, network, keyFor } = this.#options;
    return {
      id: this.#ids.next(),
      mode: listener.mode,
      acceptedAt: arrival.acceptedAt,
      appName: cpe.appName,
      welcome: edge,
      announced: offers.announced,
      admit: (name, key) => this.#admit(running(), name, key),
      keyFor,
      listDelivery: (backend) => offers.delivery(backend),
      routes: network.routesFor(listener.pool, () => running().driver.tell((session) => session.admitted())),
      redirect,
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
    try {
      return await dialBackend(found, running.caller, signal);
    } catch (error) {
      running.ownShortage = isOwnShortage(error);
      throw error;
    }
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
      case "joined":
        network.dialSucceeded(event.backend);
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
    arrival.gone();
    caller?.leave();
    this.#options.gatekeeper.left(running);
    if (this.#running.size === 0) { for (const resolve of this.#emptied.splice(0)) resolve(); }
  }
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
