import { pause } from "../pause.ts";
import { type Dialect, isLegal, type PacketName, packetNamed } from "../protocol/packet_table.ts";
import { encodePacket, type PacketInput } from "../protocol/packets.ts";
import { BLOCK, BLOCK_LIMIT, isProtected, visibleBlock } from "./block.ts";
import { drawable, wrapText } from "../protocol/text.ts";
import { MAX_CHAT_LENGTH, MESSAGE_TYPE, SERVER_LINE, withColours } from "./chat.ts";
import { runCommand } from "./commands.ts";
import { despawn, type Entity, type PacketSink, SELF, selfPosition, spawn } from "./entity.ts";
import { endlessLevel } from "./level_stream.ts";
import type { Link } from "./link.ts";
import { type Login, serverIdentification } from "./login.ts";
import { Kick, type PacketReader, type ReceivedPacket } from "./packet_reader.ts";
import type { Room } from "./room.ts";
import { allowHacks, decorate, defineBlocks, greet } from "./welcome.ts";
import type { Place, Position } from "./world.ts";

/** Pause in ms between the chunks of a map without end, so that it does not eat the machine. */
const ENDLESS_PAUSE = 5;
/** Ids of pings run from 1 to this. */
const MAX_PING = 0x7fff;

/** Somebody who has logged in: the map, then play. */
export class Player implements Entity {
  readonly id: number;
  readonly name: string;
  readonly group = "Players";
  readonly model = "humanoid";
  readonly dialect: Dialect;
  /** Equal for players whose packets are the same bytes. */
  readonly dialectKey: string;
  readonly link: Link;
  position: Position;
  shown: Position;
  readonly #login: Login;
  readonly #reader: PacketReader;
  readonly #room: Room;
  /** Blocks that changed while the map was on its way. */
  readonly #missed = new Map<number, Place>();
  #pings = 0;
  #lastPing = performance.now();
  /** Id of the ping whose echo ends a teleport: positions from before it belong to another place. */
  #fence: number | undefined;
  #chat = "";

  constructor(login: Login, reader: PacketReader, room: Room) {
    const { seat, dialect } = login;
    this.id = seat.id;
    this.name = seat.name;
    this.link = seat.link;
    this.dialect = dialect;
    this.#login = login;
    this.dialectKey = `${dialect.protocol} ${dialect.cpe} ${dialect.extensions.key}`;
    this.position = room.world.spawn;
    this.shown = this.position;
    this.#reader = reader;
    this.#room = room;
  }

  /**
   * Sends the map and handles what the player sends, until the player is gone.
   *
   * @throws {Kick} where the player must go.
   */
  async play(): Promise<void> {
    await Promise.all([this.#arrive(), this.#listen()]);
  }

  /** Sends one packet, if the player's client has the extension it belongs to. */
  send<N extends PacketName>(name: N, values: PacketInput<N>): void {
    if (isLegal(packetNamed(name), this.dialect)) this.link.send(encodePacket(name, this.dialect, values));
  }

  /** Says a line, in several where it is long. */
  hear(text: string): void {
    const { extensions } = this.dialect;
    const type = extensions.has("MessageTypes") ? MESSAGE_TYPE.CHAT : SERVER_LINE;
    for (const line of wrapText(drawable(text, extensions))) this.send("Message", { type, message: line });
  }

  /** Shows somebody else. */
  see(entity: Entity): void {
    spawn(this.#sink, this.dialect, entity.id, entity);
  }

  /** Takes somebody else away. */
  forget({ id }: Entity): void {
    despawn(this.#sink, id);
  }

  /** Remembers a block that changed while the map was on its way. */
  missBlock(place: Place): void {
    this.#missed.set(this.#room.world.index(...place), place);
  }

  /** Sends the player back to where everybody begins. */
  respawn(): void {
    this.position = this.#room.world.spawn;
    const target = { playerId: SELF, ...selfPosition(this.position) };
    // Clients before 0.0.19 do not take their own teleport.
    if (this.dialect.protocol < 5) this.send("SpawnPlayer", { ...target, playerName: this.name });
    else this.send("PlayerTeleport", target);
    this.#raiseFence();
  }

  /** Pings if the last time was long enough ago; `now` as of `performance.now()`. */
  pingWhenDue(now: number): void {
    const { pingIntervalMs } = this.#room.settings;
    if (pingIntervalMs <= 0 || now - this.#lastPing < pingIntervalMs) return;
    this.#lastPing = now;
    if (this.dialect.extensions.has("TwoWayPing")) this.send("TwoWayPing", { origin: 1, data: this.#nextPing() });
    else this.send("Ping", {});
  }

  get #sink(): PacketSink {
    return (name, values) => this.send(name, values);
  }

  async #listen(): Promise<void> {
    for (let packet = await this.#reader.next(); packet !== undefined; packet = await this.#reader.next()) {
      if (this.link.open) this.#handle(packet);
    }
    this.link.destroy();
  }

  async #arrive(): Promise<void> {
    if (!this.link.open) return;
    const { world, settings } = this.#room;
    this.#room.expect(this);
    allowHacks(this.#sink);
    await this.#sendLevel();
    if (this.dialect.extensions.has("InstantMOTD")) {
      this.link.send(serverIdentification(this.dialect, settings));
      allowHacks(this.#sink);
    }
    for (const place of this.#missed.values()) this.#sendBlock(place);
    if (settings.decorated) decorate(this.#sink, this.dialect, world, settings.name);
    if (!this.link.open) return;
    const [neighbour] = this.#room.entities();
    this.#room.enter(this);
    spawn(this.#sink, this.dialect, SELF, this);
    this.#raiseFence();
    if (settings.decorated) greet(this.#sink, world, neighbour);
    const { key, appName } = this.#login;
    const facts = { key, appName, remoteHostname: this.link.remoteHostname };
    settings.onEvent({ kind: "joined", player: this.name, dialect: this.dialect, login: facts });
  }

  async #sendLevel(): Promise<void> {
    const { levels, settings: { onLogin, mapDelayMs } } = this.#room;
    const endless = onLogin === "endless-map";
    const last = typeof onLogin === "object" && "closeAfterChunks" in onLogin ? onLogin.closeAfterChunks : Infinity;
    const delay = mapDelayMs || (endless ? ENDLESS_PAUSE : 0);
    let sent = 0;
    for (const packet of endless ? endlessLevel(this.dialect) : levels.packets(this.dialect)) {
      if (sent > last) return this.link.end();
      if (sent > 0 && delay > 0) await pause(delay, this.link.ended);
      await this.link.room();
      if (!this.link.open) return;
      this.link.send(packet);
      if (sent === 0) defineBlocks(this.#sink, this.dialect);
      sent++;
    }
  }

  #handle(packet: ReceivedPacket): void {
    const { name, bytes } = packet;
    this.#room.settings.onEvent({ kind: "packet", player: this.name, packet: name, bytes });
    if (name === "PlayerPosition") {
      this.#move(this.#reader.read(name, packet));
    } else if (name === "PlayerSetBlock") {
      this.#build(packet);
    } else if (name === "PlayerMessage") {
      this.#say(packet);
    } else if (name === "TwoWayPing") {
      const { origin, data } = this.#reader.read(name, packet);
      if (origin === 0) this.link.send(bytes);
      else if (data === this.#fence) this.#fence = undefined;
    }
  }

  #move({ x, y, z, yaw, pitch }: Position): void {
    if (this.#fence === undefined) this.position = { x, y, z, yaw, pitch };
  }

  #build(packet: ReceivedPacket): void {
    const { x, y, z, mode, block } = this.#reader.read("PlayerSetBlock", packet);
    if (mode > 1) throw new Kick(`Unknown block action: ${mode}`);
    if (block >= BLOCK_LIMIT) throw new Kick(`Unknown block type: ${block}`);
    const { world } = this.#room;
    const place = [x, y, z] as const;
    if (!world.contains(...place)) return;
    const wanted = mode === 0 ? BLOCK.AIR : block;
    const known = visibleBlock(wanted, this.dialect.extensions) === wanted;
    const allowed = known && !isProtected(wanted) && !isProtected(world.get(...place));
    if (allowed) this.#room.changeBlock(place, wanted);
    else this.#sendBlock(place);
  }

  #sendBlock([x, y, z]: Place): void {
    const block = visibleBlock(this.#room.world.get(x, y, z), this.dialect.extensions);
    this.send("SetBlock", { x, y, z, block });
  }

  #say(packet: ReceivedPacket): void {
    const { partial, message } = this.#reader.read("PlayerMessage", packet);
    const more = partial === 1 && this.dialect.extensions.has("LongerMessages");
    // Parts that are followed by more are full: what looks like padding belongs to the text.
    const part = more ? message.padEnd(64) : message;
    this.#chat = (this.#chat + part).slice(0, MAX_CHAT_LENGTH);
    if (more) return;
    const text = this.#chat;
    this.#chat = "";
    if (text === "") return;
    this.#room.settings.onEvent({ kind: "chat", player: this.name, text });
    if (text.startsWith("/")) runCommand(text, this, this.#room);
    else this.#room.say(`&f${this.name}&7: &f${withColours(text)}`);
  }

  #raiseFence(): void {
    if (!this.dialect.extensions.has("TwoWayPing")) return;
    this.#fence = this.#nextPing();
    this.send("TwoWayPing", { origin: 1, data: this.#fence });
  }

  #nextPing(): number {
    this.#pings = (this.#pings % MAX_PING) + 1;
    return this.#pings;
  }
}
