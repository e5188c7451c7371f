import { currentValue } from "./current_value.ts";
import { canonicalIp, parseIp } from "./network.ts";

export interface TcpAddress {
  readonly kind: "tcp";
  /** Name or address, IPv6 without brackets. */
  readonly host: string;
  /** 0–65535; 0 lets the system choose. */
  readonly port: number;
}

export interface UnixAddress {
  readonly kind: "unix";
  readonly path: string;
}

/** Where something listens or is dialled. */
export type Address = TcpAddress | UnixAddress;

/** Bytes that a socket path may have on Linux, without the NUL; other systems allow fewer. */
const LONGEST_SOCKET_PATH = 107;

const HOST_NAME = /^(?=.{1,253}$)[A-Za-z0-9_]([A-Za-z0-9_-]{0,62})(\.[A-Za-z0-9_][A-Za-z0-9_-]{0,62})*$/;

/**
 * Address such as `"127.0.0.1:25565"`, `"example.org:25565"`, `"[::1]:25565"` or `"unix:/run/server.sock"`.
 *
 * @throws {SyntaxError} when `text` has none of these forms
 * @throws {RangeError} when the port or the path is out of range
 */
export function parseAddress(text: string): Address {
  const value = currentValue(text);
  if (text.startsWith("unix:")) return { kind: "unix", path: socketPath(text.slice(5), value) };
  const [, bracketed, bare, digits] = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d+)$/.exec(text) ?? [];
  const host = bracketed ?? bare ?? "";
  const port = Number(digits);
  if (!(bracketed === undefined ? isHost(host) : parseIp(host)?.length === 16)) {
    throw new SyntaxError(
      `Cannot read address as it must be host:port, [::1]:port or unix:/path: ${value}${correction(text)}`,
    );
  }
  if (port > 65535) throw new RangeError(`Cannot read address as its port must be 0 to 65535: ${value}`);
  return { kind: "tcp", host, port };
}

function socketPath(path: string, value: string): string {
  if (!path.startsWith("/")) {
    throw new SyntaxError(`Cannot read address as a path must be absolute behind unix: ${value}`);
  }
  if (new TextEncoder().encode(path).length > LONGEST_SOCKET_PATH) {
    throw new RangeError(`Cannot read address as a socket path has at most ${LONGEST_SOCKET_PATH} bytes: ${value}`);
  }
  return path;
}

/** IPv4 address or host name; names of digits and dots only are misspelt addresses. */
function isHost(host: string): boolean {
  return /^[\d.]+$/.test(host) ? parseIp(host) !== undefined : HOST_NAME.test(host);
}

/** What was probably meant by `text`, for the end of a message. */
function correction(text: string): string {
  const port = /^(?:\*?:)?(\d{1,5})$/.exec(text)?.[1];
  if (port !== undefined) return ` (did you mean "0.0.0.0:${port}"?)`;
  if (isHost(text)) return ` (add its port, as in "${text}:25565")`;
  const [, host = "", last] = /^(.*):(\d{1,5})$/.exec(text) ?? [];
  if (/^[\d.]+$/.test(host)) return " (an IPv4 address is four numbers from 0 to 255)";
  return parseIp(host)?.length === 16 ? ` (did you mean "[${host}]:${last}"?)` : "";
}

/** `address` as it is written in the configuration. */
export function formatAddress(address: Address): string {
  if (address.kind === "unix") return `unix:${address.path}`;
  return address.host.includes(":") ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`;
}

/** Whether only programs on this machine can reach what listens on `address`. */
export function isLocal(address: Address): boolean {
  if (address.kind === "unix" || isLocalhost(address.host)) return true;
  const bytes = parseIp(address.host);
  return bytes?.length === 4 ? bytes[0] === 127 : isIpv6Loopback(bytes);
}

/** Whether who dials `address` reaches what listens on `bind`, as far as the two tell: names are not looked up. */
export function leadsTo(address: Address, bind: Address): boolean {
  if (!clash(address, bind)) return false;
  return isLocal(address) ||
    address.kind === "tcp" && bind.kind === "tcp" && canonical(address.host) === canonical(bind.host);
}

/** Whether two listeners cannot be bound to `a` and `b` at the same time. A bound `[::]` also takes IPv4. */
export function clash(a: Address, b: Address): boolean {
  if (a.kind === "unix" || b.kind === "unix") return a.kind === b.kind && formatAddress(a) === formatAddress(b);
  if (a.port !== b.port || a.port === 0) return false;
  const [one, other] = [canonical(a.host), canonical(b.host)];
  return coversHost(one, other) || coversHost(other, one);
}

/** `host` in its one form: IPv4 where it is IPv4-mapped. */
function canonical(host: string): string {
  return canonicalIp(host) ?? host.toLowerCase();
}

function coversHost(outer: string, inner: string): boolean {
  const [a, b] = [parseIp(outer), parseIp(inner)];
  if (a?.length === 16 && isZero(a)) return true;
  if (a?.length === 4 && isZero(a)) return b === undefined || b.length === 4;
  if (isLocalhost(outer)) return isLocalhost(inner) || inner === "127.0.0.1" || isIpv6Loopback(b);
  return outer === inner;
}

function isLocalhost(host: string): boolean {
  return host.toLowerCase() === "localhost";
}

function isIpv6Loopback(bytes: readonly number[] | undefined): boolean {
  return bytes?.length === 16 && isZero(bytes.slice(0, 15)) && bytes[15] === 1;
}

function isZero(bytes: readonly number[]): boolean {
  return bytes.every((byte) => byte === 0);
}
