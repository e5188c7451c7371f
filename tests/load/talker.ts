import type { Bot } from "../harness/bot.ts";

/** A numbered line as servers word it, with the colour that clients without message types give it. */
const LINE = /^(?:&e)?&f(\w+)&7: &f#(\d+)$/;

/** Somebody who walks about and says numbered lines, and who counts those of others: a line that is missing is noticed. */
export class Talker {
  readonly bot: Bot;
  /** Lines that came again, or after a later one. */
  readonly repeats: string[] = [];
  /** Number of the last line of each player. */
  readonly #heard = new Map<string, number>();
  /** Lines of each player that have not come before a later one. */
  readonly #missed = new Map<string, number>();
  #said = 0;
  #steps = 0;

  constructor(bot: Bot) {
    this.bot = bot;
  }

  get name(): string {
    return this.bot.name;
  }

  /** What the world that the player stands in calls itself; empty between two worlds. */
  get place(): string {
    const { isJoined, player } = this.bot.state;
    return isJoined ? player.serverName : "";
  }

  /** The number of the last line said; lines are numbered from 1. */
  get said(): number {
    return this.#said;
  }

  /** Positions sent. */
  get steps(): number {
    return this.#steps;
  }

  /** Says the next line. Returns its number. */
  say(): number {
    this.#listen();
    this.bot.chat(`#${++this.#said}`);
    return this.#said;
  }

  /** Steps a few pixels aside. */
  async walk(): Promise<void> {
    const { position } = this.bot.state.entities.self;
    if (position === undefined) return;
    const aside = this.#steps % 2 === 0 ? 8 : -8;
    if (await this.bot.move(position.x + aside, position.y, position.z, this.#steps % 256)) this.#steps++;
  }

  /** Resolves when the line of that number has come back to its speaker. */
  async hearsItself(line: number): Promise<void> {
    await this.bot.until(() => this.heard(this.name) >= line, `line ${line} of ${this.name}`);
  }

  /** The number of the last line heard of somebody; 0 for none. */
  heard(player: string): number {
    this.#listen();
    return this.#heard.get(player) ?? 0;
  }

  /** How many lines of somebody were left out before the last that was heard. */
  missed(player: string): number {
    this.#listen();
    return this.#missed.get(player) ?? 0;
  }

  #listen(): void {
    for (const text of this.bot.state.screen.chat.splice(0)) {
      const [, player, digits] = LINE.exec(text) ?? [];
      if (player === undefined) continue;
      const [number, last] = [Number(digits), this.#heard.get(player) ?? 0];
      if (number <= last) this.repeats.push(`${this.name} heard ${player}'s line ${number} after ${last}`);
      if (number > last + 1) this.#missed.set(player, (this.#missed.get(player) ?? 0) + number - last - 1);
      this.#heard.set(player, number);
    }
  }
}
