import { parseAddress } from "../../lib/config/address.ts";
import { BackendHosts } from "../../lib/heartbeat/backend_hosts.ts";
import { assertEquals } from "../harness/assert.ts";

const LOCAL = "192.0.2.1";

Deno.test("a sender is compared with the address of its backend", async () => {
  const hosts = new BackendHosts();
  const cases: readonly (readonly [address: string, own: readonly string[], others: readonly string[]])[] = [
    ["127.0.0.1:1", ["127.0.0.1", "127.9.8.7", "::1", "::ffff:127.0.0.1", LOCAL], ["192.0.2.2", "::", ""]],
    ["[::1]:1", ["127.0.0.1", "::1", LOCAL], ["192.0.2.2", "fd00::1"]],
    ["localhost:1", ["127.0.0.1", "::1", LOCAL], ["192.0.2.2"]],
    ["0.0.0.0:1", ["127.0.0.1", "::1", LOCAL], ["192.0.2.2"]],
    ["unix:/run/server.sock", ["127.0.0.1", "::1", "::ffff:127.0.0.1", LOCAL], ["192.0.2.2"]],
    ["192.0.2.7:1", ["192.0.2.7", "::ffff:192.0.2.7", "::ffff:c000:207"], ["192.0.2.8", "127.0.0.1", "::1", LOCAL]],
    ["[2001:db8::7]:1", ["2001:db8::7", "2001:DB8:0:0::7"], ["2001:db8::8", "127.0.0.1"]],
  ];
  for (const [address, own, others] of cases) {
    for (const peer of own) {
      assertEquals(await hosts.compare(parseAddress(address), { peer, local: LOCAL }), "its-own", `${peer} ${address}`);
    }
    for (const peer of others) {
      assertEquals(await hosts.compare(parseAddress(address), { peer, local: LOCAL }), "another", `${peer} ${address}`);
    }
  }
});

Deno.test("a host name is resolved once a minute, however many ask", async () => {
  const asked: string[] = [];
  let now = 1000;
  let addresses = ["192.0.2.7", "2001:DB8::7"];
  const hosts = new BackendHosts({
    now: () => now,
    resolve: (host) => {
      asked.push(host);
      return Promise.resolve(addresses);
    },
  });
  const compare = (peer: string): Promise<string> =>
    hosts.compare(parseAddress("Game.example.org:1"), { peer, local: LOCAL });
  const peers = ["192.0.2.7", "2001:db8::7", "192.0.2.8"];
  assertEquals(await Promise.all(peers.map(compare)), ["its-own", "its-own", "another"]);
  addresses = ["192.0.2.8"];
  now += 59_999;
  assertEquals([await compare("192.0.2.8"), asked], ["another", ["game.example.org"]]);
  now += 1;
  assertEquals([await compare("192.0.2.8"), asked.length], ["its-own", 2]);
});

Deno.test("a name of this machine is the sender on it", async () => {
  const hosts = new BackendHosts({ resolve: () => Promise.resolve(["127.0.1.1"]) });
  const address = parseAddress("here:1");
  assertEquals(await hosts.compare(address, { peer: "127.0.0.1", local: "127.0.0.1" }), "its-own");
  assertEquals(await hosts.compare(address, { peer: "192.0.2.2", local: LOCAL }), "another");
});

Deno.test("a name that cannot be resolved, or not in time, is unknown for a while", async () => {
  let now = 0;
  let asked = 0;
  const answers: (() => Promise<readonly string[]>)[] = [
    () => Promise.reject(new Error("no such host")),
    () => Promise.withResolvers<readonly string[]>().promise,
    () => Promise.resolve(["192.0.2.7"]),
  ];
  const hosts = new BackendHosts({
    now: () => now,
    deadlineMs: 20,
    resolve: () => answers[asked++]?.() ?? Promise.reject(new Error("asked too often")),
  });
  const compare = (): Promise<string> => hosts.compare(parseAddress("game:1"), { peer: "192.0.2.7", local: LOCAL });
  assertEquals([await compare(), await compare(), asked], ["unknown", "unknown", 1]);
  now += 5000;
  assertEquals([await compare(), asked], ["unknown", 2]);
  now += 5000;
  assertEquals([await compare(), asked], ["its-own", 3]);
});
