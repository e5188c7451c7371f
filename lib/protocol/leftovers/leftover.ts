import type { ExtensionName } from "../extensions.ts";
import type { PacketBuffer } from "../packet_buffer.ts";
import type { Dialect, PacketName } from "../packet_table.ts";

/** One kind of state that a client keeps over a new map, as one client has it. */
export interface Leftover {
  /** Notes the packet at `start` of `bytes`: whole, in the client's dialect and one of those that its kind lists. */
  track(bytes: Uint8Array, start: number): void;
  /** Appends the packets that make the state a fresh client's. The leftover is not used any more afterwards. */
  undo(out: PacketBuffer): void;
  /** All that was noted, as whole numbers of 32 bits that mean something to this kind only. */
  writeDown(): readonly number[];
  /** Notes what one of its kind, for a client of the same dialect, has written down. Numbers that mean nothing are passed over. */
  resume(noted: readonly number[]): void;
}

/** A kind of state that a client keeps over a new map; each client gets its leftover when the first of the packets comes. */
export interface LeftoverKind {
  /** The packets that change the state. */
  readonly packets: readonly PacketName[];
  /** The extension without which there is nothing to undo, whatever the packets say. @default none */
  readonly needs?: ExtensionName;
  new (client: Dialect): Leftover;
}
