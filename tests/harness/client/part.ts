import type { ExtensionSet } from "../../../lib/protocol/extensions.ts";
import type { PacketName } from "../../../lib/protocol/packet_table.ts";
import type { PacketValues } from "../../../lib/protocol/packets.ts";

/** What to do with each packet; packets without an entry mean nothing here. */
export type PacketHandlers = { readonly [N in PacketName]?: (packet: PacketValues<N>) => void };

/** What the parts of a client share. */
export interface ClientContext {
  readonly username: string;
  /** The extensions that are active now. */
  readonly extensions: ExtensionSet;
  /** Whether the client takes block ids for 16 bits wide. */
  readonly wideBlocks: boolean;
  /** Records that the server broke a rule. */
  violation(what: string): void;
}

/** One part of what a client remembers of a server. */
export interface StatePart {
  readonly handlers: PacketHandlers;
  /**
   * The part of this state that lasts, as plain values: equal for two clients that see the same. What fades by itself
   * (announcements, velocity) or merely scrolls (chat) is left out.
   */
  snapshot(): unknown;
}

const MAX_KEPT = 100_000;

/** Appends to a record of what came. Throws a `RangeError` beyond 100,000 items. */
export function keep<T>(record: T[], item: T): void {
  if (record.length === MAX_KEPT) throw new RangeError(`Cannot keep more: ${MAX_KEPT} items came`);
  record.push(item);
}

/** `map` as a plain object with its keys in numeric order. */
export function plain<V>(map: ReadonlyMap<number, V>): Record<string, V> {
  return Object.fromEntries([...map].sort(([a], [b]) => a - b));
}
