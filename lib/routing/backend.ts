import type { BackendConfig } from "../config/schema.ts";
import type { ListedBackend, Seat } from "../session/routes.ts";
import type { Health } from "./health.ts";
import type { JoinRate } from "./join_rate.ts";

/** What routing has to know of a backend's configuration. */
export type BackendSettings = Pick<BackendConfig, "name" | "weight" | "maxPlayers" | "joinable" | "token">;

/** One backend: who it is, how it is, and how many are on it or on their way. */
export class Backend {
  readonly settings: BackendSettings;
  readonly health: Health;
  readonly joinRate: JoinRate;
  /** The limit the backend itself tells; 0 where it tells none. */
  toldMaxPlayers = 0;
  #players = 0;
  #drained = false;

  constructor(settings: BackendSettings, health: Health, joinRate: JoinRate) {
    this.settings = settings;
    this.health = health;
    this.joinRate = joinRate;
  }

  get name(): string {
    return this.settings.name;
  }

  get up(): boolean {
    return this.health.up;
  }

  /** Whether an operator lets no more players go there. Those who are there stay. */
  get drained(): boolean {
    return this.#drained;
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
    if (this.#drained) return "drained";
    return this.maxPlayers > 0 && this.#players >= this.maxPlayers ? "full" : "up";
  }

  drain(): void {
    this.#drained = true;
  }

  enable(): void {
    this.#drained = false;
  }

  /**
   * Takes a seat, whatever the state.
   *
   * @param released Called once, when the seat was given back.
   */
  take(released: () => void): Seat {
    this.#players++;
    let taken = true;
    return {
      backend: this.name,
      release: () => {
        if (!taken) return;
        taken = false;
        this.#players--;
        released();
      },
    };
  }
}
