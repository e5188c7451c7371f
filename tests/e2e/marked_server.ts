import { ClassicServer } from "../../lib/demo/server.ts";
import { BLOCK } from "../../lib/demo/block.ts";
import { standingAt, World } from "../../lib/demo/world.ts";
import { furnish, type Side } from "./furniture.ts";
import { Guestbook, yawOf } from "./guestbook.ts";
import type { ServerKind } from "./kinds.ts";

/** Small enough to be sent thousands of times. */
const SIZE = { xSize: 16, ySize: 32, zSize: 16 } as const;
const GROUND = 15;
/** Where players begin, by side: further apart than a client without extensions can be mistaken for standing there. */
const BEGINNINGS = { west: 3.5, east: 12.5 } as const;
const LOGIN_MS = 60_000;

/** A demo server that leaves all it can in its clients, and knows its own players' packets from those meant for others. */
export class MarkedServer implements AsyncDisposable {
  /** What the edge calls it, and what it calls itself. */
  readonly name: string;
  readonly guestbook: Guestbook;
  readonly #server: ClassicServer;

  private constructor(name: string, guestbook: Guestbook, server: ClassicServer) {
    this.name = name;
    this.guestbook = guestbook;
    this.#server = server;
  }

  /**
   * @param number From 1 to 12, no other server's.
   * @param side Servers in the west show something of every extension as they always do, those in the east only what others
   * do not show.
   */
  static async start({ name: kind, options }: ServerKind, number: number, side: Side): Promise<MarkedServer> {
    const name = `${kind}-${side}`;
    const isWest = side === "west";
    const world = newWorld(number, side);
    const owner = { number, side, spawn: world.spawn };
    const guestbook = new Guestbook(owner, isWest);
    const server = await ClassicServer.start({
      ...options,
      name,
      motd: isWest ? "In the west -hax" : "In the east",
      world,
      decorated: isWest,
      maxPlayersPerAddress: 0,
      loginTimeoutMs: LOGIN_MS,
      onEvent: (event) => {
        guestbook.take(event);
        if (event.kind !== "joined") return;
        furnish((packet, values) => server.send(event.player, packet, values), event.dialect, owner);
      },
    });
    return new MarkedServer(name, guestbook, server);
  }

  get address(): string {
    return this.#server.address;
  }

  /** Waits until somebody is gone. */
  async left(player: string): Promise<void> {
    await this.guestbook.waits.until(() => !this.guestbook.isThere(player), `${player} gone`);
  }

  /** Waits until the last somebody has said is `text`. */
  async heard(player: string, text: string): Promise<void> {
    await this.guestbook.waits.until(() => this.guestbook.said(player).endsWith(text), `${text} of ${player}`);
  }

  /** Says a line of chat to everybody. */
  broadcast(text: string): void {
    this.#server.broadcast(text);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server[Symbol.asyncDispose]();
  }
}

/** A meadow with blocks of each server's own, so that no map passes for another. */
function newWorld(number: number, side: Side): World {
  const beginning = BEGINNINGS[side];
  const spawn = standingAt(beginning, GROUND + 1, beginning, yawOf(number));
  const world = new World({ ...SIZE, spawn });
  world.fill([0, 0, 0], [SIZE.xSize - 1, GROUND, SIZE.zSize - 1], BLOCK.DIRT);
  for (const [x, block] of [BLOCK.LANTERN, BLOCK.CRATE, 300, 767].entries()) world.set(x, GROUND, 0, block);
  world.fill([0, GROUND, 1], [number, GROUND, 1], BLOCK.GOLD);
  return world;
}
