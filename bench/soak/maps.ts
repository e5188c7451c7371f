import { packetNamed, packetSize } from "../../lib/protocol/packet_table.ts";
import { encodePacket } from "../../lib/protocol/packets.ts";
import { MeasurementError } from "../leg.ts";
import { joined, VANILLA } from "../login.ts";
import { fieldOffset } from "../position.ts";
import { MOST_CHUNKS } from "./habits.ts";

const CHUNK_SIZE = packetSize(packetNamed("LevelDataChunk"), VANILLA);
const DATA = fieldOffset("LevelDataChunk", VANILLA, "data");
const DATA_SIZE = fieldOffset("LevelDataChunk", VANILLA, "percent") - DATA;
const NUMBER_SIZE = Uint32Array.BYTES_PER_ELEMENT;
const SAMPLE = Uint8Array.from({ length: DATA_SIZE }, (_, index) => index * 11);
const LARGEST = numberedChunks();

/** A map of `chunks` numbered chunks, whose end tells in `xSize` how many they were. */
export function mapOf(chunks: number): Uint8Array<ArrayBuffer> {
  return joined([
    encodePacket("LevelInitialize", VANILLA, {}),
    LARGEST.subarray(0, chunks * CHUNK_SIZE),
    encodePacket("LevelFinalize", VANILLA, { xSize: chunks, ySize: 16, zSize: 16 }),
  ]);
}

/** Looks whether every byte of a map arrives, in order. */
export class MapCheck {
  #chunks = 0;
  #loading = false;

  /** Whether a map has begun and not yet ended. */
  get loading(): boolean {
    return this.#loading;
  }

  begin(): void {
    this.#chunks = 0;
    this.#loading = true;
  }

  /** @throws {MeasurementError} when this is not the chunk that follows */
  chunk(bytes: DataView, at: number): void {
    const number = bytes.getUint32(at + DATA);
    if (!this.#loading || number !== this.#chunks) {
      throw new MeasurementError(`Cannot load a map: chunk ${number} came instead of ${this.#chunks}`);
    }
    for (let offset = NUMBER_SIZE; offset < DATA_SIZE; offset++) {
      if (bytes.getUint8(at + DATA + offset) !== SAMPLE[offset]) {
        throw new MeasurementError(`Cannot load a map: byte ${offset} of chunk ${number} was changed`);
      }
    }
    this.#chunks++;
  }

  /** @throws {MeasurementError} when chunks are missing */
  end(chunks: number): void {
    if (!this.#loading || chunks !== this.#chunks) {
      throw new MeasurementError(`Cannot load a map: it ended after ${this.#chunks} of ${chunks} chunks`);
    }
    this.#loading = false;
  }
}

function numberedChunks(): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(MOST_CHUNKS * CHUNK_SIZE);
  const view = new DataView(bytes.buffer);
  const chunk = encodePacket("LevelDataChunk", VANILLA, { length: DATA_SIZE, data: SAMPLE, percent: 0 });
  for (let number = 0; number < MOST_CHUNKS; number++) {
    bytes.set(chunk, number * CHUNK_SIZE);
    view.setUint32(number * CHUNK_SIZE + DATA, number);
  }
  return bytes;
}
