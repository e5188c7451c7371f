import type { PacketName } from "../../../lib/protocol/packet_table.ts";
import type { PacketValues } from "../../../lib/protocol/packets.ts";

const COUNT = 12;

/** The last few packets somebody saw, for the messages of waits that fail. */
export class RecentPackets {
  readonly #lines: string[] = [];

  note<N extends PacketName>(name: N, packet: PacketValues<N>): void {
    const text = "message" in packet ? packet.message : "reason" in packet ? packet.reason : undefined;
    this.#lines.push(text === undefined ? name : `${name} ${JSON.stringify(text)}`);
    if (this.#lines.length > COUNT) this.#lines.shift();
  }

  toString(): string {
    return this.#lines.join(", ") || "nothing";
  }
}
