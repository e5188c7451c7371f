import { Clock } from "../position.ts";
import { Poller } from "../sockets.ts";
import { Bot } from "./bot.ts";
import { Habits, TICKS_PER_SECOND, type Weights } from "./habits.ts";
import { Ledger } from "./ledger.ts";
import { Random } from "./random.ts";
import { SPEECHES, World } from "./world.ts";

/** Milliseconds between two positions of a bot, and between two times that a world tells of them. */
const TICK = 1_000 / TICKS_PER_SECOND;
/** Bots that begin to join at each tick. */
const JOINS_PER_TICK = 5;
/** Kinds of clients, in turn. */
const KINDS = ["cpe", "vanilla", "cpe", "modest"] as const;

/** Who lives in a town, and how. */
export interface TownOptions {
  readonly bots: number;
  readonly seed: number;
  readonly weights: Weights;
}

/** All bots and all their worlds, on one thread and one clock, with the edge in between. */
export class Town implements Disposable {
  readonly ledger = new Ledger();
  readonly worlds: readonly World[];
  readonly bots: readonly Bot[];
  /** Port of the edge. */
  targetPort = 0;

  readonly poller = new Poller();
  readonly #clock = new Clock();

  constructor({ bots, seed, weights }: TownOptions) {
    const residents = new Map<string, Bot>();
    const shared = { clock: this.#clock, ledger: this.ledger, residents };
    this.worlds = SPEECHES.map((speech) => new World(this.poller, speech, shared));
    const random = new Random(seed);
    const around = {
      ...shared,
      connect: () => this.poller.connect(this.targetPort),
      worldAfter: (name: string, distance: number) => this.#worldAfter(name, distance),
    };
    this.bots = Array.from({ length: bots }, (_, index) => {
      const kind = KINDS[index % KINDS.length] ?? "vanilla";
      const habits = new Habits(random.fork(), this.worlds.length, weights);
      return new Bot(`Bot${index}`, kind, habits, Math.floor(index / JOINS_PER_TICK), around);
    });
    for (const bot of this.bots) residents.set(bot.name, bot);
  }

  /** Bots whose sessions play. */
  get playing(): number {
    return this.bots.filter((bot) => bot.playing).length;
  }

  /** Bots as the worlds count them; one who moves counts twice. */
  get visiting(): number {
    return this.worlds.reduce((sum, world) => sum + world.players, 0);
  }

  /**
   * Lets everybody live for at most `milliseconds`, or until `done`, which is looked at in each tick. Ticks that come too late for their
   * schedule are left out. Returns whether `done` came to hold.
   */
  run(milliseconds: number, done: () => boolean = () => false): boolean {
    const pace = TICK / this.bots.length;
    const start = performance.now();
    let nextBot = start;
    let nextTick = start + TICK / 2;
    let index = 0;
    for (let now = start; now < start + milliseconds; now = performance.now()) {
      while (nextBot <= now) {
        this.bots[index]?.tick(now);
        index = (index + 1) % this.bots.length;
        nextBot = Math.max(nextBot + pace, now - TICK);
      }
      if (nextTick <= now) {
        this.#tellAll();
        nextTick = Math.max(nextTick + TICK, now);
        if (done()) return true;
      }
      this.poller.poll(Math.min(nextBot, nextTick) - performance.now());
    }
    return false;
  }

  /** Closes everything. */
  [Symbol.dispose](): void {
    this.poller[Symbol.dispose]();
  }

  #tellAll(): void {
    for (const world of this.worlds) {
      for (const guest of world.guests()) {
        guest.tell();
        // What has arrived meanwhile is taken at once, lest its time include the rest of this loop.
        this.poller.poll(0);
      }
    }
  }

  #worldAfter(name: string, distance: number): string {
    const index = this.worlds.findIndex((world) => world.name === name);
    return this.worlds[(index + distance) % this.worlds.length]?.name ?? name;
  }
}
