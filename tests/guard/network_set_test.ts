import { parseNetwork } from "../../lib/config/network.ts";
import { NetworkSet } from "../../lib/guard/network_set.ts";
import { assertEquals } from "../harness/assert.ts";

function networks(...texts: string[]): NetworkSet {
  return new NetworkSet(texts.map(parseNetwork));
}

Deno.test("a set of networks has the addresses of each, and no other", () => {
  const cases: readonly (readonly [network: string, inside: readonly string[], outside: readonly string[]])[] = [
    ["10.0.0.0/8", ["10.0.0.0", "10.255.255.255"], ["9.255.255.255", "11.0.0.0", "::a00:1", "a00::"]],
    ["192.0.2.128/25", ["192.0.2.128", "192.0.2.255"], ["192.0.2.127", "192.0.3.128"]],
    ["192.0.2.4/30", ["192.0.2.4", "192.0.2.7"], ["192.0.2.3", "192.0.2.8"]],
    ["192.0.2.7", ["192.0.2.7"], ["192.0.2.6", "192.0.2.8", "192.0.2.71"]],
    ["0.0.0.0/0", ["0.0.0.0", "255.255.255.255"], ["::", "::1"]],
    ["fd00::/8", ["fd00::1", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"], ["fc00::", "fe00::", "253.0.0.1"]],
    ["2001:db8::/61", ["2001:db8::1", "2001:db8:0:7::1"], ["2001:db8:0:8::1"]],
    ["::1", ["::1", "0:0:0:0:0:0:0:1"], ["::", "::2", "0.0.0.1"]],
    ["::/0", ["::", "ffff::", "::1"], ["0.0.0.0"]],
  ];
  for (const [network, inside, outside] of cases) {
    for (const address of inside) assertEquals(networks(network).has(address), true, `${address} in ${network}`);
    for (const address of outside) assertEquals(networks(network).has(address), false, `${address} in ${network}`);
  }
});

Deno.test("IPv4-mapped addresses belong to IPv4 networks", () => {
  const set = networks("10.0.0.0/8");
  assertEquals([set.has("::ffff:10.1.2.3"), set.has("::ffff:a01:203"), set.has("::ffff:11.1.2.3")], [
    true,
    true,
    false,
  ]);
  assertEquals(networks("::/0").has("::ffff:10.1.2.3"), false);
});

Deno.test("IPv4-mapped networks have IPv4 addresses", () => {
  const set = networks("::ffff:10.0.0.0/104");
  assertEquals([set.has("10.1.2.3"), set.has("::ffff:10.1.2.3"), set.has("11.1.2.3")], [true, true, false]);
});

Deno.test("several networks are looked at together, none has nothing", () => {
  const set = networks("10.0.0.0/8", "::1", "192.0.2.7");
  assertEquals(["10.0.0.1", "::1", "192.0.2.7", "192.0.2.8"].map((address) => set.has(address)), [
    true,
    true,
    true,
    false,
  ]);
  assertEquals(networks().has("10.0.0.1"), false);
});

Deno.test("what is no address belongs to no network", () => {
  const set = networks("0.0.0.0/0", "::/0");
  for (const text of ["", "localhost", "10.0.0.1:80", "[::1]", "fe80::1%eth0"]) {
    assertEquals(set.has(text), false, text);
  }
});
