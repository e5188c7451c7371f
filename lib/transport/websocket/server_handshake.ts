/** Accepting WebSockets from players (RFC 6455 §4.2). */
import { messageOf } from "../../error_message.ts";
import { withPrefix } from "../prefixed_conn.ts";
import type { Conn } from "../conn.ts";
import { closeOnAbort } from "../close_on_abort.ts";
import { acceptOf, isKey, SUBPROTOCOL, WEBSOCKET_VERSION } from "./handshake_key.ts";
import type { HttpHead } from "./http_head.ts";
import { receiveHead } from "./receive_head.ts";
import { WebSocketConn } from "./websocket_conn.ts";
import { writeAll } from "../write_all.ts";

/** What became of a request. */
export type WebSocketEntry =
  /** The handshake is over; `header` gives the request's header of that name, in whatever case. */
  | { readonly kind: "open"; readonly conn: Conn; header(name: string): string | undefined }
  /** The client was told `status` and `detail`, if it could be. */
  | { readonly kind: "refused"; readonly status: number; readonly detail: string };

interface Refusal {
  readonly status: number;
  readonly detail: string;
  /** A header that goes with the status. */
  readonly header?: string;
}

const REASONS: Readonly<Record<number, string>> = {
  400: "Bad Request",
  405: "Method Not Allowed",
  426: "Upgrade Required",
  431: "Request Header Fields Too Large",
  505: "HTTP Version Not Supported",
};

const HOW_TO_JOIN =
  "This is a Minecraft Classic server: to join, start ClassiCube (https://www.classicube.net/) and connect to this address.";

/**
 * Does the server's part of a WebSocket handshake. `conn` gives the request from its first byte on. Never rejects.
 *
 * Closing `conn` after a refusal is left to the caller; only when `signal`, the deadline, has aborted is it closed already, and the
 * status then is 408.
 */
export async function acceptWebSocket(conn: Conn, signal: AbortSignal): Promise<WebSocketEntry> {
  try {
    return await closeOnAbort(conn, signal, () => accept(conn));
  } catch (error) {
    if (signal.aborted) return { kind: "refused", status: 408, detail: "the request takes too long" };
    return { kind: "refused", status: 400, detail: messageOf(error) };
  }
}

async function accept(conn: Conn): Promise<WebSocketEntry> {
  const received = await receiveHead(conn);
  if (received.kind === "too-large") return refuse(conn, { status: 431, detail: "the request is too large" });
  if (received.kind === "bad") {
    return refuse(conn, { status: 400, detail: `the request is broken: ${received.detail}` });
  }
  const { head, rest } = received;
  const refusal = refusalOf(head);
  if (refusal !== undefined) return refuse(conn, refusal);
  await writeAll(conn, new TextEncoder().encode(agreement(head)));
  return {
    kind: "open",
    conn: new WebSocketConn(withPrefix(conn, rest), "server"),
    header: (name) => head.header(name),
  };
}

function refusalOf(head: HttpHead): Refusal | undefined {
  const [method, , version] = head.startLine;
  const host = head.header("Host") ?? "";
  if (!version.startsWith("HTTP/")) return { status: 400, detail: "the request is broken: its version is missing" };
  if (method !== "GET") return { status: 405, detail: "the method is not GET", header: "Allow: GET" };
  if (!includes(head, "Upgrade", "websocket")) {
    return { status: 426, detail: HOW_TO_JOIN, header: "Upgrade: websocket" };
  }
  if (version !== "HTTP/1.1") return { status: 505, detail: "the version is not HTTP/1.1" };
  if (host === "" || host.includes(",")) return { status: 400, detail: "there is not one Host" };
  if (!includes(head, "Connection", "upgrade")) return { status: 400, detail: "Connection does not say Upgrade" };
  if (head.header("Sec-WebSocket-Version") !== WEBSOCKET_VERSION) {
    const header = `Sec-WebSocket-Version: ${WEBSOCKET_VERSION}`;
    return { status: 426, detail: `Sec-WebSocket-Version is not ${WEBSOCKET_VERSION}`, header };
  }
  if (!isKey(head.header("Sec-WebSocket-Key") ?? "")) return { status: 400, detail: "Sec-WebSocket-Key is not valid" };
  return undefined;
}

function includes(head: HttpHead, name: string, wanted: string): boolean {
  return head.list(name).some((item) => item.toLowerCase() === wanted);
}

function agreement(head: HttpHead): string {
  // A browser closes when it is answered a protocol that it did not ask for, and compares letter by letter.
  const protocol = head.list("Sec-WebSocket-Protocol").find((item) => item.toLowerCase() === SUBPROTOCOL.toLowerCase());
  return [
    "HTTP/1.1 101 Switching Protocols",
    "Upgrade: websocket",
    "Connection: Upgrade",
    `Sec-WebSocket-Accept: ${acceptOf(head.header("Sec-WebSocket-Key") ?? "")}`,
    ...(protocol === undefined ? [] : [`Sec-WebSocket-Protocol: ${protocol}`]),
    "\r\n",
  ].join("\r\n");
}

async function refuse(conn: Conn, { status, detail, header }: Refusal): Promise<WebSocketEntry> {
  const text = `${detail}\n`;
  const answer = [
    `HTTP/1.1 ${status} ${REASONS[status] ?? "Refused"}`,
    ...(header === undefined ? [] : [header]),
    "Content-Type: text/plain",
    `Content-Length: ${text.length}`,
    "Connection: close",
    "",
    text,
  ].join("\r\n");
  await writeAll(conn, new TextEncoder().encode(answer));
  return { kind: "refused", status, detail };
}
