/** Longest line of chat a player can put together with LongerMessages; the rest is dropped. */
export const MAX_CHAT_LENGTH = 1024;

/** Where a line appears (CPE, MessageTypes). */
export const MESSAGE_TYPE = { CHAT: 0, STATUS: 1, ANNOUNCEMENT: 100 } as const;

/** `type` of a line from the server itself for clients without MessageTypes. */
export const SERVER_LINE = 255;

/** What a player typed with the colour codes they meant: ClassiCube writes `%` for each `&`. */
export function withColours(text: string): string {
  return text.replaceAll(/%([0-9a-f])/gi, "&$1");
}
