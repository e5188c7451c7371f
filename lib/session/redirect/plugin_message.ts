/**
 * Signal: a PluginMessage (0x35) from a backend on the edge's channel, 64 bytes of ASCII padded with NULs or spaces.
 *
 * `move NAME` moves the player to a backend or pool, `who` asks who the player is here. Answers come on the same channel: `who PLAYER
 * BACKEND`, and `failed NAME REASON` for a move that cannot begin.
 */
import type { Dialect } from "../../protocol/packet_table.ts";
import { encodePacket } from "../../protocol/packets.ts";
import { encodeText } from "../../protocol/text.ts";

const SIZE = 64;
const SPACE = 0x20;

/** What a backend asks. */
export type PluginRequest =
  | { readonly kind: "move"; readonly to: string }
  | { readonly kind: "who" };

/** Reads a request; `undefined` for what is none. */
export function readPluginRequest(data: Uint8Array): PluginRequest | undefined {
  const text = String.fromCharCode(...data).replace(/[\0 ]+$/, "");
  if (text === "who") return { kind: "who" };
  const to = /^move ([A-Za-z0-9_.-]{1,32})$/.exec(text)?.[1];
  return to === undefined ? undefined : { kind: "move", to };
}

/** An answer to a backend that speaks `dialect`; what does not fit is cut. */
export function pluginAnswer(channel: number, text: string, dialect: Dialect): Uint8Array {
  const data = new Uint8Array(SIZE).fill(SPACE);
  data.set(encodeText(text).subarray(0, SIZE));
  return encodePacket("PluginMessage", dialect, { channel, data });
}
