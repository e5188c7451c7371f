import { packetNamed, packetSize } from "../../lib/protocol/packet_table.ts";
import { encodePacket } from "../../lib/protocol/packets.ts";
import { MeasurementError } from "../leg.ts";
import type { Load } from "../load.ts";
import { type ClientKind, joined, VANILLA } from "../login.ts";
import { fieldOffset } from "../position.ts";
import { Sequences } from "../sequences.ts";
import type { Session, Traffic } from "../session.ts";

/** How maps are streamed. */
export interface MapStreamsOptions {
  readonly count: number;
  /** Bytes the backend hands over with one write: as many whole packets as fit, at least one. */
  readonly writeSize: number;
  /** Writes of one stream before the others get their turn. */
  readonly writesPerTurn: number;
}

const DRAIN_DEADLINE = 10_000;
const CHUNK = packetNamed("LevelDataChunk");
const CHUNK_SIZE = packetSize(CHUNK, VANILLA);
const DATA = fieldOffset("LevelDataChunk", VANILLA, "data");
const DATA_SIZE = fieldOffset("LevelDataChunk", VANILLA, "percent") - DATA;
const NUMBER_SIZE = Uint32Array.BYTES_PER_ELEMENT;
/** One chunk in so many is compared byte by byte; all are too many for the generator to stay ahead of its peers. */
const COMPARED = 64;
/** Chunks of one map: 4 MiB, as a large map takes once it is compressed. */
const CHUNKS_OF_MAP = 4096;
const BEGIN = encodePacket("LevelInitialize", VANILLA, {});
const END = encodePacket("LevelFinalize", VANILLA, { xSize: 1, ySize: 1, zSize: 1 });
const NEXT = joined([END, BEGIN]);
const INITIALIZE = packetNamed("LevelInitialize").id;
const FINALIZE = packetNamed("LevelFinalize").id;
const SAMPLE_DATA = Uint8Array.from({ length: DATA_SIZE }, (_, index) => index * 7);

/** Map downloads at full speed, one map after the other. The chunks are numbered, so that none is lost, repeated or misframed unnoticed. */
export class MapStreams implements Traffic {
  readonly #load: Load;
  readonly #sessions: readonly Session[];
  readonly #writesPerTurn: number;
  /** The bytes of one write. */
  readonly #bytes: Uint8Array<ArrayBuffer>;
  readonly #view: DataView<ArrayBuffer>;
  readonly #chunks: Sequences;
  /** Chunks sent of the map under way, by stream. */
  readonly #progress: Uint32Array;
  #mapsSent = 0;
  #mapsReceived = 0;

  /** Logs `options.count` players in. */
  constructor(load: Load, client: ClientKind, options: MapStreamsOptions) {
    const chunks = Math.max(Math.floor(options.writeSize / CHUNK_SIZE), 1);
    this.#load = load;
    this.#writesPerTurn = options.writesPerTurn;
    this.#bytes = new Uint8Array(chunks * CHUNK_SIZE);
    this.#view = new DataView(this.#bytes.buffer);
    const chunk = encodePacket("LevelDataChunk", VANILLA, { length: DATA_SIZE, data: SAMPLE_DATA, percent: 0 });
    for (let at = 0; at < this.#bytes.length; at += CHUNK_SIZE) this.#bytes.set(chunk, at);
    this.#chunks = new Sequences(options.count, 32);
    this.#progress = new Uint32Array(options.count);
    this.#sessions = load.open(options.count, { client, traffic: this });
  }

  /** Bytes of maps that the clients have received so far. */
  get receivedBytes(): number {
    return this.#chunks.received * CHUNK_SIZE;
  }

  /** Begins a map on every stream. */
  start(): void {
    for (const session of this.#sessions) {
      session.backend.write(BEGIN);
      session.backend.onRoom = () => this.#push(session);
    }
  }

  /** Ends the maps and waits until every byte has arrived. */
  finish(): void {
    for (const { backend } of this.#sessions) {
      backend.onRoom = undefined;
      backend.write(END);
      this.#mapsSent++;
    }
    this.#load.pollUntil("get every map", DRAIN_DEADLINE, () => this.#mapsSent === this.#mapsReceived);
    if (!this.#chunks.complete) {
      throw new MeasurementError("Cannot account for the chunks: maps ended before their last");
    }
  }

  toClient({ index }: Session, bytes: DataView<ArrayBuffer>, at: number): boolean {
    switch (bytes.getUint8(at)) {
      case CHUNK.id: {
        const number = bytes.getUint32(at + DATA);
        this.#chunks.receive(index, number);
        if (number % COMPARED === 0) compareData(bytes, at + DATA);
        return true;
      }
      case INITIALIZE:
        return true;
      case FINALIZE:
        this.#mapsReceived++;
        return true;
      default:
        return false;
    }
  }

  toBackend(): boolean {
    return false;
  }

  #push(session: Session): void {
    const { backend, index } = session;
    for (let turn = 0; turn < this.#writesPerTurn && backend.pendingBytes === 0; turn++) {
      for (let at = DATA; at < this.#bytes.length; at += CHUNK_SIZE) {
        this.#view.setUint32(at, this.#chunks.send(index));
      }
      backend.write(this.#bytes);
      this.#advance(session);
    }
  }

  /** Goes on to the next map where this one is large enough. */
  #advance({ backend, index }: Session): void {
    const sent = (this.#progress[index] ?? 0) + this.#bytes.length / CHUNK_SIZE;
    this.#progress[index] = sent < CHUNKS_OF_MAP ? sent : 0;
    if (sent < CHUNKS_OF_MAP) return;
    backend.write(NEXT);
    this.#mapsSent++;
  }
}

/** Compares the data of a chunk, behind its number, with what was sent. */
function compareData(bytes: DataView, data: number): void {
  for (let offset = NUMBER_SIZE; offset < DATA_SIZE; offset++) {
    if (bytes.getUint8(data + offset) !== SAMPLE_DATA[offset]) {
      throw new MeasurementError(`Cannot account for a chunk: byte ${offset} of its data was changed`);
    }
  }
}
