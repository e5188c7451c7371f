/** The waiting room: a small world that the edge itself serves when no backend can take the player. */
import { PacketBuffer } from "../protocol/packet_buffer.ts";
import { packetNamed } from "../protocol/packet_table.ts";
import { encodePacket, readPacket, writePacket } from "../protocol/packets.ts";
import { drawable, TEXT_SIZE } from "../protocol/text.ts";
import type { Alarm } from "./alarm.ts";
import type { ClientSide } from "./client_side.ts";
import type { SessionCore } from "./core.ts";
import { EdgePlace } from "./edge_place.ts";
import type { PlaceEvents, PlaceState } from "./place.ts";
import { CLIENT } from "./port.ts";
import { WAITING_WORLD_SPAWN as SPAWN, waitingWorldBlockAt, waitingWorldPackets } from "./waiting_world.ts";

const SET_BLOCK = packetNamed("PlayerSetBlock").id;
const TWO_WAY_PING = packetNamed("TwoWayPing").id;
const CLIENT_ORIGIN = 0;
const SELF = 255;
/** The three lines in the upper right corner, with MessageTypes. */
const STATUS_LINES = [1, 2, 3] as const;
const STATUS_MS = 1_000;
/** Milliseconds between two lines of chat that stand for the status lines without MessageTypes. */
const CHAT_STATUS_MS = 20_000;
const PING_MS = 5_000;

/** How the wait is going. */
export interface WaitStatus {
  /** The player's place in line, from 1; 0 where there is no line, since all backends are down or have just refused the player. */
  readonly place: number;
  /** The backend being tried now; empty between two attempts. */
  readonly trying: string;
  /** What became of the last attempt; empty before the first. */
  readonly last: string;
}

/** The room as written down. */
export interface WaitingRoomState {
  readonly kind: "waiting-room";
  /** What the status lines say. */
  readonly shown: readonly string[];
  readonly enteredMsAgo: number;
  readonly chattedMsAgo: number;
  readonly pingedMsAgo: number;
  /** Milliseconds until the lines are looked at again. */
  readonly msLeft: number | undefined;
}

/** See the file's first line. */
export class WaitingRoom extends EdgePlace {
  readonly kind = "waiting-room";
  readonly #events: PlaceEvents;
  readonly #status: () => WaitStatus;
  readonly #alarm: Alarm;
  #shown: readonly string[] = [];
  #enteredAt = 0;
  #chattedAt = 0;
  #pingedAt = 0;

  constructor(session: SessionCore, client: ClientSide, events: PlaceEvents, status: () => WaitStatus) {
    super(session, client);
    this.#events = events;
    this.#status = status;
    this.#alarm = session.alarm((now) => this.#refresh(now));
  }

  get stage(): "D" | "P" {
    return this.session.record.has("map") ? "P" : "D";
  }

  /** Shows the room to the client, whatever world it was in. `cause` is what the player reads about why. */
  enter(cause: string): void {
    const { dialect } = this.client;
    const { name, motd } = this.session.options.welcome;
    this.client.leaveWorld();
    const out = new PacketBuffer(8 << 10);
    writePacket(out, "ServerIdentification", dialect, {
      protocol: dialect.protocol,
      serverName: drawable(name, dialect.extensions),
      motd: drawable(motd, dialect.extensions),
      userType: 0,
    });
    out.append(waitingWorldPackets(dialect));
    this.#writeSpawn(out);
    this.client.send(out.view());
    this.client.say(`&e${cause}`);
    this.client.say(`&7You wait here until one takes you; &f${this.session.options.redirect.command}&7 lists them`);
    if (this.client.takeUnsent().length > 0) this.client.say("&7What you typed meanwhile has reached nobody");
    this.session.port.emit({ kind: "waiting", cause });
    const now = this.session.port.now();
    this.#enteredAt = now;
    this.#chattedAt = now;
    this.#pingedAt = now;
    this.#refresh(now);
  }

  override suspend(): void {
    this.#alarm.clear();
  }

  override writeDown(): PlaceState {
    const now = this.session.port.now();
    return {
      kind: this.kind,
      shown: this.#shown,
      enteredMsAgo: now - this.#enteredAt,
      chattedMsAgo: now - this.#chattedAt,
      pingedMsAgo: now - this.#pingedAt,
      msLeft: this.#alarm.leftAt(now),
    };
  }

  /** Goes on where a room has been written down, instead of {@linkcode enter}. */
  resume({ shown, enteredMsAgo, chattedMsAgo, pingedMsAgo, msLeft }: WaitingRoomState): void {
    const now = this.session.port.now();
    this.#shown = shown;
    this.#enteredAt = now - enteredMsAgo;
    this.#chattedAt = now - chattedMsAgo;
    this.#pingedAt = now - pingedMsAgo;
    this.#alarm.setIn(msLeft, now);
  }

  #writeSpawn(out: PacketBuffer): void {
    const { dialect, name } = this.client;
    if (!dialect.extensions.has("ExtPlayerList", 2)) {
      writePacket(out, "SpawnPlayer", dialect, { playerId: SELF, playerName: name, ...SPAWN });
      return;
    }
    const entry = { playerName: name, listName: name, groupName: "Waiting", groupRank: 0 };
    writePacket(out, "ExtAddPlayerName", dialect, { nameId: SELF, ...entry });
    writePacket(out, "ExtAddEntity2", dialect, { entityId: SELF, inGameName: name, skinName: name, ...SPAWN });
  }

  protected override takeLine(): void {
    const { text } = this.client.line;
    this.client.line.clear();
    if (this.#events.isCommand(text)) this.#events.command(text);
    else this.client.say(`&7Nobody hears you here; &f${this.session.options.redirect.command}&7 lists the servers`);
  }

  protected override takePacket(id: number, bytes: Uint8Array, start: number, end: number): void {
    const { dialect } = this.client;
    if (id === SET_BLOCK) {
      const { x, y, z } = readPacket("PlayerSetBlock", dialect, bytes, start);
      const block = waitingWorldBlockAt(x, y, z);
      if (block !== undefined) this.client.sendPacket("SetBlock", { x, y, z, block });
    } else if (id === TWO_WAY_PING && bytes[start + 1] === CLIENT_ORIGIN) {
      this.session.send(CLIENT, bytes.subarray(start, end));
    }
  }

  #refresh(now: number): void {
    const lines = this.#lines(now);
    if (this.client.dialect.extensions.has("MessageTypes")) this.#showStatus(lines);
    else if (now - this.#chattedAt >= CHAT_STATUS_MS) this.#chatStatus(lines, now);
    if (now - this.#pingedAt >= PING_MS) {
      this.#pingedAt = now;
      this.session.send(CLIENT, encodePacket("Ping", this.client.dialect, {}));
    }
    this.#alarm.set(now + STATUS_MS);
  }

  /** What is waited for and since when, the place in line, and what is or was tried. */
  #lines(now: number): readonly string[] {
    const { place, trying, last } = this.#status();
    return [
      `&eWaiting for a server: &f${duration(now - this.#enteredAt)}`,
      place > 0 ? `&7Your place in line: &f${place}` : "&7No server can take you now",
      trying !== "" ? `&7Trying &f${trying}` : last !== "" ? `&7${last}` : "",
    ].map((line) => drawable(line, this.client.dialect.extensions).slice(0, TEXT_SIZE));
  }

  #showStatus(lines: readonly string[]): void {
    for (const [index, type] of STATUS_LINES.entries()) {
      const message = lines[index] ?? "";
      if (message !== (this.#shown[index] ?? "")) this.client.sendPacket("Message", { type, message });
    }
    this.#shown = lines;
  }

  #chatStatus(lines: readonly string[], now: number): void {
    this.#chattedAt = now;
    for (const line of lines) if (line !== "") this.client.say(line);
  }
}

function duration(ms: number): string {
  const seconds = Math.floor(ms / 1_000);
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}
