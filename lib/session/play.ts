/** Play: packets pass both ways between the client and one backend, translated where their dialects differ. */
import type { ExtensionSet } from "../protocol/extensions.ts";
import { Framer } from "../protocol/framer.ts";
import { PacketBuffer } from "../protocol/packet_buffer.ts";
import { type Dialect, packetNamed, packetSize } from "../protocol/packet_table.ts";
import { encodePacket, readPacket } from "../protocol/packets.ts";
import { readText } from "../protocol/text.ts";
import { ToBackend } from "../protocol/translate/to_backend.ts";
import { ToClient, type ToClientState } from "../protocol/translate/to_client.ts";
import { unknownPacket } from "../protocol/unknown_packet.ts";
import type { Alarm } from "./alarm.ts";
import { type BackendLogin, sizesOfBackend } from "./backend_login.ts";
import type { ClientSide } from "./client_side.ts";
import type { SessionCore } from "./core.ts";
import type { Fence } from "./fence.ts";
import { EVERY_PACKET, idTable, union } from "./id_table.ts";
import { blamesList } from "./list_blame.ts";
import { type MapState, MapWatch } from "./map_watch.ts";
import { misplaced } from "./misplaced.ts";
import { Outbox } from "./outbox.ts";
import type { Loss, Place, PlaceEvents } from "./place.ts";
import { CLIENT, type Closing, type Leg } from "./port.ts";
import { pluginAnswer } from "./redirect/plugin_message.ts";
import { type SilenceState, SilenceWatch, type Stallable } from "./silence.ts";

const IDENTIFICATION = packetNamed("PlayerIdentification").id;
const EXT_INFO = packetNamed("ExtInfo").id;
const EXT_ENTRY = packetNamed("ExtEntry").id;
const SUPPORT_LEVEL = packetNamed("CustomBlockSupportLevel").id;
const LEVEL_INITIALIZE = packetNamed("LevelInitialize").id;
const LEVEL_FINALIZE = packetNamed("LevelFinalize").id;
const MESSAGE = packetNamed("Message").id;
const DISCONNECT = packetNamed("DisconnectPlayer").id;
const PLUGIN_MESSAGE = packetNamed("PluginMessage").id;
const TWO_WAY_PING = packetNamed("TwoWayPing").id;
/** The first character of every chat sentinel. */
const CARET = 0x5e;

/** Packets that concern the edge itself, whatever the dialects are. */
const FROM_CLIENT = idTable(IDENTIFICATION, EXT_INFO, EXT_ENTRY, SUPPORT_LEVEL, MESSAGE, PLUGIN_MESSAGE);
const FROM_BACKEND = idTable(
  EXT_INFO,
  EXT_ENTRY,
  SUPPORT_LEVEL,
  LEVEL_INITIALIZE,
  LEVEL_FINALIZE,
  MESSAGE,
  DISCONNECT,
  PLUGIN_MESSAGE,
  TWO_WAY_PING,
);

// Sessions run one at a time and never inside each other, so they share the buffers of a chunk.
const toClientBox = new Outbox();
const toBackendBox = new Outbox();
const answers = new PacketBuffer(256);

/** The backend's side of play. */
export interface BackendSide {
  readonly name: string;
  readonly leg: Leg;
  /** Holds what followed the backend's login. */
  readonly framer: Framer;
  /** B's dialect. */
  readonly dialect: Dialect;
  /** Whether it was sent a list unasked and has shown no sign of CPE. */
  readonly listUnanswered: boolean;
}

/** The side of a backend that has taken the player. */
export function sideOf(name: string, leg: Leg, { framer, dialect, listUnanswered }: BackendLogin): BackendSide {
  return { name, leg, framer, dialect, listUnanswered };
}

/** Play as written down. */
export interface PlayState {
  readonly kind: "play";
  /** Name of the backend. */
  readonly backend: string;
  readonly leg: Leg;
  /** B. */
  readonly extensions: ExtensionSet;
  /** The beginning of a packet that the backend has not sent whole. */
  readonly partial: Uint8Array;
  readonly toClient: ToClientState;
  readonly silence: SilenceState;
  readonly map: MapState | undefined;
  /** Milliseconds in which a backend that breaks off may do so over the list; `undefined` where there are none left. */
  readonly blameMsLeft: number | undefined;
}

/** Forwards and translates between the client and the backend that has taken it. */
export class Play implements Place, Stallable {
  readonly #session: SessionCore;
  readonly #client: ClientSide;
  readonly #backend: BackendSide;
  readonly #events: PlaceEvents;
  readonly #toClient: ToClient;
  readonly #toBackend: ToBackend;
  readonly #clientStops: Uint8Array;
  readonly #backendStops: Uint8Array;
  readonly #silence: SilenceWatch;
  /** There while a map is on its way. */
  #map: MapWatch | undefined;
  /** Set once the client has ended. */
  #lingering: Alarm | undefined;
  /** There where the client comes from another world. */
  readonly #fenceDeadline: Alarm | undefined;
  /** Up as long as what the client sends belongs to the world it was in before. */
  #fence: Fence | undefined;
  /** What goes out behind the next LevelInitialize: the fence, and pings whose echoes must not come before its own. */
  #behindLevel: PacketBuffer | undefined;
  /** Until when a backend that breaks off may do so over the list, in whole milliseconds. */
  #blameEnd = 0;
  #over = false;

  /** @param fence Given where the client comes from another world. */
  constructor(session: SessionCore, client: ClientSide, backend: BackendSide, events: PlaceEvents, fence?: Fence) {
    this.#session = session;
    this.#client = client;
    this.#backend = backend;
    this.#events = events;
    this.#fence = fence;
    this.#toClient = new ToClient(backend.dialect, client.dialect);
    this.#toBackend = ToBackend.between(client.dialect, backend.dialect);
    this.#clientStops = union(FROM_CLIENT, this.#toBackend.concerns);
    this.#backendStops = union(FROM_BACKEND, union(this.#toClient.concerns, client.noted));
    this.#silence = new SilenceWatch(session, backend.leg, backend.dialect, this);
    if (backend.listUnanswered) this.#blameEnd = Math.ceil(session.port.now() + session.options.limits.blameMs);
    session.record.countsPackets(client.framer, backend.framer);
    this.#fenceDeadline = fence && session.alarm((now) => this.#fenceWaited(now));
  }

  // Not fields: V8 keeps those once for each player.
  get kind(): "play" {
    return "play";
  }

  get kickable(): true {
    return true;
  }

  get stage(): "M" | "P" {
    return this.#session.record.has("map") ? "P" : "M";
  }

  get backend(): string {
    return this.#backend.name;
  }

  get from(): string {
    return this.backend;
  }

  /** Begins with the whole packets that were held during the login: first the backend's, then the client's. */
  start(fromBackend: Uint8Array, fromClient: Uint8Array): void {
    const { framer } = this.#backend;
    this.#beginMap();
    if (this.#fence !== undefined) {
      this.#behindLevel = new PacketBuffer(16);
      this.#behindLevel.append(this.#fence.packet);
      this.#fenceDeadline?.set(this.#session.port.now() + this.#session.options.limits.fenceMs);
    }
    const heldFramer = new Framer(framer.sizes, this.#stopsOfBackend);
    heldFramer.feed(fromBackend);
    this.#pumpBackend(heldFramer);
    if (this.#over) return;
    const early = this.#client.framer;
    early.stops = this.#stopsOfClient;
    const earlyFramer = new Framer(early.sizes, this.#stopsOfClient);
    earlyFramer.feed(fromClient);
    this.#pumpClient(earlyFramer);
    if (this.#over) return;
    framer.stops = this.#stopsOfBackend;
    this.#pumpBackend(framer);
  }

  /** Whoever is on their way here or out of here stays until they have arrived. */
  writeDown(): PlayState | undefined {
    const toClient = this.#toClient.writeDown();
    const isUnsettled = this.#fence !== undefined || this.#behindLevel !== undefined || this.#leaving || this.#over;
    if (toClient === undefined || isUnsettled) return undefined;
    const { name, leg, dialect, framer } = this.#backend;
    const blameMsLeft = this.#blameEnd - this.#session.port.now();
    return {
      kind: this.kind,
      backend: name,
      leg,
      extensions: dialect.extensions,
      partial: framer.partial,
      toClient,
      silence: this.#silence.writeDown(),
      map: this.#map?.writeDown(),
      blameMsLeft: blameMsLeft > 0 ? blameMsLeft : undefined,
    };
  }

  /** Goes on where play has been written down. */
  static resume(session: SessionCore, client: ClientSide, events: PlaceEvents, state: PlayState): Play {
    const dialect = { ...client.dialect, extensions: state.extensions };
    const framer = new Framer(sizesOfBackend(dialect), EVERY_PACKET);
    const side = { name: state.backend, leg: state.leg, framer, dialect, listUnanswered: false };
    const play = new Play(session, client, side, events);
    play.#blameEnd = Math.floor(session.port.now() + (state.blameMsLeft ?? 0));
    framer.resume(state.partial);
    framer.stops = play.#backendStops;
    client.framer.stops = play.#clientStops;
    play.#toClient.resume(state.toClient);
    play.#silence.resume(state.silence);
    if (state.map !== undefined) play.#map = play.#watchMap(state.map);
    return play;
  }

  /** Passes on whole lines of chat that were typed when no backend was there. */
  deliver(chat: Uint8Array): void {
    const size = packetSize(packetNamed("PlayerMessage"), this.#client.dialect);
    for (let at = 0; at < chat.length; at += size) {
      this.#tellChat(() => readText(chat, at + 2));
      this.#toBackendPacket(chat, at, at + size);
    }
    this.#flushToBackend();
  }

  fromClient(chunk: Uint8Array): void {
    const { framer } = this.#client;
    framer.feed(chunk);
    this.#pumpClient(framer);
    this.#client.countPackets();
  }

  fromBackend(leg: Leg, chunk: Uint8Array): void {
    if (leg !== this.#backend.leg || this.#over) return;
    const { framer } = this.#backend;
    this.#silence.heard();
    framer.feed(chunk);
    this.#pumpBackend(framer);
    this.#map?.count(chunk.length);
  }

  stalled(silentMs: number): void {
    this.#lost({ reason: "backend-stalled", detail: `silent for ${Math.round(silentMs)} ms`, closing: "abort" });
  }

  opened(): void {}
  gone(): void {}
  admitted(): void {}

  dispose(): void {
    this.#over = true;
  }

  /** What the backend still has to say goes out to a client that only closed its own side. */
  eof(leg: Leg): void {
    if (leg === CLIENT && !this.#leaving) {
      this.#session.close(this.#backend.leg, "half");
      this.#lingering = this.#session.alarm(() => this.#left());
      this.#lingering.set(this.#session.port.now() + this.#session.options.limits.lingerMs);
    } else if (leg === this.#backend.leg) {
      const detail = "the backend closed the connection";
      this.#lost(this.#brokenOff({ reason: "backend-closed", detail, closing: "full" }));
    }
  }

  failed(leg: Leg, cause: string): void {
    if (leg === this.#backend.leg) {
      this.#lost(this.#brokenOff({ reason: "backend-lost", detail: cause, closing: "abort" }));
    } else if (leg === CLIENT && this.#leaving) this.#left();
    else if (leg === CLIENT) this.#session.end("client-reset", cause);
  }

  suspend(): void {
    this.#over = true;
    for (const alarm of [this.#lingering, this.#fenceDeadline]) alarm?.clear();
    this.#silence.clear();
    this.#endMap();
  }

  leave(how: Closing): void {
    this.suspend();
    this.#session.close(this.#backend.leg, how);
  }

  get #leaving(): boolean {
    return this.#lingering !== undefined && this.#lingering.time !== Infinity;
  }

  get #stopsOfClient(): Uint8Array {
    return this.#fence === undefined ? this.#clientStops : EVERY_PACKET;
  }

  /** While a map is held back, and while the fence waits for its place, every packet concerns the edge. */
  get #stopsOfBackend(): Uint8Array {
    return this.#behindLevel !== undefined || this.#toClient.holding ? EVERY_PACKET : this.#backendStops;
  }

  #left(): void {
    this.#session.end("client-left", "the client closed");
  }

  #beginMap(): void {
    this.#endMap();
    this.#map = this.#watchMap({ bytes: 0, msLeft: this.#session.options.limits.mapMs });
  }

  #endMap(): void {
    this.#map?.end();
    this.#map = undefined;
  }

  #watchMap(map: MapState): MapWatch {
    return new MapWatch(this.#session, this.#backend.leg, map, (detail) => {
      this.#lost({ reason: "endless-map", detail, closing: "abort" });
    });
  }

  /** Nothing of the backend counts any more. A client that is leaving has no use for another one. */
  #lost(loss: Loss): void {
    if (this.#over) return;
    if (this.#leaving) this.#left();
    else this.#events.lost(this, loss);
  }

  /**
   * Judges a backend that broke off. It may have done so over the list: then the next login there goes without one, and what it said
   * is no kick that is meant for the player.
   */
  #brokenOff(loss: Loss): Loss {
    const { kick, detail, closing } = loss;
    const { port } = this.#session;
    const isOverList = port.now() < this.#blameEnd && (kick === undefined || blamesList(kick));
    if (!isOverList || this.#leaving) return loss;
    port.emit({ kind: "list-refused", backend: this.backend, cause: detail });
    return kick === undefined ? loss : { reason: "backend-closed", detail, closing };
  }

  #pumpClient(framer: Framer): void {
    let fault: string | undefined;
    for (let frame = framer.next(); frame !== "none" && fault === undefined; frame = framer.next()) {
      const { bytes, start, end } = framer;
      if (frame === "run") this.#pass(toBackendBox, this.#backend.leg, bytes, start, end);
      else if (frame === "series") this.#toBackend.translate(bytes, start, end, toBackendBox.packets(), answers);
      else if (frame === "packet") fault = this.#clientPacket(bytes, start, end, framer);
      else fault = `packet ${bytes[start]} is unknown or was never negotiated`;
      if (this.#over) break;
    }
    this.#flushToBackend();
    if (fault !== undefined) this.#session.end("bad-packet", fault);
  }

  /** Takes one packet of the client. Returns what is wrong with it, if anything. */
  #clientPacket(bytes: Uint8Array, start: number, end: number, framer: Framer): string | undefined {
    const id = bytes[start] ?? 0;
    switch (id) {
      case IDENTIFICATION:
      case EXT_INFO:
      case EXT_ENTRY:
        return misplaced(id);
      case SUPPORT_LEVEL:
        // The edge asked for it; the backend was answered already.
        this.#client.answered();
        break;
      case MESSAGE:
        this.#chat(bytes, start, end);
        return undefined;
      case PLUGIN_MESSAGE:
        // Only backends may ask for moves.
        if (bytes[start + 1] === this.#session.options.redirect.pluginChannel) return undefined;
    }
    if (this.#fence !== undefined) {
      const { passesOpener } = this.#fence;
      if (!this.#fence.opens(bytes, start)) return undefined;
      this.#openFence(framer);
      if (!passesOpener || this.#over) return undefined;
    }
    if (id !== SUPPORT_LEVEL) this.#toBackendPacket(bytes, start, end);
    return undefined;
  }

  #toBackendPacket(bytes: Uint8Array, start: number, end: number): void {
    if (this.#toBackend.concerns[bytes[start] ?? 0] === 0) {
      this.#pass(toBackendBox, this.#backend.leg, bytes, start, end);
    } else {
      this.#toBackend.translate(bytes, start, end, toBackendBox.packets(), answers);
    }
  }

  /** A line of chat goes to the backend once it is whole, unless it is a command for the edge. */
  #chat(bytes: Uint8Array, start: number, end: number): void {
    const { line } = this.#client;
    if (line.isFresh) this.#client.chatGate.count(1);
    if (this.#over) return;
    if (line.isPlain(bytes, start)) {
      this.#tellChat(() => readText(bytes, start + 2));
      this.#toBackendPacket(bytes, start, end);
      return;
    }
    if (!line.push(bytes, start, end)) return;
    if (this.#events.isCommand(line.text)) {
      const { text } = line;
      line.clear();
      this.#flushToBackend();
      this.#events.command(text);
      return;
    }
    this.#tellChat(() => line.text);
    const { packets } = line;
    const size = end - start;
    for (let at = 0; at < packets.length; at += size) {
      const part = packets.slice(at, at + size);
      this.#toBackendPacket(part, 0, size);
    }
    line.clear();
  }

  #tellChat(text: () => string): void {
    const { options, port } = this.#session;
    if (options.tellsChat()) port.emit({ kind: "chat", backend: this.backend, text: text() });
  }

  #flushToBackend(): void {
    const bytes = toBackendBox.take();
    if (!this.#over) this.#session.send(this.#backend.leg, bytes);
    if (answers.length === 0) return;
    this.#session.send(CLIENT, answers.view());
    answers.clear();
  }

  #openFence(framer: Framer): void {
    this.#fence = undefined;
    this.#fenceDeadline?.clear();
    this.#client.framer.stops = this.#clientStops;
    framer.stops = this.#clientStops;
    this.#events.fenceOpened(this);
  }

  /** A client that has seen its spawn is given a moment; one that does not answer at all is believed in the end. */
  #fenceWaited(now: number): void {
    if (this.#fence === undefined) return;
    const time = this.#fence.opensAt(now);
    if (time !== undefined && time > now) {
      this.#fenceDeadline?.set(time);
      return;
    }
    const { port, options: { limits } } = this.#session;
    if (time === undefined && port.heldBack(this.#backend.leg)) {
      // A client with so much before it has not seen the fence yet.
      this.#fenceDeadline?.set(now + limits.fenceMs);
      return;
    }
    if (time === undefined) port.emit({ kind: "fence-unanswered", backend: this.backend });
    this.#openFence(this.#client.framer);
  }

  #pumpBackend(framer: Framer): void {
    let loss: Loss | undefined;
    for (let frame = framer.next(); frame !== "none" && loss === undefined; frame = framer.next()) {
      const { bytes, start, end } = framer;
      if (frame === "run") this.#pass(toClientBox, CLIENT, bytes, start, end);
      else if (frame === "series") this.#backendSeries(bytes, start, end);
      else if (frame === "packet") loss = this.#backendPacket(bytes, start, end, framer);
      else loss = { reason: "backend-broken", detail: unknownPacket(framer), closing: "abort" };
      if (this.#over) break;
    }
    const bytes = toClientBox.take();
    if (this.#over) return;
    this.#session.send(CLIENT, bytes);
    if (loss !== undefined) this.#lost(loss);
    else if (this.#fence !== undefined) this.#hastenFence(this.#fence);
  }

  #hastenFence(fence: Fence): void {
    const time = fence.opensAt(this.#session.port.now());
    if (time !== undefined) this.#fenceDeadline?.set(time);
  }

  /** Forwards packets of one id that concern nobody, and only have another shape for the client. */
  #backendSeries(bytes: Uint8Array, start: number, end: number): void {
    if (this.#toClient.patch(bytes, start, end)) this.#pass(toClientBox, CLIENT, bytes, start, end);
    else this.#toClient.translate(bytes, start, end, toClientBox.packets());
  }

  #backendPacket(bytes: Uint8Array, start: number, end: number, framer: Framer): Loss | undefined {
    const id = bytes[start] ?? 0;
    const { dialect } = this.#backend;
    switch (id) {
      case EXT_INFO:
      case EXT_ENTRY:
        // The edge ended CPE with this client; whatever a backend adds now cannot be taken up.
        return undefined;
      case SUPPORT_LEVEL:
        this.#session.send(this.#backend.leg, encodePacket("CustomBlockSupportLevel", dialect, { level: 1 }));
        return undefined;
      case DISCONNECT: {
        const kick = readPacket("DisconnectPlayer", dialect, bytes, start).reason;
        return this.#brokenOff({ reason: "backend-kick", detail: `kicked: ${kick}`, kick, closing: "full" });
      }
      case PLUGIN_MESSAGE:
        if (bytes[start + 1] !== this.#session.options.redirect.pluginChannel) break;
        this.#session.send(CLIENT, toClientBox.take());
        this.#events.pluginMessage(this, bytes.slice(start + 2, end), (text) => this.#answerPlugin(text));
        return undefined;
      case MESSAGE:
        if (bytes[start + 2] !== CARET) break;
        this.#session.send(CLIENT, toClientBox.take());
        if (this.#events.chatSentinel(this, readText(bytes, start + 2))) return undefined;
        break;
      case TWO_WAY_PING:
        if (this.#silence.isAnswer(bytes, start)) return undefined;
        if (this.#behindLevel === undefined) break;
        this.#behindLevel.append(bytes, start, end);
        return undefined;
      case LEVEL_INITIALIZE:
        this.#beginMap();
        break;
      case LEVEL_FINALIZE:
        this.#endMap();
        this.#session.playable(this.backend);
    }
    const failure = this.#toClientPacket(id, bytes, start, end);
    framer.stops = this.#stopsOfBackend;
    return failure === undefined ? undefined : { reason: "backend-broken", detail: failure, closing: "abort" };
  }

  #answerPlugin(text: string): void {
    const { leg, dialect } = this.#backend;
    const { pluginChannel } = this.#session.options.redirect;
    if (dialect.extensions.has("PluginMessages")) this.#session.send(leg, pluginAnswer(pluginChannel, text, dialect));
  }

  /** Forwards a packet, as it is or translated. Returns what is wrong with it, if anything. */
  #toClientPacket(id: number, bytes: Uint8Array, start: number, end: number): string | undefined {
    const behind = id === LEVEL_INITIALIZE ? this.#behindLevel : undefined;
    if (behind !== undefined) {
      this.#toClient.followLevel(behind.view());
      this.#behindLevel = undefined;
    } else if (this.#toClient.concerns[id] === 0) {
      if (this.#client.noted[id] !== 0) this.#client.note(bytes, start);
      this.#pass(toClientBox, CLIENT, bytes, start, end);
      return undefined;
    }
    const out = toClientBox.packets();
    const before = out.length;
    const failure = this.#toClient.translate(bytes, start, end, out);
    this.#client.noteAll(out.storage, before, out.length);
    return failure;
  }

  #pass(box: Outbox, leg: Leg, bytes: Uint8Array, start: number, end: number): void {
    if (box.pass(bytes, start, end)) return;
    this.#session.send(leg, box.take());
    box.pass(bytes, start, end);
  }
}
