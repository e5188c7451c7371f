import { CLASSICUBE } from "../../lib/demo/presets.ts";
import { assert, assertEquals } from "../harness/assert.ts";
import { Bot } from "../harness/bot.ts";
import type { Target } from "../harness/link.ts";
import { JOIN_RATE } from "./reload_file.ts";
import { type ReloadScene, STEADY } from "./reload_scene.ts";
import type { Talker } from "./talker.ts";

const WAIT_MS = 20_000;
/** Crowds come evenly, but who is looked at late is found together with those behind. */
const MOST_IN_A_SECOND = 1.5 * JOIN_RATE;

/** Players who do more than talk: rovers go to the fair and come back when it is gone, guests come through the second listener and stay. */
export class Visitors implements AsyncDisposable {
  readonly guests: Bot[] = [];
  readonly #scene: ReloadScene;
  readonly #rovers: readonly Talker[];
  #roving: Promise<void> = Promise.resolve();
  /** Arrivals on any server before all rovers were at the fair. */
  #atTheFair = 0;
  #visits = 0;

  constructor(scene: ReloadScene, rovers: readonly Talker[]) {
    this.#scene = scene;
    this.#rovers = rovers;
  }

  /** Rovers set out for the fair. */
  goToTheFair(): void {
    this.#rove(async () => {
      for (const { bot } of this.#rovers) bot.chat("/server fair");
      await this.#stand(["fair"]);
      this.#atTheFair = this.#scene.ledger.arrivals.length;
    });
  }

  /** Rovers have to leave the fair, for one of `places`, at the rate at which crowds may come. */
  leaveTheFair(places: readonly string[]): void {
    const { arrivals } = this.#scene.ledger;
    this.#rove(async () => {
      await this.#stand(places);
      for (const place of places) {
        const there = arrivals.slice(this.#atTheFair).filter(({ server }) => server === place);
        const most = mostInASecond(there.map(({ at }) => at));
        assert(most <= MOST_IN_A_SECOND, `${most} players came to ${place} within a second`);
      }
    });
  }

  /** Resolves when no rover is on the way. */
  async settled(): Promise<void> {
    await this.#roving;
  }

  /** Somebody comes through the second listener to one of `places`, and stays. */
  async guest(places: readonly string[]): Promise<void> {
    const bot = await this.#come(await this.#scene.target("side"), places);
    this.guests.push(bot);
  }

  /** Somebody comes at `target` to one of `places`, and leaves. */
  async visit(target: Target, places: readonly string[]): Promise<void> {
    await using bot = await this.#come(target, places);
    await leave(bot);
  }

  /** Everybody who came through the second listener is heard by a steady server, wherever that listener is now. */
  async guestsPlay(): Promise<void> {
    await Promise.all(this.guests.map(async (bot) => {
      await bot.until(() => STEADY.includes(bot.state.player.serverName) && bot.state.isJoined, "a steady server");
      const line = `Here I am ${this.#visits++}`;
      await bot.chat(line);
      await bot.chatLine(new RegExp(`${bot.name}&7: &f${line}$`));
    }));
  }

  /** All who stayed leave in order. */
  async leave(): Promise<void> {
    await Promise.all(this.guests.map(leave));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.guests.map((bot) => bot[Symbol.asyncDispose]()));
  }

  async #come(target: Target, places: readonly string[]): Promise<Bot> {
    const bot = await Bot.connect(target, { name: `V${this.#visits++}`, extensions: CLASSICUBE, timeoutMs: WAIT_MS });
    await bot.until(({ state }) => state.isJoined && places.includes(state.player.serverName), `a world of ${places}`);
    return bot;
  }

  async #stand(places: readonly string[]): Promise<void> {
    await Promise.all(this.#rovers.map(async (rover) => {
      await rover.bot.until(() => places.includes(rover.place), `a world of ${places}`, { timeoutMs: WAIT_MS });
    }));
  }

  #rove(rove: () => Promise<void>): void {
    this.#roving = this.#roving.then(rove);
    // Whoever waits for it learns of it.
    this.#roving.catch(() => {});
  }
}

async function leave(bot: Bot): Promise<void> {
  await bot.halfClose();
  await bot.closed();
  assertEquals(bot.violations, []);
}

/** The most of `times`, in milliseconds, within a second. */
function mostInASecond(times: readonly number[]): number {
  return Math.max(0, ...times.map((from) => times.filter((at) => at >= from && at < from + 1_000).length));
}
