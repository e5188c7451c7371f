import { MAX_PACKET_SIZE } from "./packet_table.ts";

const NOTHING = new Uint8Array(0);

/** What {@linkcode Framer.next} found. */
export type Frame =
  /** One or more whole packets that nobody asked to see, from `start` to `end`. */
  | "run"
  /** One packet whose id is in `stops`, from `start` to `end`. */
  | "packet"
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
  /** Non-zero for the packet ids that are reported one by one. */
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
    let position = start;
    let packets = 0;
    while (position < chunk.length) {
      const id = chunk[position] ?? 0;
      const size = sizes[id] ?? 0;
      const stop = size === 0 || position + size > chunk.length || stops[id] !== 0;
      if (stop && position > start) break;
      if (size === 0) return this.#report("unknown", chunk, position, position, 0);
      if (position + size > chunk.length) return this.#keepPartial(position);
      position += size;
      packets++;
      if (stop) return this.#report("packet", chunk, start, position, 1);
    }
    if (position === start) return this.#release();
    return this.#report("run", chunk, start, position, packets);
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
    return this.#report(this.stops[id] !== 0 ? "packet" : "run", partial, 0, size, 1);
  }

  #release(): Frame {
    this.#chunk = NOTHING;
    this.#position = 0;
    return "none";
  }
}
