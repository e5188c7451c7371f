/** Sessions that change processes: those of this one that stop, and those of another one that go on here. */
import type { Frozen, LeavingSession } from "../handover/giving.ts";
import type { TravellingSession } from "../handover/messages.ts";
import { CLIENT } from "../session/port.ts";
import { decodeState, placeOf } from "../session/state.ts";
import { Caller } from "../transport/backend_dial.ts";
import type { Conn } from "../transport/conn.ts";
import type { LoopbackAddresses } from "../transport/loopback_addresses.ts";
import type { ResumedLeg } from "../transport/session_driver.ts";
import { WebSocketConn } from "../transport/websocket/websocket_conn.ts";
import type { EdgeHost } from "./edge_host.ts";
import type { Gatekeeper } from "./gatekeeper.ts";
import { newcomerWith } from "./passport.ts";
import type { Reception } from "./reception.ts";
import type { Roster } from "./roster.ts";
import { RunningSession, type SuspendedSession } from "./running_session.ts";
import type { ResumedReport, SessionReports } from "./session_reports.ts";

/** What travellers leave and arrive at. */
export interface TravellersOptions {
  readonly roster: Roster;
  readonly host: EdgeHost;
  readonly gatekeeper: Pick<Gatekeeper, "cede" | "has" | "resume">;
  readonly reception: Pick<Reception, "resume">;
  readonly reports: Pick<SessionReports, "resume">;
  readonly loopbacks: LoopbackAddresses;
}

/** A session with which another process may go on. */
interface Stopped {
  readonly running: RunningSession;
  readonly suspended: SuspendedSession;
}

/** A session that another process had. */
interface Adopted extends Pick<ResumedReport, "goOn"> {
  readonly running: RunningSession;
  readonly legs: readonly ResumedLeg[];
}

/** Stands for a connection of a session that nobody goes on with. */
const NO_CONNECTION: Conn = {
  read: () => Promise.resolve(null),
  write: (bytes) => Promise.resolve(bytes.length),
  closeWrite: () => Promise.resolve(),
  close: () => {},
};

/** See the file's first line. */
export class Travellers {
  readonly #options: TravellersOptions;
  /** Of another process, and not resumed yet. */
  readonly #adopted: Adopted[] = [];

  constructor(options: TravellersOptions) {
    this.#options = options;
  }

  /** Sessions that can go over to another process, if not at once: all whose client does not come through TLS. */
  get portable(): number {
    let count = 0;
    for (const { arrival, leaving } of this.#options.roster) if (!arrival.secure && !leaving) count++;
    return count;
  }

  /**
   * Up to `count` sessions as they would go over, which go on at once; some of them again and again where there are fewer. There may be
   * others by the time the next one is asked for.
   */
  *samples(count: number): Iterable<TravellingSession> {
    const { roster } = this.#options;
    let left = count;
    while (left > 0 && roster.size > 0) {
      for (const running of [...roster].slice(0, left)) {
        left--;
        const sample = running.sample();
        if (sample !== undefined) yield sample;
      }
    }
  }

  /** Stops every session with which another process can go on now. */
  freeze(): Frozen {
    const { gatekeeper, host } = this.#options;
    const stopped: Stopped[] = [];
    return {
      sessions: this.#suspend(stopped),
      staying: () => this.#namesExcept(new Set(stopped.map(({ running }) => running))),
      thaw: () => {
        for (const { suspended } of stopped) suspended.resume();
      },
      release: (kept) => {
        // First: whoever waits for one of the names is called when its player is gone.
        gatekeeper.cede(stopped.flatMap(({ running }) => kept.has(running.id) ? [] : running.caller?.name ?? []));
        for (const { running, suspended } of stopped) {
          if (kept.has(running.id)) {
            suspended.resume();
          } else {
            suspended.release();
            host.left(running);
          }
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

  /** As {@linkcode adopt} and {@linkcode abandon}, without connections: for practice. */
  rehearse(session: TravellingSession): void {
    const adopted = this.#restore(session, session.passport.legs.map(() => NO_CONNECTION));
    if (typeof adopted !== "string") this.#giveUp(adopted);
  }

  /** Goes on with what was adopted since the last time; all sessions are to reconsider then. */
  resume(): void {
    for (const { running, legs, goOn } of this.#adopted.splice(0)) {
      this.#options.roster.add(running);
      goOn();
      // Counted from here on, as the session is; until then nobody else has the name, since the process before still does.
      if (running.caller !== undefined) this.#options.gatekeeper.resume(running, running.caller.name);
      running.resume(legs);
    }
  }

  /** Forgets what was adopted and not resumed, which is still the other process's. */
  abandon(): void {
    for (const adopted of this.#adopted.splice(0)) this.#giveUp(adopted);
  }

  #giveUp({ running, legs }: Adopted): void {
    running.session.forget();
    for (const { conn } of legs) conn.close();
    this.#options.host.giveBack(running);
  }

  #namesExcept(others: ReadonlySet<RunningSession>): readonly string[] {
    return [...this.#options.roster].flatMap((running) => others.has(running) ? [] : running.caller?.name ?? []);
  }

  /** Stops one session after the other, each when it is asked for, and adds it to `stopped`. */
  *#suspend(stopped: Stopped[]): Iterable<LeavingSession> {
    for (const running of [...this.#options.roster]) {
      const suspended = running.suspend();
      if (suspended === undefined) continue;
      stopped.push({ running, suspended });
      yield suspended.leaving;
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
      const index = legs.findIndex((other) => other.leg === leg);
      const [conn, unsent] = [connections[index], session.unsent[index]];
      if (conn === undefined || unsent === undefined) return [];
      const isWebSocket = legs[index]?.websocket === true;
      return [{
        leg,
        backend: leg === CLIENT ? "" : place?.backend ?? "",
        conn: isWebSocket ? new WebSocketConn(conn, leg === CLIENT ? "server" : "client") : conn,
        unsent,
      }];
    });
    if (resumed.length !== wanted.length || connections.length !== wanted.length) {
      return `its connections are ${legs.map(({ leg }) => leg)}, not ${wanted}`;
    }
    const { host, reception, reports, gatekeeper, loopbacks } = this.#options;
    const listener = host.config.listeners.find(({ name }) => name === listenerName);
    if (listener === undefined) return `there is no listener "${listenerName}" any more`;
    const now = performance.now();
    if (gatekeeper.has(player)) return `somebody else plays as ${player}`;
    const arrival = reception.resume(newcomerWith(session.passport, now));
    const { source, destination } = arrival;
    const { report, goOn } = reports.resume(id, listenerName, arrival, { player, backend: place?.backend ?? "" });
    const running = new RunningSession(
      host,
      id,
      { ...listener, mode },
      arrival,
      report,
      { state, client, there: now - thereMs, caller: new Caller(player, source, destination, loopbacks) },
    );
    return { running, legs: resumed, goOn };
  }
}
