import type { PacketName } from "../protocol/packet_table.ts";
import type { PacketInput } from "../protocol/packets.ts";
import { Link, type Socket } from "./link.ts";
import { logIn, type LoginOutcome } from "./login.ts";
import { type ClassicServerOptions, type Settings, settingsOf } from "./options.ts";
import { Kick, PacketReader } from "./packet_reader.ts";
import { Player } from "./player.ts";
import { Room, sayGoodbye } from "./room.ts";

type Listener = Deno.TcpListener | Deno.UnixListener;

/** How a listener says that it is closed. */
const CLOSED = [Deno.errors.BadResource, Deno.errors.Interrupted];
/** How it says that somebody was gone again before they could be accepted. */
const GONE = [Deno.errors.NotConnected, Deno.errors.ConnectionAborted, Deno.errors.ConnectionReset];

/** A Minecraft Classic server in this process. */
export class ClassicServer {
  /** Where it listens: `host:port` or `unix:/path`. */
  readonly address: string;
  /** The TCP port it listens on; 0 on a Unix socket. */
  readonly port: number;
  readonly #settings: Settings;
  readonly #listener: Listener;
  readonly #room: Room;
  readonly #links = new Set<Link>();
  readonly #serving = new Set<Promise<void>>();
  readonly #accepting: Promise<void>;
  #accepted = 0;

  /**
   * Starts a server.
   *
   * @throws {RangeError} for options out of range, {@linkcode Deno.errors.AddrInUse} where the address is taken.
   */
  // deno-lint-ignore require-await
  static async start(options: ClassicServerOptions = {}): Promise<ClassicServer> {
    const settings = settingsOf(options);
    const { hostname = "127.0.0.1", port = 0, path } = options;
    const listener = path === undefined ? Deno.listen({ hostname, port }) : Deno.listen({ transport: "unix", path });
    return new ClassicServer(listener, settings);
  }

  private constructor(listener: Listener, settings: Settings) {
    const { addr } = listener;
    this.port = "port" in addr ? addr.port : 0;
    this.address = "port" in addr ? `${addr.hostname}:${addr.port}` : `unix:${addr.path}`;
    this.#settings = settings;
    this.#listener = listener;
    this.#room = new Room(settings);
    this.#accepting = this.#accept();
  }

  /** Names of those who are in the world, in the order they came. */
  get players(): readonly string[] {
    return [...this.#room.players].map(({ name }) => name);
  }

  /** Connections so far, and those that are still open. */
  get connections(): { readonly accepted: number; readonly open: number } {
    return { accepted: this.#accepted, open: this.#links.size };
  }

  /** Says a line of chat to everybody. */
  broadcast(text: string): void {
    this.#room.say(text);
  }

  /** Sends a packet to a player, in the player's dialect; left out if the player's client lacks its extension. */
  send<N extends PacketName>(player: string, name: N, values: PacketInput<N>): void {
    this.#player(player)?.send(name, values);
  }

  /** Sends bytes to a player as they are, whatever they mean. */
  sendBytes(player: string, bytes: Uint8Array): void {
    this.#player(player)?.link.send(bytes);
  }

  /** Tells somebody why they go, and closes their connection. */
  kick(name: string, reason: string): void {
    const seat = this.#room.seatOf(name);
    if (seat !== undefined) sayGoodbye(seat.link, reason);
  }

  /** Tells everybody why they go, closes all connections and frees the address. */
  async stop(reason = "Server is shutting down"): Promise<void> {
    this.#close();
    for (const link of this.#links) sayGoodbye(link, reason);
    await this.#finished();
  }

  /** Closes all connections at once, as when the process dies. */
  async kill(): Promise<void> {
    this.#close();
    for (const link of this.#links) link.destroy();
    await this.#finished();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.kill();
  }

  #player(name: string): Player | undefined {
    return [...this.#room.players].find((player) => player.name.toLowerCase() === name.toLowerCase());
  }

  #close(): void {
    try {
      this.#listener.close();
    } catch {
      // Closed already.
    }
  }

  async #finished(): Promise<void> {
    await this.#accepting;
    await Promise.all(this.#serving);
  }

  async #accept(): Promise<void> {
    for (let socket = await this.#next(); socket !== undefined; socket = await this.#next()) {
      const serving = this.#serve(socket);
      this.#serving.add(serving);
      void serving.finally(() => this.#serving.delete(serving));
    }
  }

  /** Accepts the next socket; `undefined` once the listener is closed. */
  async #next(): Promise<Socket | undefined> {
    while (true) {
      try {
        return await this.#listener.accept();
      } catch (error) {
        if (CLOSED.some((kind) => error instanceof kind)) return undefined;
        if (!GONE.some((kind) => error instanceof kind)) throw error;
      }
    }
  }

  async #serve(socket: Socket): Promise<void> {
    const link = new Link(socket, this.#settings.outputLimit);
    this.#accepted++;
    this.#links.add(link);
    const reader = new PacketReader(link);
    try {
      const login = await this.#logIn(link, reader);
      if (login === "ignored") await reader.drain();
      else if (login !== "gone") await new Player(login, reader, this.#room).play();
    } catch (error) {
      if (!(error instanceof Kick)) throw error;
      sayGoodbye(link, error.message);
      await reader.drain();
    } finally {
      link.destroy();
      this.#links.delete(link);
    }
  }

  async #logIn(link: Link, reader: PacketReader): Promise<LoginOutcome> {
    const deadline = setTimeout(() => sayGoodbye(link, "Login took too long"), this.#settings.loginTimeoutMs);
    try {
      return await logIn(reader, link, this.#room);
    } finally {
      clearTimeout(deadline);
    }
  }
}
