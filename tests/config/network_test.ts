import {
  canonicalIp,
  formatIp,
  formatNetwork,
  parseIp,
  parseNetwork,
  unmapped,
  withoutMapping,
} from "../../lib/config/network.ts";
import { assertEquals, assertThrows } from "../harness/assert.ts";

const LOOPBACK = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];

Deno.test("parseIp reads IPv4 and every form of IPv6", () => {
  const addresses = {
    "0.0.0.0": [0, 0, 0, 0],
    "192.0.2.255": [192, 0, 2, 255],
    "::": new Array(16).fill(0),
    "::1": LOOPBACK,
    "0:0:0:0:0:0:0:1": LOOPBACK,
    "fd00::": [0xfd, ...new Array(15).fill(0)],
    "2001:DB8::a:1": [0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 10, 0, 1],
    "::ffff:192.0.2.7": [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 7],
  };
  for (const [text, bytes] of Object.entries(addresses)) assertEquals(parseIp(text), bytes, text);
});

Deno.test("parseIp refuses what is no address", () => {
  const refused = [
    "",
    "1.2.3",
    "1.2.3.4.5",
    "1.2.3.256",
    "1.2.3.04",
    "1.2.3.-4",
    "localhost",
    ":",
    ":1",
    "1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:8:9",
    "1:2:3:4::5:6:7:8",
    "1::2::3",
    "12345::",
    "::g",
    "::1%eth0",
    "1.2.3.4::",
    "1.2.3.4::1",
    "::1.2.3",
  ];
  for (const text of refused) assertEquals(parseIp(text), undefined, text);
});

Deno.test("formatIp writes each address as the system does", () => {
  const texts = [
    "0.0.0.0",
    "192.0.2.255",
    "::",
    "::1",
    "fd00::",
    "1::8",
    "2001:db8::a:1",
    "2001:db8:0:1:2:3:4:5",
    "2001:0:0:1::7",
    "10:0:0:1::",
    "1::2:3:0:0:4",
    "1:2:3:4:5:6:7:8",
  ];
  for (const text of texts) assertEquals(formatIp(parseIp(text) ?? []), text);
});

Deno.test("an IPv4-mapped address is the IPv4 address in it", () => {
  assertEquals(withoutMapping(parseIp("::ffff:192.0.2.7") ?? []), [192, 0, 2, 7]);
  for (const text of ["192.0.2.7", "::192.0.2.7", "::fffe:192.0.2.7", "1::ffff:192.0.2.7"]) {
    assertEquals(withoutMapping(parseIp(text) ?? []), parseIp(text), text);
  }
});

Deno.test("canonicalIp writes every form of an address in the same way", () => {
  for (const text of ["192.0.2.7", "::ffff:192.0.2.7", "0:0:0:0:0:FFFF:C000:207"]) {
    assertEquals(canonicalIp(text), "192.0.2.7", text);
  }
  assertEquals(canonicalIp("2001:DB8:0:0:0:0:0:1"), "2001:db8::1");
  for (const text of ["", "unknown", "192.0.2.7:80", "[::1]", "fe80::1%eth0"]) {
    assertEquals(canonicalIp(text), undefined);
  }
});

Deno.test("parseNetwork reads CIDR blocks and single addresses", () => {
  assertEquals(parseNetwork("10.0.0.0/8"), { bytes: [10, 0, 0, 0], prefix: 8 });
  assertEquals(parseNetwork("192.0.2.128/25"), { bytes: [192, 0, 2, 128], prefix: 25 });
  assertEquals(parseNetwork("0.0.0.0/0"), { bytes: [0, 0, 0, 0], prefix: 0 });
  assertEquals(parseNetwork("192.0.2.7"), { bytes: [192, 0, 2, 7], prefix: 32 });
  assertEquals(parseNetwork("::1"), { bytes: LOOPBACK, prefix: 128 });
  assertEquals(parseNetwork("fd00::/8").prefix, 8);
});

Deno.test("parseNetwork refuses what is no network", () => {
  for (const text of ["", "10.0.0.0/", "10.0.0.0/33", "fd00::/129", "10.0.0.0/8/8", "10.0.0.0/x", "10/8", "all"]) {
    assertThrows(() => parseNetwork(text), SyntaxError, `current value is "${text}"`);
  }
});

Deno.test("parseNetwork refuses bits behind the prefix and offers the network", () => {
  const error = assertThrows(() => parseNetwork("10.1.2.3/8"), RangeError);
  assertEquals(
    error.message,
    "Cannot read network as its address has bits set behind the prefix: " +
      'current value is "10.1.2.3/8" (did you mean "10.0.0.0/8"?)',
  );
  assertThrows(() => parseNetwork("fd00:0:0:1::7/48"), RangeError, 'did you mean "fd00::/48"?');
});

Deno.test("formatNetwork writes what parseNetwork reads", () => {
  for (const text of ["10.0.0.0/8", "0.0.0.0/0", "192.0.2.7", "fd00::/8", "::1", "::/0"]) {
    assertEquals(formatNetwork(parseNetwork(text)), text);
  }
});

Deno.test("unmapped makes an IPv4-mapped network that of the IPv4 addresses it means", () => {
  const cases: readonly (readonly [string, string])[] = [
    ["::ffff:10.0.0.0/104", "10.0.0.0/8"],
    ["::ffff:0.0.0.0/96", "0.0.0.0/0"],
    ["::ffff:192.0.2.7", "192.0.2.7"],
    ["::/80", "::/80"],
    ["fd00::/8", "fd00::/8"],
    ["10.0.0.0/8", "10.0.0.0/8"],
  ];
  for (const [text, expected] of cases) assertEquals(formatNetwork(unmapped(parseNetwork(text))), expected, text);
});
