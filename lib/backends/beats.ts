/** The heartbeats of backends: what they say feeds the routing, and tells how names are proved to each of them. */
import { keyOf } from "../auth/mppass.ts";
import { formatAddress, type TcpAddress } from "../config/address.ts";
import type { Config } from "../config/schema.ts";
import { type BackendBeat, HeartbeatAbsorber } from "../heartbeat/absorber.ts";
import { BackendSalts } from "../heartbeat/backend_salts.ts";
import { AcceptLog } from "../observe/accept_log.ts";
import { AbsorberLog } from "../observe/absorber_log.ts";
import type { Log } from "../observe/log.ts";
import type { Prepared } from "../edge/prepared.ts";
import type { Network } from "../routing/network.ts";

/** A backend that beats every 30 seconds, as all do, has missed three beats and a bit after that many milliseconds. */
const FRESH_MS = 95_000;
/** Milliseconds between two looks for backends that have become silent. */
const CHECK_MS = 5_000;

/** What heartbeats are taken by. */
export type BeatsConfig = Pick<Config, "edge" | "backends" | "heartbeatAbsorber">;

/** See the file's first line. Where there is no `[heartbeat_absorber]`, only the salts of the configuration are known. */
export class BackendBeats {
  #config: BeatsConfig;
  readonly #network: Network;
  readonly #log: Log;
  readonly #absorberLog: AbsorberLog;
  readonly #acceptLog: AcceptLog;
  /** Told that a backend may be another server than before. */
  readonly #onRestart: (backend: string) => void;
  #salts: BackendSalts | undefined;
  #absorber: HeartbeatAbsorber | undefined;
  #checking: ReturnType<typeof setInterval> | undefined;
  /** Absorbers that are closing. */
  readonly #stopping = new Set<Promise<void>>();
  #playUrl: (backend: string) => string | undefined = () => undefined;

  constructor(config: BeatsConfig, network: Network, log: Log, onRestart: (backend: string) => void) {
    this.#config = config;
    this.#network = network;
    this.#log = log;
    this.#absorberLog = new AbsorberLog(log, FRESH_MS);
    this.#acceptLog = new AcceptLog(log);
    this.#onRestart = onRestart;
  }

  /** Reads what is known of earlier runs. */
  async open(): Promise<void> {
    const { edge, backends } = this.#config;
    this.#salts = await BackendSalts.open(
      edge.dataDir,
      backends,
      (message) => this.#log.warn("backend-salts", message),
    );
  }

  /** Where heartbeats are taken; `undefined` where they are not. */
  get address(): { readonly hostname: string; readonly port: number } | undefined {
    return this.#absorber?.address;
  }

  /** The same as it is written, and as it is: a name, or port 0, stands for another address. Empty where they are not taken. */
  get places(): readonly TcpAddress[] {
    const bind = this.#config.heartbeatAbsorber?.bind;
    if (this.address === undefined || bind === undefined) return [];
    const { hostname, port } = this.address;
    return [bind, { kind: "tcp", host: hostname, port }];
  }

  /** The key that proves `name` to `backend`; `undefined` where its salt is not known. */
  keyFor(backend: string, name: string): string | undefined {
    const salt = this.#salts?.saltFor(backend);
    return salt === undefined ? undefined : keyOf(salt, name);
  }

  /**
   * Takes heartbeats from now on.
   *
   * @param playUrl Where the public list shows a listener that leads to the backend.
   * @throws {BindError} where the address cannot be bound
   */
  start(playUrl: (backend: string) => string | undefined): void {
    this.#playUrl = playUrl;
    this.#absorber = this.#bind(this.#config);
    this.#tell();
    this.#checking = setInterval(() => this.#absorberLog.check(performance.now()), CHECK_MS);
  }

  /**
   * Makes ready for `next`: binds where its absorber listens, if that is somewhere else. Nothing has changed until the result is
   * committed or discarded.
   *
   * @throws {BindError} where the address cannot be bound
   */
  prepare(next: BeatsConfig): Prepared {
    const stays = isSameBind(this.#config.heartbeatAbsorber?.bind, next.heartbeatAbsorber?.bind);
    const absorber = stays ? this.#absorber : this.#bind(next);
    return {
      commit: () => {
        this.#config = next;
        this.#salts?.configure(next.backends);
        this.#absorberLog.keep(next.backends.map(({ name }) => name));
        if (stays) {
          if (next.heartbeatAbsorber !== undefined) absorber?.configure({ ...next.heartbeatAbsorber, ...next });
          return;
        }
        this.#close(this.#absorber);
        this.#absorber = absorber;
        this.#tell();
      },
      discard: () => stays || this.#close(absorber),
    };
  }

  /** Takes no more. Resolves when nothing is under way. */
  async stop(): Promise<void> {
    clearInterval(this.#checking);
    this.#close(this.#absorber);
    await Promise.all(this.#stopping);
    await this.#salts?.settled();
  }

  #close(absorber: HeartbeatAbsorber | undefined): void {
    if (absorber === undefined) return;
    const stopping = absorber.stop().finally(() => this.#stopping.delete(stopping));
    this.#stopping.add(stopping);
  }

  #bind({ heartbeatAbsorber, backends }: BeatsConfig): HeartbeatAbsorber | undefined {
    if (heartbeatAbsorber === undefined) return undefined;
    return new HeartbeatAbsorber({
      ...heartbeatAbsorber,
      backends,
      playUrl: (backend) => this.#playUrl(backend),
      onBeat: (beat) => this.#take(beat),
      onRefused: (refused) => this.#absorberLog.refused(refused, performance.now()),
      onAcceptFailed: (error) => this.#acceptLog.failed("heartbeat_absorber", error, performance.now()),
    });
  }

  #tell(): void {
    if (this.#absorber === undefined) return;
    const { hostname, port } = this.#absorber.address;
    this.#log.info("absorbing", "heartbeats of backends are taken", {
      address: formatAddress({ kind: "tcp", host: hostname, port }),
    });
  }

  #take(beat: BackendBeat): void {
    const now = performance.now();
    const learned = this.#salts?.learn(beat.backend, beat.salt) ?? "same";
    this.#absorberLog.beat(beat, learned, now);
    this.#network.announced(beat.backend, beat.maxPlayers);
    if (learned === "new") this.#onRestart(beat.backend);
  }
}

function isSameBind(a: TcpAddress | undefined, b: TcpAddress | undefined): boolean {
  return a?.host === b?.host && a?.port === b?.port;
}
