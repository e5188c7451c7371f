/** Addresses as the kernel has them: `struct sockaddr_in`, `sockaddr_in6` and `sockaddr_un`. */
import { isIPv4, isIPv6 } from "node:net";
import { canonicalIp } from "../../config/network.ts";
import { AF_INET, AF_INET6, AF_UNIX } from "./libc.ts";

const INET_SIZE = 16;
const INET6_SIZE = 28;
const PATH_AT = 2;
/** Bytes of a path, the zero behind it included. */
const MAX_PATH = 108;

/** An IP address as the kernel has it; `undefined` for what is none. Without a zone. */
export function socketAddress(ip: string, port: number): Uint8Array<ArrayBuffer> | undefined {
  if (isIPv4(ip)) {
    const bytes = new Uint8Array(INET_SIZE);
    const view = new DataView(bytes.buffer);
    view.setUint16(0, AF_INET, true);
    view.setUint16(2, port);
    bytes.set(ip.split(".").map(Number), 4);
    return bytes;
  }
  const groups = isIPv6(ip) ? groupsOf(ip) : undefined;
  if (groups === undefined) return undefined;
  const bytes = new Uint8Array(INET6_SIZE);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, AF_INET6, true);
  view.setUint16(2, port);
  for (const [index, group] of groups.entries()) view.setUint16(8 + 2 * index, group);
  return bytes;
}

/** @throws {RangeError} for a path that is too long for a socket */
export function unixAddress(path: string): Uint8Array<ArrayBuffer> {
  const name = new TextEncoder().encode(path);
  if (name.length >= MAX_PATH) {
    throw new RangeError(`Cannot use path of a Unix socket: current value is ${name.length} bytes, of ${MAX_PATH - 1}`);
  }
  const bytes = new Uint8Array(PATH_AT + name.length + 1);
  new DataView(bytes.buffer).setUint16(0, AF_UNIX, true);
  bytes.set(name, PATH_AT);
  return bytes;
}

/** The family of an address as the kernel has it. */
export function familyOf(address: Uint8Array<ArrayBuffer>): number {
  return new DataView(address.buffer).getUint16(0, true);
}

/** What the kernel wrote. Anything but IP counts as no address. */
export function readSocketAddress(address: Uint8Array<ArrayBuffer>): Deno.NetAddr {
  const view = new DataView(address.buffer);
  const port = view.getUint16(2);
  if (familyOf(address) === AF_INET) {
    return { transport: "tcp", hostname: address.subarray(4, 8).join("."), port };
  }
  if (familyOf(address) !== AF_INET6) return { transport: "tcp", hostname: "", port: 0 };
  const groups = Array.from({ length: 8 }, (_, index) => view.getUint16(8 + 2 * index).toString(16)).join(":");
  return { transport: "tcp", hostname: canonicalIp(groups) ?? groups, port };
}

/** The eight groups of an IPv6 address, which the platform writes in full once it stands in a URL. */
function groupsOf(ip: string): readonly number[] | undefined {
  const [head = "", tail] = new URL(`http://[${ip}]`).hostname.slice(1, -1).split("::");
  const numbers = (text: string): number[] => text === "" ? [] : text.split(":").map((group) => parseInt(group, 16));
  const [first, last] = [numbers(head), numbers(tail ?? "")];
  const gap = 8 - first.length - last.length;
  if (gap < 0 || (tail === undefined && gap !== 0)) return undefined;
  return [...first, ...new Array<number>(gap).fill(0), ...last];
}
