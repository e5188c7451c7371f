import { currentValue } from "./current_value.ts";

/** A block of addresses: those whose first `prefix` bits equal those of `bytes`. */
export interface Network {
  /** Lowest address of the block, 4 bytes for IPv4 and 16 for IPv6. */
  readonly bytes: readonly number[];
  readonly prefix: number;
}

/** What an IPv4-mapped IPv6 address begins with. */
const MAPPED = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff];
const MAPPED_BITS = 8 * MAPPED.length;

const DIGIT_0 = 0x30;

/** Bytes of an IPv4 (4) or IPv6 (16) address without brackets or zone; `undefined` when `text` is neither. */
export function parseIp(text: string): readonly number[] | undefined {
  return text.includes(":") ? parseIpv6(text) : parseIpv4(text);
}

function parseIpv4(text: string): readonly number[] | undefined {
  const bytes: number[] = [];
  let byte: number | undefined;
  // By characters, as this is done several times for each login.
  for (let at = 0; at <= text.length; at++) {
    const digit = text.charCodeAt(at) - DIGIT_0;
    if (digit >= 0 && digit <= 9) {
      if (byte === 0) return undefined;
      byte = 10 * (byte ?? 0) + digit;
      if (byte > 255) return undefined;
    } else if (byte !== undefined && (at === text.length || text[at] === ".")) {
      bytes.push(byte);
      byte = undefined;
    } else {
      return undefined;
    }
  }
  return bytes.length === 4 ? bytes : undefined;
}

function parseIpv6(text: string): readonly number[] | undefined {
  if (/\..*:/.test(text)) return undefined;
  const halves = text.split("::").map((half) => half === "" ? [] : half.split(":").flatMap((part) => ipv6Part(part)));
  const [head = [], tail] = halves;
  const size = head.length + (tail?.length ?? 0);
  if (halves.length > 2 || [...head, ...tail ?? []].some(Number.isNaN)) return undefined;
  if (tail === undefined) return size === 16 ? head : undefined;
  return size <= 14 ? [...head, ...new Array<number>(16 - size).fill(0), ...tail] : undefined;
}

/** Two bytes of a hexadecimal group, or four of an IPv4 address; `[NaN]` when `part` is neither. */
function ipv6Part(part: string): readonly number[] {
  if (part.includes(".")) return parseIpv4(part) ?? [NaN];
  const group = /^[0-9a-fA-F]{1,4}$/.test(part) ? parseInt(part, 16) : NaN;
  return Number.isNaN(group) ? [NaN] : [group >> 8, group & 0xff];
}

/** The text of an address of 4 or 16 bytes, as short as RFC 5952 wants it. */
export function formatIp(bytes: readonly number[]): string {
  if (bytes.length === 4) return bytes.join(".");
  const groups = Array.from({ length: 8 }, (_, i) => ((bytes[2 * i] ?? 0) << 8 | (bytes[2 * i + 1] ?? 0)).toString(16));
  const text = groups.join(":");
  const [longest] = [...text.matchAll(/\b0(?::0)+\b/g)].sort(([a], [b]) => b.length - a.length);
  if (longest === undefined) return text;
  const head = text.slice(0, longest.index).replace(/:$/, "");
  return `${head}::${text.slice(longest.index + longest[0].length).replace(/^:/, "")}`;
}

/** The IPv4 address (4 bytes) in an IPv4-mapped one such as `::ffff:192.0.2.7`; every other address as it is. */
export function withoutMapping(bytes: readonly number[]): readonly number[] {
  return bytes.length === 16 && MAPPED.every((byte, index) => byte === bytes[index]) ? bytes.slice(12) : bytes;
}

/** `bytes` as an IPv6 address (16 bytes), IPv4-mapped where they are an IPv4 one. */
export function withMapping(bytes: readonly number[]): readonly number[] {
  return bytes.length === 4 ? [...MAPPED, ...bytes] : bytes;
}

/** The one text of the address in `text`, IPv4 where it is IPv4-mapped; `undefined` when it is no address. */
export function canonicalIp(text: string): string | undefined {
  const bytes = parseIp(text);
  return bytes && formatIp(withoutMapping(bytes));
}

/** `bytes` with every bit after the first `prefix` ones cleared. */
export function masked(bytes: readonly number[], prefix: number): readonly number[] {
  return bytes.map((byte, index) => byte & (0xff00 >> Math.min(8, Math.max(0, prefix - 8 * index))) & 0xff);
}

/**
 * Network such as `"10.0.0.0/8"`, `"fd00::/8"` or the single address `"192.0.2.7"`.
 *
 * @throws {SyntaxError} when `text` is no address or network
 * @throws {RangeError} when the address has bits set behind the prefix
 */
export function parseNetwork(text: string): Network {
  const [address = "", length, ...rest] = text.split("/");
  const bytes = parseIp(address);
  const bits = 8 * (bytes?.length ?? 0);
  const prefix = length === undefined ? bits : /^\d{1,3}$/.test(length) ? Number(length) : NaN;
  if (bytes === undefined || rest.length > 0 || !(prefix <= bits)) {
    throw new SyntaxError(
      `Cannot read network as it must be an address or a CIDR block such as "10.0.0.0/8" or "fd00::/8": ` +
        currentValue(text),
    );
  }
  const base = masked(bytes, prefix);
  if (base.some((byte, index) => byte !== bytes[index])) {
    throw new RangeError(
      `Cannot read network as its address has bits set behind the prefix: ${currentValue(text)} (did you mean "${
        formatIp(base)
      }/${prefix}"?)`,
    );
  }
  return { bytes, prefix };
}

/** `network` as it is written in the configuration. */
export function formatNetwork({ bytes, prefix }: Network): string {
  return prefix === 8 * bytes.length ? formatIp(bytes) : `${formatIp(bytes)}/${prefix}`;
}

/** The IPv4 addresses that an IPv4-mapped `network` means; every other network as it is. */
export function unmapped(network: Network): Network {
  const bytes = withoutMapping(network.bytes);
  const isMapped = bytes.length < network.bytes.length && network.prefix >= MAPPED_BITS;
  return isMapped ? { bytes, prefix: network.prefix - MAPPED_BITS } : network;
}
