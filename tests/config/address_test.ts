import { clash, formatAddress, isLocal, leadsTo, parseAddress } from "../../lib/config/address.ts";
import { assertEquals, assertThrows } from "../harness/assert.ts";

Deno.test("parseAddress reads names, IPv4, IPv6 and sockets", () => {
  assertEquals(parseAddress("127.0.0.1:25565"), { kind: "tcp", host: "127.0.0.1", port: 25565 });
  assertEquals(parseAddress("play.example.org:0"), { kind: "tcp", host: "play.example.org", port: 0 });
  assertEquals(parseAddress("[::1]:65535"), { kind: "tcp", host: "::1", port: 65535 });
  assertEquals(parseAddress("unix:/run/server.sock"), { kind: "unix", path: "/run/server.sock" });
});

Deno.test("formatAddress writes what parseAddress reads", () => {
  for (const text of ["127.0.0.1:25565", "play.example.org:1", "[::1]:25565", "unix:/run/server.sock"]) {
    assertEquals(formatAddress(parseAddress(text)), text);
  }
});

Deno.test("parseAddress refuses other forms and offers what was meant", () => {
  const refused = {
    "": "",
    "localhost": ` (add its port, as in "localhost:25565")`,
    "localhost:": "",
    "local host:1": "",
    "-x:1": "",
    "1.2.3:25565": " (an IPv4 address is four numbers from 0 to 255)",
    "256.0.0.1:25565": " (an IPv4 address is four numbers from 0 to 255)",
    "[1.2.3.4]:1": "",
    "[::g]:1": "",
    "25565": ` (did you mean "0.0.0.0:25565"?)`,
    ":25565": ` (did you mean "0.0.0.0:25565"?)`,
    "*:25565": ` (did you mean "0.0.0.0:25565"?)`,
    "::1:25565": ` (did you mean "[::1]:25565"?)`,
    "tcp://a:1": "",
  };
  for (const [text, hint] of Object.entries(refused)) {
    const error = assertThrows(() => parseAddress(text), SyntaxError);
    assertEquals(
      error.message,
      `Cannot read address as it must be host:port, [::1]:port or unix:/path: current value is "${text}"${hint}`,
    );
  }
});

Deno.test("parseAddress refuses ports and paths out of range", () => {
  assertThrows(() => parseAddress("localhost:65536"), RangeError, "its port must be 0 to 65535");
  assertThrows(() => parseAddress("unix:run/a.sock"), SyntaxError, "a path must be absolute");
  assertThrows(() => parseAddress(`unix:/${"a".repeat(107)}`), RangeError, "at most 107 bytes");
});

Deno.test("isLocal knows loopback addresses and sockets", () => {
  for (const text of ["127.0.0.1:1", "127.9.9.9:1", "[::1]:1", "localhost:1", "unix:/a"]) {
    assertEquals(isLocal(parseAddress(text)), true, text);
  }
  for (const text of ["0.0.0.0:1", "[::]:1", "10.0.0.1:1", "[fd00::1]:1", "example.org:1"]) {
    assertEquals(isLocal(parseAddress(text)), false, text);
  }
});

Deno.test("clash finds addresses that cannot be bound together, in either order", () => {
  const pairs: readonly [string, string, boolean][] = [
    ["127.0.0.1:1", "127.0.0.1:1", true],
    ["127.0.0.1:1", "127.0.0.1:2", false],
    ["127.0.0.1:1", "127.0.0.2:1", false],
    ["0.0.0.0:1", "127.0.0.1:1", true],
    ["0.0.0.0:1", "example.org:1", true],
    ["0.0.0.0:1", "[::1]:1", false],
    ["[::]:1", "127.0.0.1:1", true],
    ["[::]:1", "[::1]:1", true],
    ["[::1]:1", "[0:0::1]:1", true],
    ["localhost:1", "127.0.0.1:1", true],
    ["localhost:1", "[::1]:1", true],
    ["Example.org:1", "example.org:1", true],
    ["[::ffff:127.0.0.1]:1", "127.0.0.1:1", true],
    ["[::ffff:10.0.0.1]:1", "0.0.0.0:1", true],
    ["0.0.0.0:0", "0.0.0.0:0", false],
    ["unix:/a", "unix:/a", true],
    ["unix:/a", "unix:/b", false],
    ["unix:/a", "127.0.0.1:1", false],
  ];
  for (const [a, b, expected] of pairs) {
    assertEquals(clash(parseAddress(a), parseAddress(b)), expected, `${a} and ${b}`);
    assertEquals(clash(parseAddress(b), parseAddress(a)), expected, `${b} and ${a}`);
  }
});

Deno.test("leadsTo finds what a dial reaches for certain", () => {
  const pairs: readonly [address: string, bind: string, expected: boolean][] = [
    ["127.0.0.1:1", "127.0.0.1:1", true],
    ["127.0.0.1:1", "0.0.0.0:1", true],
    ["localhost:1", "[::]:1", true],
    ["[::ffff:192.0.2.1]:1", "192.0.2.1:1", true],
    ["Example.org:1", "example.org:1", true],
    ["192.0.2.1:1", "0.0.0.0:1", false],
    ["example.org:1", "[::]:1", false],
    ["127.0.0.1:1", "192.0.2.1:1", false],
    ["127.0.0.1:1", "127.0.0.1:2", false],
    ["unix:/a", "127.0.0.1:1", false],
  ];
  for (const [address, bind, expected] of pairs) {
    assertEquals(leadsTo(parseAddress(address), parseAddress(bind)), expected, `${address} and ${bind}`);
  }
});
