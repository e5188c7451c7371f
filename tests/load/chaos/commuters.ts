import { CLASSICUBE } from "../../../lib/demo/presets.ts";
import { complaintsOf, leaveAll } from "../../e2e/wanderers.ts";
import { Bot } from "../../harness/bot.ts";
import type { Random } from "../../harness/chunks.ts";
import type { Target } from "../../harness/link.ts";
import type { Gap } from "./diary.ts";
import type { Edge } from "./edge.ts";
import { pass, Tally, type Trouble } from "./trouble.ts";

const JOIN_MS = 20_000;
/** Milliseconds between two lines of somebody, at least and at most. */
const LINE_MS = [30, 60] as const;
/** Lines of somebody between two wishes to go to the other place. */
const LINES_PER_WAY = 15;
/** Milliseconds by which what is said to a place is known to be heard there. */
const HEARING_MS = 2_000;
/** What breaks a connection off at once, so that what is typed then is typed nowhere. */
const BREAKS = ["death", "reset"] as const;
/** The next place takes so many milliseconds longer to answer than it would, so that there is time to type. */
const DELAY_MS = 60;

/** Something that was said. */
interface Line {
  readonly player: string;
  readonly text: string;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/**
 * Players who go to and fro between two servers that nothing befalls but drills for one of them at a time, and who talk without pause:
 * what they say is heard, be it said on the way or while nobody is there to hear it. They cut their packets in two.
 */
export class Commuters implements Trouble, AsyncDisposable {
  readonly tally = new Tally();
  readonly #bots: readonly Bot[];
  readonly #places: readonly [string, string];
  readonly #edge: Edge;
  readonly #random: Random;
  /** What nobody has heard yet. */
  #lines: Line[] = [];
  #number = 0;

  private constructor(bots: readonly Bot[], places: readonly [string, string], edge: Edge, random: Random) {
    this.#bots = bots;
    this.#places = places;
    this.#edge = edge;
    this.#random = random;
  }

  /** `count` of them join at `target`. */
  static async join(
    target: Target,
    count: number,
    places: readonly [string, string],
    edge: Edge,
    random: Random,
  ): Promise<Commuters> {
    const options = { extensions: CLASSICUBE, chunking: "halves", timeoutMs: JOIN_MS } as const;
    const bots = await Promise.all(
      Array.from({ length: count }, (_, number) => Bot.connect(target, { ...options, name: `P${number}` })),
    );
    await Promise.all(bots.map((bot) => bot.joined()));
    return new Commuters(bots, places, edge, random);
  }

  get names(): readonly string[] {
    return this.#bots.map(({ name }) => name);
  }

  async rage(isOver: () => boolean): Promise<void> {
    await Promise.all([this.#breakOff(isOver), ...this.#bots.map((bot) => this.#commute(bot, isOver))]);
  }

  /**
   * What was said and is not heard. What was said to a place right before it was lost may be lost with it, and so is what is said in the
   * waiting room.
   *
   * @param isHeard Whether a server has heard the line, given as `NAME: LINE`.
   * @param gapsOf When a player was nowhere.
   * @param lagMs How much longer than usual it may take until something is heard.
   */
  unheard(
    isHeard: (line: string) => boolean,
    gapsOf: (player: string) => readonly Gap[],
    lagMs: number,
  ): readonly string[] {
    this.#lines = this.#lines.filter(({ player, text }) => !isHeard(`${player}: ${text}`));
    return this.#lines
      .filter(({ player, at }) =>
        !gapsOf(player).some(({ from, until }) => at >= from - HEARING_MS - lagMs && at <= until)
      )
      .map(({ player, text, at }) => `${player}: ${text}, said at ${new Date(at).toISOString()}`);
  }

  /** What has gone wrong for anybody, beyond what was not heard. */
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

  async #commute(bot: Bot, isOver: () => boolean): Promise<void> {
    for (let turn = 1 + this.#random.below(LINES_PER_WAY); !isOver(); turn++) {
      bot.state.screen.chat.splice(0);
      this.#say(bot);
      if (turn % LINES_PER_WAY === 0) {
        const [here, there] = this.#places;
        bot.chat(`/server ${bot.state.player.serverName === here ? there : here}`);
        this.#say(bot);
      }
      await pass(this.#random, ...LINE_MS);
    }
  }

  /** Now and then somebody's connection breaks off, and the way to the other place takes a while. */
  async #breakOff(isOver: () => boolean): Promise<void> {
    while (!isOver()) {
      await pass(this.#random, 800, 1_600);
      const { name, state } = this.#random.pick(this.#bots);
      const [here, there] = this.#places;
      const other = state.player.serverName === here ? there : here;
      await this.#drill({ fault: "delay", backend: other, delay_ms: DELAY_MS, for: "600ms", players: [name] });
      const fault = this.#random.pick(BREAKS);
      await this.#drill({ fault, backend: other === here ? there : here, for: "200ms", players: [name] });
    }
  }

  async #drill(request: { readonly fault: string; readonly [key: string]: unknown }): Promise<void> {
    const { status } = await this.#edge.order("/v1/drills", request);
    this.tally.count(status === 200 ? request.fault : "refused");
  }

  /** Says a line that nobody has said before. */
  #say(bot: Bot): void {
    const text = `way ${++this.#number}.`;
    this.#lines.push({ player: bot.name, text, at: Date.now() });
    this.tally.count("said");
    bot.chat(text);
  }
}
