/** One map on its way from a backend without FastMap to a client with it. */
import { FastMapSplicer, type LevelFailure as SpliceFailure, type SplicerState } from "../level.ts";
import { LEVEL_CHUNK_SIZE } from "../level_packets.ts";
import type { Dialect } from "../packet_table.ts";
import { PacketBuffer } from "../packet_buffer.ts";
import { readPacket, writePacket } from "../packets.ts";

/**
 * Bytes that may wait for a map's volume. The block definitions of a whole server take a tenth of it; of the blocks' upper bits hardly
 * a chunk comes before the first lower ones, which servers send first or side by side with them.
 */
const MAX_HELD = 1 << 20;
const LOW_BITS = 0;

/** Why a backend's map makes no sense. */
export type LevelFailure =
  | SpliceFailure
  | "too much before a map's volume"
  | "map data longer than its packet"
  | "map without data";

/** A stream of map data as written down. */
export interface LevelStreamState {
  readonly splicer: SplicerState;
  /** Less than a packet's load. */
  readonly spliced: Uint8Array;
  readonly percent: number;
}

/** A map whose beginning has gone out, as written down. */
export interface FastMapLevelState {
  /** The blocks' low bits. */
  readonly low: LevelStreamState;
  /** Their upper bits; `undefined` where none have come. */
  readonly upper: LevelStreamState | undefined;
}

/** One stream of map data: spliced bytes wait in `spliced` until they fill a packet. */
interface LevelStream {
  readonly splicer: FastMapSplicer;
  readonly spliced: PacketBuffer;
  percent: number;
}

/**
 * The client wants the volume in LevelInitialize, but this backend says it at the start of its map data. So LevelInitialize
 * and what follows it is held until then, in order. With ExtendedBlocks two streams are under way: the blocks' low bits and upper
 * bits.
 */
export class FastMapLevel {
  readonly #from: Dialect;
  readonly #to: Dialect;
  readonly #low: LevelStream = newStream();
  readonly #upper: LevelStream = newStream();
  #held: PacketBuffer | undefined = new PacketBuffer(1024);

  constructor(from: Dialect, to: Dialect) {
    this.#from = from;
    this.#to = to;
  }

  /** What {@linkcode resume} takes; `undefined` while the beginning of a stream is not behind it. */
  writeDown(): FastMapLevelState | undefined {
    const low = stateOf(this.#low);
    const upper = stateOf(this.#upper);
    const isBeginning = low === undefined || upper === undefined && this.#upper.splicer.begun;
    return isBeginning || this.holding ? undefined : { low, upper };
  }

  /** Goes on where a map between the same dialects has been written down. */
  resume({ low, upper }: FastMapLevelState): void {
    this.#held = undefined;
    resumeStream(this.#low, low);
    if (upper !== undefined) resumeStream(this.#upper, upper);
  }

  /** Whether LevelInitialize has not gone out yet, so that everything behind it must wait. */
  get holding(): boolean {
    return this.#held !== undefined;
  }

  /** Keeps a packet until the volume is known. */
  hold(bytes: Uint8Array, start: number, end: number): LevelFailure | undefined {
    if (this.#held === undefined) return undefined;
    this.#held.append(bytes, start, end);
    return this.#overflow();
  }

  /** Takes a LevelDataChunk. */
  take(bytes: Uint8Array, start: number): LevelFailure | undefined {
    const { length, data, percent } = readPacket("LevelDataChunk", this.#from, bytes, start);
    if (length > LEVEL_CHUNK_SIZE) return "map data longer than its packet";
    const isUpper = percent !== LOW_BITS && this.#from.extensions.has("ExtendedBlocks");
    const stream = isUpper ? this.#upper : this.#low;
    stream.percent = percent;
    const failure = stream.splicer.push(data.subarray(0, length), (spliced) => stream.spliced.append(spliced));
    return failure ?? this.#overflow();
  }

  /**
   * Once the volume is known: appends LevelInitialize and returns what waited for it.
   *
   * @param volume Given where the backend will not say it any more.
   */
  begin(out: PacketBuffer, volume: number | undefined = this.#low.splicer.volume): PacketBuffer | undefined {
    const held = this.#held;
    if (volume === undefined || held === undefined) return undefined;
    this.#held = undefined;
    writePacket(out, "LevelInitialize", this.#to, { volume });
    return held;
  }

  /** Appends a LevelDataChunk for every full load of spliced data. */
  writeChunks(out: PacketBuffer): void {
    if (this.holding) return;
    this.#writeChunks(this.#low, LEVEL_CHUNK_SIZE, out);
    this.#writeChunks(this.#upper, LEVEL_CHUNK_SIZE, out);
  }

  /** Appends all that is left, at the map's end. */
  finish(out: PacketBuffer): LevelFailure | undefined {
    if (this.holding) return "map without data";
    for (const stream of [this.#low, this.#upper]) {
      if (stream.splicer.volume === undefined) continue;
      const failure = stream.splicer.finish();
      if (failure !== undefined) return failure;
      this.#writeChunks(stream, 1, out);
    }
    return undefined;
  }

  #overflow(): LevelFailure | undefined {
    const { volume } = this.#low.splicer;
    const size = (this.#held?.length ?? 0) + this.#upper.spliced.length;
    return volume === undefined && size > MAX_HELD ? "too much before a map's volume" : undefined;
  }

  #writeChunks({ spliced, percent }: LevelStream, least: number, out: PacketBuffer): void {
    const bytes = spliced.copy();
    let at = 0;
    for (; bytes.length - at >= least; at += LEVEL_CHUNK_SIZE) {
      const data = bytes.subarray(at, at + LEVEL_CHUNK_SIZE);
      writePacket(out, "LevelDataChunk", this.#to, { length: data.length, data, percent: this.#percent(percent) });
    }
    spliced.clear();
    if (at < bytes.length) spliced.append(bytes, at);
  }

  /** A client with ExtendedBlocks takes anything but 0 for a chunk of upper bits. */
  #percent(percent: number): number {
    const { extensions } = this.#to;
    return extensions.has("ExtendedBlocks") && !this.#from.extensions.has("ExtendedBlocks") ? LOW_BITS : percent;
  }
}

function newStream(): LevelStream {
  return { splicer: new FastMapSplicer(), spliced: new PacketBuffer(1024), percent: LOW_BITS };
}

function stateOf({ splicer, spliced, percent }: LevelStream): LevelStreamState | undefined {
  const state = splicer.writeDown();
  return state === undefined ? undefined : { splicer: state, spliced: spliced.copy(), percent };
}

function resumeStream(stream: LevelStream, { splicer, spliced, percent }: LevelStreamState): void {
  stream.splicer.resume(splicer);
  stream.spliced.append(spliced);
  stream.percent = percent;
}
