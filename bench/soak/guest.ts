import { ExtensionSet } from "../../lib/protocol/extensions.ts";
import { type Dialect, knownSizes, packetNamed } from "../../lib/protocol/packet_table.ts";
import { encodePacket, readPacket } from "../../lib/protocol/packets.ts";
import { Leg, MeasurementError } from "../leg.ts";
import { CPE_MAGIC, joined, VANILLA } from "../login.ts";
import { type Clock, StampedPosition } from "../position.ts";
import type { Socket } from "../sockets.ts";
import type { Ledger } from "./ledger.ts";
import { mapOf } from "./maps.ts";

/** Where players stand when they arrive, in 1/32 block. */
export const SPAWN = { x: 256, y: 1024, z: 256 } as const;
/** How a bot looks in the first position it sends from there, which carries no stamp. */
export const ARRIVAL_PITCH = 1;
/** Visits are numbered up to here: vanilla clients take larger ids for their own. */
export const VISITS = 128;
/** What lines of bots and worlds begin with; others are the edge's. */
export const LINE_MARK = "#";
/** What a bot says, behind the number of the line, to get another map. */
export const MAP_REQUEST = "map";

/** Other players a guest is told of at each tick. */
const NEIGHBOURS = 4;
/** Chunks of the map that newcomers get. */
const FIRST_MAP = mapOf(4);
const SELF = 255;
const IDENTIFICATION = packetNamed("PlayerIdentification").id;
const EXT_INFO = packetNamed("ExtInfo").id;
const EXT_ENTRY = packetNamed("ExtEntry").id;
const SET_BLOCK = packetNamed("PlayerSetBlock").id;
const MESSAGE = packetNamed("PlayerMessage").id;
/** With the packets of every extension: an edge may pass a client's list on to a world without CPE. */
const FIRST_SIZES = knownSizes("c2s", VANILLA);

/** The bot behind a guest, as far as its world has to know it. */
export interface Resident {
  /** A guest says that it is this bot's. Returns the number of the visit. */
  visit(guest: Guest): number;
  /** The guest's connection has ended. */
  visited(guest: Guest): void;
  /** Line `number` has reached a world. */
  heard(number: number): void;
}

/** What guests share with their world. */
export interface Household {
  readonly name: string;
  /** What the world speaks; `undefined` without CPE. */
  readonly extensions: ExtensionSet | undefined;
  readonly clock: Clock;
  readonly ledger: Ledger;
  resident(name: string): Resident | undefined;
  /** `guest` has logged in. */
  arrived(guest: Guest): void;
  gone(guest: Guest): void;
}

/** The backend's end of one visit of a bot to a world. */
export class Guest {
  /** Stamped positions that have come from the bot. */
  positions = 0;
  /** Blocks that have come from the bot. */
  blocks = 0;
  /** Positions of others that the bot was told. */
  tells = 0;
  /** Whether the bot is to be told nothing more. */
  quiet = false;

  readonly #household: Household;
  readonly #leg: Leg;
  #resident: Resident | undefined;
  #name = "";
  #number = 0;
  #dialect: Dialect = VANILLA;
  #client = ExtensionSet.EMPTY;
  #entriesLeft = 0;
  #playing = false;
  #reads = new StampedPosition("PlayerPosition", VANILLA);
  #writes = new StampedPosition("PlayerTeleport", VANILLA);
  #tellBytes = this.#writes.packets(NEIGHBOURS);
  #tellView = new DataView(this.#tellBytes.buffer);

  constructor(socket: Socket, household: Household) {
    this.#household = household;
    this.#leg = new Leg(socket, FIRST_SIZES, (bytes, at) => this.#receive(bytes, at), () => this.#ended());
    this.#leg.onFault = ({ message }) => {
      household.ledger.fault(`${household.name}: ${message}`);
      this.#leg.close();
      this.#ended();
    };
  }

  /** Number of the visit among those of its bot. */
  get number(): number {
    return this.#number;
  }

  get world(): string {
    return this.#household.name;
  }

  /** Tells the bot where others are, with one write. */
  tell(): void {
    if (this.quiet || !this.#leg.isOpen) return;
    const ticks = this.#household.clock.ticks();
    for (let index = 0; index < NEIGHBOURS; index++) {
      const at = index * this.#writes.size;
      this.#writes.setPlayer(this.#tellView, at, this.#number);
      this.#writes.stamp(this.#tellView, at, this.tells++ & 0xffff, ticks);
    }
    this.#leg.write(this.#tellBytes);
  }

  #receive(bytes: DataView<ArrayBuffer>, at: number): void {
    const id = bytes.getUint8(at);
    if (id === this.#reads.id && this.#playing) {
      this.#position(bytes, at);
      return;
    }
    const packets = new Uint8Array(bytes.buffer);
    if (this.#resident === undefined) {
      if (id !== IDENTIFICATION) throw new MeasurementError(`Cannot greet a player: the first packet is ${id}`);
      this.#identify(packets, at);
    } else if (id === EXT_INFO) {
      this.#entriesLeft = readPacket("ExtInfo", VANILLA, packets, at).count;
      if (this.#entriesLeft === 0) this.#negotiated();
    } else if (id === EXT_ENTRY) {
      const { extension, version } = readPacket("ExtEntry", VANILLA, packets, at);
      this.#client = this.#client.with(extension, version);
      if (--this.#entriesLeft === 0) this.#negotiated();
    } else if (id === SET_BLOCK) {
      this.#block(packets, at);
    } else if (id === MESSAGE) {
      this.#line(readPacket("PlayerMessage", this.#dialect, packets, at).message);
    }
  }

  #identify(packets: Uint8Array, at: number): void {
    const { username, magic } = readPacket("PlayerIdentification", VANILLA, packets, at);
    const resident = this.#household.resident(username);
    if (resident === undefined) throw new MeasurementError(`Cannot greet a player: nobody is called "${username}"`);
    this.#resident = resident;
    this.#name = username;
    this.#number = resident.visit(this);
    const { extensions } = this.#household;
    if (magic !== CPE_MAGIC || extensions === undefined) {
      this.#greet();
      return;
    }
    const entries = [...extensions.entries()];
    this.#leg.write(joined([
      encodePacket("ExtInfo", VANILLA, { appName: this.#household.name, count: entries.length }),
      ...entries.map(({ name, version }) => encodePacket("ExtEntry", VANILLA, { extension: name, version })),
    ]));
  }

  /** A world without CPE is sent the lists too, and does not know what they are. */
  #negotiated(): void {
    const { extensions } = this.#household;
    if (extensions === undefined) return;
    this.#dialect = { protocol: 7, cpe: true, extensions: extensions.intersect(this.#client) };
    this.#leg.sizes = knownSizes("c2s", this.#dialect);
    this.#greet();
  }

  #greet(): void {
    this.#reads = new StampedPosition("PlayerPosition", this.#dialect);
    this.#writes = new StampedPosition("PlayerTeleport", this.#dialect);
    this.#tellBytes = this.#writes.packets(NEIGHBOURS);
    this.#tellView = new DataView(this.#tellBytes.buffer);
    this.#playing = true;
    const { name } = this.#household;
    const greeting = encodePacket("ServerIdentification", VANILLA, {
      protocol: 7,
      serverName: name,
      motd: "",
      userType: 0,
    });
    this.#leg.write(joined([greeting, FIRST_MAP, this.#spawn()]));
    this.#household.arrived(this);
  }

  /** The number of the visit is where the player looks. */
  #spawn(): Uint8Array {
    const spawn = { playerId: SELF, playerName: this.#name, ...SPAWN, yaw: this.#number, pitch: 0 };
    return encodePacket("SpawnPlayer", this.#dialect, spawn);
  }

  #position(bytes: DataView, at: number): void {
    const form = this.#reads;
    if (form.pitch(bytes, at) === ARRIVAL_PITCH) return;
    this.#expect("position", form.yaw(bytes, at), form.sequence(bytes, at), this.positions++ & 0xffff);
    this.#household.ledger.arrived((this.#household.clock.ticks() - form.ticks(bytes, at)) >>> 0);
  }

  /** Shows the block, which the bot counts. */
  #block(packets: Uint8Array, at: number): void {
    const { x, y, z, block } = readPacket("PlayerSetBlock", this.#dialect, packets, at);
    this.#expect("block", y, x, this.blocks++ & 0x7fff);
    this.#leg.write(encodePacket("SetBlock", this.#dialect, { x, y, z, block }));
  }

  #expect(what: string, visit: number, sequence: number, due: number): void {
    if (visit !== this.#number) {
      throw new MeasurementError(`Cannot account for a ${what}: it was sent during another visit`);
    }
    if (sequence !== due) {
      throw new MeasurementError(`Cannot account for a ${what}: number ${sequence} came, ${due} was due`);
    }
  }

  #line(text: string): void {
    const [number = "", request] = text.slice(LINE_MARK.length).split(" ");
    if (!text.startsWith(LINE_MARK)) throw new MeasurementError(`Cannot make out a line: "${text}"`);
    this.#resident?.heard(Number(number));
    this.#leg.write(encodePacket("Message", this.#dialect, { type: 0, message: `${LINE_MARK}${number} is heard` }));
    if (request !== MAP_REQUEST) return;
    const chunks = Number(text.split(" ")[2]);
    this.#leg.write(joined([mapOf(chunks), this.#spawn()]));
  }

  #ended(): void {
    this.#household.gone(this);
    this.#resident?.visited(this);
  }
}
