import { ExtensionSet } from "../../lib/protocol/extensions.ts";
import { Framer } from "../../lib/protocol/framer.ts";
import {
  type Dialect,
  legalSizes,
  packetById,
  type PacketName,
  type ProtocolVersion,
} from "../../lib/protocol/packet_table.ts";
import { encodePacket, type PacketInput, readPacket } from "../../lib/protocol/packets.ts";
import { TEXT_SIZE } from "../../lib/protocol/text.ts";
import { ClientExtensions, type ClientQuirk, type ExtensionEntry } from "./client/extensions.ts";
import { keep, type PacketHandlers } from "./client/part.ts";
import { RecentPackets } from "./client/recent_packets.ts";
import { ClientState } from "./client_state.ts";
import { type Chunking, dial, Link, type Target } from "./link.ts";
import { DEFAULT_TIMEOUT_MS, type NotYet, type WaitOptions, Waits } from "./waits.ts";

/** Who a bot is and how it behaves. */
export interface BotOptions {
  /** @default "Steve" */
  readonly name?: string;
  /** What is sent as mppass. @default "-" */
  readonly key?: string;
  /** @default 7 */
  readonly protocol?: ProtocolVersion;
  /** What the bot lists; without it the bot does not speak CPE at all. @default none */
  readonly extensions?: ExtensionSet;
  /** @default "ClassiCube 1.3.8" */
  readonly appName?: string;
  /** @default none */
  readonly quirk?: ClientQuirk;
  /** How the bot hands its bytes to the system. @default "whole" */
  readonly chunking?: Chunking;
  /** Milliseconds between two positions sent unasked, once the server placed the player. @default never */
  readonly positionInterval?: number;
  /** Milliseconds after which connecting and waits give up. @default 15000 */
  readonly timeoutMs?: number;
}

/** What {@linkcode Bot.click} sends; missing fields are 0, `targetEntity` 255 for none. */
export type Click = Partial<PacketInput<"PlayerClicked">>;

const MAGIC = 0x42;
const SELF_OR_NO_ENTITY = 255;
const CUSTOM_BLOCK_LEVEL = 1;
const BLOCK_CHOSEN = 0;
const FROM_CLIENT = 0;
const ALL_STOPS = new Uint8Array(256).fill(1);

/**
 * A strict Classic client over a real connection. It logs in and answers as ClassiCube does, frames what it receives with
 * the sizes of the negotiated extensions only, and records each broken rule in {@linkcode violations}; from then on every
 * wait rejects. After a DisconnectPlayer it takes nothing in and answers nothing, but does not close by itself, so that tests see
 * whether the server does.
 */
export class Bot implements AsyncDisposable {
  /** What the client remembers of its servers. */
  readonly state: ClientState;
  readonly violations: string[] = [];
  readonly name: string;
  readonly protocol: ProtocolVersion;
  readonly #options: BotOptions;
  readonly #extensions: ClientExtensions;
  readonly #framer: Framer;
  readonly #link: Link;
  readonly #waits: Waits;
  readonly #recent = new RecentPackets();
  readonly #echoed = new Set<number>();
  #pings = 0;
  #kick: string | undefined;
  #isOver = false;
  #positionTimer: ReturnType<typeof setInterval> | undefined;

  readonly #handlers: PacketHandlers = {
    ExtInfo: ({ count }) => this.#extensions.info(count),
    ExtEntry: ({ extension, version }) => this.#extensions.entry(extension, version),
    CustomBlockSupportLevel: () => this.#write("CustomBlockSupportLevel", { level: CUSTOM_BLOCK_LEVEL }),
    HoldThis: ({ block }) => {
      if (this.extensions.has("NotifyAction")) this.#write("NotifyAction", { action: BLOCK_CHOSEN, value: block });
    },
    TwoWayPing: (ping) => {
      if (ping.origin === FROM_CLIENT) this.#echoed.add(ping.data);
      else this.#write("TwoWayPing", ping);
    },
    DisconnectPlayer: ({ reason }) => {
      this.#kick = reason;
    },
  };

  private constructor(conn: Deno.Conn, options: BotOptions) {
    this.#options = options;
    this.name = options.name ?? "Steve";
    this.protocol = options.protocol ?? 7;
    checkOptions(options);
    const violation = (what: string): void => this.#violation(what);
    this.#extensions = new ClientExtensions(
      options.extensions ?? ExtensionSet.EMPTY,
      options.quirk,
      (entries) => this.#sendExtensions(entries),
      violation,
    );
    const extensions = this.#extensions;
    this.state = new ClientState({
      username: this.name,
      get extensions() {
        return extensions.active;
      },
      get wideBlocks() {
        return extensions.writing.has("ExtendedBlocks");
      },
      violation,
    });
    this.#waits = new Waits(() => `bot ${this.name} saw last: ${this.#recent}`, options.timeoutMs);
    this.#framer = new Framer(legalSizes("s2c", this.dialect), ALL_STOPS);
    this.#link = new Link(conn, (chunk) => this.#receive(chunk), options.chunking);
    this.#link.ended.then((ending) => this.#end(ending));
  }

  /** Connects and sends the Identification. */
  static async connect(target: Target, options: BotOptions = {}): Promise<Bot> {
    checkOptions(options);
    return Bot.over(await dial(target, options.timeoutMs ?? DEFAULT_TIMEOUT_MS), options);
  }

  /** Speaks Classic over a connection that may have carried something else before. The bot closes it. */
  static over(conn: Deno.Conn, options: BotOptions = {}): Bot {
    const bot = new Bot(conn, options);
    const { name: username, protocol } = bot;
    const magic = bot.#speaksCpe ? MAGIC : 0;
    bot.#write("PlayerIdentification", { protocol, username, key: options.key ?? "-", magic });
    // ClassiCube always writes 131 bytes; in the old protocols the last one is a Ping.
    if (protocol <= 5) bot.#write("Ping", {});
    if (options.positionInterval !== undefined) {
      bot.#positionTimer = setInterval(() => bot.#sendPosition(), options.positionInterval);
    }
    return bot;
  }

  /** The extensions both sides have, C. */
  get extensions(): ExtensionSet {
    return this.#extensions.active;
  }

  /** How what arrives is framed. */
  get dialect(): Dialect {
    return { protocol: this.protocol, cpe: this.#speaksCpe, extensions: this.#extensions.active };
  }

  /** Sends `text` as ClassiCube does: colour codes with `%`, long text in parts. */
  async chat(text: string): Promise<void> {
    const bytes = Array.from(text.replaceAll("&", "%"));
    const hasParts = this.extensions.has("LongerMessages");
    let sent: Promise<void>;
    do {
      const message = bytes.splice(0, TEXT_SIZE).join("");
      sent = this.#write("PlayerMessage", {
        partial: hasParts ? Number(bytes.length > 0) : SELF_OR_NO_ENTITY,
        message,
      });
    } while (bytes.length > 0);
    await sent;
  }

  /** Places a block, and sees it placed at once. */
  place(x: number, y: number, z: number, block: number): Promise<void> {
    this.state.map.set(x, y, z, block);
    return this.#write("PlayerSetBlock", { x, y, z, mode: 1, block });
  }

  /** Deletes a block, and sees it gone at once. */
  break(x: number, y: number, z: number): Promise<void> {
    this.state.map.set(x, y, z, 0);
    return this.#write("PlayerSetBlock", { x, y, z, mode: 0, block: this.state.blocks.held });
  }

  /**
   * Moves the player: eye position in 1/32 block, angles in 1/256 turn. Nothing is sent before the server placed the player.
   *
   * @returns Whether a position was sent.
   */
  async move(x: number, y: number, z: number, yaw = 0, pitch = 0): Promise<boolean> {
    if (!this.state.entities.isPlaced) return false;
    this.state.entities.moveSelf({ x, y, z, yaw, pitch });
    await this.#sendPosition();
    return true;
  }

  /** Throws where PlayerClick was not negotiated. */
  click(click: Click = {}): Promise<void> {
    if (!this.extensions.has("PlayerClick")) throw new Error("Cannot click: PlayerClick was not negotiated");
    const nothing = {
      button: 0,
      action: 0,
      yaw: 0,
      pitch: 0,
      targetEntity: SELF_OR_NO_ENTITY,
      x: 0,
      y: 0,
      z: 0,
      face: 0,
    };
    return this.#write("PlayerClicked", { ...nothing, ...click });
  }

  /** Starts a TwoWayPing and waits for its echo. */
  async ping(options?: WaitOptions): Promise<void> {
    const data = this.#pings++ & 0xffff;
    this.#echoed.delete(data);
    this.#write("TwoWayPing", { origin: FROM_CLIENT, data });
    await this.until(() => this.#echoed.has(data), `echo of ping ${data}`, options);
  }

  /** Sends `bytes` as they are. Resolves when the system took them, or when the connection is gone. */
  send(bytes: Uint8Array): Promise<void> {
    return this.#link.write(bytes);
  }

  /** Waits until `probe` returns something, looking again after each packet. `what` names it in messages. */
  until<T>(probe: (bot: this) => T | NotYet, what: string, options?: WaitOptions): Promise<T> {
    return this.#waits.until(() => probe(this), what, options);
  }

  /** Waits until the player stands in a world. */
  async joined(options?: WaitOptions): Promise<void> {
    await this.until(() => this.state.isJoined, "a world to stand in", options);
  }

  /** Waits for a line of chat, which may have come already; `since` skips that many lines. */
  chatLine(
    pattern: RegExp,
    { since = 0, ...options }: WaitOptions & { readonly since?: number } = {},
  ): Promise<string> {
    const { chat } = this.state.screen;
    return this.until(() => chat.slice(since).find((line) => pattern.test(line)), `chat line ${pattern}`, options);
  }

  /** Waits for a DisconnectPlayer and returns its reason. */
  kicked(options?: WaitOptions): Promise<string> {
    return this.until(() => this.#kick, "a kick", options);
  }

  /** Waits until the connection is over, whoever ended it. */
  async closed(options?: WaitOptions): Promise<void> {
    await this.until(() => this.#isOver, "the end of the connection", options);
  }

  /** Stops reading, as a stalled client does. */
  pauseReading(): void {
    this.#link.pause();
  }

  resumeReading(): void {
    this.#link.resume();
  }

  /** Sends FIN and goes on reading. */
  halfClose(): Promise<void> {
    return this.#link.closeWrite();
  }

  /** Breaks the connection with RST, on Linux over IPv4. */
  reset(): void {
    this.#link.reset();
  }

  /** Closes the connection; what has not been sent may be lost. */
  close(): void {
    this.#link.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#link[Symbol.asyncDispose]();
  }

  get #speaksCpe(): boolean {
    return this.#options.extensions !== undefined;
  }

  #write<N extends PacketName>(name: N, values: PacketInput<N>): Promise<void> {
    return this.send(encodePacket(name, { ...this.dialect, extensions: this.#extensions.writing }, values));
  }

  #sendExtensions(entries: readonly ExtensionEntry[]): void {
    this.#write("ExtInfo", { appName: this.#options.appName ?? "ClassiCube 1.3.8", count: entries.length });
    for (const { name: extension, version } of entries) this.#write("ExtEntry", { extension, version });
  }

  async #sendPosition(): Promise<void> {
    const { position } = this.state.entities.self;
    if (!this.state.entities.isPlaced || position === undefined) return;
    const held = this.extensions.has("HeldBlock") ? this.state.blocks.held : SELF_OR_NO_ENTITY;
    await this.#write("PlayerPosition", { held, ...position });
  }

  #receive(chunk: Uint8Array): void {
    const framer = this.#framer;
    framer.feed(chunk);
    for (let frame = framer.next(); frame !== "none"; frame = framer.next()) {
      const packet = packetById("s2c", framer.bytes[framer.start] ?? 0);
      if (frame === "unknown" || packet === undefined) return this.#giveUp(framer.bytes[framer.start] ?? 0);
      // Every packet of the table has a name of the table.
      this.#handle(packet.name as PacketName);
      framer.sizes = legalSizes("s2c", this.dialect);
      this.#waits.changed();
    }
  }

  #handle<N extends PacketName>(name: N): void {
    const packet = readPacket(name, this.dialect, this.#framer.bytes, this.#framer.start);
    // A kicked client has left; MCGalaxy is known to send a chat line behind the kick.
    if (this.#kick !== undefined) return;
    if (this.#extensions.misreads(name)) this.#violation(`${name} is read with 16-bit block ids`);
    this.#recent.note(name, packet);
    try {
      this.#handlers[name]?.(packet);
      this.state.apply(name, packet);
    } catch (error) {
      this.#violation(`${name} cannot be taken: ${error}`);
    }
  }

  #giveUp(id: number): void {
    const name = packetById("s2c", id)?.name;
    this.#violation(`packet 0x${id.toString(16).padStart(2, "0")} (${name ?? "unknown"}) is not legal here`);
    this.close();
  }

  #violation(what: string): void {
    keep(this.violations, what);
    this.#waits.break(`violation: ${what}`);
  }

  #end(ending: string): void {
    clearInterval(this.#positionTimer);
    this.#isOver = true;
    const { partialLength } = this.#framer;
    if (partialLength > 0 && ending !== "closed") this.#violation(`${partialLength} bytes of a cut packet at the end`);
    this.#waits.end(`the connection is over (${ending})`);
    this.close();
  }
}

function checkOptions({ extensions, protocol = 7 }: BotOptions): void {
  if (extensions !== undefined && protocol < 7) throw new RangeError(`Cannot speak CPE: protocol is ${protocol}`);
}
