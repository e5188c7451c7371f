import { ExtensionSet } from "../protocol/extensions.ts";
import { Framer } from "../protocol/framer.ts";
import {
  type Dialect,
  legalSizes,
  packetById,
  type PacketName,
  type ProtocolVersion,
} from "../protocol/packet_table.ts";
import { type PacketValues, readPacket } from "../protocol/packets.ts";
import type { Link } from "./link.ts";

/** Why a player is sent away; the message is what they are told. */
export class Kick extends Error {
  override readonly name = "Kick";
}

/** A packet as it was read; `bytes` is a view that is valid until the next one is read. */
export interface ReceivedPacket {
  readonly name: PacketName;
  readonly bytes: Uint8Array;
}

const EVERY_ID = new Uint8Array(256).fill(1);
const READ_SIZE = 16 * 1024;

/** The dialect of somebody who has only said their protocol version. */
export function plainDialect(protocol: ProtocolVersion): Dialect {
  return { protocol, cpe: false, extensions: ExtensionSet.EMPTY };
}

/** Reads a client's packets one by one off its socket. */
export class PacketReader {
  readonly #link: Link;
  readonly #buffer = new Uint8Array(READ_SIZE);
  readonly #framer: Framer;
  #dialect: Dialect;

  constructor(link: Link) {
    this.#link = link;
    this.#dialect = plainDialect(7);
    this.#framer = new Framer(legalSizes("c2s", this.#dialect), EVERY_ID);
  }

  /** How everything not read yet is framed. */
  get dialect(): Dialect {
    return this.#dialect;
  }

  set dialect(dialect: Dialect) {
    this.#dialect = dialect;
    this.#framer.sizes = legalSizes("c2s", dialect);
  }

  /** The first two bytes, which stay unread: a packet's id and the protocol version. `undefined` where fewer ever come. */
  async head(): Promise<readonly [id: number, protocol: number] | undefined> {
    let length = 0;
    while (length < 2) {
      const count = await this.#link.read(this.#buffer.subarray(length));
      if (count === null) return undefined;
      length += count;
    }
    this.#framer.feed(this.#buffer.subarray(0, length));
    return [this.#buffer[0] ?? 0, this.#buffer[1] ?? 0];
  }

  /**
   * The next packet; `undefined` when no more will come.
   *
   * @throws {Kick} where the next byte is no packet the client may send.
   */
  async next(): Promise<ReceivedPacket | undefined> {
    for (;;) {
      const frame = this.#framer.next();
      const { bytes, start, end } = this.#framer;
      if (frame === "none") {
        const count = await this.#link.read(this.#buffer);
        if (count === null) return undefined;
        this.#framer.feed(this.#buffer.subarray(0, count));
        continue;
      }
      const packet = frame === "packet" ? packetById("c2s", bytes[start] ?? 0) : undefined;
      if (packet === undefined) throw new Kick(`Unhandled opcode "${bytes[start]}"!`);
      return { name: packet.name as PacketName, bytes: bytes.subarray(start, end) };
    }
  }

  /** The fields of a packet that was just read. */
  read<N extends PacketName>(name: N, packet: ReceivedPacket): PacketValues<N> {
    return readPacket(name, this.#dialect, packet.bytes);
  }

  /** Reads and forgets everything until the other side or this one closes. */
  async drain(): Promise<void> {
    while (await this.#link.read(this.#buffer) !== null);
  }
}
