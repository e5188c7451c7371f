/** What happens to an accepted connection before there is a session: every layer in front of Minecraft Classic is taken off. */
import { messageOf } from "../error_message.ts";
import { canonicalIp } from "../config/network.ts";
import type { TurnedAway } from "../session/reasons.ts";
import { Opening } from "./opening.ts";
import { type Endpoint, type ProxyHeader, readProxyHeader } from "./proxy_protocol.ts";
import { realIp } from "./real_ip.ts";
import type { Conn } from "./conn.ts";
import { Socket } from "./socket.ts";
import { closeOnAbort, closeQuietly } from "./close_on_abort.ts";
import { acceptWebSocket } from "./websocket/server_handshake.ts";

/** What a listener lets in, and how. */
export interface DoorOptions {
  /** Whether HTTP requests may become WebSockets. */
  readonly websocket: boolean;
  /** Whether a peer may send the PROXY protocol. */
  proxyFrom(address: string): boolean;
  /** Whether a peer's X-Real-IP and X-Forwarded-For are believed. */
  realIpFrom(address: string): boolean;
  /** Takes TLS off; rejects where the peer does not manage its handshake. Absent where the listener has no certificate. */
  readonly tls?: (conn: Conn, signal: AbortSignal) => Promise<Conn>;
}

/** What became of a connection. */
export type Entry =
  /**
   * `conn` gives Classic from its first byte on, and belongs to the caller. `address` and `port` are the client's; the port is 0 where
   * only the address was told. `secure` tells that it came through TLS.
   */
  | {
    readonly kind: "classic";
    readonly conn: Conn;
    readonly address: string;
    readonly port: number;
    readonly transport: "tcp" | "websocket";
    readonly secure: boolean;
  }
  /** The connection is closed. `address` is the client's as far as it was known. */
  | { readonly kind: "turned-away"; readonly reason: TurnedAway; readonly detail: string; readonly address: string };

/** A connection, and what is known about it after the layers taken off so far. */
interface Visitor {
  conn: Conn;
  address: string;
  port: number;
  transport: "tcp" | "websocket";
  secure: boolean;
}

interface Refusal {
  readonly reason: TurnedAway;
  readonly detail: string;
}

/** Bytes of an unknown beginning that are told. */
const SHOWN_BYTES = 8;
/** Bytes a refused client of HTTP or a WebSocket may still send while it is given time to read the answer. */
const MAX_DISCARDED = 64 << 10;
const DISCARDED_AT_ONCE = 2 << 10;

/**
 * Takes off what is in front of Classic, each at most once and in this order: a PROXY header, TLS, a WebSocket.
 *
 * @param peer The connection's other end.
 * @param signal Ends everything at once; the connection is turned away as `"too-slow"` where its reason is a `TimeoutError`.
 */
export async function enter(conn: Conn, peer: Endpoint, options: DoorOptions, signal: AbortSignal): Promise<Entry> {
  const address = canonicalIp(peer.address) ?? peer.address;
  const visitor: Visitor = { conn, address, port: peer.port, transport: "tcp", secure: false };
  return await closeOnAbort(conn, signal, async (): Promise<Entry> => {
    const found = signal.aborted ? undefined : await takeOffLayers(visitor, options, signal);
    const refusal = signal.aborted ? refusalOf(signal) : found;
    if (refusal === undefined) return { kind: "classic", ...visitor };
    const isAnswered = refusal.reason === "bad-http" || visitor.transport === "websocket";
    if (isAnswered) await new Socket(visitor.conn, () => {}).drain(discard(visitor.conn));
    else closeQuietly(visitor.conn);
    return { kind: "turned-away", ...refusal, address: visitor.address };
  });
}

async function takeOffLayers(
  visitor: Visitor,
  options: DoorOptions,
  signal: AbortSignal,
): Promise<Refusal | undefined> {
  let opening = new Opening(visitor.conn);
  let language = await opening.language();
  if (language === "proxy" && options.proxyFrom(visitor.address)) {
    const header = await proxyHeader(opening);
    if (header.kind === "more") return cutShort(visitor, opening);
    if (header.kind === "bad") return { reason: "bad-proxy-header", detail: header.detail };
    if (header.source !== undefined) ({ address: visitor.address, port: visitor.port } = header.source);
    opening.skip(header.size);
    language = await opening.language();
  }
  if (language === "tls" && options.tls !== undefined) {
    try {
      visitor.conn = await options.tls(opening.rest(), signal);
    } catch (error) {
      return { reason: "bad-tls", detail: messageOf(error) };
    }
    visitor.secure = true;
    opening = new Opening(visitor.conn);
    language = await opening.language();
  }
  if (language === "http" && options.websocket) {
    visitor.conn = opening.rest();
    const answer = await acceptWebSocket(visitor.conn, signal);
    if (answer.kind === "refused") return { reason: "bad-http", detail: `${answer.status}: ${answer.detail}` };
    visitor.conn = answer.conn;
    const told = realIp(visitor.address, answer.header, options.realIpFrom);
    if (told !== undefined) [visitor.address, visitor.port] = [told, 0];
    visitor.transport = "websocket";
    opening = new Opening(visitor.conn);
    language = await opening.language();
  }
  if (language === "more") return cutShort(visitor, opening);
  visitor.conn = opening.rest();
  return language === "classic" ? undefined : { reason: "not-classic", detail: `it begins with ${shown(opening)}` };
}

async function proxyHeader(opening: Opening): Promise<ProxyHeader> {
  let header = readProxyHeader(opening.bytes);
  while (header.kind === "more" && await opening.more()) header = readProxyHeader(opening.bytes);
  return header;
}

function cutShort({ transport }: Visitor, opening: Opening): Refusal {
  const { bytes, failure } = opening;
  // Whoever only looks whether a port is open may reset the connection just as well; a failed WebSocket broke a rule.
  if (bytes.length === 0 && (failure === undefined || transport === "tcp")) {
    return { reason: "empty", detail: "the client closed without a byte" };
  }
  return { reason: "cut-short", detail: failure ?? `the client closed after ${shown(opening)}` };
}

/** The first bytes in hexadecimal: too few to tell a name or a key. */
function shown({ bytes }: Opening): string {
  const hex = Array.from(bytes.subarray(0, SHOWN_BYTES), (byte) => byte.toString(16).padStart(2, "0")).join(" ");
  return bytes.length > SHOWN_BYTES ? `${hex} …` : hex;
}

function refusalOf({ reason }: AbortSignal): Refusal {
  const isDeadline = reason instanceof DOMException && reason.name === "TimeoutError";
  return isDeadline
    ? { reason: "too-slow", detail: "the client did not come to Classic in time" }
    : { reason: "given-up", detail: messageOf(reason) };
}

/** Reads what a refused client still sends, since closing over unread bytes would reset the connection and lose the answer. */
async function discard(conn: Conn): Promise<void> {
  const buffer = new Uint8Array(DISCARDED_AT_ONCE);
  for (let discarded = 0; discarded < MAX_DISCARDED;) {
    const count = await conn.read(buffer).catch(() => null);
    if (count === null) return;
    discarded += count;
  }
}
