/** Play: packets pass both ways between the client and one backend, translated where their dialects differ. */
import { Framer } from "../protocol/framer.ts";
import { type Dialect, packetNamed } from "../protocol/packet_table.ts";
import { encodePacket, readPacket } from "../protocol/packets.ts";
import { PacketBuffer } from "../protocol/packet_buffer.ts";
import { ToBackend } from "../protocol/translate/to_backend.ts";
import { ToClient } from "../protocol/translate/to_client.ts";
import { Outbox } from "./outbox.ts";
import { CLIENT, type Leg } from "./port.ts";
import type { Reason } from "./reasons.ts";
import type { SessionCore } from "./core.ts";
import type { Phase } from "./phase.ts";

const IDENTIFICATION = packetNamed("PlayerIdentification").id;
const EXT_INFO = packetNamed("ExtInfo").id;
const EXT_ENTRY = packetNamed("ExtEntry").id;
const SUPPORT_LEVEL = packetNamed("CustomBlockSupportLevel").id;
const LEVEL_INITIALIZE = packetNamed("LevelInitialize").id;
const LEVEL_FINALIZE = packetNamed("LevelFinalize").id;
const DISCONNECT = packetNamed("DisconnectPlayer").id;

/** Packets that concern the edge itself, whatever the dialects are. */
const FROM_CLIENT = idTable(IDENTIFICATION, EXT_INFO, EXT_ENTRY, SUPPORT_LEVEL);
const FROM_BACKEND = idTable(EXT_INFO, EXT_ENTRY, SUPPORT_LEVEL, LEVEL_INITIALIZE, LEVEL_FINALIZE, DISCONNECT);

const clientStops = unionWith(FROM_CLIENT);
const backendStops = unionWith(FROM_BACKEND);

// Sessions run one at a time and never inside each other, so they share the buffers of a chunk.
const toClientBox = new Outbox();
const toBackendBox = new Outbox();
const answers = new PacketBuffer(256);

/** One side of play. */
export interface Side {
  readonly leg: Leg;
  /** Holds what followed the side's login. */
  readonly framer: Framer;
  readonly dialect: Dialect;
}

/** Why play ends because of what a peer sent. */
interface Fault {
  readonly reason: Reason;
  readonly detail: string;
  /** A backend's own words to the player. */
  readonly text?: string;
}

/** A map on its way to the client. */
interface MapTransfer {
  readonly deadline: number;
  bytes: number;
}

/** Forwards and translates between the client and the backend that has taken it. */
export class Play implements Phase {
  readonly kickable = true;
  readonly #session: SessionCore;
  readonly #client: Side;
  readonly #backend: Side;
  readonly #toClient: ToClient;
  readonly #toBackend: ToBackend;
  readonly #clientStops: Uint8Array;
  #backendConcerns: Uint8Array;
  #backendStops: Uint8Array;
  #map: MapTransfer | undefined;
  #stage: "M" | "P" = "M";
  /** When to give up on a backend that goes on after its client has closed. */
  #lingerUntil = Infinity;

  constructor(session: SessionCore, client: Side, backend: Side) {
    this.#session = session;
    this.#client = client;
    this.#backend = backend;
    this.#toClient = new ToClient(backend.dialect, client.dialect);
    this.#toBackend = ToBackend.between(client.dialect, backend.dialect);
    this.#clientStops = clientStops(this.#toBackend.concerns);
    this.#backendConcerns = this.#toClient.concerns;
    this.#backendStops = backendStops(this.#backendConcerns);
  }

  get stage(): "M" | "P" {
    return this.#stage;
  }

  /** Begins with the whole packets that were held during the login: first the backend's, then the client's. */
  start(fromBackend: Uint8Array, fromClient: Uint8Array): void {
    const { framer } = this.#backend;
    this.#expectMap();
    const heldFramer = new Framer(framer.sizes, this.#backendStops);
    heldFramer.feed(fromBackend);
    this.#pumpBackend(heldFramer);
    if (this.#session.ended) return;
    this.#client.framer.stops = this.#clientStops;
    const earlyFramer = new Framer(this.#client.framer.sizes, this.#clientStops);
    earlyFramer.feed(fromClient);
    this.#pumpClient(earlyFramer);
    if (this.#session.ended) return;
    framer.stops = this.#backendStops;
    this.#pumpBackend(framer);
  }

  fromClient(chunk: Uint8Array): void {
    const { framer } = this.#client;
    framer.feed(chunk);
    this.#pumpClient(framer);
  }

  fromBackend(leg: Leg, chunk: Uint8Array): void {
    if (leg !== this.#backend.leg) return;
    const { framer } = this.#backend;
    framer.feed(chunk);
    this.#pumpBackend(framer);
    if (this.#map !== undefined) this.#countMap(this.#map, chunk.length);
  }

  opened(): void {}
  gone(): void {}

  /** What the backend still has to say goes out to a client that only closed its own side. */
  eof(leg: Leg): void {
    if (leg === CLIENT && this.#lingerUntil === Infinity) {
      this.#session.close(this.#backend.leg, "half");
      this.#lingerUntil = this.#session.port.now() + this.#session.options.limits.lingerMs;
      this.#wake();
    } else if (leg === this.#backend.leg) {
      if (this.#leaving) this.#left();
      else this.#session.end("backend-closed", "the backend closed the connection");
    }
  }

  failed(leg: Leg, cause: string): void {
    if (leg !== CLIENT && leg !== this.#backend.leg) return;
    if (this.#leaving) this.#left();
    else this.#session.end(leg === CLIENT ? "client-reset" : "backend-lost", cause);
  }

  tick(now: number): void {
    if (now >= this.#lingerUntil) this.#left();
    else if (this.#map !== undefined && now >= this.#map.deadline) {
      this.#session.end("endless-map", `no complete map in ${this.#session.options.limits.mapMs} ms`);
    } else this.#wake();
  }

  get #leaving(): boolean {
    return this.#lingerUntil !== Infinity;
  }

  #left(): void {
    this.#session.end("client-left", "the client closed");
  }

  #pumpClient(framer: Framer): void {
    let fault: Fault | undefined;
    for (let frame = framer.next(); frame !== "none" && fault === undefined; frame = framer.next()) {
      const { bytes, start, end } = framer;
      if (frame === "run") this.#pass(toBackendBox, this.#backend.leg, bytes, start, end);
      else if (frame === "packet") fault = this.#clientPacket(bytes, start, end);
      else fault = { reason: "bad-packet", detail: `packet ${bytes[start]} is unknown or was never negotiated` };
    }
    this.#session.send(this.#backend.leg, toBackendBox.take());
    this.#session.send(CLIENT, answers.view());
    answers.clear();
    if (fault !== undefined) this.#session.end(fault.reason, fault.detail);
  }

  #clientPacket(bytes: Uint8Array, start: number, end: number): Fault | undefined {
    const id = bytes[start] ?? 0;
    switch (id) {
      case IDENTIFICATION:
        return { reason: "bad-packet", detail: "second Identification" };
      case EXT_INFO:
      case EXT_ENTRY:
        return { reason: "bad-packet", detail: "extension list after its end" };
      case SUPPORT_LEVEL:
        // The edge asked for it; the backend was answered already.
        return undefined;
      default:
        this.#toBackend.translate(bytes, start, end, toBackendBox.packets(), answers);
        return undefined;
    }
  }

  #pumpBackend(framer: Framer): void {
    let fault: Fault | undefined;
    for (let frame = framer.next(); frame !== "none" && fault === undefined; frame = framer.next()) {
      const { bytes, start, end } = framer;
      if (frame === "run") this.#pass(toClientBox, CLIENT, bytes, start, end);
      else if (frame === "packet") fault = this.#backendPacket(bytes, start, end, framer);
      else fault = { reason: "backend-broken", detail: `unknown packet ${bytes[start]}` };
    }
    this.#session.send(CLIENT, toClientBox.take());
    if (fault !== undefined) this.#session.end(fault.reason, fault.detail, fault.text);
  }

  #backendPacket(bytes: Uint8Array, start: number, end: number, framer: Framer): Fault | undefined {
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
        const text = readPacket("DisconnectPlayer", dialect, bytes, start).reason;
        return { reason: "backend-kick", detail: `kicked: ${text}`, text };
      }
      case LEVEL_INITIALIZE:
        this.#expectMap();
        break;
      case LEVEL_FINALIZE:
        this.#mapComplete();
    }
    if (this.#backendConcerns[id] === 0) {
      this.#pass(toClientBox, CLIENT, bytes, start, end);
      return undefined;
    }
    const failure = this.#toClient.translate(bytes, start, end, toClientBox.packets());
    if (this.#toClient.concerns !== this.#backendConcerns) this.#followConcerns(framer);
    return failure === undefined ? undefined : { reason: "backend-broken", detail: failure };
  }

  #pass(box: Outbox, leg: Leg, bytes: Uint8Array, start: number, end: number): void {
    if (box.pass(bytes, start, end)) return;
    this.#session.send(leg, box.take());
    box.pass(bytes, start, end);
  }

  /** While a map is held back, every packet concerns the translation. */
  #followConcerns(framer: Framer): void {
    this.#backendConcerns = this.#toClient.concerns;
    this.#backendStops = backendStops(this.#backendConcerns);
    framer.stops = this.#backendStops;
  }

  #expectMap(): void {
    this.#map = { deadline: this.#session.port.now() + this.#session.options.limits.mapMs, bytes: 0 };
    this.#wake();
  }

  #countMap(map: MapTransfer, bytes: number): void {
    map.bytes += bytes;
    const { mapBytes } = this.#session.options.limits;
    if (map.bytes > mapBytes) this.#session.end("endless-map", `a map of more than ${mapBytes} bytes`);
  }

  #mapComplete(): void {
    this.#map = undefined;
    this.#stage = "P";
    this.#session.playable();
    this.#wake();
  }

  #wake(): void {
    this.#session.port.wake(Math.min(this.#lingerUntil, this.#map?.deadline ?? Infinity));
  }
}

function idTable(...ids: readonly number[]): Uint8Array {
  const table = new Uint8Array(256);
  for (const id of ids) table[id] = 1;
  return table;
}

/** Unions with `own`; concerns that sessions share have one union that they share too. */
function unionWith(own: Uint8Array): (concerns: Uint8Array) => Uint8Array {
  const unions = new WeakMap<Uint8Array, Uint8Array>();
  return (concerns) => {
    const known = unions.get(concerns);
    if (known !== undefined) return known;
    const union = concerns.map((flag, id) => flag | (own[id] ?? 0));
    unions.set(concerns, union);
    return union;
  };
}
