/** Client to backend: from the client's dialect C down to a backend's dialect B, a subset of it. */
import { ALONE, IN_SERIES } from "../framer.ts";
import { memo } from "../memo.ts";
import { type Dialect, dialectKey, packetNamed } from "../packet_table.ts";
import type { PacketBuffer } from "../packet_buffer.ts";
import { textEnd } from "../text.ts";
import { type Reshape, reshape, reshapeBetween } from "./reshape.ts";
import { shapesBetween } from "./shapes.ts";

const SET_BLOCK = packetNamed("PlayerSetBlock").id;
const POSITION = packetNamed("PlayerPosition");
const MESSAGE = packetNamed("PlayerMessage").id;
const TWO_WAY_PING = packetNamed("TwoWayPing").id;

/** Pairs of dialects of which the translation is kept. */
const MAX_PAIRS = 256;
const STONE = 1;
const SELF = 255;
const QUESTION_MARK = 0x3f;
const CLIENT_ORIGIN = 0;

/** What a client without CustomBlocks has in place of blocks 50–65, in that order. */
const FIRST_CUSTOM_BLOCK = 50;
const CUSTOM_BLOCK_FALLBACKS = [44, 39, 12, 0, 10, 33, 25, 3, 29, 28, 20, 42, 49, 36, 5, 1] as const;

/**
 * The block a server without CustomBlocks or ExtendedBlocks knows in place of `block`. To a client without CustomBlocks 50–65 are
 * what the server has defined itself.
 *
 * @param from Dialect of the client.
 * @param to Dialect of that server's leg.
 */
function fallbackBlock(block: number, from: Dialect, to: Dialect): number {
  const narrow = block > 255 && !to.extensions.has("ExtendedBlocks") ? STONE : block;
  if (to.extensions.has("CustomBlocks") || !from.extensions.has("CustomBlocks")) return narrow;
  return CUSTOM_BLOCK_FALLBACKS[narrow - FIRST_CUSTOM_BLOCK] ?? narrow;
}

/** Rewrites what a client sends for a backend that has fewer extensions. */
export class ToBackend {
  /**
   * Non-zero for the ids that must go through {@linkcode translate}, {@linkcode IN_SERIES} where several may do so at once; all
   * others can be forwarded as they are.
   */
  readonly concerns: Uint8Array;
  readonly #reshapes: readonly (Reshape | undefined)[];
  readonly #dropped: Uint8Array;
  readonly #from: Dialect;
  readonly #to: Dialect;
  readonly #lacks: {
    readonly blocks: boolean;
    readonly text: boolean;
    readonly longerMessages: boolean;
    readonly twoWayPing: boolean;
  };

  /** The translation between two dialects; it keeps no state, so that all sessions share it. */
  static readonly between: (from: Dialect, to: Dialect) => ToBackend = memo(
    MAX_PAIRS,
    (from, to) => `${dialectKey(from)}>${dialectKey(to)}`,
    (from: Dialect, to: Dialect) => new ToBackend(from, to),
  );

  constructor(from: Dialect, to: Dialect) {
    const lacks = (name: Parameters<typeof from.extensions.has>[0]): boolean =>
      from.extensions.has(name) && !to.extensions.has(name);
    this.#from = from;
    this.#to = to;
    const { concerns, reshapes, dropped } = shapesBetween("c2s", from, to);
    this.#dropped = dropped;
    this.#lacks = {
      blocks: lacks("ExtendedBlocks") || lacks("CustomBlocks"),
      text: lacks("FullCP437") || lacks("EmoteFix"),
      longerMessages: lacks("LongerMessages"),
      twoWayPing: lacks("TwoWayPing"),
    };
    this.concerns = concerns.slice();
    this.#reshapes = reshapes;
    if (lacks("HeldBlock")) {
      this.concerns[POSITION.id] = IN_SERIES;
      this.#reshapes = reshapes.with(POSITION.id, reshapeBetween(POSITION, from, to, { held: SELF }));
    }
    if (this.#lacks.blocks) this.concerns[SET_BLOCK] = ALONE;
    if (this.#lacks.text || this.#lacks.longerMessages) this.concerns[MESSAGE] = ALONE;
    if (this.#lacks.twoWayPing) this.concerns[TWO_WAY_PING] = ALONE;
  }

  /**
   * Appends to `out` what the backend gets for the client's packet from `start` to `end` of `bytes`, or its packets of one id that
   * is {@linkcode IN_SERIES}: the packet in the backend's shape, or nothing. Answers the edge gives in the backend's place are
   * appended to `answers`, in the client's dialect.
   */
  translate(bytes: Uint8Array, start: number, end: number, out: PacketBuffer, answers: PacketBuffer): void {
    const id = bytes[start] ?? 0;
    if (id === TWO_WAY_PING && this.#lacks.twoWayPing) {
      if (bytes[start + 1] === CLIENT_ORIGIN) answers.append(bytes, start, end);
      return;
    }
    if (this.#dropped[id] !== 0) return;
    const at = this.#reshape(id, bytes, start, end, out);
    const packet = out.storage;
    switch (id) {
      case SET_BLOCK:
        this.#replaceBlock(bytes, end, packet, out.length);
        break;
      case MESSAGE:
        if (this.#lacks.longerMessages) packet[at + 1] = SELF;
        this.#replaceCharacters(packet, at + 2);
    }
  }

  #reshape(id: number, bytes: Uint8Array, start: number, end: number, out: PacketBuffer): number {
    const shape = this.#reshapes[id];
    if (shape !== undefined) return reshape(shape, bytes, start, end, out);
    const at = out.length;
    out.append(bytes, start, end);
    return at;
  }

  /** The block is the packet's last field, one byte or two on either side. */
  #replaceBlock(bytes: Uint8Array, end: number, packet: Uint8Array, packetEnd: number): void {
    const low = bytes[end - 1] ?? 0;
    const block = this.#from.extensions.has("ExtendedBlocks") ? (bytes[end - 2] ?? 0) << 8 | low : low;
    const fallback = fallbackBlock(block, this.#from, this.#to);
    if (fallback !== block) packet[packetEnd - 1] = fallback;
  }

  #replaceCharacters(packet: Uint8Array, at: number): void {
    if (!this.#lacks.text) return;
    const { extensions } = this.#to;
    const lowest = extensions.has("EmoteFix") ? 0 : 0x20;
    const highest = extensions.has("FullCP437") ? 0xff : 0x7f;
    const end = textEnd(packet, at);
    for (let i = at; i < end; i++) {
      const char = packet[i] ?? 0;
      if (char < lowest || char > highest) packet[i] = QUESTION_MARK;
    }
  }
}
