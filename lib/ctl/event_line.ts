import type { StampedEvent } from "../observe/edge_event.ts";
import { spokenDuration } from "./duration.ts";
import type { Colour, Paint } from "./paint.ts";
import { escapeUnsafe } from "../observe/log_format.ts";

/** Columns of the longest kind, `move-failed`. */
const KIND_WIDTH = 11;

/** An event for people: `2026-01-02T03:04:05.678Z  move         Steve from hub to arena`, with the line feed. */
export function eventLine(event: StampedEvent, paint: Paint): string {
  const kind = paint(escapeUnsafe(event.event).padEnd(KIND_WIDTH), colourOf(event));
  return `${paint(escapeUnsafe(event.time), "grey")}  ${kind}  ${escapeUnsafe(sentence(event))}\n`;
}

function colourOf(event: StampedEvent): Colour | undefined {
  switch (event.event) {
    case "join":
      return "green";
    case "kick":
    case "move-failed":
    case "wait":
    case "drill":
      return "yellow";
    case "backend":
      return event.state === "down" ? "red" : undefined;
    case "reload":
      return event.result === "refused" ? "red" : undefined;
    default:
      return undefined;
  }
}

function sentence(event: StampedEvent): string {
  switch (event.event) {
    case "join":
      return `${event.player} on ${event.backend}, by ${event.listener} from ${event.ip}`;
    case "leave":
      return `${event.player} from ${placeName(event.backend)} after ${spokenDuration(event.seconds)}: ` +
        `${event.reason} (${event.code})`;
    case "move":
      return `${event.player} from ${placeName(event.from)} to ${event.to} in ${event.ms} ms, asked by ${event.signal}`;
    case "move-failed":
      return `${event.player} from ${placeName(event.from)} to ${event.to}, asked by ${event.signal}: ${event.cause}`;
    case "wait":
      return `${event.player} in the waiting room: ${event.cause}`;
    case "kick":
      return `${event.player} from ${placeName(event.backend)}: ${because(event.reason, event.detail)}`;
    case "chat":
      return `${event.player} on ${placeName(event.backend)}: ${event.text}`;
    case "backend":
      return because(`${event.backend} ${event.state}`, event.cause);
    case "reload":
      return because(event.result, event.detail);
    case "drill":
      return because(`${event.drill} ${event.state}: ${event.fault} before ${event.backend}`, event.cause);
    case "announce":
      return `to ${event.players} players: ${event.text}`;
    case "edge":
      return event.state;
    default:
      // A newer edge may know events that this program does not.
      return JSON.stringify(event);
  }
}

function placeName(backend: string): string {
  return backend === "" ? "the waiting room" : backend;
}

function because(what: string, why: string | undefined): string {
  return why === undefined || why === "" ? what : `${what}: ${why}`;
}
