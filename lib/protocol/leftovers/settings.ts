import type { PacketBuffer } from "../packet_buffer.ts";
import type { PacketName } from "../packet_table.ts";
import { encodePacket, type PacketInput } from "../packets.ts";
import { EVERYTHING } from "./fields.ts";
import type { Leftover, LeftoverKind } from "./leftover.ts";

/**
 * A setting that one packet sets whole.
 *
 * @param name The packet; it must have the same shape in every dialect.
 * @param fresh What a fresh client has.
 */
function setting<N extends PacketName>(name: N, fresh: PacketInput<N>): LeftoverKind {
  const packet = encodePacket(name, EVERYTHING, fresh);
  return class Setting implements Leftover {
    static readonly packets: readonly PacketName[] = [name];
    #changed = false;

    track(bytes: Uint8Array, start: number): void {
      this.#changed = packet.some((byte, index) => byte !== bytes[start + index]);
    }

    writeDown(): readonly number[] {
      return [Number(this.#changed)];
    }

    resume([changed]: readonly number[]): void {
      this.#changed = changed === 1;
    }

    undo(out: PacketBuffer): void {
      if (this.#changed) out.append(packet);
    }
  };
}

/** How far the player reaches, in 1/32 block. */
export const ClickDistance: LeftoverKind = setting("SetClickDistance", { distance: 160 });

/** What the player may do besides walking; the next ServerIdentification sets all of it but the jump height. */
export const Hacks: LeftoverKind = setting("HackControl", {
  fly: 1,
  noclip: 1,
  speed: 1,
  spawnControl: 1,
  thirdPerson: 1,
  jumpHeight: -1,
});

/** How the world is lit; 0 leaves it to the player. */
export const Lighting: LeftoverKind = setting("LightingMode", { mode: 0, locked: 0 });

/** Bars at the edges of the screen, and what is hidden of it. */
export const Cinematic: LeftoverKind = setting("CinematicGui", {
  hideCrosshair: 0,
  hideHand: 0,
  hideHotbar: 0,
  red: 0,
  green: 0,
  blue: 0,
  opacity: 0,
  barSize: 0,
});

/** The window to choose a block from; 1 closes it. */
export const BlockList: LeftoverKind = setting("ToggleBlockList", { toggle: 1 });
