import { MAX_PACKET_SIZE } from "./packet_table.ts";

const NOTHING = new Uint8Array(0);

/** In a table of packet ids: packets of this id are reported one by one. */
export const ALONE = 1;
/** In a table of packet ids: neighbours of this id are reported together. Does not count where {@linkcode ALONE} is set as well. */
export const IN_SERIES = 2;

/** What {@linkcode Framer.next} found. */
export type Frame =
  /** One or more whole packets that nobody asked to see, from `start` to `end`. */
  | "run"
  /** One packet whose id is {@linkcode ALONE} in `stops`, from `start` to `end`. */
  | "packet"
  /** One or more whole packets of one id, which is {@linkcode IN_SERIES} in `stops`, from `start` to `end`. */
  | "series"
  /** Nothing whole is left; a partial packet, if any, is kept for the next chunk. */
  | "none"
  /** The byte at `start` is no packet id in this dialect: nothing behind it can be framed. */
  | "unknown";

/**
 * Finds packet boundaries in a byte stream that arrives in chunks of any size. Packets are never copied, except one that a chunk's
 * end cut in two.
 *
 * ```ts ignore
 * framer.feed(chunk);
 * for (let frame = framer.next(); frame !== "none"; frame = framer.next()) {
 *   // framer.bytes from framer.start to framer.end
 * }
 * ```
 *
 * `sizes` and `stops` may be replaced between two calls of {@linkcode next}: what follows is framed with the new ones.
 */
export class Framer {
  /** Sizes by packet id, 0 for ids that must not occur. */
  sizes: Uint16Array;
  /** How packets are reported, by id: {@linkcode ALONE}, {@linkcode IN_SERIES}, or 0 for those that nobody asks to see. */
  stops: Uint8Array;
  /** Where the last reported bytes are. */
  bytes: Uint8Array = NOTHING;
  start = 0;
  end = 0;
  /** Whole packets found so far. */
  packets = 0;

  #chunk: Uint8Array = NOTHING;
  #position = 0;
  #partial: Uint8Array = NOTHING;
  #partialLength = 0;

  constructor(sizes: Uint16Array, stops: Uint8Array) {
    this.sizes = sizes;
    this.stops = stops;
  }

  /** Bytes of a cut packet kept from earlier chunks. */
  get partialLength(): number {
    return this.#partialLength;
  }

  /** A copy of the cut packet kept from earlier chunks, for {@linkcode resume}; empty where the last one ended with a whole one. */
  get partial(): Uint8Array {
    return this.#partial.slice(0, this.#partialLength);
  }

  /** Goes on where a framer of the same sizes has kept `partial`. */
  resume(partial: Uint8Array): void {
    if (partial.length === 0) return;
    this.feed(partial);
    this.#keepPartial(0);
  }

  /** Takes the next chunk. The one before must have been read up to `"none"`. The chunk is looked at until then only. */
  feed(chunk: Uint8Array): void {
    this.#chunk = chunk;
    this.#position = 0;
  }

  /** Finds the next run or packet. */
  next(): Frame {
    if (this.#partialLength > 0) return this.#completePartial();
    const { sizes, stops } = this;
    const chunk = this.#chunk;
    const start = this.#position;
    let end = start;
    let packets = 0;
    while (end < chunk.length) {
      const id = chunk[end] ?? 0;
      const size = sizes[id] ?? 0;
      if (size === 0 || stops[id] !== 0 || end + size > chunk.length) break;
      end += size;
      packets++;
    }
    if (end > start) return this.#report("run", chunk, start, end, packets);
    return end < chunk.length ? this.#stop(start) : this.#release();
  }

  /** Reports what begins with the packet at `start`, which is no part of a run. */
  #stop(start: number): Frame {
    const chunk = this.#chunk;
    const id = chunk[start] ?? 0;
    const size = this.sizes[id] ?? 0;
    if (size === 0) return this.#report("unknown", chunk, start, start, 0);
    let end = start + size;
    if (end > chunk.length) return this.#keepPartial(start);
    if (this.stops[id] !== IN_SERIES) return this.#report("packet", chunk, start, end, 1);
    while (chunk[end] === id && end + size <= chunk.length) end += size;
    return this.#report("series", chunk, start, end, (end - start) / size);
  }

  #report(frame: Frame, bytes: Uint8Array, start: number, end: number, packets: number): Frame {
    this.packets += packets;
    this.bytes = bytes;
    this.start = start;
    this.end = end;
    this.#position = bytes === this.#chunk ? end : this.#position;
    return frame;
  }

  #keepPartial(position: number): Frame {
    this.#partial = new Uint8Array(MAX_PACKET_SIZE);
    this.#partial.set(this.#chunk.subarray(position));
    this.#partialLength = this.#chunk.length - position;
    return this.#release();
  }

  #completePartial(): Frame {
    const partial = this.#partial;
    const id = partial[0] ?? 0;
    const size = this.sizes[id] ?? 0;
    if (size < this.#partialLength || size === 0) return this.#report("unknown", partial, 0, 0, 0);
    const missing = Math.min(size - this.#partialLength, this.#chunk.length - this.#position);
    partial.set(this.#chunk.subarray(this.#position, this.#position + missing), this.#partialLength);
    this.#partialLength += missing;
    this.#position += missing;
    if (this.#partialLength < size) return this.#release();
    this.#partialLength = 0;
    this.#partial = NOTHING;
    return this.#report(this.#frameOf(id), partial, 0, size, 1);
  }

  #frameOf(id: number): Frame {
    const stop = this.stops[id];
    if (stop === 0) return "run";
    return stop === IN_SERIES ? "series" : "packet";
  }

  #release(): Frame {
    this.#chunk = NOTHING;
    this.#position = 0;
    return "none";
  }
}
