/** The edge: its life, from the start to the last socket. */
import type { Control } from "./admin/control.ts";
import type { Address } from "./config/address.ts";
import type { Config } from "./config/schema.ts";
import type { ConfigSource } from "./config/source.ts";
import { EdgeData } from "./edge/data.ts";
import { type EdgeBasis, type EdgeLife, type EdgeParts, makeParts } from "./edge/parts.ts";
import type { Conversation } from "./handover/conversation.ts";
import type { Heir } from "./handover/heir.ts";
import type { ListenerStatus } from "./edge/listeners.ts";
import { logTurns } from "./observe/guard_log.ts";
import type { OpenLog } from "./observe/log.ts";
import { sayFarewell } from "./players/farewell.ts";
import type { Turn } from "./players/reception.ts";
import type { BackendStatus } from "./routing/network.ts";
import type { MoveAnswer } from "./session/redirect/operator.ts";
import type { LoopbackEntry } from "./transport/loopback_addresses.ts";
import { openSockets } from "./transport/open_sockets.ts";

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
  const data = await EdgeData.open(config, log);
  const sockets = openSockets(config.edge.driver, log);
  const edge = new RunningEdge({ config, source, log, sockets, data });
  await edge.start(predecessor);
  return edge;
}

class RunningEdge implements Edge {
  readonly endAsked: Promise<void>;
  readonly handedOver: Promise<Heir>;
  /** Of this, `data` and `sockets` are closed at the end. */
  readonly #basis: EdgeBasis;
  readonly #parts: EdgeParts;
  readonly #timers: ReturnType<typeof setInterval>[] = [];
  #endWatch: () => void = () => {};
  #state: ReturnType<EdgeLife["state"]> = "running";
  #stopping: Promise<void> | undefined;

  constructor(basis: EdgeBasis) {
    const asked = Promise.withResolvers<void>();
    const handedOver = Promise.withResolvers<Heir>();
    this.endAsked = asked.promise;
    this.handedOver = handedOver.promise;
    this.#basis = basis;
    this.#parts = makeParts(basis, {
      state: () => this.#state,
      endEdge: asked.resolve,
      handedOver: (heir) => {
        this.#succeeded();
        handedOver.resolve(heir);
      },
    });
  }

  get listeners(): Edge["listeners"] {
    return this.#parts.listeners.status;
  }

  get absorber(): Edge["absorber"] {
    return this.#parts.beats.address;
  }

  get admin(): Address | undefined {
    return this.#parts.admin.address;
  }

  get drainTimeoutMs(): number {
    return this.#parts.reloads.config.edge.drainTimeoutMs;
  }

  get sessions(): number {
    return this.#parts.sessions.size;
  }

  get players(): number {
    return this.#parts.gatekeeper.players;
  }

  get backends(): readonly BackendStatus[] {
    return this.#parts.network.status();
  }

  get turns(): Edge["turns"] {
    return this.#parts.reception.turns;
  }

  get loopbacks(): readonly LoopbackEntry[] {
    return this.#parts.loopbacks.entries();
  }

  get control(): Control {
    return this.#parts.control;
  }

  move(player: string, to: string): MoveAnswer {
    return this.#parts.sessions.move(player, to);
  }

  reopenLogs(): void {
    this.#basis.log.reopen();
    this.#parts.outputs.reopen();
  }

  async start(predecessor: Conversation | undefined): Promise<void> {
    const { data: { access }, log } = this.#basis;
    const { checks, listings, gatekeeper, sessions, events } = this.#parts;
    try {
      await this.#open(predecessor);
    } catch (error) {
      await this.stop();
      throw error;
    }
    checks.start();
    listings.start();
    this.#endWatch = access.watch({
      onChange: () => {
        log.info("access", "ban and allow lists were read anew");
        gatekeeper.review();
      },
      onProblem: (message) => log.error("access", message),
    });
    this.#timers.push(
      setInterval(() => sessions.checkProgress(), PROGRESS_MS),
      setInterval(() => this.#look(), LOOK_MS),
    );
    events.publish({ event: "edge", state: "started" });
  }

  async retire(): Promise<void> {
    const began = performance.now();
    const { drainTimeoutMs } = this;
    const { upgrades, events, drills, listeners, reloads, reception, listings, sessions } = this.#parts;
    await upgrades.close();
    if (this.#state === "running") {
      this.#state = "draining";
      events.publish({ event: "edge", state: "draining" });
      drills.close("the edge is stopping");
      listeners.close();
      await Promise.all([reloads.close(), reception.stop(), listings.stop()]);
      await sayFarewell(sessions, drainTimeoutMs);
    }
    const left = Math.max(LEAST_CLOSING_MS, began + drainTimeoutMs - performance.now());
    await (this.#stopping ??= this.#stop(drainTimeoutMs > 0 ? left : undefined));
  }

  async leave(): Promise<void> {
    const began = performance.now();
    const { drainTimeoutMs } = this;
    await this.#parts.succession.handOver(await this.handedOver, drainTimeoutMs);
    const left = Math.max(LEAST_CLOSING_MS, began + drainTimeoutMs - performance.now());
    await (this.#stopping ??= this.#stop(left));
  }

  stop(): Promise<void> {
    return this.#stopping ??= this.#stop();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  /** Opens what the configuration says, or takes it over. */
  async #open(predecessor: Conversation | undefined): Promise<void> {
    const { reloads: { config }, outputs, beats, listings, listeners, admin, succession } = this.#parts;
    const openings = [
      { what: "heartbeat_absorber", open: () => beats.start((backend) => listings.urlOf(backend)) },
      { what: "admin", open: () => admin.open(config.admin) },
    ];
    // Last of what may fail, as an events command is not to run for a start that does.
    const opened = (): void => outputs.configure(config.events);
    await beats.open();
    if (predecessor === undefined) {
      for (const { open } of openings) await open();
      // Whoever is accepted stays.
      await listeners.listen(config.listeners, opened);
    } else {
      await succession.takeOver(predecessor, openings, opened);
    }
    admin.serve();
  }

  async #stop(closingMs?: number): Promise<void> {
    const { data, sockets } = this.#basis;
    const { upgrades, succession, drills, listeners, reloads, checks, listings, beats } = this.#parts;
    const { reception, sessions, network, events, admin, outputs, metrics } = this.#parts;
    await upgrades.close();
    const isHandedOver = this.#state === "handed-over";
    if (!isHandedOver) this.#state = "draining";
    await succession.stopTaking();
    for (const timer of this.#timers) clearInterval(timer);
    this.#endWatch();
    drills.close("the edge is stopping");
    listeners.close();
    await Promise.all([reloads.close(), checks.stop(), listings.stop(), beats.stop()]);
    await reception.stop();
    await sessions.stop("shutdown", "the edge is stopping", closingMs);
    await listeners.settled();
    await data.settled();
    await sockets.close();
    network.close();
    data.close();
    if (!isHandedOver) events.publish({ event: "edge", state: "stopped" });
    await Promise.all([admin.close(), outputs.close()]);
    metrics.close();
  }

  /** Another process has taken over: leaves it what only one can have. */
  #succeeded(): void {
    const { events, drills, admin, beats, listings } = this.#parts;
    this.#state = "handed-over";
    events.publish({ event: "edge", state: "handed-over" });
    // What a drill disturbs cannot go over before that is over.
    drills.close("another process has taken over");
    void Promise.all([admin.close(), beats.stop(), listings.stop()]);
  }

  #look(): void {
    const { reception, upgrades } = this.#parts;
    logTurns(this.#basis.log, reception.summaries());
    // The process that takes over has read them already.
    if (upgrades.isRunning || this.#state === "handed-over") return;
    this.#basis.data.rotate();
  }
}
