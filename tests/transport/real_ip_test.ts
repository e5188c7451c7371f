import { realIp } from "../../lib/transport/real_ip.ts";
import { assertEquals } from "../harness/assert.ts";

const isTrusted = (address: string): boolean => address.startsWith("10.");

/** What is made of headers that a peer sends, `10.0.0.1` unless said otherwise. */
function told(headers: Readonly<Record<string, string>>, peer = "10.0.0.1"): string | undefined {
  return realIp(peer, (name) => headers[name], isTrusted);
}

Deno.test("X-Real-IP of a trusted peer is the address", () => {
  assertEquals(told({ "X-Real-IP": "192.0.2.7" }), "192.0.2.7");
  assertEquals(told({ "X-Real-IP": " ::ffff:192.0.2.7 ", "X-Forwarded-For": "192.0.2.7" }), "192.0.2.7");
  assertEquals(told({ "X-Real-IP": "2001:DB8:0::1" }), "2001:db8::1");
});

Deno.test("two headers that say different things are both ignored, since the client may have sent one", () => {
  assertEquals(told({ "X-Real-IP": "192.0.2.7", "X-Forwarded-For": "192.0.2.8" }), undefined);
  assertEquals(told({ "X-Real-IP": "192.0.2.7", "X-Forwarded-For": "192.0.2.7, 192.0.2.8, 10.0.0.3" }), undefined);
});

Deno.test("behind several proxies the last of them takes another one for the client, and X-Forwarded-For tells", () => {
  assertEquals(told({ "X-Real-IP": "10.0.0.3", "X-Forwarded-For": "192.0.2.7, 10.0.0.3" }), "192.0.2.7");
  assertEquals(told({ "X-Real-IP": "10.0.0.3" }), "10.0.0.3");
});

Deno.test("nothing is believed that comes from elsewhere", () => {
  assertEquals(told({ "X-Real-IP": "192.0.2.7", "X-Forwarded-For": "192.0.2.7" }, "192.0.2.1"), undefined);
});

Deno.test("of X-Forwarded-For the last address counts that is not trusted", () => {
  assertEquals(told({ "X-Forwarded-For": "192.0.2.7" }), "192.0.2.7");
  assertEquals(told({ "X-Forwarded-For": "198.51.100.66, 192.0.2.7" }), "192.0.2.7");
  assertEquals(told({ "X-Forwarded-For": "198.51.100.66,192.0.2.7 , 10.0.0.3,10.0.0.2" }), "192.0.2.7");
  assertEquals(told({ "X-Forwarded-For": "made up, 192.0.2.7, 10.0.0.2" }), "192.0.2.7");
});

Deno.test("where all of X-Forwarded-For is trusted, its first address is the client", () => {
  assertEquals(told({ "X-Forwarded-For": "10.9.9.9, 10.0.0.2" }), "10.9.9.9");
});

Deno.test("what cannot be read is ignored", () => {
  for (const text of ["", "unknown", "192.0.2.7:80", "192.0.2.7, 192.0.2.8", "[::1]", "fe80::1%eth0"]) {
    assertEquals(told({ "X-Real-IP": text }), undefined, text);
    assertEquals(told({ "X-Real-IP": text, "X-Forwarded-For": "192.0.2.9" }), "192.0.2.9", text);
  }
  for (const text of ["", ",", "192.0.2.7,", "192.0.2.7, unknown, 10.0.0.2", "unknown"]) {
    assertEquals(told({ "X-Forwarded-For": text }), undefined, text);
  }
  assertEquals(told({}), undefined);
});
