import { addressKey } from "../../lib/guard/address_key.ts";
import { assertEquals, assertNotEquals } from "../harness/assert.ts";

Deno.test("an IPv4 address counts as itself, also where it is IPv4-mapped", () => {
  for (const text of ["192.0.2.7", "::ffff:192.0.2.7", "::FFFF:c000:207", "0:0:0:0:0:ffff:192.0.2.7"]) {
    assertEquals(addressKey(text), "192.0.2.7", text);
  }
  assertNotEquals(addressKey("192.0.2.8"), addressKey("192.0.2.7"));
});

Deno.test("an IPv6 address counts by its /64, whatever its notation", () => {
  for (const text of ["2001:db8:1:2::1", "2001:0DB8:1:2:ffff:ffff:ffff:ffff", "2001:db8:1:2:0:0:192.0.2.1"]) {
    assertEquals(addressKey(text), "2001:db8:1:2::/64", text);
  }
  assertEquals(addressKey("2001:db8:1:3::1"), "2001:db8:1:3::/64");
  assertEquals(addressKey("::1"), "::/64");
});

Deno.test("what is no address counts as itself", () => {
  for (const text of ["", "unix:/run/edge.sock", "fe80::1%eth0", "localhost"]) assertEquals(addressKey(text), text);
});
