/** What a stream consists of, for tests that look at its packets. */
import {
  type Dialect,
  type Direction,
  legalSizes,
  packetById,
  type PacketName,
} from "../../lib/protocol/packet_table.ts";
import { type PacketValues, readPacket } from "../../lib/protocol/packets.ts";
import { splitPackets } from "../harness/reference_splitter.ts";

/** One packet of a stream. */
export interface Frame {
  readonly name: PacketName;
  readonly bytes: Uint8Array;
}

/** The packets of `stream`, which must be whole and legal for `dialect`. */
export function frames(direction: Direction, dialect: Dialect, stream: Uint8Array): readonly Frame[] {
  const sizes = legalSizes(direction, dialect);
  const { packets, outcome, end } = splitPackets(stream, (id) => sizes[id] ?? 0);
  if (outcome !== "complete") {
    throw new Error(`Cannot frame a stream of ${stream.length} bytes: ${outcome} at ${end}, where ${stream[end]} is`);
  }
  return packets.map(({ start, end }) => {
    const packet = packetById(direction, stream[start] ?? 0);
    // Every packet of the table has a name of the table.
    return { name: packet?.name as PacketName, bytes: stream.subarray(start, end) };
  });
}

/** The packets of one name in a stream, read. */
export function all<N extends PacketName>(
  name: N,
  dialect: Dialect,
  packets: readonly Frame[],
): readonly PacketValues<N>[] {
  return packets.filter((frame) => frame.name === name).map(({ bytes }) => readPacket(name, dialect, bytes));
}

/** The names of packets, in order, each run of the same name once. */
export function outline(packets: readonly Frame[]): readonly PacketName[] {
  return packets.map(({ name }) => name).filter((name, index, names) => name !== names[index - 1]);
}

/** The lines of chat in a stream to a client. */
export function chatLines(dialect: Dialect, stream: Uint8Array): readonly string[] {
  return all("Message", dialect, frames("s2c", dialect, stream)).map(({ message }) => message);
}
