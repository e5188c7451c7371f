/** The sessions that run: how each begins, what all or one of them are told, and how all of them end. */
import type { ListenerConfig } from "../config/schema.ts";
import type { Drill } from "../drill/drill.ts";
import type { SessionTraffic } from "../session/port.ts";
import type { Reason } from "../session/reasons.ts";
import type { MoveAnswer } from "../session/redirect/operator.ts";
import type { Conn } from "../transport/conn.ts";
import type { Arrival } from "./reception.ts";
import type { Roster } from "./roster.ts";
import { RunningSession, type SessionHost } from "./running_session.ts";
import { type SeatedPlayer, seatedPlayers } from "./seated_player.ts";
import { SessionIds } from "./session_ids.ts";
import type { SessionReports } from "./session_reports.ts";

/** Milliseconds players are given to take what waits for them when the edge stops. */
const STOPPING_MS = 2_000;

/** What sessions begin with. */
export interface SessionsOptions {
  readonly roster: Roster;
  readonly host: SessionHost;
  readonly reports: Pick<SessionReports, "begin">;
}

/** See the file's first line. */
export class Sessions {
  readonly #roster: Roster;
  readonly #host: SessionHost;
  readonly #reports: Pick<SessionReports, "begin">;
  readonly #ids = new SessionIds();

  constructor({ roster, host, reports }: SessionsOptions) {
    this.#roster = roster;
    this.#host = host;
    this.#reports = reports;
  }

  /** The network has changed: players on backends that are to be emptied leave them, and nobody else does. */
  reconsider(): void {
    for (const { driver } of this.#roster) driver.tell((session) => session.reconsider());
  }

  /** Sessions whose sockets are not all closed yet. */
  get size(): number {
    return this.#roster.size;
  }

  /** Everybody who was let in and whose sockets are not all closed yet, in the order they came. */
  players(): readonly SeatedPlayer[] {
    return seatedPlayers(this.#roster);
  }

  /** What went through all sessions so far; never decreases. */
  get traffic(): SessionTraffic {
    return this.#roster.traffic;
  }

  /** Bytes that wait to be written to players and backends. */
  get pending(): number {
    let bytes = 0;
    for (const { driver } of this.#roster) bytes += driver.pending;
    return bytes;
  }

  /** Begins a session for somebody who speaks Classic. */
  begin(listener: ListenerConfig, arrival: Arrival, conn: Conn): void {
    const id = this.#ids.next();
    const report = this.#reports.begin(id, listener.name, arrival);
    const running = new RunningSession(this.#host, id, listener, arrival, report);
    this.#roster.add(running);
    running.start(conn);
  }

  /** Puts a drill around the connections that it is for and that are there already. */
  disturb(drill: Drill): void {
    const { backend } = drill.order;
    for (const running of this.#roster) {
      if (running.caller === undefined || !drill.concerns(backend, running.caller.name)) continue;
      running.driver.disturb(backend, (leg, events) => drill.disturb(running.subject, leg, events));
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
    found?.expel("kicked", text || "no reason given", text || undefined);
    return found !== undefined;
  }

  /** Says something to every player in chat. Returns how many could be told. */
  announce(text: string): number {
    let told = 0;
    for (const { driver, caller } of this.#roster) {
      if (caller !== undefined && driver.tell((session) => session.say(text)) === true) told++;
    }
    return told;
  }

  /** Ends the sessions of those who have not been let in yet. */
  turnAwayNewcomers(reason: Reason, detail: string): void {
    for (const { driver, caller } of this.#roster) {
      if (caller === undefined) driver.tell((session) => session.end(reason, detail));
    }
  }

  /** Sessions that nothing has ended yet. */
  get staying(): number {
    let count = 0;
    for (const { leaving } of this.#roster) if (!leaving) count++;
    return count;
  }

  /** Ends the session of the player who has been here longest. Returns whether there was one. */
  dismissFirst(reason: Reason, detail: string): boolean {
    for (const { driver, leaving } of this.#roster) {
      if (leaving) continue;
      driver.tell((session) => session.end(reason, detail));
      return true;
    }
    return false;
  }

  /** Resolves when no session is left, or after `ms` milliseconds. */
  emptied(ms: number): Promise<void> {
    return this.#roster.emptied(ms);
  }

  /** Breaks what has made no progress since the last call. */
  checkProgress(): void {
    for (const { driver } of this.#roster) driver.checkProgress();
  }

  /**
   * Tells every player why, and resolves when all sockets are closed.
   *
   * @param closingMs Milliseconds that players are given to take what waits for them, two seconds at most.
   */
  async stop(reason: Reason, detail: string, closingMs: number = STOPPING_MS): Promise<void> {
    for (const { driver } of this.#roster) driver.tell((session) => session.end(reason, detail));
    if (this.#roster.size === 0) return;
    const deadline = setTimeout(() => {
      for (const { driver } of this.#roster) driver.abort();
    }, Math.min(closingMs, STOPPING_MS));
    await this.#roster.emptied();
    clearTimeout(deadline);
  }

  #find(player: string): RunningSession | undefined {
    const wanted = player.toLowerCase();
    for (const running of this.#roster) {
      if (!running.leaving && running.caller?.name.toLowerCase() === wanted) return running;
    }
    return undefined;
  }
}
