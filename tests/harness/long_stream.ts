/** Streams of many megabytes that need not be kept to be compared: they can be generated again. */
import { ExtensionSet } from "../../lib/protocol/extensions.ts";
import { PacketBuffer } from "../../lib/protocol/packet_buffer.ts";
import type { Dialect } from "../../lib/protocol/packet_table.ts";
import { encodePacket } from "../../lib/protocol/packets.ts";
import { seeded } from "./chunks.ts";

const PIECE_SIZE = 32 << 10;
const CHUNK_SIZE = 1024;
const VANILLA: Dialect = { protocol: 7, cpe: false, extensions: ExtensionSet.EMPTY };
const NOISE = seeded(4711).bytes(256 << 10);

/** Map chunks without CPE, of noise, up to about `size` bytes; each piece holds whole packets. */
export function mapChunks(size: number): Generator<Uint8Array> {
  return pieces(size, (number) => {
    const start = 997 * number % (NOISE.length - CHUNK_SIZE);
    const data = NOISE.subarray(start, start + CHUNK_SIZE);
    return encodePacket("LevelDataChunk", VANILLA, { length: CHUNK_SIZE, data, percent: number % 100 });
  });
}

/** A player's chat without CPE, each line with its number, up to about `size` bytes; each piece holds whole packets. */
export function chatLines(size: number): Generator<Uint8Array> {
  return pieces(size, (number) => encodePacket("PlayerMessage", VANILLA, { partial: 255, message: `line ${number}` }));
}

function* pieces(size: number, packet: (number: number) => Uint8Array): Generator<Uint8Array> {
  const out = new PacketBuffer();
  for (let number = 0, total = 0; total < size; number++) {
    const bytes = packet(number);
    out.append(bytes);
    total += bytes.length;
    if (out.length < PIECE_SIZE && total < size) continue;
    yield out.copy();
    out.clear();
  }
}

/** Compares what comes in, in whatever chunks, with what is expected. */
export class ByteCheck {
  readonly #expected: Iterator<Uint8Array>;
  #piece: Uint8Array = new Uint8Array(0);
  #at = 0;
  #position = 0;
  #isComplete = false;
  readonly #rest = new PacketBuffer();

  constructor(expected: Iterable<Uint8Array>) {
    this.#expected = expected[Symbol.iterator]();
    this.#advance();
  }

  /** Bytes that came as expected. */
  get position(): number {
    return this.#position;
  }

  /** Whether everything expected has come. */
  get isComplete(): boolean {
    return this.#isComplete;
  }

  /** What came behind everything expected. */
  get rest(): Uint8Array {
    return this.#rest.copy();
  }

  /** Takes the next bytes; throws at the first one that differs. */
  take(chunk: Uint8Array): void {
    let at = 0;
    while (at < chunk.length && !this.#isComplete) {
      const count = Math.min(chunk.length - at, this.#piece.length - this.#at);
      for (let i = 0; i < count; i++) {
        if (chunk[at + i] === this.#piece[this.#at + i]) continue;
        throw new Error(
          `Cannot match byte ${this.#position + i}: ${chunk[at + i]} came for ${this.#piece[this.#at + i]}`,
        );
      }
      at += count;
      this.#at += count;
      this.#position += count;
      this.#advance();
    }
    this.#rest.append(chunk, at, chunk.length);
  }

  /** Goes on to the next piece where the current one is used up. */
  #advance(): void {
    while (this.#at === this.#piece.length && !this.#isComplete) {
      const { done, value } = this.#expected.next();
      this.#isComplete = done === true;
      this.#piece = value ?? new Uint8Array(0);
      this.#at = 0;
    }
  }
}
