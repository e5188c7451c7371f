/** The player's side of a session: what outlives every backend the player is on. */
import type { ExtensionSet } from "../protocol/extensions.ts";
import type { Framer } from "../protocol/framer.ts";
import { Leftovers, type LeftoverState } from "../protocol/leftovers.ts";
import { memo } from "../protocol/memo.ts";
import { PacketBuffer } from "../protocol/packet_buffer.ts";
import { type Dialect, knownSizes, type PacketName, packetNamed, packetSize } from "../protocol/packet_table.ts";
import { encodePacket, type PacketInput, readPacket, writePacket } from "../protocol/packets.ts";
import { drawable, wrapText } from "../protocol/text.ts";
import { ChatLine, type LineState } from "./chat_line.ts";
import type { SessionCore } from "./core.ts";
import { type Allowance, FloodGate, type FloodState } from "./flood.ts";
import type { Identity } from "./identification.ts";
import { idTable, union } from "./id_table.ts";
import { CLIENT } from "./port.ts";

const LEVEL_INITIALIZE = packetNamed("LevelInitialize").id;
const LEVEL_FINALIZE = packetNamed("LevelFinalize").id;
const SPAWN_PLAYER = packetNamed("SpawnPlayer").id;
const EXT_ADD_ENTITY2 = packetNamed("ExtAddEntity2").id;
const SUPPORT_LEVEL = packetNamed("CustomBlockSupportLevel").id;
/** What is of interest whatever the client has. */
const NOTED = idTable(LEVEL_INITIALIZE, LEVEL_FINALIZE, SPAWN_PLAYER, EXT_ADD_ENTITY2, SUPPORT_LEVEL);
const SELF = 255;
/** Shared by all players under the same limit, of which there are few. */
const twoSecondsOf: (packetsPerSecond: number) => Allowance = memo(
  16,
  String,
  (packetsPerSecond: number) => ({ count: 2 * packetsPerSecond, windowMs: 2_000 }),
);
const NOTHING = new Uint8Array(0);
const NO_LINE: LineState = { packets: NOTHING, isTail: false };
/** Message types: chat with MessageTypes, and the server's own words without it. */
const CHAT = 0;
const SYSTEM = 255;

/** A handshake as it is replayed to backends. */
export interface Guest {
  readonly identity: Identity;
  /** C. */
  readonly dialect: Dialect;
  /** Name and version of the client's software; empty for clients without CPE. */
  readonly app: string;
  /** ExtInfo and the entries of C; empty for clients without CPE. */
  readonly list: Uint8Array;
}

/** Where a backend has put the player: eye position in 1/32 block. */
export interface Spawn {
  readonly x: number;
  readonly y: number;
  readonly z: number;
}

/** The player's side as written down. */
export interface ClientState {
  readonly app: string;
  /** C. */
  readonly extensions: ExtensionSet;
  /** The beginning of a packet that the client has not sent whole. */
  readonly partial: Uint8Array;
  /** Whole packets that the client has sent. */
  readonly packets: number;
  readonly leftovers: readonly LeftoverState[];
  readonly line: LineState;
  readonly chatGate: FloodState;
  readonly packetGate: FloodState;
  readonly loading: boolean;
  readonly spawn: Spawn | undefined;
  readonly levelsAsked: number;
  readonly levelsAnswered: number;
}

/** Follows what the client is sent, so that a move can undo it, and remembers what it was asked. */
export class ClientSide {
  readonly guest: Guest;
  /** Holds what the client sent and nobody has taken yet. */
  readonly framer: Framer;
  /** What backends did to the client that a new map does not undo. */
  readonly leftovers: Leftovers;
  /** Non-zero for the packets to the client that {@linkcode note} has to see. */
  readonly noted: Uint8Array;
  readonly #session: SessionCore;
  readonly #sizes: Uint16Array;
  readonly #packetGate: FloodGate;
  #packetsCounted: number;
  // Most players never say anything.
  #line: ChatLine | undefined;
  #chatGate: FloodGate | undefined;
  #unsent: PacketBuffer | undefined;
  #loading = false;
  #spawn: Spawn | undefined;
  #levelsAsked: number;
  #levelsAnswered = 0;

  /** @param levelsAsked CustomBlockSupportLevels that the client was sent and has not answered. */
  constructor(session: SessionCore, guest: Guest, framer: Framer, levelsAsked: number) {
    this.#session = session;
    this.guest = guest;
    this.framer = framer;
    this.#levelsAsked = levelsAsked;
    this.leftovers = new Leftovers(guest.dialect);
    this.noted = union(this.leftovers.concerns, NOTED);
    this.#sizes = knownSizes("s2c", guest.dialect);
    const { packetsPerSecond } = session.options.limits;
    this.#packetsCounted = framer.packets;
    this.#packetGate = new FloodGate(session, twoSecondsOf(packetsPerSecond), "packet-flood");
  }

  /** The player's name. */
  get name(): string {
    return this.guest.identity.name;
  }

  /** C's dialect. */
  get dialect(): Dialect {
    return this.guest.dialect;
  }

  /** The line of chat that the client is typing. */
  get line(): ChatLine {
    return this.#line ??= new ChatLine(this.dialect.extensions.has("LongerMessages"));
  }

  /** How many lines of chat the client may send. */
  get chatGate(): FloodGate {
    return this.#chatGate ??= new FloodGate(this.#session, this.#session.options.limits.chatRate, "chat-flood");
  }

  /** Whole packets of chat that no backend has got yet. */
  get unsent(): PacketBuffer {
    return this.#unsent ??= new PacketBuffer(0);
  }

  /** Whether a map has begun to reach the client and has not ended. */
  get loading(): boolean {
    return this.#loading;
  }

  /** Where the player has been put in the map of now; `undefined` before. */
  get spawn(): Spawn | undefined {
    return this.#spawn;
  }

  /** What {@linkcode resume} takes; `undefined` while there is chat that no backend has got. */
  writeDown(): ClientState | undefined {
    if (this.#unsent !== undefined && this.#unsent.length > 0) return undefined;
    const { limits } = this.#session.options;
    return {
      app: this.guest.app,
      extensions: this.dialect.extensions,
      partial: this.framer.partial,
      packets: this.framer.packets,
      leftovers: this.leftovers.writeDown(),
      line: this.#line?.writeDown() ?? NO_LINE,
      chatGate: this.#chatGate?.writeDown() ?? { left: limits.chatRate.count, countedMsAgo: 0, told: false },
      packetGate: this.#packetGate.writeDown(),
      loading: this.#loading,
      spawn: this.#spawn,
      levelsAsked: this.#levelsAsked,
      levelsAnswered: this.#levelsAnswered,
    };
  }

  /** Goes on where the side of a client of the same dialect has been written down. */
  resume(state: ClientState): void {
    this.framer.resume(state.partial);
    this.framer.packets = state.packets;
    this.#packetsCounted = state.packets;
    this.leftovers.resume(state.leftovers);
    const { line, chatGate } = state;
    if (hasBegun(line)) this.line.resume(line, packetSize(packetNamed("PlayerMessage"), this.dialect));
    if (chatGate.left < this.#session.options.limits.chatRate.count) this.chatGate.resume(chatGate);
    this.#packetGate.resume(state.packetGate);
    this.#loading = state.loading;
    this.#spawn = state.spawn;
    this.#levelsAsked = state.levelsAsked;
    this.#levelsAnswered = state.levelsAnswered;
  }

  /** Counts the packets framed since the last call. The session is over behind this call where they were too many. */
  countPackets(): void {
    const { packets } = this.framer;
    this.#packetGate.count(packets - this.#packetsCounted);
    this.#packetsCounted = packets;
  }

  /** Notes the packet to the client at `start` of `bytes`, in the client's dialect. */
  note(bytes: Uint8Array, start: number): void {
    const id = bytes[start] ?? 0;
    if (id === LEVEL_INITIALIZE) {
      this.#loading = true;
      this.#spawn = undefined;
    } else if (id === LEVEL_FINALIZE) {
      this.#loading = false;
    } else if (id === SUPPORT_LEVEL) {
      this.#levelsAsked++;
    } else {
      if (bytes[start + 1] === SELF) {
        if (id === SPAWN_PLAYER) this.#spawn = spawnOf(readPacket("SpawnPlayer", this.dialect, bytes, start));
        if (id === EXT_ADD_ENTITY2) this.#spawn = spawnOf(readPacket("ExtAddEntity2", this.dialect, bytes, start));
      }
      this.leftovers.track(bytes, start);
    }
  }

  /** Notes all whole packets of `bytes` from `start` to `end`. */
  noteAll(bytes: Uint8Array, start: number, end: number): void {
    for (let at = start; at < end;) {
      const id = bytes[at] ?? 0;
      if (this.noted[id] !== 0) this.note(bytes, at);
      at += this.#sizes[id] || end;
    }
  }

  /** Sends whole packets of the edge's own. */
  send(bytes: Uint8Array): void {
    this.noteAll(bytes, 0, bytes.length);
    this.#session.send(CLIENT, bytes);
  }

  /** Sends one packet of the edge's own. */
  sendPacket<N extends PacketName>(name: N, values: PacketInput<N>): void {
    this.send(encodePacket(name, this.dialect, values));
  }

  /** Ends the world of now: closes a map that has not come to its end, and undoes what backends did to the client. */
  leaveWorld(): void {
    const out = new PacketBuffer(256);
    if (this.#loading) writePacket(out, "LevelFinalize", this.dialect, { xSize: 0, ySize: 0, zSize: 0 });
    this.#loading = false;
    this.leftovers.undo(out);
    this.#session.send(CLIENT, out.view());
  }

  /** Says something in chat, each of its lines in several where it is long. `&` and a digit or letter set a colour. */
  say(text: string): void {
    const { dialect } = this.guest;
    const type = dialect.extensions.has("MessageTypes") ? CHAT : SYSTEM;
    const out = new PacketBuffer(128);
    for (const line of text.match(/[^\r\n]+/g) ?? []) {
      for (const message of wrapText(drawable(line, dialect.extensions))) {
        writePacket(out, "Message", dialect, { type, message });
      }
    }
    this.#session.send(CLIENT, out.view());
  }

  /** How many CustomBlockSupportLevels the client has been sent. */
  get levelsAsked(): number {
    return this.#levelsAsked;
  }

  /** How many of them it has answered. */
  get levelsAnswered(): number {
    return this.#levelsAnswered;
  }

  /** The client has answered a CustomBlockSupportLevel. */
  answered(): void {
    this.#levelsAnswered = Math.min(this.#levelsAsked, this.#levelsAnswered + 1);
  }

  /** Keeps the line of chat that is whole now for the next backend. Returns whether there was room for it. */
  keepLine(): boolean {
    const { packets } = this.line;
    const fits = this.unsent.length + packets.length <= this.#session.options.limits.earlyBytes;
    if (fits) this.unsent.append(packets);
    this.line.clear();
    return fits;
  }

  /** Takes all chat that no backend has got. */
  takeUnsent(): Uint8Array {
    const bytes = this.#unsent?.copy() ?? NOTHING;
    this.#unsent = undefined;
    return bytes;
  }
}

function hasBegun({ packets, isTail }: LineState): boolean {
  return packets.length > 0 || isTail;
}

/** Of a packet that says more, which need not be kept. */
function spawnOf({ x, y, z }: Spawn): Spawn {
  return { x, y, z };
}
