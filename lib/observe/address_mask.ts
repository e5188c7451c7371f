/** Players' addresses with only their network part, for operators who must not keep whole ones. */
import { formatIp, parseIp, withoutMapping } from "../config/network.ts";

/** Bytes of an address that stay: all but the host of IPv4, and of IPv6 the 48 bits that one site has. */
const KEPT = { ipv4: 3, ipv6: 6 };

/** Colours in what servers say: an address may follow them directly. */
const COLOUR = /(&[0-9a-z])/i;
/** What may be an address in a text, with what stands directly before and behind it. */
const CANDIDATE = /(?<![\w.])\[?[0-9A-Fa-f]*[:.][0-9A-Fa-f:.]*\]?(?::\d+)?(?!\w)/g;
/** An address between brackets, or before a colon or full stop of the sentence; `::` may be its own end. */
const PUNCTUATED = /^(\[?)(.*?)((?:(?<!(?<!:):):|\.)?\]?)$/;
/** IPv4 behind a word that could begin an IPv6 address, as in `Bad:192.0.2.7`. */
const AFTER_WORD = /(?<=:)[\d.]+$/;
/** An address and a port. */
const WITH_PORT = /^(?:[\d.]+|\[.*\]):\d+$/;

/** `192.0.2.7` as `192.0.2.x`, `2001:db8:1:2::7` as `2001:db8:1::x`; a text that is no address as it is. */
export function maskAddress(ip: string): string {
  const [address = "", zone] = ip.split("%");
  const bytes = parseIp(address);
  if (bytes === undefined) return ip;
  const bare = withoutMapping(bytes);
  if (bare.length === 4) return `${bare.slice(0, KEPT.ipv4).join(".")}.x`;
  const network = bare.map((byte, index) => index < KEPT.ipv6 ? byte : 0);
  return `${formatIp(network)}x${zone === undefined ? "" : `%${zone}`}`;
}

/**
 * `text` with every address in it masked, except those with a port: they are a backend's or the edge's own, of players only the
 * address is told.
 */
export function maskAddressesIn(text: string): string {
  return text.split(COLOUR).map((part) => part.replaceAll(CANDIDATE, masked)).join("");
}

function masked(found: string): string {
  if (WITH_PORT.test(found)) return found;
  const [, before = "", address = "", behind = ""] = PUNCTUATED.exec(found) ?? [];
  const whole = maskAddress(address);
  return before + (whole === address ? address.replace(AFTER_WORD, maskAddress) : whole) + behind;
}
