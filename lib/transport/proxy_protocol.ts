/**
 * The header by which a proxy tells whose connection it passes on: reading versions 1 and 2, writing version 2 of the PROXY protocol
 * (https://www.haproxy.org/download/2.6/doc/proxy-protocol.txt).
 */
import { formatIp, parseIp, withMapping, withoutMapping } from "../config/network.ts";
import { currentValue } from "../config/current_value.ts";
import { beginsWith } from "./signature.ts";

/** One end of a TCP connection. */
export interface Endpoint {
  /** IPv4 or IPv6 address without zone. */
  readonly address: string;
  /** 0–65535. */
  readonly port: number;
}

/** Both ends of the connection that is passed on: the client, and where it connected to. */
export interface Route {
  readonly source: Endpoint;
  readonly destination: Endpoint;
}

/** What the first bytes of a connection hold. */
export type ProxyHeader =
  /** The header may be one, but is not there completely. */
  | { readonly kind: "more" }
  /**
   * A header of `size` bytes. `source` is the client, IPv4 where its address is IPv4-mapped; `undefined` where the connection is the
   * proxy's own (a health check) or not known to be TCP over IP: then the peer's own address counts.
   */
  | { readonly kind: "header"; readonly size: number; readonly source: Endpoint | undefined }
  | { readonly kind: "bad"; readonly detail: string };

/** What a header of version 1 begins with: `PROXY `. */
export const V1_SIGNATURE: readonly number[] = [0x50, 0x52, 0x4f, 0x58, 0x59, 0x20];
/** What a header of version 2 begins with. */
export const V2_SIGNATURE: readonly number[] = [13, 10, 13, 10, 0, 13, 10, 0x51, 0x55, 0x49, 0x54, 10];

/** Bytes of the longest line of version 1, its end included. */
const MAX_LINE = 107;
const CR = 13;
const LF = 10;
const PORT = /^(0|[1-9]\d{0,4})$/;

/** Bytes of the longest header of version 2 that is taken: 64 KiB are allowed, proxies use a few hundred at most. */
const MAX_HEADER = 4096;
/** Bytes of version 2 in front of the addresses. */
const FIXED_SIZE = 16;
const VERSION = 2;
const LOCAL = 0;
const PROXY = 1;
const TCP_OVER_IPV4 = 0x11;
const TCP_OVER_IPV6 = 0x21;
/** Bytes of two addresses and two ports by family: unspecified, IPv4, IPv6, Unix. */
const ROUTE_SIZES: readonly number[] = [0, 12, 36, 216];
/** The highest number of a transport protocol: unspecified, stream, datagram. */
const LAST_TRANSPORT = 2;

/** Reads the header that `bytes` begin with; what follows it is not looked at. TLVs are skipped. */
export function readProxyHeader(bytes: Uint8Array): ProxyHeader {
  const isLine = beginsWith(bytes, V1_SIGNATURE);
  if (isLine === "yes") return readLine(bytes);
  const isBinary = beginsWith(bytes, V2_SIGNATURE);
  if (isBinary === "yes") return readBinary(bytes);
  return isLine === "more" || isBinary === "more" ? { kind: "more" } : bad("there is no header");
}

function readLine(bytes: Uint8Array): ProxyHeader {
  const start = bytes.subarray(0, MAX_LINE);
  const end = start.findIndex((byte) => byte === CR || byte === LF);
  if (end === -1 || end + 1 === start.length && start[end] === CR) {
    return start.length < MAX_LINE ? { kind: "more" } : bad(`the line does not end within ${MAX_LINE} bytes`);
  }
  if (start[end] !== CR || start[end + 1] !== LF) return bad("the line does not end with CR LF");
  const [, protocol, ...fields] = String.fromCharCode(...start.subarray(0, end)).split(" ");
  const size = end + 2;
  if (protocol === "UNKNOWN") return { kind: "header", size, source: undefined };
  if (protocol !== "TCP4" && protocol !== "TCP6") return bad("the protocol is not TCP4, TCP6 or UNKNOWN");
  const [from = "", to = "", fromPort = "", toPort = ""] = fields;
  const source = parseIp(from);
  const length = protocol === "TCP4" ? 4 : 16;
  if (fields.length !== 4 || source?.length !== length || parseIp(to)?.length !== length) {
    return bad(`${protocol} is not followed by two such addresses and two ports`);
  }
  if (![fromPort, toPort].every((port) => PORT.test(port) && Number(port) <= 0xffff)) {
    return bad("a port is not 0 to 65535");
  }
  return { kind: "header", size, source: endpoint(source, Number(fromPort)) };
}

function readBinary(bytes: Uint8Array): ProxyHeader {
  if (bytes.length < FIXED_SIZE) return { kind: "more" };
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const [version, command] = nibbles(view.getUint8(12));
  const protocol = view.getUint8(13);
  const [family, transport] = nibbles(protocol);
  const size = FIXED_SIZE + view.getUint16(14);
  if (version !== VERSION) return bad(`the version is ${version}`);
  if (command !== LOCAL && command !== PROXY) return bad(`the command is ${command}`);
  if (size > MAX_HEADER) return bad(`it has ${size} bytes, more than ${MAX_HEADER}`);
  if (command === PROXY) {
    const routeSize = ROUTE_SIZES[family];
    if (routeSize === undefined || transport > LAST_TRANSPORT) return bad(`the protocol is ${protocol}`);
    if (size < FIXED_SIZE + routeSize) return bad(`it has ${size} bytes, too few for its addresses`);
  }
  if (bytes.length < size) return { kind: "more" };
  const isKnown = command === PROXY && (protocol === TCP_OVER_IPV4 || protocol === TCP_OVER_IPV6);
  if (!isKnown) return { kind: "header", size, source: undefined };
  const length = protocol === TCP_OVER_IPV4 ? 4 : 16;
  const source = bytes.subarray(FIXED_SIZE, FIXED_SIZE + length);
  return { kind: "header", size, source: endpoint([...source], view.getUint16(FIXED_SIZE + 2 * length)) };
}

function nibbles(byte: number): readonly [number, number] {
  return [byte >> 4, byte & 0xf];
}

function endpoint(bytes: readonly number[], port: number): Endpoint {
  return { address: formatIp(withoutMapping(bytes)), port };
}

function bad(detail: string): ProxyHeader {
  return { kind: "bad", detail };
}

/**
 * The header of version 2 to send in front of everything else. Where one end has an IPv4 and the other an IPv6 address, the former is
 * written IPv4-mapped.
 *
 * @param route Absent where the connection is not made for a client, e.g. to check a server.
 * @throws {SyntaxError} when an address is none
 */
export function writeProxyHeader(route?: Route): Uint8Array<ArrayBuffer> {
  if (route === undefined) return header(LOCAL, 0, []);
  const addresses = [route.source, route.destination].map(addressBytes);
  const ports = [route.source, route.destination].flatMap(({ port }) => [port >> 8, port & 0xff]);
  const isIpv4 = addresses.every(({ length }) => length === 4);
  return isIpv4
    ? header(PROXY, TCP_OVER_IPV4, [...addresses.flat(), ...ports])
    : header(PROXY, TCP_OVER_IPV6, [...addresses.flatMap(withMapping), ...ports]);
}

function header(command: number, protocol: number, route: readonly number[]): Uint8Array<ArrayBuffer> {
  return Uint8Array.of(...V2_SIGNATURE, VERSION << 4 | command, protocol, 0, route.length, ...route);
}

function addressBytes({ address }: Endpoint): readonly number[] {
  const bytes = parseIp(address);
  if (bytes === undefined) {
    throw new SyntaxError(`Cannot write PROXY header as it needs an IP address: ${currentValue(address)}`);
  }
  return withoutMapping(bytes);
}
