import { gunzipSync } from "node:zlib";
import mc from "minecraft-classic-protocol";
import { visibleBlock } from "../../lib/demo/block.ts";
import type { Place, World } from "../../lib/demo/world.ts";
import { ExtensionSet } from "../../lib/protocol/extensions.ts";
import { PacketBuffer } from "../../lib/protocol/packet_buffer.ts";
import { assertEquals } from "../harness/assert.ts";
import type { Position } from "../harness/client/entities.ts";
import { Waits } from "../harness/waits.ts";

/** What is used of the package's client, which comes without types. A listener takes the packet that its event names. */
interface NpmClient {
  on(event: string, listener: (packet: never) => void): void;
  write(packet: string, values: Readonly<Record<string, unknown>>): void;
  end(reason: string): void;
}

interface NpmTeleport extends Position {
  readonly player_id: number;
}

interface NpmSpawn extends NpmTeleport {
  readonly player_name: string;
}

interface NpmSetBlock {
  readonly x: number;
  readonly y: number;
  readonly z: number;
  readonly block_type: number;
}

const SELF = -1;
const LENGTH_PREFIX_SIZE = 4;

/** Somebody who plays with the client of the npm package `minecraft-classic-protocol`: protocol 7, no CPE, an empty key. */
export class NpmPlayer implements AsyncDisposable {
  readonly name: string;
  readonly #client: NpmClient;
  readonly #level = new PacketBuffer();
  readonly #chat: string[] = [];
  /** Where the others were last told to be, by id. */
  readonly #others = new Map<number, Position & { readonly name: string }>();
  /** Blocks that changed since the map came, by place. */
  readonly #changes = new Map<string, number>();
  readonly #waits = new Waits(() => `${this.name} heard last: ${JSON.stringify(this.#chat.slice(-3))}`);
  #isPlaced = false;
  #isOver = false;

  private constructor(name: string, client: NpmClient) {
    this.name = name;
    this.#client = client;
    this.#on("level_data_chunk", ({ chunk_data }: { chunk_data: Uint8Array }) => this.#level.append(chunk_data));
    this.#on("message", ({ message }: { message: string }) => this.#chat.push(message));
    this.#on("set_block", ({ x, y, z, block_type }: NpmSetBlock) => this.#changes.set(`${x} ${y} ${z}`, block_type));
    this.#on("spawn_player", ({ player_id, player_name, ...position }: NpmSpawn) => {
      if (player_id === SELF) this.#isPlaced = true;
      else this.#others.set(player_id, { name: player_name, ...position });
    });
    this.#on("player_teleport", ({ player_id, ...position }: NpmTeleport) => {
      const other = this.#others.get(player_id);
      if (other !== undefined) this.#others.set(player_id, { ...other, ...position });
    });
    this.#on("end", () => {
      this.#isOver = true;
    });
    client.on("error", (error: Error) => this.#waits.break(String(error)));
  }

  /** Logs in and waits until the player stands in a world. */
  static async join({ hostname, port }: { hostname: string; port: number }, name: string): Promise<NpmPlayer> {
    const player = new NpmPlayer(name, mc.createClient({ host: hostname, port, username: name }));
    try {
      await player.#waits.until(() => player.#isPlaced, "a world to stand in");
      return player;
    } catch (error) {
      player.#client.end("failed");
      throw error;
    }
  }

  /** Compares the whole map with a server's world as clients without extensions are shown it. Call before blocks change. */
  assertMap(world: World): void {
    const blocks = gunzipSync(this.#level.view()).subarray(LENGTH_PREFIX_SIZE);
    const wanted = world.blocks.map((block) => visibleBlock(block, ExtensionSet.EMPTY));
    assertEquals(blocks.length, wanted.length);
    assertEquals(wanted.findIndex((block, index) => blocks[index] !== block), -1);
  }

  /** Waits until this player sees somebody else at a position. */
  async seesAt(name: string, { x, y, z, yaw, pitch }: Position): Promise<void> {
    const wanted = JSON.stringify({ name, x, y, z, yaw, pitch });
    await this.#waits.until(() => [...this.#others.values()].some((other) => JSON.stringify(other) === wanted), wanted);
  }

  /** Waits until this player sees a block that has changed. */
  async seesBlock([x, y, z]: Place, block: number): Promise<void> {
    await this.#waits.until(() => this.#changes.get(`${x} ${y} ${z}`) === block, `block ${block} at ${x} ${y} ${z}`);
  }

  async seesLine(line: string): Promise<void> {
    await this.#waits.until(() => this.#chat.includes(line), `line ${JSON.stringify(line)}`);
  }

  say(message: string): void {
    this.#client.write("message", { unused: 255, message });
  }

  place([x, y, z]: Place, block: number): void {
    this.#client.write("set_block", { x, y, z, mode: 1, block_type: block });
  }

  move(position: Position): void {
    this.#client.write("position", { player_id: 255, ...position });
  }

  /** Ends the connection in order, and waits until the other side has closed it too. */
  async leave(): Promise<void> {
    this.#client.end("done");
    await this.#waits.until(() => this.#isOver, "the end of the connection");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.leave();
  }

  #on<P>(event: string, take: (packet: P) => void): void {
    this.#client.on(event, (packet: P) => {
      take(packet);
      this.#waits.changed();
    });
  }
}
