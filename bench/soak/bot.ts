import { type Dialect, knownSizes, packetNamed, packetSize } from "../../lib/protocol/packet_table.ts";
import { encodePacket, readPacket } from "../../lib/protocol/packets.ts";
import { Leg, MeasurementError } from "../leg.ts";
import { type ClientKind, ClientLogin, VANILLA } from "../login.ts";
import { type Clock, StampedPosition } from "../position.ts";
import type { Socket } from "../sockets.ts";
import { ARRIVAL_PITCH, type Guest, LINE_MARK, MAP_REQUEST, type Resident, SPAWN, VISITS } from "./guest.ts";
import { type Deed, type Habits, TICKS_PER_SECOND } from "./habits.ts";
import type { Ledger } from "./ledger.ts";
import { MapCheck } from "./maps.ts";

/** Milliseconds that a login, a move, another map and the last packets before leaving may take, and that a world may be silent. */
const PATIENCE = 15_000;
/** Ticks after which a bot whose session was lost comes back. */
const COMEBACK = TICKS_PER_SECOND;
const SELF = 255;
const FIRST_SIZES = knownSizes("s2c", VANILLA);
/** Whatever the edge says in red is a refusal. */
const REFUSAL = /^&c/;

const TWO_WAY_PING = packetNamed("TwoWayPing");
const BLOCK_SUPPORT = packetNamed("CustomBlockSupportLevel");
const LEVEL_INITIALIZE = packetNamed("LevelInitialize").id;
const LEVEL_DATA_CHUNK = packetNamed("LevelDataChunk").id;
const LEVEL_FINALIZE = packetNamed("LevelFinalize").id;
const SPAWN_PLAYER = packetNamed("SpawnPlayer").id;
const ADD_ENTITY = packetNamed("ExtAddEntity2").id;
const SET_BLOCK = packetNamed("SetBlock").id;
const MESSAGE = packetNamed("Message").id;
const DISCONNECT = packetNamed("DisconnectPlayer").id;

/** What bots have in common. */
export interface Surroundings {
  readonly clock: Clock;
  readonly ledger: Ledger;
  /** Begins a connection to the edge. */
  connect(): Socket;
  /** Name of the world that comes `distance` places after the one called `name`. */
  worldAfter(name: string, distance: number): string;
}

type Phase = "away" | "login" | "playing" | "leaving";

/** One player: does one deed after the other, and sees to it that everything sent arrives once and in order. */
export class Bot implements Resident {
  readonly name: string;
  readonly #kind: ClientKind;
  readonly #habits: Habits;
  readonly #around: Surroundings;
  readonly #visits = new Map<number, Guest>();
  readonly #map = new MapCheck();
  /** Lines that no world has heard yet. */
  readonly #unheard = new Set<number>();
  #leg: Leg | undefined;
  #login: ClientLogin | undefined;
  #phase: Phase = "away";
  #guest: Guest | undefined;
  #deed: Deed | undefined;
  #ordered: Deed | undefined;
  #nextVisit = 0;
  /** Ticks that the deed goes on, or until the bot comes back. */
  #ticksLeft: number;
  /** When to lose patience, and when the deed began, in milliseconds of `performance.now()`. */
  #deadline = Infinity;
  #askedAt = 0;
  #toldAt = 0;
  #longestSilence = 0;
  #lines = 0;
  #lastEcho = 0;
  #sent = { positions: 0, blocks: 0 };
  #got = { tells: 0, blocks: 0 };
  #reads = new StampedPosition("PlayerTeleport", VANILLA);
  #writes = new StampedPosition("PlayerPosition", VANILLA);
  #bytes = this.#writes.packets(1);
  #view = new DataView(this.#bytes.buffer);

  /** @param delay Ticks until it joins. */
  constructor(name: string, kind: ClientKind, habits: Habits, delay: number, around: Surroundings) {
    this.name = name;
    this.#kind = kind;
    this.#habits = habits;
    this.#around = around;
    this.#ticksLeft = delay;
  }

  get playing(): boolean {
    return this.#phase === "playing";
  }

  /** Whether it plays and has nothing under way. */
  get settled(): boolean {
    return this.#phase === "playing" && this.#deed?.kind !== "move" && this.#deed?.kind !== "map";
  }

  get away(): boolean {
    return this.#phase === "away";
  }

  /** Whether it is on its way to another world. */
  get moving(): boolean {
    return this.#deed?.kind === "move";
  }

  /** Longest time in milliseconds between two packets of its world since it was last asked. */
  takeLongestSilence(): number {
    const silence = Math.max(this.#longestSilence, this.playing ? performance.now() - this.#toldAt : 0);
    this.#longestSilence = 0;
    return silence;
  }

  /** Asks for the world that comes `distance` places after the present one. */
  move(distance: number): void {
    this.#begin({ kind: "move", distance });
  }

  /** Stands still from now on, as soon as what is under way has come to its end. */
  rest(): void {
    this.#order({ kind: "pause", ticks: Infinity });
  }

  /** Leaves for good as soon as everything that is under way has arrived, and the world it asked for has come. */
  retire(): void {
    this.#order({ kind: "leave", ticks: Infinity });
    if (this.#phase === "away") this.#ticksLeft = Infinity;
  }

  /** A twentieth of a second has passed; `now` is `performance.now()`. */
  tick(now: number): void {
    switch (this.#phase) {
      case "away":
        if (this.#ticksLeft-- <= 0) this.#join(now);
        return;
      case "login":
        if (now > this.#deadline) this.#lose("the login takes too long");
        return;
      case "leaving":
        this.#tryToLeave(now);
        return;
      case "playing":
        this.#act();
        if (now > this.#deadline) this.#giveUp();
        else if (now > this.#toldAt + PATIENCE) this.#lose("the world is silent");
    }
  }

  visit(guest: Guest): number {
    const number = this.#nextVisit;
    this.#nextVisit = (number + 1) % VISITS;
    this.#visits.set(number, guest);
    return number;
  }

  visited(guest: Guest): void {
    if (this.#visits.get(guest.number) === guest) this.#visits.delete(guest.number);
  }

  heard(number: number): void {
    if (!this.#unheard.delete(number)) throw new MeasurementError("Cannot account for a line: it was heard twice");
  }

  #join(now: number): void {
    this.#phase = "login";
    this.#deadline = now + PATIENCE;
    this.#unheard.clear();
    this.#lastEcho = 0;
    this.#lines = 0;
    this.#guest = undefined;
    const leg = new Leg(
      this.#around.connect(),
      FIRST_SIZES,
      (bytes, at) => this.#receive(bytes, at),
      () => this.#lose("the edge closed the connection"),
    );
    leg.onFault = ({ message }) => {
      this.#around.ledger.fault(message);
      this.#lose("what came was wrong");
    };
    this.#leg = leg;
    this.#login = new ClientLogin(leg, this.name, this.#kind, "spawned");
  }

  /** Goes on with what it does, or does something else. */
  #act(): void {
    const deed = this.#deed ?? this.#begin(this.#ordered ?? this.#habits.next());
    if (deed.kind !== "pause" && !this.#map.loading) this.#walk();
    if (deed.kind === "build" && !this.#map.loading) this.#build();
    if (deed.kind === "move" || deed.kind === "map" || deed.kind === "leave") return;
    if (--this.#ticksLeft <= 0) this.#deed = undefined;
  }

  #begin(deed: Deed): Deed {
    const now = performance.now();
    this.#deed = deed;
    this.#askedAt = now;
    switch (deed.kind) {
      case "walk":
      case "pause":
        this.#ticksLeft = deed.ticks;
        break;
      case "build":
        this.#ticksLeft = deed.blocks;
        break;
      case "chat":
        this.#ticksLeft = 0;
        this.#say("hello");
        break;
      case "map":
        this.#deadline = now + PATIENCE;
        this.#say(`${MAP_REQUEST} ${deed.chunks}`);
        break;
      case "move":
        this.#deadline = now + PATIENCE;
        this.#send(`/server ${this.#around.worldAfter(this.#guest?.world ?? "", deed.distance)}`);
        break;
      case "leave":
        this.#phase = "leaving";
        this.#deadline = now + PATIENCE;
        this.#ticksLeft = deed.ticks;
        if (this.#guest !== undefined) this.#guest.quiet = true;
    }
    return deed;
  }

  #walk(): void {
    this.#writes.setLook(this.#view, 0, this.#guest?.number ?? 0, 0);
    this.#writes.stamp(this.#view, 0, this.#sent.positions++ & 0xffff, this.#around.clock.ticks());
    this.#leg?.write(this.#bytes);
  }

  #build(): void {
    const number = this.#sent.blocks++ & 0x7fff;
    const block = { x: number, y: this.#guest?.number ?? 0, z: 0, mode: 1, block: blockOf(number) };
    this.#leg?.write(encodePacket("PlayerSetBlock", this.#dialect, block));
  }

  #order(deed: Deed): void {
    this.#ordered = deed;
    if (this.#deed?.kind !== "move" && this.#deed?.kind !== "map") this.#deed = undefined;
  }

  /** A line for the world, which has to hear it once. */
  #say(text: string): void {
    const number = ++this.#lines;
    this.#unheard.add(number);
    this.#send(`${LINE_MARK}${number} ${text}`);
    this.#around.ledger.count("line");
  }

  #send(message: string): void {
    const partial = this.#dialect.extensions.has("LongerMessages") ? 0 : SELF;
    this.#leg?.write(encodePacket("PlayerMessage", this.#dialect, { partial, message }));
  }

  /** Until everything has arrived, both ways. */
  #tryToLeave(now: number): void {
    const { positions, blocks, tells } = this.#guest ?? { positions: 0, blocks: 0, tells: 0 };
    const under = [
      this.#sent.positions - positions,
      this.#sent.blocks - blocks,
      tells - this.#got.tells,
      blocks - this.#got.blocks,
      this.#unheard.size,
    ];
    if (now > this.#deadline) this.#around.ledger.fault("packets never arrived before a player left");
    else if (under.some((count) => count !== 0)) return;
    this.#around.ledger.count("leave");
    this.#end(this.#ticksLeft);
  }

  #giveUp(): void {
    this.#around.ledger.fault(`no end came of a ${this.#deed?.kind}`);
    this.#deadline = Infinity;
    this.#deed = undefined;
  }

  #lose(cause: string): void {
    if (this.#phase === "away") return;
    this.#around.ledger.lose(cause);
    this.#end(COMEBACK);
  }

  #end(ticksAway: number): void {
    this.#leg?.close();
    this.#leg = undefined;
    this.#guest = undefined;
    this.#phase = "away";
    this.#deed = undefined;
    this.#deadline = Infinity;
    this.#ticksLeft = this.#ordered?.kind === "leave" ? Infinity : ticksAway;
  }

  get #dialect(): Dialect {
    return this.#login?.dialect ?? VANILLA;
  }

  #receive(bytes: DataView<ArrayBuffer>, at: number): void {
    const id = bytes.getUint8(at);
    if (id === this.#reads.id && this.#phase !== "login") {
      this.#told(bytes, at);
      return;
    }
    const packets = new Uint8Array(bytes.buffer);
    switch (id) {
      case DISCONNECT:
        this.#lose(`kicked: ${readPacket("DisconnectPlayer", VANILLA, packets, at).reason}`);
        return;
      case BLOCK_SUPPORT.id:
        this.#echo(packets, at, packetSize(BLOCK_SUPPORT, VANILLA));
        return;
      case TWO_WAY_PING.id:
        if (readPacket("TwoWayPing", VANILLA, packets, at).origin === 1) {
          this.#echo(packets, at, packetSize(TWO_WAY_PING, VANILLA));
        }
        return;
      case LEVEL_INITIALIZE:
        this.#map.begin();
        return;
      case LEVEL_DATA_CHUNK:
        this.#map.chunk(bytes, at);
        return;
      case LEVEL_FINALIZE:
        this.#map.end(readPacket("LevelFinalize", VANILLA, packets, at).xSize);
        return;
      case SET_BLOCK:
        this.#placed(packets, at);
        return;
      case MESSAGE:
        this.#read(readPacket("Message", this.#dialect, packets, at).message);
        return;
    }
    if (this.#phase === "login") this.#login?.accept(packets, at);
    if (id === SPAWN_PLAYER) {
      const { playerId, yaw } = readPacket("SpawnPlayer", this.#dialect, packets, at);
      if (playerId === SELF) this.#spawned(yaw);
    } else if (id === ADD_ENTITY) {
      const { entityId, yaw } = readPacket("ExtAddEntity2", this.#dialect, packets, at);
      if (entityId === SELF) this.#spawned(yaw);
    }
  }

  #echo(packets: Uint8Array<ArrayBuffer>, at: number, size: number): void {
    this.#leg?.write(packets.slice(at, at + size));
  }

  /** The world tells where another player is. */
  #told(bytes: DataView, at: number): void {
    const form = this.#reads;
    const due = this.#got.tells++ & 0xffff;
    if (form.player(bytes, at) !== this.#guest?.number) {
      throw new MeasurementError("Cannot account for a position: it is of another world");
    }
    if (form.sequence(bytes, at) !== due) {
      throw new MeasurementError("Cannot account for a position: one was lost, repeated or overtaken");
    }
    this.#around.ledger.arrived((this.#around.clock.ticks() - form.ticks(bytes, at)) >>> 0);
    const now = performance.now();
    this.#longestSilence = Math.max(this.#longestSilence, now - this.#toldAt);
    this.#toldAt = now;
  }

  #placed(packets: Uint8Array, at: number): void {
    const { x, y, block } = readPacket("SetBlock", this.#dialect, packets, at);
    const due = this.#got.blocks++ & 0x7fff;
    if (x !== due || y !== this.#guest?.number || block !== blockOf(due)) {
      throw new MeasurementError("Cannot account for a block: one was lost, repeated, overtaken or changed");
    }
    this.#around.ledger.count("block");
  }

  #read(line: string): void {
    if (line.startsWith(LINE_MARK)) {
      const number = Number(/^#(\d+) is heard$/.exec(line)?.[1]);
      if (!(number > this.#lastEcho && number <= this.#lines)) {
        throw new MeasurementError("Cannot account for a line: its echo was repeated, overtaken or changed");
      }
      this.#lastEcho = number;
    } else if (this.moving && REFUSAL.test(line)) {
      this.#around.ledger.count("refused");
      this.#deed = undefined;
      this.#deadline = Infinity;
    }
  }

  /** The bot is in a world: in another one, or once more in the same with another map. */
  #spawned(visit: number): void {
    const guest = this.#visits.get(visit);
    if (guest === undefined) {
      throw new MeasurementError("Cannot tell where a player is: no world has spawned them there");
    }
    const now = performance.now();
    if (guest !== this.#guest) this.#enter(guest, now);
    else if (this.#deed?.kind === "map") this.#around.ledger.count("map");
    if (this.#deed?.kind !== "map" && this.#deed?.kind !== "move") return;
    this.#deed = undefined;
    this.#deadline = Infinity;
  }

  #enter(guest: Guest, now: number): void {
    this.#guest = guest;
    this.#sent = { positions: 0, blocks: 0 };
    this.#got = { tells: 0, blocks: 0 };
    this.#toldAt = now;
    if (this.#phase === "login") {
      this.#phase = "playing";
      this.#deadline = Infinity;
      this.#reads = new StampedPosition("PlayerTeleport", this.#dialect);
      this.#writes = new StampedPosition("PlayerPosition", this.#dialect);
      this.#bytes = this.#writes.packets(1);
      this.#view = new DataView(this.#bytes.buffer);
      this.#around.ledger.count("join");
    } else if (this.#deed?.kind === "move") {
      this.#around.ledger.moved(now - this.#askedAt);
    }
    this.#leg?.write(
      encodePacket("PlayerPosition", this.#dialect, { held: SELF, ...SPAWN, yaw: guest.number, pitch: ARRIVAL_PITCH }),
    );
  }
}

/** What a bot places as its block number so and so: something every client and server knows. */
function blockOf(number: number): number {
  return 1 + number % 49;
}
