/** Maps as they travel: compressed, cut into LevelDataChunk packets. */
import { type DeflateFailure, DeflateReader, DeflateWriter } from "./deflate_prefix.ts";

/** Why a map cannot be passed on. */
export type LevelFailure =
  | DeflateFailure
  /** The stream does not begin with a gzip header. */
  | "not-gzip"
  /** The gzip header names another method than DEFLATE. */
  | "compression-unknown"
  /** A match reaches back to before the first byte. */
  | "distance-too-far"
  /** The volume is negative or above {@linkcode FastMapSplicerOptions.maxVolume}. */
  | "volume-out-of-range"
  /** The header and the first 32 KiB of blocks take more than 128 KiB of the stream, as no compressor would have it. */
  | "head-too-long"
  /** The stream ended early. */
  | "truncated";

/** Takes output. The view is valid during the call only. */
export type Emit = (bytes: Uint8Array) => void;

/** Options of {@linkcode FastMapSplicer}. */
export interface FastMapSplicerOptions {
  /**
   * Largest volume in blocks that is accepted.
   *
   * @default 536870912 (2^29)
   */
  readonly maxVolume?: number;
}

/** A splicer behind the part of the stream that it writes anew, as written down. */
export interface SplicerState {
  /** Blocks in the map. */
  readonly volume: number;
  /** Whether the map ended within that part: what comes behind it does not count. */
  readonly isOver: boolean;
  /** The last bytes so far, which may be the stream's trailer: eight at most. */
  readonly held: Uint8Array;
}

/** The volume in front of the blocks, an i32 in network order. */
const PREFIX_SIZE = 4;
/** No match reaches farther back than this. */
const WINDOW_SIZE = 32 * 1024;
/** Behind this many bytes no match can reach the prefix any more. */
const HEAD_SIZE = PREFIX_SIZE + WINDOW_SIZE;
const MAX_COMPRESSED_HEAD_SIZE = 128 * 1024;
const MIN_MATCH_LENGTH = 3;
/** The bytes that a match cut at the prefix may need as literals: the prefix, and two more before a minimal match. */
const KEPT_SIZE = PREFIX_SIZE + MIN_MATCH_LENGTH - 1;
/** CRC-32 and length behind the DEFLATE stream. */
export const GZIP_TRAILER_SIZE = 8;
const OUTPUT_PIECE_SIZE = 1024;

/**
 * Turns a map as sent without FastMap – gzip of the volume and one byte per block – into what a client with it expects: the volume
 * apart, and raw DEFLATE of the blocks alone (CPE, FastMap).
 *
 * The map is not inflated. Its first 32 KiB are read token by token and written anew without the prefix; behind them no match can
 * reach the prefix, so the rest of the stream is copied as it is. The output is at most 37 KiB longer than the input. A few KiB of
 * memory suffice for a map of any size.
 *
 * A fault in the first 32 KiB is found, one behind them is left to the client.
 */
export class FastMapSplicer {
  readonly #maxVolume: number;
  readonly #header = gzipHeader();
  readonly #reader = new DeflateReader();
  readonly #writer = new DeflateWriter();
  #phase: "header" | "head" | "rest" | "over" = "header";
  #failure: LevelFailure | undefined;
  #volume: number | undefined;
  /** Bytes of the stream taken before the rest. */
  #taken = 0;
  /** Bytes that the tokens read so far stand for, the prefix included. */
  #produced = 0;
  readonly #kept = new Uint8Array(KEPT_SIZE);
  /** The last bytes of the rest, which may be the trailer. */
  readonly #held = new Uint8Array(GZIP_TRAILER_SIZE);
  #heldSize = 0;

  constructor(options: FastMapSplicerOptions = {}) {
    this.#maxVolume = options.maxVolume ?? 2 ** 29;
    this.#header.next();
    this.#writer.openFixed(false);
  }

  /** Blocks in the map; `undefined` until that much of the stream has come. */
  get volume(): number | undefined {
    return this.#volume;
  }

  /** Whether a byte of the stream has come. */
  get begun(): boolean {
    return this.#taken > 0;
  }

  /** What {@linkcode resume} takes; `undefined` before the stream's head is behind it. */
  writeDown(): SplicerState | undefined {
    const isOver = this.#phase === "over";
    if (this.#volume === undefined || !(isOver || this.#phase === "rest")) return undefined;
    return { volume: this.#volume, isOver, held: this.#held.slice(0, this.#heldSize) };
  }

  /** Goes on where a splicer has been written down. */
  resume({ volume, isOver, held }: SplicerState): void {
    this.#volume = volume;
    this.#phase = isOver ? "over" : "rest";
    this.#held.set(held);
    this.#heldSize = held.length;
  }

  /**
   * Takes the next bytes of the stream, however it is cut. Once it has failed it stays so; what was emitted before the failure is
   * sound.
   */
  push(input: Uint8Array, emit: Emit): LevelFailure | undefined {
    this.#failure ??= this.#accept(input, emit);
    return this.#failure;
  }

  /** Says whether the stream, now that no more will come, was whole as far as it was looked at. All output is out already. */
  finish(): LevelFailure | undefined {
    const whole = this.#phase === "over" || (this.#phase === "rest" && this.#heldSize === GZIP_TRAILER_SIZE);
    this.#failure ??= whole ? undefined : "truncated";
    return this.#failure;
  }

  #accept(input: Uint8Array, emit: Emit): LevelFailure | undefined {
    let at = 0;
    while (this.#phase === "header" && at < input.length) {
      const failure = this.#spend(1) ?? this.#readHeader(input[at++] ?? 0);
      if (failure !== undefined) return failure;
    }
    while (this.#phase === "head" && at < input.length) {
      const size = this.#reader.load(input.subarray(at));
      at += size;
      const failure = this.#spend(size) ?? this.#recode(emit);
      if (failure !== undefined) return failure;
    }
    if (this.#phase === "rest") this.#copy(input.subarray(at), emit);
    return undefined;
  }

  #spend(size: number): LevelFailure | undefined {
    this.#taken += size;
    return this.#taken > MAX_COMPRESSED_HEAD_SIZE ? "head-too-long" : undefined;
  }

  #readHeader(byte: number): LevelFailure | undefined {
    const { done, value } = this.#header.next(byte);
    if (done) this.#phase = "head";
    return value;
  }

  /** Passes on the tokens that are there. */
  #recode(emit: Emit): LevelFailure | undefined {
    while (this.#produced < HEAD_SIZE) {
      const token = this.#reader.read();
      switch (token.kind) {
        case "literal":
          this.#literal(token.value);
          break;
        case "match":
          if (token.distance > this.#produced) return "distance-too-far";
          this.#match(token.length, token.distance);
          break;
        case "short":
          this.#drain(emit);
          return undefined;
        case "end":
          return this.#endInHead(emit);
        case "failed":
          return token.failure;
      }
      if (this.#volume === undefined && this.#produced >= PREFIX_SIZE) {
        const volume = new DataView(this.#kept.buffer).getInt32(0);
        if (volume < 0 || volume > this.#maxVolume) return "volume-out-of-range";
        this.#volume = volume;
      }
      if (this.#writer.size >= OUTPUT_PIECE_SIZE) this.#drain(emit);
    }
    this.#writer.closeFixed();
    const rest = this.#reader.handOver(this.#writer);
    this.#drain(emit);
    this.#phase = "rest";
    this.#copy(rest, emit);
    return undefined;
  }

  #literal(value: number): void {
    if (this.#produced >= PREFIX_SIZE) this.#writer.literal(value);
    if (this.#produced < KEPT_SIZE) this.#kept[this.#produced] = value;
    this.#produced++;
  }

  /** What a match takes from the prefix becomes literals; from there on its source is what the client has, too. */
  #match(length: number, distance: number): void {
    let left = length;
    while (left > 0 && (this.#produced - distance < PREFIX_SIZE || left < MIN_MATCH_LENGTH)) {
      this.#literal(this.#kept[this.#produced - distance] ?? 0);
      left--;
    }
    if (left === 0) return;
    this.#writer.match(left, distance);
    for (let at = this.#produced; at < KEPT_SIZE; at++) this.#kept[at] = this.#kept[at - distance] ?? 0;
    this.#produced += left;
  }

  #endInHead(emit: Emit): LevelFailure | undefined {
    if (this.#volume === undefined) return "truncated";
    this.#writer.closeFixed();
    this.#writer.openFixed(true);
    this.#writer.closeFixed();
    this.#writer.alignToByte();
    this.#drain(emit);
    this.#phase = "over";
    return undefined;
  }

  /** Passes everything on but the last bytes, which may be the trailer. */
  #copy(input: Uint8Array, emit: Emit): void {
    const surplus = Math.max(0, this.#heldSize + input.length - GZIP_TRAILER_SIZE);
    const fromHeld = Math.min(surplus, this.#heldSize);
    const fromInput = surplus - fromHeld;
    if (fromHeld > 0) emit(this.#held.subarray(0, fromHeld));
    if (fromInput > 0) emit(input.subarray(0, fromInput));
    this.#held.copyWithin(0, fromHeld, this.#heldSize);
    this.#held.set(input.subarray(fromInput), this.#heldSize - fromHeld);
    this.#heldSize += input.length - surplus;
  }

  #drain(emit: Emit): void {
    if (this.#writer.size > 0) emit(this.#writer.take());
  }
}

const GZIP_HEADER_CHECKSUM = 0x02;
const GZIP_EXTRA = 0x04;
const GZIP_NAME = 0x08;
const GZIP_COMMENT = 0x10;
const GZIP_RESERVED = 0xe0;
/** Time, level and system behind the flags. */
const GZIP_FIXED_REST = 6;

/** Swallows a gzip header (RFC 1952), one byte per step, and returns after its last byte. */
function* gzipHeader(): Generator<undefined, LevelFailure | undefined, number> {
  if ((yield) !== 0x1f || (yield) !== 0x8b) return "not-gzip";
  if ((yield) !== 8) return "compression-unknown";
  const flags = yield;
  if (flags & GZIP_RESERVED) return "not-gzip";
  for (let left = GZIP_FIXED_REST; left > 0; left--) yield;
  if (flags & GZIP_EXTRA) {
    for (let left = (yield) | ((yield) << 8); left > 0; left--) yield;
  }
  if (flags & GZIP_NAME) { while ((yield) !== 0); }
  if (flags & GZIP_COMMENT) { while ((yield) !== 0); }
  if (flags & GZIP_HEADER_CHECKSUM) {
    yield;
    yield;
  }
  return undefined;
}
