/**
 * Signal: a line of chat from a backend, `^detail.user.kurafuto TOKEN NAME`, with that backend's own token. ClassiCube hides lines that
 * begin so where no edge stands in front of the server.
 */

/** What every sentinel begins with. */
const PREFIX = "^detail.user.kurafuto ";
const NAME = /^[A-Za-z0-9_.-]{1,32}$/;

/** What a line of chat turns out to be. */
export type Sentinel =
  | { readonly kind: "none" }
  /** It has the form, but not this backend's token: somebody guesses, or the configuration is wrong. */
  | { readonly kind: "wrong-token" }
  | { readonly kind: "move"; readonly to: string };

/** @param token The backend's token; empty where it may not send sentinels, which leaves the line to the player. */
export function readSentinel(line: string, token: string): Sentinel {
  if (token === "" || !line.startsWith(PREFIX)) return { kind: "none" };
  const [given, to = "", ...rest] = line.slice(PREFIX.length).split(" ");
  if (rest.length > 0 || !NAME.test(to)) return { kind: "none" };
  return given === token ? { kind: "move", to } : { kind: "wrong-token" };
}
