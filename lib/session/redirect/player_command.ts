/** Signal: the player's own command, `/server` unless the configuration names another. */
import { TEXT_SIZE } from "../../protocol/text.ts";
import type { Destination, ListedBackend } from "../routes.ts";

/** Backends that are listed at most; chat shows a dozen lines. */
const MOST_LISTED = 40;

/** What the player asks for. */
export type PlayerRequest =
  | { readonly kind: "list" }
  | { readonly kind: "move"; readonly to: string };

/** The parts of a line, each padded but the last. */
const PARTS = new RegExp(`.{1,${TEXT_SIZE}}`, "gs");

/**
 * Reads a line of chat; `undefined` where it is not the command. Of a line in parts each but the last is padded to 64 characters.
 * ClassiCube fills its parts, so that what looks like padding was typed, and MCGalaxy and mcchost put a space or more behind a
 * shorter one; cserver joins them without. The command is for no server, whichever way it would read the line.
 */
export function readCommand(line: string, command: string): PlayerRequest | undefined {
  const request = requestIn(line, command);
  if (request !== undefined || line.length <= TEXT_SIZE) return request;
  const joined = Array.from(line.matchAll(PARTS), ([part]) => part.trimEnd()).join("");
  return requestIn(joined, command);
}

function requestIn(line: string, command: string): PlayerRequest | undefined {
  const [word = "", ...rest] = line.trim().split(/\s+/);
  if (word.toLowerCase() !== command.toLowerCase()) return undefined;
  const to = rest.join(" ");
  return to === "" ? { kind: "list" } : { kind: "move", to };
}

/** The list of servers, a line each of at most 64 characters. */
export function listing(backends: readonly ListedBackend[], here: string, command: string): readonly string[] {
  if (backends.length === 0) return ["&eThere are no servers to choose from"];
  const shown = backends.slice(0, MOST_LISTED).map((backend) => listed(backend, here));
  const hidden = backends.length - shown.length;
  const more = hidden > 0 ? [`&7and ${hidden} more`] : [];
  return [`&eServers &7(${command} NAME to go there)`, ...shown, ...more];
}

/** Long names and large numbers leave no room for the word behind the count. */
function listed(backend: ListedBackend, here: string): string {
  const { players, maxPlayers } = backend;
  const room = maxPlayers > 0 ? `${players}/${maxPlayers}` : `${players}`;
  const line = lineOf(backend, here, `${room} ${room === "1" ? "player" : "players"}`);
  return line.length <= TEXT_SIZE ? line : lineOf(backend, here, room);
}

function lineOf({ name, state }: ListedBackend, here: string, count: string): string {
  if (name === here) return `&a> ${name} &7${count}, here`;
  switch (state) {
    case "up":
      return `&f  ${name} &7${count}`;
    case "full":
      return `&6  ${name} &7${count}, &6full`;
    case "drained":
      return `&8  ${name} &7${count}, &8closed`;
    case "down":
      return `&c  ${name} &cis down`;
  }
}

/** Why the player cannot go there; `undefined` where nothing speaks against it. */
export function refusal(destination: Destination, asked: string): string | undefined {
  switch (destination.kind) {
    case "open":
      return undefined;
    case "here":
      return `&eYou are on ${destination.name} already`;
    case "closed":
      return `&c${destination.name} ${
        { down: "is down", full: "is full", drained: "takes nobody now" }[destination.why]
      }`;
    case "unknown":
      return `&cThere is no server ${printable(asked)}${
        destination.nearest === undefined ? "" : `, did you mean ${destination.nearest}?`
      }`;
  }
}

/** What a player typed, as far as it may be shown. */
function printable(text: string): string {
  return text.replaceAll(/[^!-%'-~]/g, "?").slice(0, 32);
}
