/** Addresses as the kernel has them: `struct sockaddr_in`, `sockaddr_in6` and `sockaddr_un`. */
import { formatIp, parseIp, withoutMapping } from "../../config/network.ts";
import { AF_INET, AF_INET6, AF_UNIX } from "./libc.ts";

const INET_SIZE = 16;
const INET6_SIZE = 28;
const PORT_AT = 2;
const IPV4_AT = 4;
const IPV6_AT = 8;
const PATH_AT = 2;
/** Bytes of a socket's path at most, the zero behind it included. */
export const UNIX_PATH_SIZE = 108;

/** An IP address as the kernel has it; `undefined` for what is none. Without a zone. */
export function socketAddress(ip: string, port: number): Uint8Array<ArrayBuffer> | undefined {
  const parts = parseIp(ip);
  if (parts === undefined) return undefined;
  const is4 = parts.length === 4;
  const bytes = new Uint8Array(is4 ? INET_SIZE : INET6_SIZE);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, is4 ? AF_INET : AF_INET6, true);
  view.setUint16(PORT_AT, port);
  bytes.set(parts, is4 ? IPV4_AT : IPV6_AT);
  return bytes;
}

/** @throws {RangeError} for a path that is too long for a socket */
export function unixAddress(path: string): Uint8Array<ArrayBuffer> {
  const name = new TextEncoder().encode(path);
  if (name.length >= UNIX_PATH_SIZE) {
    throw new RangeError(
      `Cannot use path of a Unix socket: current value is ${name.length} bytes, of ${UNIX_PATH_SIZE - 1}`,
    );
  }
  const bytes = new Uint8Array(PATH_AT + name.length + 1);
  new DataView(bytes.buffer).setUint16(0, AF_UNIX, true);
  bytes.set(name, PATH_AT);
  return bytes;
}

/** The family of an address as the kernel has it. */
export function familyOf(address: Uint8Array<ArrayBuffer>): number {
  return (address[0] ?? 0) | (address[1] ?? 0) << 8;
}

/** Without an array, as it is done for each login. */
function ipv4Text(address: Uint8Array): string {
  return `${address[IPV4_AT]}.${address[IPV4_AT + 1]}.${address[IPV4_AT + 2]}.${address[IPV4_AT + 3]}`;
}

/** What the kernel wrote, IPv4 where it is IPv4-mapped. Anything but IP counts as no address. */
export function readSocketAddress(address: Uint8Array<ArrayBuffer>): Deno.NetAddr {
  const port = (address[PORT_AT] ?? 0) << 8 | (address[PORT_AT + 1] ?? 0);
  switch (familyOf(address)) {
    case AF_INET:
      return { transport: "tcp", hostname: ipv4Text(address), port };
    case AF_INET6: {
      const bytes = [...address.subarray(IPV6_AT, IPV6_AT + 16)];
      return { transport: "tcp", hostname: formatIp(withoutMapping(bytes)), port };
    }
    default:
      return { transport: "tcp", hostname: "", port: 0 };
  }
}
