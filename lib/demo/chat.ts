import type { ExtensionSet } from "../protocol/extensions.ts";
import { TEXT_SIZE } from "../protocol/text.ts";

/** Longest line of chat a player can put together with LongerMessages; the rest is dropped. */
export const MAX_CHAT_LENGTH = 1024;

/** Where a line appears (CPE, MessageTypes). */
export const MESSAGE_TYPE = { CHAT: 0, STATUS: 1, ANNOUNCEMENT: 100 } as const;

/** `type` of a line from the server itself for clients without MessageTypes. */
export const SERVER_LINE = 255;

const CONTINUATION = "> ";
/** Minecraft 0.30 crashes when it draws one. */
const TRAILING_AMPERSANDS = /&+$/;

/** What a player typed with the colour codes they meant: ClassiCube writes `%` for each `&`. */
export function withColours(text: string): string {
  return text.replaceAll(/%([0-9a-f])/gi, "&$1");
}

/** Cuts text into lines that fit a packet, at spaces where possible, each in the colour the one before ended in. */
export function wrapChat(text: string): readonly string[] {
  const lines: string[] = [];
  let rest = text;
  while (rest.length > TEXT_SIZE) {
    const space = rest.lastIndexOf(" ", TEXT_SIZE);
    const cut = space > TEXT_SIZE / 2 ? space : TEXT_SIZE - (rest[TEXT_SIZE - 1] === "&" ? 1 : 0);
    const line = rest.slice(0, cut);
    lines.push(line);
    rest = CONTINUATION + (line.match(/&[0-9a-z]/gi)?.at(-1) ?? "") + rest.slice(cut).trimStart();
  }
  return [...lines, rest].map((line) => line.replace(TRAILING_AMPERSANDS, ""));
}

/** A line as a client with `extensions` can draw it: without FullCP437 only ASCII. */
export function drawable(line: string, extensions: ExtensionSet): string {
  return extensions.has("FullCP437") ? line : line.replaceAll(/[^\x20-\x7e]/g, "?");
}
