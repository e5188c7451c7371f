import { visibleBlock } from "../../lib/demo/block.ts";
import type { ExtensionSet } from "../../lib/protocol/extensions.ts";
import { assertEquals } from "../harness/assert.ts";
import { Bot, type BotOptions } from "../harness/bot.ts";
import type { Position } from "../harness/client/entities.ts";
import type { Target } from "../harness/link.ts";
import type { ObservedServer } from "./observed_server.ts";

/** Milliseconds between two positions a client sends by itself. */
const POSITION_MS = 50;
/** What a client adds to the height of its own spawn. */
const SELF_RISE = 22;

/** A bot that stands in a server's world, whatever is between the two. */
export class Player implements AsyncDisposable {
  readonly bot: Bot;
  readonly server: ObservedServer;
  /** What the server speaks with whoever is connected to it in this player's name: the player itself, or the edge. */
  readonly spoken: ExtensionSet;

  private constructor(bot: Bot, server: ObservedServer, spoken: ExtensionSet) {
    this.bot = bot;
    this.server = server;
    this.spoken = spoken;
  }

  /** Logs in at `target`, which leads to `server`, and waits until both agree that the player is in the world. */
  static async join(target: Target, server: ObservedServer, options: BotOptions): Promise<Player> {
    return await Player.#enter(await Bot.connect(target, { positionInterval: POSITION_MS, ...options }), server);
  }

  /** Logs in over a connection that leads to `server`, which may have carried something else before. */
  static async over(conn: Deno.Conn, server: ObservedServer, options: BotOptions): Promise<Player> {
    return await Player.#enter(Bot.over(conn, { positionInterval: POSITION_MS, ...options }), server);
  }

  static async #enter(bot: Bot, server: ObservedServer): Promise<Player> {
    try {
      await bot.joined();
      const { dialect } = await server.joined(bot.name);
      return new Player(bot, server, dialect.extensions);
    } catch (error) {
      bot.close();
      throw error;
    }
  }

  get name(): string {
    return this.bot.name;
  }

  /** Compares the whole map with the server's world, in which this player may be shown other blocks than there are. */
  assertMap(): void {
    const { world } = this.server;
    const { map } = this.bot.state;
    assertEquals(map.size, { x: world.xSize, y: world.ySize, z: world.zSize });
    const wrong: string[] = [];
    for (let y = 0; y < world.ySize; y++) {
      for (let z = 0; z < world.zSize; z++) {
        for (let x = 0; x < world.xSize; x++) {
          const [seen, wanted] = [map.at(x, y, z), visibleBlock(world.get(x, y, z), this.spoken)];
          if (seen !== wanted) wrong.push(`${seen} instead of ${wanted} at ${x} ${y} ${z}`);
        }
      }
    }
    assertEquals(wrong.slice(0, 5), []);
  }

  /** Call before the player moved. */
  assertSpawnedRight(): void {
    const { spawn } = this.server.world;
    assertEquals(this.bot.state.entities.self.position, { ...spawn, y: spawn.y - SELF_RISE });
  }

  /** Waits until this player sees somebody else, in the world and in the list of players. */
  async seesPlayer(name: string): Promise<void> {
    await this.bot.until(({ state: { entities } }) => {
      const listed = [...entities.tabList.values()].some(({ playerName }) => playerName === name);
      return listed && [...entities.entities.values()].some((entity) => entity.name === name);
    }, `player ${name}`);
  }

  /** Waits until somebody else is neither in the world nor in the list of players. */
  async losesPlayer(name: string): Promise<void> {
    await this.bot.until(({ state: { entities } }) => {
      const listed = [...entities.tabList.values()].some(({ playerName }) => playerName === name);
      return !listed && ![...entities.entities.values()].some((entity) => entity.name === name);
    }, `${name} gone`);
  }

  /** Waits until this player sees somebody else at a position. */
  async seesAt(name: string, { x, y, z, yaw, pitch }: Position): Promise<void> {
    const wanted = JSON.stringify({ x, y, z, yaw, pitch });
    await this.bot.until(({ state }) => {
      const entity = [...state.entities.entities.values()].find((entity) => entity.name === name);
      return JSON.stringify(entity?.position) === wanted;
    }, `${name} at ${wanted}`);
  }

  /** Waits until this player sees a block, or what stands for it. */
  async seesBlock([x, y, z]: readonly [number, number, number], block: number): Promise<void> {
    const wanted = visibleBlock(block, this.spoken);
    await this.bot.until(({ state }) => state.map.at(x, y, z) === wanted, `block ${wanted} at ${x} ${y} ${z}`);
  }

  /** Waits until this player sees a line of chat as the server words it, in the characters and colours it can show. */
  async seesLine(line: string): Promise<void> {
    const drawn = this.spoken.has("FullCP437") ? line : line.replaceAll(/[^\x20-\x7e]/g, "?");
    const wanted = this.spoken.has("MessageTypes") ? drawn : `&e${drawn}`;
    await this.bot.until(({ state }) => state.screen.chat.includes(wanted), `line ${JSON.stringify(wanted)}`);
  }

  /** Ends the connection in order, and waits until the other side has closed it too. */
  async leave(): Promise<void> {
    await this.bot.halfClose();
    await this.bot.closed();
    await this.server.left(this.name);
    assertEquals(this.bot.violations, []);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.bot[Symbol.asyncDispose]();
  }
}
