import type { Conn } from "../conn.ts";
import { type HttpHead, MAX_HEAD, readHead } from "./http_head.ts";

/** What came in front of a WebSocket. */
export type ReceivedHead =
  /** `rest` came behind the head, and is a copy. */
  | { readonly kind: "head"; readonly head: HttpHead; readonly rest: Uint8Array }
  | { readonly kind: "bad"; readonly detail: string }
  | { readonly kind: "too-large" };

/** Reads a head from `conn`. Rejects when reading fails. */
export async function receiveHead(conn: Pick<Conn, "read">): Promise<ReceivedHead> {
  const buffer = new Uint8Array(MAX_HEAD);
  let length = 0;
  while (true) {
    const count = await conn.read(buffer.subarray(length));
    if (count === null) return { kind: "bad", detail: "it ends early" };
    const reading = readHead(buffer.subarray(0, length + count), length);
    length += count;
    if (reading.kind === "head") return { ...reading, rest: buffer.slice(reading.head.size, length) };
    if (reading.kind !== "more") return reading;
  }
}
