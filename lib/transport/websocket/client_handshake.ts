/** Opening WebSockets to backends (RFC 6455 §4.1). */
import { withPrefix } from "../prefixed_conn.ts";
import type { Conn } from "../conn.ts";
import { closeOnAbort, closeQuietly } from "../close_on_abort.ts";
import { acceptOf, newKey, SUBPROTOCOL, WEBSOCKET_VERSION } from "./handshake_key.ts";
import { receiveHead } from "./receive_head.ts";
import { WebSocketConn } from "./websocket_conn.ts";
import { writeAll } from "../write_all.ts";

/** What to tell the backend. */
export interface WebSocketDialOptions {
  /** What the request names as `Host`, e.g. `127.0.0.1:25566`. */
  readonly host: string;
  /** The player's address, for `X-Real-IP`. @default no such header */
  readonly realIp?: string;
}

/**
 * Does the client's part of a WebSocket handshake over `conn`, which this function owns from now on: when it rejects, because the
 * backend does not agree or `signal` gave up, `conn` is closed.
 */
export async function dialWebSocket(conn: Conn, options: WebSocketDialOptions, signal: AbortSignal): Promise<Conn> {
  try {
    return await closeOnAbort(conn, signal, () => upgrade(conn, options));
  } catch (error) {
    closeQuietly(conn);
    signal.throwIfAborted();
    throw error;
  }
}

async function upgrade(conn: Conn, options: WebSocketDialOptions): Promise<Conn> {
  const key = newKey();
  await writeAll(conn, new TextEncoder().encode(request(key, options)));
  const received = await receiveHead(conn);
  if (received.kind !== "head") {
    throw new Error(
      `Cannot upgrade: the answer is ${received.kind === "bad" ? `broken: ${received.detail}` : "too large"}`,
    );
  }
  const { head, rest } = received;
  const [version, status] = head.startLine;
  if (version !== "HTTP/1.1" || status !== "101") {
    throw new Error(`Cannot upgrade: current answer is "${head.startLine.join(" ").trim()}"`);
  }
  if (head.header("Sec-WebSocket-Accept") !== acceptOf(key)) {
    throw new Error("Cannot upgrade: Sec-WebSocket-Accept of the answer does not match");
  }
  return new WebSocketConn(withPrefix(conn, rest), "client");
}

/** Header names in exactly this case: MCGalaxy overlooks `x-real-ip`. mcchost wants all of them (protocol.md §8). */
function request(key: string, { host, realIp }: WebSocketDialOptions): string {
  return [
    "GET / HTTP/1.1",
    `Host: ${host}`,
    "Connection: Upgrade",
    "Upgrade: websocket",
    `Sec-WebSocket-Version: ${WEBSOCKET_VERSION}`,
    `Sec-WebSocket-Key: ${key}`,
    `Sec-WebSocket-Protocol: ${SUBPROTOCOL}`,
    `Origin: http://${host}`,
    ...(realIp === undefined ? [] : [`X-Real-IP: ${realIp}`]),
    "\r\n",
  ].join("\r\n");
}
