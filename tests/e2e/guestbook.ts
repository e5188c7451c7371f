/** Whose packets a server gets. */
import { BLOCK_LIMIT } from "../../lib/demo/block.ts";
import type { ServerEvent } from "../../lib/demo/options.ts";
import type { Dialect, PacketName } from "../../lib/protocol/packet_table.ts";
import { type PacketValues, readPacket } from "../../lib/protocol/packets.ts";
import { keep } from "../harness/client/part.ts";
import { Waits } from "../harness/waits.ts";
import { handBlock, type Owner } from "./furniture.ts";

/** Up to twelve numbers fit into a turn. */
const YAW_STEP = 16;
/** Above the ground of a world, one layer for each number. */
const LOWEST_LEVEL = 17;
/** How far from where they begin players walk at most, in 1/32 block. */
const REACH = 3 * 32;
/** Numbers from here on are those of the edge's own pings. */
const FIRST_EDGE_PING = 0x8000;
const FROM_SERVER = 1;
/** What players with a whole demo around them are given to hold at first. */
const DEMO_HAND = 1;
/** What a client without the extension says in the place of it. */
const NOTHING = 255;
const WAIT_MS = 30_000;

/** A packet that should not have come. */
export interface Fault {
  readonly player: string;
  readonly what: string;
}

type EventOf<K extends ServerEvent["kind"]> = Extract<ServerEvent, { readonly kind: K }>;

/** Where the players of a server look: no other server's do so. */
export function yawOf(number: number): number {
  return YAW_STEP * number;
}

/** The layer in which somebody builds who looks there. */
export function levelOf(yaw: number): number {
  return LOWEST_LEVEL + yaw / YAW_STEP;
}

/**
 * Follows who is on a server, what they say, and whether each single packet was meant for it: players look where their server made
 * them look, stay near where they began, build in a layer of their own and hold what they were given.
 */
export class Guestbook {
  readonly waits: Waits = new Waits(() => `there are ${[...this.#present.keys()]}`, WAIT_MS);
  /** Packets that were meant for another server, or for none. */
  readonly faults: Fault[] = [];
  readonly #owner: Owner;
  readonly #decorated: boolean;
  /** How those speak who stand in the world. */
  readonly #present = new Map<string, Dialect>();
  /** All that somebody has said, one line behind the other. */
  readonly #said = new Map<string, string>();
  /** Packets by player and name. */
  readonly #counts = new Map<string, number>();

  constructor(owner: Owner, decorated: boolean) {
    this.#owner = owner;
    this.#decorated = decorated;
  }

  take(event: ServerEvent): void {
    const { player } = event;
    if (event.kind === "joined") this.#present.set(player, event.dialect);
    else if (event.kind === "left") this.#present.delete(player);
    else if (event.kind === "chat") this.#said.set(player, this.said(player) + event.text);
    else this.#receive(event);
    this.waits.changed();
  }

  isThere(player: string): boolean {
    return this.#present.has(player);
  }

  said(player: string): string {
    return this.#said.get(player) ?? "";
  }

  /** How many packets of that name somebody has sent. */
  count(player: string, packet: PacketName): number {
    return this.#counts.get(`${player} ${packet}`) ?? 0;
  }

  #receive(event: EventOf<"packet">): void {
    this.#counts.set(`${event.player} ${event.packet}`, this.count(event.player, event.packet) + 1);
    const fault = this.#faultOf(event, this.#present.get(event.player));
    if (fault !== undefined) keep(this.faults, { player: event.player, what: `${event.packet} ${fault}` });
  }

  #faultOf({ packet, bytes }: EventOf<"packet">, dialect: Dialect | undefined): string | undefined {
    switch (packet) {
      case "PlayerMessage":
        return dialect === undefined
          ? undefined
          : this.#misflagged(readPacket(packet, dialect, bytes).partial, dialect);
      case "CustomBlockSupportLevel":
        return undefined;
      case "TwoWayPing": {
        // A client's pings are no different from server to server.
        const isEcho = bytes[1] === FROM_SERVER;
        const number = (bytes[2] ?? 0) << 8 | (bytes[3] ?? 0);
        return isEcho && number >= FIRST_EDGE_PING ? `echo ${number}` : undefined;
      }
    }
    if (dialect === undefined) return "before the world was there";
    switch (packet) {
      case "PlayerPosition":
        return this.#misplaced(readPacket(packet, dialect, bytes), dialect);
      case "PlayerSetBlock":
      case "PlayerClicked":
        return this.#outOfLevel(readPacket(packet, dialect, bytes));
      case "NotifyAction":
        return this.#notGiven(readPacket(packet, dialect, bytes).value);
      default:
        return "nobody sends that";
    }
  }

  #misflagged(partial: number, { extensions }: Dialect): string | undefined {
    const flags = extensions.has("LongerMessages") ? [0, 1] : [NOTHING];
    return flags.includes(partial) ? undefined : `flag ${partial}`;
  }

  #misplaced({ held, x, z, yaw }: PacketValues<"PlayerPosition">, { extensions }: Dialect): string | undefined {
    const { number, spawn } = this.#owner;
    const isNear = Math.abs(x - spawn.x) <= REACH && Math.abs(z - spawn.z) <= REACH;
    const holdsRight = extensions.has("HeldBlock") ? held < BLOCK_LIMIT : held === NOTHING;
    return isNear && holdsRight && yaw === yawOf(number) ? undefined : `${x} ${z}, looking at ${yaw}, with ${held}`;
  }

  #outOfLevel({ x, y, z }: { readonly x: number; readonly y: number; readonly z: number }): string | undefined {
    return y === levelOf(yawOf(this.#owner.number)) ? undefined : `at ${x} ${y} ${z}`;
  }

  #notGiven(block: number): string | undefined {
    const isGiven = block === handBlock(this.#owner.number) || (this.#decorated && block === DEMO_HAND);
    return isGiven ? undefined : `block ${block}`;
  }
}
