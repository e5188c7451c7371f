import { BLOCK } from "../../lib/demo/block.ts";
import { assertEquals } from "../harness/assert.ts";
import { Bot } from "../harness/bot.ts";
import type { Target } from "../harness/link.ts";
import { levelOf } from "./guestbook.ts";
import type { ClientKind } from "./kinds.ts";
import type { MarkedServer } from "./marked_server.ts";

/** Milliseconds between two positions that a client sends by itself. */
const POSITION_MS = 50;
const WAIT_MS = 30_000;
/** How long the edge waits for a client that cannot say that it sees its new world. */
const PATIENCE_MS = 500;
/** The edge says in red why it does not move a player; servers only that somebody has left. */
const REFUSAL = /^(&e)?&c(?!- )/;
/** Milliseconds between two things that a traveller does beyond that. */
const DEED_MS = 20;
/** One deed in so many is a line of chat. */
const DEEDS_PER_LINE = 8;
/** One line in so many takes more than one packet. */
const LINES_PER_LONG_ONE = 3;
const LONG_LENGTH = 100;
const DEEDS_PER_BREAK = 5;
const EXTENDED_BLOCK = 300;
const WORLD_WIDTH = 16;
/** Positions that a server gets before a traveller asks for the next. */
const POSITIONS_PER_STAY = 3;

/** A bot that plays without pause, whatever its server is. */
export class Traveller implements AsyncDisposable {
  readonly bot: Bot;
  #here: MarkedServer;
  #slowestMs = 0;
  #deeds = 0;
  /** What was said, in order. */
  readonly #lines: string[] = [];
  #timer: ReturnType<typeof setInterval> | undefined;

  private constructor(bot: Bot, here: MarkedServer) {
    this.bot = bot;
    this.#here = here;
  }

  /** Logs in at `target`, which leads to `here`. */
  static async join(target: Target, here: MarkedServer, client: ClientKind, name: string): Promise<Traveller> {
    const extensions = client.extensions === undefined ? {} : { extensions: client.extensions };
    const bot = await Bot.connect(target, { name, positionInterval: POSITION_MS, timeoutMs: WAIT_MS, ...extensions });
    const traveller = new Traveller(bot, here);
    await traveller.#arrived(0);
    return traveller;
  }

  /**
   * Whether the edge cannot be blamed for letting through what was meant for another server: from a client without any extension
   * that answers, it drops packets for half a second at the most (protocol.md §3.3).
   */
  get isExcused(): boolean {
    const { extensions } = this.bot;
    const answers = extensions.has("TwoWayPing") || extensions.has("CustomBlocks");
    return !answers && this.#slowestMs > PATIENCE_MS;
  }

  /** Begins to play. */
  play(): void {
    this.#timer = setInterval(() => this.#act(), DEED_MS);
  }

  /** Asks to be taken to another server, and waits until this is seen to have happened, and play there too. */
  async travel(to: MarkedServer): Promise<void> {
    const { loaded } = this.bot.state.map;
    const start = performance.now();
    this.#say();
    this.bot.chat(`/server ${to.name}`);
    this.#say();
    this.#here = to;
    await this.#arrived(loaded);
    this.#slowestMs = Math.max(this.#slowestMs, performance.now() - start);
    // A client without extensions is believed to be there when it says so.
    this.#walk();
    this.#say();
    await this.#stay();
  }

  /** Plays no more, and waits until the server has seen all of it. */
  async rest(): Promise<void> {
    clearInterval(this.#timer);
    this.#say();
    await this.#here.heard(this.bot.name, this.#lines.at(-1) ?? "");
  }

  /** Waits for a line that the server says to everybody: what happened there before is known now. */
  async hears(text: string): Promise<void> {
    await this.bot.chatLine(new RegExp(`${text}$`));
  }

  /** Ends the connection in order, and waits until the server has noticed. */
  async leave(): Promise<void> {
    await this.bot.halfClose();
    await this.bot.closed();
    await this.#here.left(this.bot.name);
    assertEquals(this.bot.violations, []);
  }

  /** Checks that all lines reached exactly one of `servers` once, in order and whole. */
  assertLines(servers: readonly MarkedServer[]): void {
    const { name } = this.bot;
    const found = servers.flatMap(({ guestbook }) => {
      const numbers = [...guestbook.said(name).matchAll(/#(\d+)/g)].map(([, number]) => Number(number));
      assertEquals(guestbook.said(name), numbers.map((number) => this.#lines[number]).join(""), `what ${name} said`);
      assertEquals(numbers, numbers.toSorted((a, b) => a - b), `order of what ${name} said`);
      return numbers;
    });
    assertEquals(found.toSorted((a, b) => a - b), [...this.#lines.keys()], `lines of ${name}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    await this.bot[Symbol.asyncDispose]();
  }

  async #arrived(loadedBefore: number): Promise<void> {
    const { name } = this.#here;
    const linesBefore = this.bot.state.screen.chat.length;
    const isThere = ({ state: { map, player, screen, isJoined } }: Bot): boolean => {
      const refusal = screen.chat.slice(linesBefore).find((line) => REFUSAL.test(line));
      if (refusal !== undefined) throw new Error(`Cannot take ${this.bot.name} to ${name}: ${refusal}`);
      return map.loaded > loadedBefore && isJoined && player.serverName === name;
    };
    await this.bot.until(isThere, `the world of ${name}`);
  }

  async #stay(): Promise<void> {
    const { name } = this.bot;
    const { guestbook } = this.#here;
    const positions = guestbook.count(name, "PlayerPosition") + POSITIONS_PER_STAY;
    const blocks = guestbook.count(name, "PlayerSetBlock");
    await guestbook.waits.until(
      () => guestbook.count(name, "PlayerPosition") >= positions && guestbook.count(name, "PlayerSetBlock") > blocks,
      `${name} at play`,
    );
  }

  #act(): void {
    this.#deeds++;
    this.#walk();
    this.#build();
    if (this.#deeds % DEEDS_PER_LINE === 0) this.#say();
  }

  /** A step within a block of where the server put the player, looking where it made the player look. */
  #walk(): void {
    const { spawn, self: { position } } = this.bot.state.entities;
    if (spawn === undefined || position === undefined) return;
    const step = this.#deeds % 32;
    this.bot.move(spawn.x + step, position.y, spawn.z - step, position.yaw, this.#deeds % 64);
  }

  #build(): void {
    const { state, extensions } = this.bot;
    const { position } = state.entities.self;
    if (!state.isJoined || position === undefined) return;
    const place = [this.#deeds % WORLD_WIDTH, levelOf(position.yaw), (this.#deeds >> 4) % WORLD_WIDTH] as const;
    if (extensions.has("PlayerClick")) this.bot.click({ x: place[0], y: place[1], z: place[2] });
    const palette = [
      BLOCK.STONE,
      BLOCK.GOLD,
      ...extensions.has("CustomBlocks") ? [BLOCK.CRATE] : [],
      ...extensions.has("ExtendedBlocks") ? [EXTENDED_BLOCK] : [],
    ];
    const block = palette[this.#deeds % palette.length] ?? BLOCK.STONE;
    if (this.#deeds % DEEDS_PER_BREAK === 0) this.bot.break(...place);
    else this.bot.place(...place, block);
  }

  /** Says a line that shows by itself whether it is whole; what takes two packets is one line only with LongerMessages. */
  #say(): void {
    const number = this.#lines.length;
    const isLong = this.bot.extensions.has("LongerMessages") && number % LINES_PER_LONG_ONE === 0;
    const line = `#${number}${"~".repeat(isLong ? LONG_LENGTH : 3)}${number}!`;
    this.#lines.push(line);
    this.bot.chat(line);
  }
}
