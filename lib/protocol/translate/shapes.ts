/** What a translator does with the packets of one direction, by packet id. */
import { ALONE, IN_SERIES } from "../framer.ts";
import { memo } from "../memo.ts";
import { type Dialect, dialectKey, type Direction, isLegal, packetById } from "../packet_table.ts";
import { type Reshape, reshapeBetween } from "./reshape.ts";

/** The packets of one direction between two dialects: which have no meaning at the target, which change their shape. */
export interface Shapes {
  /** Non-zero for ids that cannot be forwarded as they are: {@linkcode IN_SERIES} where they only change their shape. */
  readonly concerns: Uint8Array;
  readonly reshapes: readonly (Reshape | undefined)[];
  /** Non-zero for ids the target leg must never see. */
  readonly dropped: Uint8Array;
}

/** Pairs of dialects of which the shapes are kept. */
const MAX_PAIRS = 256;

/**
 * The shapes of all packets in `direction` on their way from a leg speaking `from` to one speaking `to`. They are shared: do not
 * change them.
 */
export const shapesBetween: (direction: Direction, from: Dialect, to: Dialect) => Shapes = memo(
  MAX_PAIRS,
  (direction, from, to) => `${direction}${dialectKey(from)}>${dialectKey(to)}`,
  computeShapes,
);

function computeShapes(direction: Direction, from: Dialect, to: Dialect): Shapes {
  const concerns = new Uint8Array(256);
  const dropped = new Uint8Array(256);
  const reshapes: (Reshape | undefined)[] = [];
  for (let id = 0; id < 256; id++) {
    const packet = packetById(direction, id);
    if (packet === undefined) continue;
    reshapes[id] = reshapeBetween(packet, from, to);
    dropped[id] = isLegal(packet, to) ? 0 : 1;
    if (dropped[id] !== 0) concerns[id] = ALONE;
    else if (reshapes[id] !== undefined) concerns[id] = IN_SERIES;
  }
  return { concerns, reshapes, dropped };
}
