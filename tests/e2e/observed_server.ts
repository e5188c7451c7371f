import { generateHub } from "../../lib/demo/hub.ts";
import type { ClassicServerOptions, ServerEvent } from "../../lib/demo/options.ts";
import { ClassicServer } from "../../lib/demo/server.ts";
import type { World } from "../../lib/demo/world.ts";
import type { PacketName } from "../../lib/protocol/packet_table.ts";
import { type PacketValues, readPacket } from "../../lib/protocol/packets.ts";
import type { Target } from "../harness/link.ts";
import { Waits } from "../harness/waits.ts";

/** Blocks that only clients with ExtendedBlocks know. */
const EXTENDED_BLOCKS = [256, 511, 512, 767];

type EventKind = ServerEvent["kind"];
type EventOf<K extends EventKind> = Extract<ServerEvent, { readonly kind: K }>;

/** What happened on a server. */
class Chronicle {
  readonly waits: Waits = new Waits(() => `the server saw last: ${JSON.stringify(this.#events.slice(-5))}`);
  /** Everything but single packets, oldest first. */
  readonly #events: ServerEvent[] = [];
  /** The last packet of each name from each player. */
  readonly #packets = new Map<string, Uint8Array>();

  add(event: ServerEvent): void {
    if (event.kind === "packet") {
      this.#packets.set(`${event.player} ${event.packet}`, event.bytes.slice());
    } else {
      this.#events.push(event);
      this.waits.changed();
    }
  }

  /** Everything of one kind about one player, oldest first. */
  about<K extends EventKind>(kind: K, player: string): EventOf<K>[] {
    return this.#events.filter((event): event is EventOf<K> => event.kind === kind && event.player === player);
  }

  packet(name: PacketName, player: string): Uint8Array | undefined {
    return this.#packets.get(`${player} ${name}`);
  }
}

/** A demo server, which remembers who came and went, and what they did. Its world has blocks of every kind. */
export class ObservedServer implements AsyncDisposable {
  readonly server: ClassicServer;
  readonly world: World;
  readonly #chronicle: Chronicle;

  private constructor(server: ClassicServer, world: World, chronicle: Chronicle) {
    this.server = server;
    this.world = world;
    this.#chronicle = chronicle;
  }

  static async start(options: ClassicServerOptions = {}): Promise<ObservedServer> {
    const world = generateHub();
    for (const [x, block] of EXTENDED_BLOCKS.entries()) world.set(x, world.ySize - 1, 0, block);
    const chronicle = new Chronicle();
    const server = await ClassicServer.start({ ...options, world, onEvent: (event) => chronicle.add(event) });
    return new ObservedServer(server, world, chronicle);
  }

  get address(): string {
    return this.server.address;
  }

  get target(): Target {
    const { address, port } = this.server;
    return port === 0 ? { path: address.slice("unix:".length) } : { hostname: "127.0.0.1", port };
  }

  /** Waits until somebody stands in the world; says what they told at their latest login. */
  joined(player: string): Promise<EventOf<"joined">> {
    const { waits } = this.#chronicle;
    return waits.until(() => this.#chronicle.about("joined", player).at(-1), `${player} in the world`);
  }

  /** Waits until somebody has left the world as often as they have come. */
  async left(player: string): Promise<void> {
    const chronicle = this.#chronicle;
    const isGone = (): boolean => chronicle.about("left", player).length === chronicle.about("joined", player).length;
    await chronicle.waits.until(isGone, `${player} gone`);
  }

  /** Waits until somebody has said all of `lines`, one behind the other. */
  async heard(player: string, lines: readonly string[]): Promise<void> {
    const wanted = JSON.stringify(lines);
    await this.#chronicle.waits.until(() => {
      const said = this.#chronicle.about("chat", player).map(({ text }) => text);
      return said.some((_, at) => JSON.stringify(said.slice(at, at + lines.length)) === wanted);
    }, `${player}'s chat ${wanted}`);
  }

  /** The last packet called `name` that somebody sent, as it came; `undefined` where none did. */
  async received<N extends PacketName>(name: N, player: string): Promise<PacketValues<N> | undefined> {
    const { dialect } = await this.joined(player);
    const bytes = this.#chronicle.packet(name, player);
    return bytes === undefined ? undefined : readPacket(name, dialect, bytes);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server[Symbol.asyncDispose]();
  }
}
