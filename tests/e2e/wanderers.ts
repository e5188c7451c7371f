/** Players who play, chat, and go from one server to another all the time. */
import * as presets from "../../lib/demo/presets.ts";
import { ExtensionSet } from "../../lib/protocol/extensions.ts";
import { Bot, type BotOptions } from "../harness/bot.ts";
import type { Random } from "../harness/chunks.ts";
import { eventually } from "../harness/kernel.ts";
import type { Target } from "../harness/link.ts";

/** Most have CPE. */
const CLIENTS: readonly BotOptions[] = [
  { extensions: presets.CLASSICUBE },
  { extensions: presets.MCGALAXY },
  { protocol: 7 },
  { extensions: presets.CSERVER },
  { extensions: presets.MCCHOST },
  { protocol: 6 },
  { extensions: presets.CLASSICBORNE },
  { extensions: presets.CLASSICUBE.without("TwoWayPing") },
  { extensions: ExtensionSet.EMPTY },
  { protocol: 5 },
  { extensions: presets.CLASSICUBE },
  { extensions: ExtensionSet.ALL },
];
/** Connections that are made at a time. */
const AT_A_TIME = 20;
/** Each player acts once in this many milliseconds, or less often where there are many. */
const ROUND_MS = 1_000;
/** Milliseconds between two acts at least, be it of whom it may: each costs a server a login, and its players the news of it. */
const LEAST_PAUSE_MS = 10;
const CHATTY = 0.3;
const JOIN_MS = 20_000;
/** Milliseconds until who was not heard says something else. */
const HEARING_MS = 2_000;

/** See the file's first line. */
export class Wanderers implements AsyncDisposable {
  readonly #bots: readonly Bot[];
  readonly #places: readonly string[];
  readonly #random: Random;
  /** Lines of chat so far. */
  #lines = 0;
  #asked = 0;

  private constructor(bots: readonly Bot[], places: readonly string[], random: Random) {
    this.#bots = bots;
    this.#places = places;
    this.#random = random;
  }

  /** `count` players join at `target`, and wander between servers that say the names `places`. */
  static async join(target: Target, count: number, places: readonly string[], random: Random): Promise<Wanderers> {
    const bots: Bot[] = [];
    while (bots.length < count) {
      const options = Array.from({ length: Math.min(AT_A_TIME, count - bots.length) }, (_, index) => {
        const number = bots.length + index;
        return { ...CLIENTS[number % CLIENTS.length], name: `W${number}`, timeoutMs: JOIN_MS };
      });
      const joined = await Promise.all(options.map((each) => Bot.connect(target, each)));
      bots.push(...joined);
      await Promise.all(joined.map((bot) => bot.joined()));
    }
    return new Wanderers(bots, places, random);
  }

  get names(): readonly string[] {
    return this.#bots.map(({ name }) => name);
  }

  /** Moves asked for so far. */
  get asked(): number {
    return this.#asked;
  }

  /** Everybody moves about, and asks for a move, in turn; now and then they chat. Until `isOver`. */
  async wander(isOver: () => boolean): Promise<void> {
    const start = performance.now();
    const pause = Math.max(LEAST_PAUSE_MS, ROUND_MS / this.#bots.length);
    for (let turn = 0; !isOver(); turn++) {
      const bot = this.#bots[turn % this.#bots.length];
      if (bot !== undefined) this.#act(bot);
      const wait = start + turn * pause - performance.now();
      if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
    }
  }

  /** Names of those who stand in each server's world, in order, as they see it. */
  onPlaces(): readonly (readonly string[])[] {
    return this.#places.map((place) => {
      return this.#bots.filter((bot) => placeOf(bot) === place).map(({ name }) => name).toSorted();
    });
  }

  /** Waits until everybody plays on some server. */
  async settled(timeoutMs: number): Promise<void> {
    await Promise.all(this.#bots.map((bot) => {
      return bot.until(() => this.#places.includes(placeOf(bot)), "a world of a server", { timeoutMs });
    }));
  }

  /**
   * Everybody says a line, and who is not heard says another one: a server that hangs takes what was said to it along.
   *
   * @param isHeard Whether a server has heard the line, given as `NAME: LINE`.
   */
  async beHeard(isHeard: (line: string) => boolean, timeoutMs: number): Promise<void> {
    const deadline = performance.now() + timeoutMs;
    let silent = this.#bots;
    while (silent.length > 0) {
      if (performance.now() > deadline) throw new Error(`Cannot hear ${silent.map(({ name }) => name)}`);
      const said = silent.map((bot) => ({ bot, line: this.#say(bot) }));
      const unheard = (): readonly Bot[] => said.filter(({ line }) => !isHeard(line)).map(({ bot }) => bot);
      await eventually(() => unheard().length === 0, "everybody heard", { timeoutMs: HEARING_MS }).catch(() => {});
      silent = unheard();
    }
  }

  /** What has gone wrong for anybody: lost connections, kicks and broken rules. */
  async complaints(): Promise<readonly string[]> {
    return await complaintsOf(this.#bots);
  }

  /** Everybody leaves in order. */
  async leave(): Promise<void> {
    await leaveAll(this.#bots);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#bots.map((bot) => bot[Symbol.asyncDispose]()));
  }

  #act(bot: Bot): void {
    const random = this.#random;
    // Nobody scrolls back that far.
    bot.state.screen.chat.splice(0);
    const { position } = bot.state.entities.self;
    if (position !== undefined) bot.move(position.x + random.below(65) - 32, position.y, position.z, random.below(256));
    if (random.next() < CHATTY) this.#say(bot);
    const here = placeOf(bot);
    this.#asked++;
    bot.chat(`/server ${random.pick(this.#places.filter((place) => place !== here))}`);
  }

  /** Says a line that nobody has said before. Returns it, in the form `NAME: LINE`. */
  #say(bot: Bot): string {
    const line = `line ${++this.#lines}.`;
    bot.chat(line);
    return `${bot.name}: ${line}`;
  }
}

/** Everybody leaves in order, and the other side too. */
export async function leaveAll(bots: readonly Bot[]): Promise<void> {
  await Promise.all(bots.map(async (bot) => {
    await bot.halfClose();
    await bot.closed();
  }));
}

/** What has gone wrong for any of those who should still play: lost connections, kicks and broken rules. */
export async function complaintsOf(bots: readonly Bot[]): Promise<readonly string[]> {
  const now = { timeoutMs: 0 };
  const all = await Promise.all(bots.map(async (bot) => {
    const kick = await bot.kicked(now).catch(() => undefined);
    const isClosed = await bot.closed(now).then(() => true, () => false);
    return [
      ...bot.violations,
      ...kick === undefined ? [] : [`kicked: ${kick}`],
      ...isClosed ? ["the connection is over"] : [],
    ].map((complaint) => `${bot.name}: ${complaint}`);
  }));
  return all.flat();
}

/** What the world calls itself that a bot stands in; empty between two worlds. */
function placeOf({ state }: Bot): string {
  return state.isJoined ? state.player.serverName : "";
}
