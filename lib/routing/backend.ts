import type { BackendConfig } from "../config/schema.ts";
import type { ListedBackend, Seat } from "../session/routes.ts";
import type { Health, HealthRules } from "./health.ts";
import { JoinRate } from "./join_rate.ts";

/** What routing has to know of a backend's configuration. */
export type BackendSettings = Pick<BackendConfig, "name" | "weight" | "maxPlayers" | "joinable" | "token">;

/** One backend: who it is, how it is, and how many are on it or on their way. */
export class Backend {
  readonly health: Health;
  /** The limit the backend itself tells; 0 where it tells none. */
  toldMaxPlayers = 0;
  #settings: BackendSettings;
  #joinRate: JoinRate;
  #players = 0;
  #closing: "no" | "drained" | "emptied" = "no";

  /** @param perSecond Logins it gets in a second. */
  constructor(settings: BackendSettings, health: Health, perSecond: number) {
    this.#settings = settings;
    this.health = health;
    this.#joinRate = new JoinRate(perSecond);
  }

  get settings(): BackendSettings {
    return this.#settings;
  }

  get joinRate(): JoinRate {
    return this.#joinRate;
  }

  get name(): string {
    return this.settings.name;
  }

  get up(): boolean {
    return this.health.up;
  }

  /** Whether no more players are let go there. */
  get drained(): boolean {
    return this.#closing !== "no";
  }

  /** Whether those who are there are to go elsewhere, as soon as somebody takes them. */
  get emptied(): boolean {
    return this.#closing === "emptied";
  }

  /** Seats that are taken. */
  get players(): number {
    return this.#players;
  }

  /** Players it may have; 0 is no limit. */
  get maxPlayers(): number {
    return this.settings.maxPlayers || this.toldMaxPlayers;
  }

  /** What keeps players away, if anything. */
  get state(): ListedBackend["state"] {
    if (!this.up) return "down";
    if (this.drained) return "drained";
    return this.maxPlayers > 0 && this.#players >= this.maxPlayers ? "full" : "up";
  }

  /** @param move Whether those who are there are to go elsewhere. */
  drain(move: boolean): void {
    this.#closing = move ? "emptied" : "drained";
  }

  enable(): void {
    this.#closing = "no";
  }

  /** Is what the configuration says now. Health, players and the count of logins survive, and so does a drain. */
  configure(settings: BackendSettings, rules: HealthRules, perSecond: number): void {
    this.#settings = settings;
    this.health.configure(rules);
    if (this.#joinRate.perSecond !== perSecond) this.#joinRate = new JoinRate(perSecond);
  }

  /**
   * Takes a seat, whatever the state.
   *
   * @param released Called once, when the seat was given back.
   */
  take(released: (backend: Backend) => void): Seat {
    this.#players++;
    return new TakenSeat(this, this.#giveBack, released);
  }

  /** A value, so that all seats share it. */
  readonly #giveBack = (): void => void this.#players--;
}

/** There is one for each player. */
class TakenSeat implements Seat {
  readonly #backend: Backend;
  readonly #giveBack: () => void;
  readonly #released: (backend: Backend) => void;
  #isTaken = true;

  constructor(backend: Backend, giveBack: () => void, released: (backend: Backend) => void) {
    this.#backend = backend;
    this.#giveBack = giveBack;
    this.#released = released;
  }

  get backend(): string {
    return this.#backend.name;
  }

  release(): void {
    if (!this.#isTaken) return;
    this.#isTaken = false;
    this.#giveBack();
    this.#released(this.#backend);
  }
}
