import {
  type AccessEntry,
  AccessList,
  type AccessVerdict,
  formatSubject,
  isSameSubject,
  parseSubject,
  type Visitor,
} from "../../lib/guard/access_list.ts";
import { assert, assertEquals, assertThrows } from "../harness/assert.ts";

const NOW = Date.parse("2026-11-28T12:00:00Z");
const OK: AccessVerdict = { kind: "ok" };
const BANNED: AccessVerdict = { kind: "banned", reason: undefined, until: undefined };

function entry(who: string, until?: number, reason?: string): AccessEntry {
  return { subject: parseSubject(who), until, reason };
}

function list(ban: readonly string[], allow: readonly string[] = []): AccessList {
  return new AccessList({ ban: ban.map((who) => entry(who)), allow: allow.map((who) => entry(who)) });
}

Deno.test("what can be read as an address or network is one, all else is a name", () => {
  const subjects = {
    "Griefer": "Griefer",
    "10.0.0": "10.0.0",
    "10.0.0.256": "10.0.0.256",
    "10.0.0.1": "10.0.0.1",
    "10.0.0.1/32": "10.0.0.1",
    "10.0.0.0/8": "10.0.0.0/8",
    "::ffff:10.0.0.1": "10.0.0.1",
    "::ffff:10.0.0.0/104": "10.0.0.0/8",
    "2001:0DB8:0:0::/32": "2001:db8::/32",
    "0:0:0:0:0:0:0:1": "::1",
  };
  for (const [text, formatted] of Object.entries(subjects)) assertEquals(formatSubject(parseSubject(text)), formatted);
  assertEquals(["10.0.0", "10.0.0.1"].map((text) => parseSubject(text).kind), ["name", "network"]);
  for (const text of ["", "a b", "a-b", "seventeen_letters", "10.0.0.1/8", "10.0.0.1/33", "abc:def", "a/8"]) {
    assertThrows(() => parseSubject(text), Error, "Cannot read ");
  }
  assert(isSameSubject(parseSubject("Griefer"), parseSubject("GRIEFER")));
  assert(!isSameSubject(parseSubject("10.0.0.1"), parseSubject("10.0.0.0/31")));
});

Deno.test("names are banned in any case, addresses in any notation", () => {
  const access = list(["Griefer", "203.0.113.0/24", "198.51.100.7", "2001:db8::/33", "::/1"]);
  const cases: readonly (readonly [Visitor, AccessVerdict])[] = [
    [{ name: "GRIEFER", address: "192.0.2.1" }, BANNED],
    [{ name: "Griefer2", address: "192.0.2.1" }, OK],
    [{ name: "Steve", address: "203.0.113.255" }, BANNED],
    [{ name: "Steve", address: "203.0.114.0" }, OK],
    [{ name: "Steve", address: "::ffff:198.51.100.7" }, BANNED],
    [{ name: "Steve", address: "198.51.100.8" }, OK],
    [{ name: "Steve", address: "2001:DB8:7fff::1" }, BANNED],
    [{ name: "Steve", address: "8000::1" }, OK],
    [{ name: "Steve", address: "7fff::1" }, BANNED],
    [{ name: "Steve", address: "unix:/run/socket" }, OK],
    [{ address: "203.0.113.1" }, BANNED],
    [{ address: "192.0.2.1" }, OK],
  ];
  for (const [visitor, verdict] of cases) assertEquals(access.judge(visitor, NOW), verdict, JSON.stringify(visitor));
});

Deno.test("an allowed name or address is stronger than a ban of the address, not than one of the name", () => {
  const access = list(["Griefer", "203.0.113.0/24", "198.51.100.7"], [
    "Alex",
    "griefer",
    "203.0.113.5",
    "198.51.100.0/24",
  ]);
  const judge = (name: string, address: string): string => access.judge({ name, address }, NOW).kind;
  assertEquals(judge("Alex", "203.0.113.1"), "ok");
  assertEquals(judge("Steve", "203.0.113.1"), "banned");
  assertEquals(judge("Steve", "203.0.113.5"), "ok");
  assertEquals(judge("Steve", "198.51.100.7"), "ok");
  assertEquals(judge("Griefer", "203.0.113.5"), "banned");
});

Deno.test("an address is banned before the name is known only where no allowed name could overrule it", () => {
  const address = "203.0.113.1";
  assertEquals(list([address]).judge({ address }, NOW), BANNED);
  assertEquals(list([address], [address]).judge({ address }, NOW), OK);
  assertEquals(list([address], ["192.0.2.1"]).judge({ address }, NOW), BANNED);
  const named = list([address], ["Alex"]);
  assertEquals(named.judge({ address }, NOW), OK);
  assertEquals(named.judge({ name: "Steve", address }, NOW), BANNED);
  const expired = new AccessList({ ban: [entry(address)], allow: [entry("Alex", NOW)] });
  assertEquals(expired.judge({ address }, NOW), BANNED);
});

Deno.test("with the allow list alone, only those come in whom it means", () => {
  const access = list(["Griefer", "203.0.113.1"], ["Alex", "198.51.100.0/24", "Griefer"]);
  const judge = (visitor: Visitor): string => access.judge(visitor, NOW, { allowOnly: true }).kind;
  assertEquals(judge({ name: "alex", address: "192.0.2.1" }), "ok");
  assertEquals(judge({ name: "Steve", address: "198.51.100.9" }), "ok");
  assertEquals(judge({ name: "Steve", address: "192.0.2.1" }), "not-allowed");
  assertEquals(judge({ name: "Steve", address: "203.0.113.1" }), "banned");
  assertEquals(judge({ name: "Griefer", address: "198.51.100.9" }), "banned");
  assertEquals(judge({ address: "192.0.2.1" }), "ok");
  assertEquals(list([]).judge({ name: "Steve", address: "192.0.2.1" }, NOW, { allowOnly: true }).kind, "not-allowed");
});

Deno.test("entries count until they end, with their reasons; of several about the same the last to end counts", () => {
  const access = new AccessList({
    ban: [
      entry("203.0.113.0/24", NOW + 1000, "network"),
      entry("203.0.113.1", NOW + 10, "short"),
      entry("203.0.113.1", NOW + 500, "long"),
      entry("203.0.113.1", NOW - 1, "over"),
    ],
    allow: [],
  });
  const judge = (now: number): AccessVerdict => access.judge({ name: "Steve", address: "203.0.113.1" }, now);
  assertEquals(judge(NOW), { kind: "banned", reason: "long", until: NOW + 500 });
  assertEquals(judge(NOW + 500), { kind: "banned", reason: "network", until: NOW + 1000 });
  assertEquals(judge(NOW + 1000), OK);
});

Deno.test("thousands of entries are judged in microseconds", () => {
  const ban = Array.from(
    { length: 20_000 },
    (_, index) => entry(index % 2 === 0 ? `Player${index}` : `10.${index >> 8}.${index & 255}.0/${24 + index % 8}`),
  );
  const access = new AccessList({ ban, allow: [] });
  const began = performance.now();
  for (let index = 0; index < 10_000; index++) access.judge({ name: "Steve", address: "192.0.2.1" }, NOW);
  const took = performance.now() - began;
  assert(took < 2000, `10,000 judgements took ${took} ms`);
});
