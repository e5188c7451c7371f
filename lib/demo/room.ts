import type { Dialect } from "../protocol/packet_table.ts";
import { encodePacket } from "../protocol/packets.ts";
import { visibleBlock } from "./block.ts";
import { encodeMovement, type Entity, samePosition } from "./entity.ts";
import { LevelStream } from "./level_stream.ts";
import type { Link } from "./link.ts";
import type { Settings } from "./options.ts";
import { Kick, plainDialect } from "./packet_reader.ts";
import type { Player } from "./player.ts";
import { Resident } from "./resident.ts";
import type { Place, World } from "./world.ts";

/** A name that is taken, with the id its player is known by. */
export interface Seat {
  readonly id: number;
  readonly name: string;
  readonly link: Link;
}

/** Milliseconds between two reports of who has moved. */
const TICK = 50;

/** The world and everybody in it. */
export class Room {
  readonly settings: Settings;
  readonly world: World;
  readonly levels: LevelStream;
  readonly #residents: readonly Resident[];
  /** By lower-case name. */
  readonly #seats = new Map<string, Seat>();
  /** Those whose map is on its way. */
  readonly #arriving = new Set<Player>();
  /** Those whose map is complete. */
  readonly #players = new Set<Player>();
  #ticker: ReturnType<typeof setInterval> | undefined;

  constructor(settings: Settings) {
    this.settings = settings;
    this.world = settings.world;
    this.levels = new LevelStream(settings.world);
    this.#residents = Array.from(
      { length: settings.residents },
      (_, number) => new Resident(number, number, settings.world, settings.random),
    );
  }

  /** Everybody whose map is complete. */
  get players(): ReadonlySet<Player> {
    return this.#players;
  }

  /** Everybody who can be seen. */
  *entities(): Generator<Entity> {
    yield* this.#residents;
    yield* this.#players;
  }

  /** Gives somebody a name and an id until their link ends; throws a {@linkcode Kick} where that cannot be. */
  admit(name: string, link: Link): Seat {
    if (!link.open) throw new Kick("Gone");
    const key = name.toLowerCase();
    const earlier = this.#seats.get(key);
    if (earlier !== undefined && this.settings.duplicateName === "newcomer") throw new Kick("Already logged in!");
    if (earlier !== undefined) sayGoodbye(earlier.link, "(Reconnecting)");
    const seats = [...this.#seats.values()];
    const { maxPlayers, maxPlayersPerAddress } = this.settings;
    if (seats.length >= maxPlayers) throw new Kick("Server is full!");
    const neighbours = seats.filter((seat) => seat.link.remoteHostname === link.remoteHostname);
    if (maxPlayersPerAddress > 0 && neighbours.length >= maxPlayersPerAddress) throw new Kick("Too many connections");
    const seat = { id: this.#freeId(), name, link };
    this.#seats.set(key, seat);
    link.ended.addEventListener("abort", () => this.#seats.delete(key), { once: true });
    return seat;
  }

  /** The seat of a name, in whatever case. */
  seatOf(name: string): Seat | undefined {
    return this.#seats.get(name.toLowerCase());
  }

  /** Keeps a player whose map is on its way told of changed blocks. */
  expect(player: Player): void {
    this.#arriving.add(player);
    player.link.ended.addEventListener("abort", () => this.#leave(player), { once: true });
  }

  /** Shows a player whose map is complete to the others, and the others to the player. */
  enter(player: Player): void {
    this.#arriving.delete(player);
    for (const other of this.#players) other.see(player);
    for (const entity of this.entities()) player.see(entity);
    this.#players.add(player);
    this.#ticker ??= setInterval(() => this.#tick(), TICK);
    this.say(`&a+ &e${player.name} joined`);
  }

  /** Says a line to everybody, also to those whose map is on its way. */
  say(text: string): void {
    for (const player of this.#arriving) player.hear(text);
    for (const player of this.#players) player.hear(text);
  }

  /** Changes a block for everybody. */
  changeBlock([x, y, z]: Place, id: number): void {
    this.world.set(x, y, z, id);
    for (const player of this.#arriving) player.missBlock([x, y, z]);
    this.#broadcast((dialect) => {
      return encodePacket("SetBlock", dialect, { x, y, z, block: visibleBlock(id, dialect.extensions) });
    });
  }

  #leave(player: Player): void {
    if (this.#arriving.delete(player) || !this.#players.delete(player)) return;
    for (const other of this.#players) other.forget(player);
    this.say(`&c- &e${player.name} left`);
    this.settings.onEvent({ kind: "left", player: player.name });
    if (this.#players.size > 0) return;
    clearInterval(this.#ticker);
    this.#ticker = undefined;
  }

  #tick(): void {
    for (const resident of this.#residents) resident.step();
    for (const entity of this.entities()) {
      if (samePosition(entity.position, entity.shown)) continue;
      this.#broadcast((dialect) => encodeMovement(entity, dialect), entity);
      entity.shown = entity.position;
    }
    const now = performance.now();
    for (const player of this.#players) player.pingWhenDue(now);
  }

  /** Sends a packet to everybody but `except`, encoded once per dialect. */
  #broadcast(encode: (dialect: Dialect) => Uint8Array, except?: Entity): void {
    const encoded = new Map<string, Uint8Array>();
    for (const player of this.#players) {
      if (player === except) continue;
      const packet = encoded.get(player.dialectKey) ?? encode(player.dialect);
      encoded.set(player.dialectKey, packet);
      player.link.send(packet);
    }
  }

  #freeId(): number {
    const taken = new Set([...this.#residents, ...this.#seats.values()].map(({ id }) => id));
    let id = 0;
    while (taken.has(id)) id++;
    return id;
  }
}

/** Tells somebody why they go, and closes their connection. */
export function sayGoodbye(link: Link, reason: string): void {
  // The packet is the same in every dialect.
  link.send(encodePacket("DisconnectPlayer", plainDialect(7), { reason }));
  link.end();
}
