import type { Player } from "./player.ts";
import type { Room } from "./room.ts";

type Command = (player: Player, room: Room) => string;

const COMMANDS: Readonly<Record<string, Command>> = {
  "/help": () => `&eCommands here: &f${Object.keys(COMMANDS).join(" ")}`,
  "/who": (_, room) => `&eHere: &f${[...room.entities()].map(({ name }) => name).join(", ")}`,
  "/where": ({ position: { x, y, z } }, { settings }) => {
    return `&eYou are in &f${settings.name}&e at &f${x >> 5} ${(y - 51) >> 5} ${z >> 5}`;
  },
  "/spawn": (player) => {
    player.respawn();
    return "&eBack at the start";
  },
};

/** Runs what a player typed after a slash and tells them the outcome. */
export function runCommand(text: string, player: Player, room: Room): void {
  const [name = ""] = text.toLowerCase().split(" ");
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  player.hear(command?.(player, room) ?? "&cUnknown command, &f/help &clists those there are");
}
