/** Where one packet stands in a stream. */
export interface PacketSpan {
  readonly start: number;
  readonly end: number;
}

/** A stream split at its packets. */
export interface Split {
  readonly packets: readonly PacketSpan[];
  /** Where splitting ended: at the end of the stream, at a packet that is cut, or at an id without a size. */
  readonly end: number;
  readonly outcome: "complete" | "cut" | "unknown";
}

/**
 * Splits a whole stream the obvious way, to compare cleverer ways with.
 *
 * @param sizeAt Size of the packet with this id and number, counted from 0; 0 for an unknown id.
 */
export function splitPackets(bytes: Uint8Array, sizeAt: (id: number, index: number) => number): Split {
  const packets: PacketSpan[] = [];
  let start = 0;
  while (start < bytes.length) {
    const size = sizeAt(bytes[start] ?? 0, packets.length);
    if (size === 0) return { packets, end: start, outcome: "unknown" };
    if (start + size > bytes.length) return { packets, end: start, outcome: "cut" };
    packets.push({ start, end: start + size });
    start += size;
  }
  return { packets, end: start, outcome: "complete" };
}
