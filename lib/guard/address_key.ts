import { formatIp, parseIp, withoutMapping } from "../config/network.ts";

/** Bytes of an IPv6 address that name a network of one subscriber; whoever has it has all its addresses. */
const SUBSCRIBER = 8;

/**
 * What counts as one address for limits: an IPv4 address as it is, also where it comes IPv4-mapped; an IPv6 address by its /64, in
 * one notation; any other text as it is.
 */
export function addressKey(address: string): string {
  if (!address.includes(":")) return address;
  const bytes = parseIp(address);
  if (bytes === undefined) return address;
  const bare = withoutMapping(bytes);
  if (bare.length === 4) return formatIp(bare);
  return `${formatIp(bare.map((byte, index) => index < SUBSCRIBER ? byte : 0))}/64`;
}
