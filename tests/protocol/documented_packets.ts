import type { Direction } from "../../lib/protocol/packet_table.ts";

/** A change of a packet's size by what the two sides speak. */
export interface DocumentedVariant {
  /** Missing for the byte that protocols up to 5 lack. */
  readonly extension?: string;
  readonly min_version?: number;
  readonly delta: number;
  readonly direction: Direction;
}

/** A packet as the machine-readable protocol facts describe it. */
export interface DocumentedPacket {
  readonly id: number;
  readonly name: string;
  readonly direction: Direction | "both";
  readonly extension: string | null;
  readonly base_size: number;
  readonly size_variants: readonly DocumentedVariant[];
  /** The id first. */
  readonly fields: readonly { readonly name: string; readonly type: string }[];
}

/** The machine-readable protocol facts beside the repository; `undefined`, with a printed reason, where they are not there. */
export function documentedPackets(): readonly DocumentedPacket[] | undefined {
  try {
    const file = new URL("../../../shared/classic/packets.json", import.meta.url);
    return JSON.parse(Deno.readTextFileSync(file)).packets;
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    console.warn("skipped: no packets.json beside the repository");
    return undefined;
  }
}
