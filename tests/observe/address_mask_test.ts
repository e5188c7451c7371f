import { maskAddress, maskAddressesIn } from "../../lib/observe/address_mask.ts";
import { assertEquals } from "../harness/assert.ts";

Deno.test("an address keeps its network part", () => {
  const cases = {
    "192.0.2.7": "192.0.2.x",
    "127.0.0.1": "127.0.0.x",
    "2001:db8:1:2:3:4:5:6": "2001:db8:1::x",
    "2001:DB8:0001::7": "2001:db8:1::x",
    "2001:db8::7": "2001:db8::x",
    "2001:0:0:1::7": "2001::x",
    "::1": "::x",
    "fe80::1%eth0": "fe80::x%eth0",
    "::ffff:192.0.2.7": "192.0.2.x",
  };
  for (const [address, masked] of Object.entries(cases)) assertEquals(maskAddress(address), masked);
});

Deno.test("what is no address, or masked already, stays", () => {
  for (const text of ["", "unix", "192.0.2.x", "2001:db8:1::x", "::x", "1.2.3", "256.1.1.1", "192.0.2.7:80"]) {
    assertEquals(maskAddress(text), text);
    assertEquals(maskAddressesIn(text), text);
  }
});

Deno.test("addresses in a text are masked wherever they stand", () => {
  const cases = {
    "played from 192.0.2.7": "played from 192.0.2.x",
    "from 2001:db8:1:2::7": "from 2001:db8:1::x",
    "kicked: 192.0.2.7 is banned, and 198.51.100.9.": "kicked: 192.0.2.x is banned, and 198.51.100.x.",
    "192.0.2.7: banned": "192.0.2.x: banned",
    "2001:db8:1:2::7: banned; ::1.": "2001:db8:1::x: banned; ::x.",
    "2001:db8:1:2::: banned": "2001:db8:1::x: banned",
    "([2001:db8:1:2::7], '192.0.2.7')": "([2001:db8:1::x], '192.0.2.x')",
    "IP:192.0.2.7, Added:192.0.2.7.": "IP:192.0.2.x, Added:192.0.2.x.",
    "IP:2001:db8:1:2::7": "IP:2001:db8:1::x",
    "&e192.0.2.7&f is&c2001:db8:1:2::7": "&e192.0.2.x&f is&c2001:db8:1::x",
    "::ffff:192.0.2.7 and 192.0.2.0/24": "192.0.2.x and 192.0.2.x/24",
  };
  for (const [text, masked] of Object.entries(cases)) assertEquals(maskAddressesIn(text), masked);
});

Deno.test("in a text, addresses with a port and whatever only looks like an address stay", () => {
  const texts = [
    "hub: Cannot connect to 127.0.0.1:25566: refused",
    "[2001:db8:1:2::7]:25566",
    "at 12:30:45.123 with 1.2.3 and v1.2.3.4 or a.b.c.d",
    "1.2.3.4.5 dead:beef facade ... :: ; a: b",
    "it begins with 7f 45 4c 46",
  ];
  for (const text of texts) assertEquals(maskAddressesIn(text), text.replace(" :: ", " ::x "));
});
