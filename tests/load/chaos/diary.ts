import { DEFAULT_LIMITS } from "../../../lib/session/port.ts";
import type { LogLine, Program } from "../../harness/program.ts";
import { Tally } from "./trouble.ts";

/** A player's session, as the log tells of it. */
interface Stay {
  readonly player: string;
  /** Name of the backend; empty for none. */
  place: string;
  /** Milliseconds since 1970 at which its backend was lost; `undefined` while the player is somewhere. */
  lostAt: number | undefined;
}

/** A fence that took so many milliseconds, answered after all, tells that this machine lets clients wait who would answer. */
const OVERLOADED_MS = 5_000;

/** A time in which a player was on no backend, in milliseconds since 1970; 0 milliseconds where it was made up for at once. */
export interface Gap {
  readonly from: number;
  until: number;
}

/** What became of a reload. */
export interface ReloadLine {
  readonly result: string;
}

/** What the log of a program means, read as it grows and then forgotten: however long the program runs, the diary stays short. */
export class Diary {
  /** Lines by event. */
  readonly events = new Tally();
  readonly reloads: ReloadLine[] = [];
  readonly #faults: string[] = [];
  /** Fences that nobody has answered in time. */
  readonly #unanswered: string[] = [];
  /** Milliseconds of the longest that was. */
  #slowestFenceMs = 0;
  /** Addresses of all who came. */
  readonly addresses = new Set<string>();
  /** Players who answer no fence. */
  readonly mute = new Set<string>();
  /** When players had no backend, by their names, of those only who were put here: when one was lost, or they came to the waiting room. */
  readonly gaps = new Map<string, Gap[]>();
  /** Where the admin API is, as `http://…`. */
  admin: string;
  /** The process that has taken over last; `undefined` where none has. */
  pid: number | undefined;
  /** Upgrades so far, those included that were refused. */
  upgrades = 0;
  /** Why the last one was refused that was. */
  upgradeRefusal = "";
  readonly #program: Program;
  /** Lines that were there before, where programs look for what listens. */
  readonly #begun: number;
  readonly #stays = new Map<unknown, Stay>();
  #slowestMs = 0;
  #ended = 0;

  constructor(program: Program) {
    this.#program = program;
    this.#begun = program.log.length;
    this.admin = program.admin;
  }

  /**
   * Ends of players' sessions, and errors of the edge, that there should be none of; and fences without an answer, where this machine has
   * left everybody the time to give it.
   */
  get faults(): readonly string[] {
    return [...this.#faults, ...this.#slowestFenceMs < OVERLOADED_MS ? this.#unanswered : []];
  }

  /** Milliseconds of the longest time from the loss of a backend until its player was somewhere else, or in the waiting room. */
  get slowestMs(): number {
    this.#read();
    return this.#slowestMs;
  }

  /** Sessions of players that are not over. */
  get staying(): number {
    this.#read();
    return this.#stays.size;
  }

  /** Sessions that are over, and connections that became none. */
  get ended(): number {
    this.#read();
    return this.#ended;
  }

  /** Reads what is new. */
  read(): this {
    this.#read();
    return this;
  }

  /** Names of the players on each backend, in order. */
  places(backends: readonly string[]): readonly (readonly string[])[] {
    this.#read();
    const all = [...this.#stays.values()];
    return backends.map((name) => all.filter(({ place }) => place === name).map(({ player }) => player).toSorted());
  }

  #read(): void {
    for (const line of this.#program.log.splice(this.#begun)) this.#take(line);
  }

  #take(line: LogLine): void {
    const { event, session, server } = line;
    this.events.count(event);
    if (typeof line.ip === "string") this.addresses.add(line.ip);
    const stay = this.#stays.get(session);
    switch (event) {
      case "identified":
        this.#stays.set(session, { player: String(line.player), place: "", lostAt: undefined });
        break;
      case "joined":
        if (stay !== undefined) this.#arrived(stay, String(server), line);
        this.#gapsOf(stay)?.filter(({ until }) => until === Infinity).forEach((gap) => gap.until = timeOf(line));
        break;
      case "waiting":
        if (stay !== undefined) this.#arrived(stay, "", line);
        this.#gapsOf(stay)?.push({ from: timeOf(line), until: Infinity });
        break;
      case "lost":
        this.#gapsOf(stay)?.push({ from: timeOf(line), until: timeOf(line) });
        if (stay !== undefined && stay.place === server) Object.assign(stay, { place: "", lostAt: timeOf(line) });
        break;
      case "ended":
      case "turned-away":
        this.#ended++;
        if (stay !== undefined && line.reason !== "client-left") this.#faults.push(`${stay.player}: ${line.reason}`);
        this.#stays.delete(session);
        break;
      case "reload":
        this.reloads.push({ result: String(line.result) });
        break;
      case "admin":
        this.admin = `http://${line.address}`;
        break;
      case "upgraded":
        this.pid = Number(line.pid);
        this.upgrades++;
        break;
      case "upgrade-refused":
        this.upgrades++;
        this.upgradeRefusal = String(line.why);
        break;
      case "fence-unanswered":
        if (!this.mute.has(String(line.player))) this.#unanswered.push(JSON.stringify(line));
        break;
      case "moved": {
        const ms = Number(line.fence_ms);
        if (ms < DEFAULT_LIMITS.fenceMs) this.#slowestFenceMs = Math.max(this.#slowestFenceMs, ms);
        break;
      }
      case "crashed":
      case "not-json":
        this.#faults.push(JSON.stringify(line));
    }
  }

  #gapsOf(stay: Stay | undefined): Gap[] | undefined {
    return stay && this.gaps.get(stay.player);
  }

  #arrived(stay: Stay, place: string, line: LogLine): void {
    if (stay.lostAt !== undefined) this.#slowestMs = Math.max(this.#slowestMs, timeOf(line) - stay.lostAt);
    stay.place = place;
    stay.lostAt = undefined;
  }
}

function timeOf(line: LogLine): number {
  return Date.parse(String(line.time));
}
