/** Client-side state that a backend set and that a new map does not clear; so a move between backends has to undo it. */
import { Appearance } from "./leftovers/appearance.ts";
import { BlockPermissions } from "./leftovers/block_permissions.ts";
import { CustomBlocks } from "./leftovers/custom_blocks.ts";
import { CustomModels } from "./leftovers/custom_models.ts";
import { Entities } from "./leftovers/entities.ts";
import { Hand } from "./leftovers/hand.ts";
import { Hotkeys } from "./leftovers/hotkeys.ts";
import type { Leftover, LeftoverKind } from "./leftovers/leftover.ts";
import { OwnLook } from "./leftovers/own_look.ts";
import { Selections } from "./leftovers/selections.ts";
import { BlockList, Cinematic, ClickDistance, Hacks, Lighting } from "./leftovers/settings.ts";
import { StatusLines } from "./leftovers/status_lines.ts";
import { TabList } from "./leftovers/tab_list.ts";
import { TextColours } from "./leftovers/text_colours.ts";
import { memo } from "./memo.ts";
import type { PacketBuffer } from "./packet_buffer.ts";
import { type Dialect, dialectKey, isLegal, packetNamed } from "./packet_table.ts";

/** Dialects of which is kept what concerns them. */
const MAX_DIALECTS = 256;

/**
 * Every kind by the name it is written down under, in the order they are undone: others vanish before what they look like changes;
 * so does the own model.
 */
const KINDS: ReadonlyMap<string, LeftoverKind> = new Map<string, LeftoverKind>([
  ["entities", Entities],
  ["tab list", TabList],
  ["selections", Selections],
  ["hacks", Hacks],
  ["click distance", ClickDistance],
  ["own look", OwnLook],
  ["custom models", CustomModels],
  ["custom blocks", CustomBlocks],
  ["hand", Hand],
  ["block permissions", BlockPermissions],
  ["hotkeys", Hotkeys],
  ["text colours", TextColours],
  ["appearance", Appearance],
  ["lighting", Lighting],
  ["cinematic", Cinematic],
  ["block list", BlockList],
  ["status lines", StatusLines],
]);

/** Names of all kinds of leftovers. */
export const LEFTOVER_NAMES: readonly string[] = [...KINDS.keys()];

/** What is there of one kind, as written down. */
export interface LeftoverState {
  /** One of {@linkcode LEFTOVER_NAMES}. */
  readonly kind: string;
  readonly noted: readonly number[];
}

/** What changes leftovers in one dialect. */
interface Concerns {
  /** Non-zero for the packets that do. */
  readonly ids: Uint8Array;
  /** What each of them may change, by id. */
  readonly kinds: readonly (readonly LeftoverKind[] | undefined)[];
}

const concernsOf: (client: Dialect) => Concerns = memo(MAX_DIALECTS, dialectKey, (client: Dialect) => {
  const ids = new Uint8Array(256);
  const kinds: LeftoverKind[][] = [];
  for (const kind of KINDS.values()) {
    if (!isThere(kind, client)) continue;
    for (const packet of kind.packets.map(packetNamed)) {
      if (!isLegal(packet, client)) continue;
      ids[packet.id] = 1;
      (kinds[packet.id] ??= []).push(kind);
    }
  }
  return { ids, kinds };
});

/** Whether a client may have something of a kind in it. */
function isThere({ needs }: LeftoverKind, client: Dialect): boolean {
  return needs === undefined || client.extensions.has(needs);
}

const NOTHING: readonly LeftoverKind[] = [];
const NOTHING_FOUND: readonly Leftover[] = [];

/**
 * What one client has in it of the backend it is on. Takes next to no memory until something is there, and some kilobytes at the
 * most.
 */
export class Leftovers {
  /**
   * Non-zero for the ids of packets to the client that {@linkcode track} has to see. Shared by clients of equal dialects: do not
   * change it.
   */
  readonly concerns: Uint8Array;
  readonly #client: Dialect;
  readonly #kinds: Concerns["kinds"];
  /** One of each kind at most. */
  #found: readonly Leftover[] = NOTHING_FOUND;

  /** @param client The client's dialect C, which never changes. */
  constructor(client: Dialect) {
    const { ids, kinds } = concernsOf(client);
    this.concerns = ids;
    this.#client = client;
    this.#kinds = kinds;
  }

  /** Notes what the packet at `start` of `bytes`, whole and in the client's dialect, does to the client. */
  track(bytes: Uint8Array, start: number): void {
    for (const kind of this.#kinds[bytes[start] ?? 0] ?? NOTHING) {
      (this.#of(kind) ?? this.#add(kind)).track(bytes, start);
    }
  }

  /** Appends the packets, in the client's dialect, that undo all that was tracked, and forgets it. */
  undo(out: PacketBuffer): void {
    for (const kind of KINDS.values()) this.#of(kind)?.undo(out);
    this.#found = NOTHING_FOUND;
  }

  /** What {@linkcode resume} takes. */
  writeDown(): readonly LeftoverState[] {
    const states: LeftoverState[] = [];
    for (const [name, kind] of KINDS) {
      const leftover = this.#of(kind);
      if (leftover !== undefined) states.push({ kind: name, noted: leftover.writeDown() });
    }
    return states;
  }

  /** Notes what was written down for a client of the same dialect. */
  resume(states: readonly LeftoverState[]): void {
    for (const { kind: name, noted } of states) {
      const kind = KINDS.get(name);
      if (kind !== undefined && isThere(kind, this.#client)) this.#add(kind).resume(noted);
    }
  }

  #of(kind: LeftoverKind): Leftover | undefined {
    for (const leftover of this.#found) if (leftover.constructor === kind) return leftover;
    return undefined;
  }

  #add(kind: LeftoverKind): Leftover {
    const leftover = new kind(this.#client);
    this.#found = this.#found.concat(leftover);
    return leftover;
  }
}
