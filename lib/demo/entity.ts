import type { Dialect, PacketName } from "../protocol/packet_table.ts";
import { encodePacket, type PacketInput } from "../protocol/packets.ts";
import type { Position } from "./world.ts";

/** Somebody who stands in the world: a player or a resident. */
export interface Entity {
  /** 0–254; 255 is everybody's own. */
  readonly id: number;
  readonly name: string;
  /** Heading the name stands under in the player list. */
  readonly group: string;
  /** Name of the figure's shape; `"humanoid"` for players. */
  readonly model: string;
  /** Where the entity is. */
  readonly position: Position;
  /** Where everybody has been told it is. */
  shown: Position;
}

/** Sends one packet to one client, if the client has the extension the packet belongs to. */
export type PacketSink = <N extends PacketName>(name: N, values: PacketInput<N>) => void;

/** The id by which clients know themselves. */
export const SELF = 255;

/** What ClassiCube adds to the height of positions given to the player itself. */
const SELF_RISE = 22;

/** The position to send to a player who shall stand at `position`. */
export function selfPosition(position: Position): Position {
  return { ...position, y: position.y - SELF_RISE };
}

/** Shows an entity, under an id, where it was last said to be. */
export function spawn(
  send: PacketSink,
  { extensions }: Dialect,
  id: number,
  { name, group, model, shown }: Entity,
): void {
  const position = id === SELF ? selfPosition(shown) : shown;
  send("ExtAddPlayerName", { nameId: id, playerName: name, listName: name, groupName: group, groupRank: 0 });
  if (extensions.has("ExtPlayerList", 2)) {
    send("ExtAddEntity2", { entityId: id, inGameName: name, skinName: name, ...position });
  } else {
    send("SpawnPlayer", { playerId: id, playerName: name, ...position });
    send("ExtAddEntity", { entityId: id, inGameName: name, skinName: name });
  }
  if (id === SELF || model !== "humanoid") send("ChangeModel", { entityId: id, model });
}

/** Takes an entity away again. */
export function despawn(send: PacketSink, id: number): void {
  send("DespawnPlayer", { playerId: id });
  send("ExtRemovePlayerName", { nameId: id });
}

/** The shortest packet that brings an entity from where it was last shown to where it is. */
export function encodeMovement({ id, position, shown }: Entity, dialect: Dialect): Uint8Array {
  const { x, y, z, yaw, pitch } = position;
  const [dx, dy, dz] = [x - shown.x, y - shown.y, z - shown.z];
  if (dx === 0 && dy === 0 && dz === 0) return encodePacket("OrientationUpdate", dialect, { playerId: id, yaw, pitch });
  if ([dx, dy, dz].some((step) => step < -128 || step > 127)) {
    return encodePacket("PlayerTeleport", dialect, { playerId: id, ...position });
  }
  if (yaw === shown.yaw && pitch === shown.pitch) {
    return encodePacket("PositionUpdate", dialect, { playerId: id, dx, dy, dz });
  }
  return encodePacket("PositionAndOrientationUpdate", dialect, { playerId: id, dx, dy, dz, yaw, pitch });
}

/** Whether two positions are the same. */
export function samePosition(a: Position, b: Position): boolean {
  return a.x === b.x && a.y === b.y && a.z === b.z && a.yaw === b.yaw && a.pitch === b.pitch;
}
