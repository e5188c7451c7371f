import { LoopbackAddresses } from "../../lib/transport/loopback_addresses.ts";
import { assert, assertEquals, assertNotEquals } from "../harness/assert.ts";

/** Players whose names lead to one address, found by trying. */
const RIVALS = rivals();

function rivals(): readonly [string, string] {
  const table = new Map<string, string>();
  for (let number = 0;; number++) {
    const name = `p${number}`;
    const address = new LoopbackAddresses().take(name)?.address ?? "";
    const other = table.get(address);
    if (other !== undefined) return [other, name];
    table.set(address, name);
  }
}

Deno.test("a player's address follows from the name in any case, also after a restart", () => {
  const address = new LoopbackAddresses().take("Steve")?.address;
  assertEquals(new LoopbackAddresses().take("sTEVE")?.address, address);
  assertNotEquals(new LoopbackAddresses().take("Alex")?.address, address);
});

Deno.test("addresses lie outside 127.0.0.0/16, and no part is 0 or 255", () => {
  const addresses = new LoopbackAddresses({ limit: 10_000 });
  const given = Array.from({ length: 10_000 }, (_, index) => addresses.take(`player${index}`)?.address ?? "");
  for (const address of given) {
    const [first, ...others] = address.split(".").map(Number);
    assertEquals([first, others.length], [127, 3]);
    assert(others.every((part) => part >= 1 && part <= 254), address);
  }
  assertEquals(new Set(given).size, given.length);
});

Deno.test("two players whose names lead to one address have two, and keep them while they are known", () => {
  const [first, second] = RIVALS;
  const addresses = new LoopbackAddresses();
  const home = addresses.take(first);
  const other = addresses.take(second);
  assertNotEquals(other?.address, home?.address);
  home?.release();
  other?.release();
  assertEquals(addresses.take(second)?.address, other?.address);
  assertEquals(addresses.take(first)?.address, home?.address);
});

Deno.test("a player with several connections has one address, in use until the last is released", () => {
  const addresses = new LoopbackAddresses({ limit: 1 });
  const leases = [addresses.take("steve"), addresses.take("Steve")];
  assertEquals(leases[0]?.address, leases[1]?.address);
  leases[0]?.release();
  leases[0]?.release();
  assertEquals(addresses.entries().map(({ inUse }) => inUse), [true]);
  assertEquals(addresses.take("alex"), undefined);
  leases[1]?.release();
  assertEquals(addresses.entries().map(({ inUse }) => inUse), [false]);
  assert(addresses.take("alex") !== undefined);
});

Deno.test("a full table forgets who left first, and never who is there", () => {
  const addresses = new LoopbackAddresses({ limit: 3 });
  const leases = new Map(["a", "b", "c"].map((name) => [name, addresses.take(name)]));
  assertEquals(addresses.take("d"), undefined);
  leases.get("b")?.release();
  leases.get("a")?.release();
  addresses.take("d");
  assertEquals(addresses.entries().map(({ player }) => player), ["c", "d", "a"]);
  addresses.take("e");
  assertEquals(addresses.entries().map(({ player }) => player), ["c", "d", "e"]);
  assertEquals(addresses.take("f"), undefined);
});

Deno.test("the table tells who has which address", () => {
  const addresses = new LoopbackAddresses();
  const steve = addresses.take("Steve");
  const alex = addresses.take("Alex");
  steve?.release();
  assertEquals(addresses.entries(), [
    { player: "alex", address: alex?.address ?? "", inUse: true },
    { player: "steve", address: steve?.address ?? "", inUse: false },
  ]);
});
