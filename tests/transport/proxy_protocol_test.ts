import {
  type Endpoint,
  type ProxyHeader,
  readProxyHeader,
  writeProxyHeader,
} from "../../lib/transport/proxy_protocol.ts";
import { assert, assertEquals, assertThrows } from "../harness/assert.ts";
import { seeded } from "../harness/chunks.ts";

const SIGNATURE = "0d0a0d0a000d0a515549540a";
const IPV4_ROUTE = "c0000207" + "c6336401" + "ddf2" + "63dd";
const IPV6_ROUTE = "20010db8000000000000000000000007" + "20010db8000000000000000000000001" + "ddf2" + "63dd";
const MAPPED_ROUTE = "00000000000000000000ffffc0000207" + "20010db8000000000000000000000001" + "ddf2" + "63dd";
const V4_SOURCE: Endpoint = { address: "192.0.2.7", port: 56818 };
const V6_SOURCE: Endpoint = { address: "2001:db8::7", port: 56818 };

/** Text as bytes, one each. */
function latin1(text: string): Uint8Array {
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0));
}

/** A header of version 2 from the hexadecimal text of its parts; its length is that of `rest` unless told. */
function binary(command: string, protocol: string, rest = "", length = rest.length / 2): Uint8Array {
  return Uint8Array.fromHex(SIGNATURE + command + protocol + length.toString(16).padStart(4, "0") + rest);
}

interface Good {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly source: Endpoint | undefined;
}

function line(text: string, source?: Endpoint): Good {
  return { name: JSON.stringify(text), bytes: latin1(`${text}\r\n`), source };
}

const GOOD: readonly Good[] = [
  line("PROXY TCP4 192.0.2.7 198.51.100.1 56818 25565", V4_SOURCE),
  line("PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535", { address: "255.255.255.255", port: 65535 }),
  line("PROXY TCP4 0.0.0.0 0.0.0.0 0 0", { address: "0.0.0.0", port: 0 }),
  line("PROXY TCP6 2001:DB8::7 2001:db8::1 56818 25565", V6_SOURCE),
  line("PROXY TCP6 2001:0db8:0000:0000:0000:0000:0000:0007 ::1 56818 1", V6_SOURCE),
  line("PROXY TCP6 ::ffff:192.0.2.7 ::1 56818 1", V4_SOURCE),
  line(`PROXY TCP6 ${"ffff:".repeat(7)}ffff ${"ffff:".repeat(7)}ffff 1 65535`, {
    address: `${"ffff:".repeat(7)}ffff`,
    port: 1,
  }),
  line("PROXY UNKNOWN"),
  line("PROXY UNKNOWN anything \0 at all"),
  line(`PROXY UNKNOWN ${"ffff:".repeat(7)}ffff ${"ffff:".repeat(7)}ffff 65535 65535`),
  { name: "IPv4", bytes: binary("21", "11", IPV4_ROUTE), source: V4_SOURCE },
  { name: "IPv6", bytes: binary("21", "21", IPV6_ROUTE), source: V6_SOURCE },
  { name: "IPv4-mapped", bytes: binary("21", "21", MAPPED_ROUTE), source: V4_SOURCE },
  { name: "TLVs", bytes: binary("21", "11", IPV4_ROUTE + "040003aabbcc" + "03000412345678"), source: V4_SOURCE },
  { name: "broken TLVs", bytes: binary("21", "11", IPV4_ROUTE + "04ffff"), source: V4_SOURCE },
  { name: "the longest", bytes: binary("21", "11", IPV4_ROUTE + "00".repeat(4096 - 28)), source: V4_SOURCE },
  { name: "LOCAL", bytes: binary("20", "00"), source: undefined },
  { name: "LOCAL with addresses", bytes: binary("20", "11", IPV4_ROUTE), source: undefined },
  { name: "LOCAL of an unknown family", bytes: binary("20", "ff", "00"), source: undefined },
  { name: "unspecified", bytes: binary("21", "00", "aabb"), source: undefined },
  { name: "IPv4 without transport", bytes: binary("21", "10", IPV4_ROUTE), source: undefined },
  { name: "UDP", bytes: binary("21", "12", IPV4_ROUTE), source: undefined },
  { name: "Unix", bytes: binary("21", "31", "2f".repeat(216)), source: undefined },
];

for (const { name, bytes, source } of GOOD) {
  Deno.test(`a PROXY header is read, whatever follows it: ${name}`, () => {
    const expected: ProxyHeader = { kind: "header", size: bytes.length, source };
    assertEquals(readProxyHeader(bytes), expected);
    assertEquals(readProxyHeader(Uint8Array.of(...bytes, 0, 7)), expected);
    assertEquals(readProxyHeader(Uint8Array.of(...bytes, ...bytes)), expected);
    assertEquals(readProxyHeader(Uint8Array.of(1, 2, 3, ...bytes).subarray(3)), expected);
    for (let length = 0; length < bytes.length; length++) {
      assertEquals(readProxyHeader(bytes.subarray(0, length)), { kind: "more" }, `cut to ${length} bytes`);
    }
  });
}

Deno.test("lines of version 1 that do not follow the protocol are bad", () => {
  const lines = [
    "PROXY \r\n",
    "PROXY TCP\r\n",
    "PROXY tcp4 1.2.3.4 1.2.3.4 1 1\r\n",
    "PROXY UNKNOWNS\r\n",
    "PROXY  UNKNOWN\r\n",
    "PROXY TCP4\r\n",
    "PROXY TCP4 1.2.3.4 1.2.3.4 1\r\n",
    "PROXY TCP4 1.2.3.4 1.2.3.4 1 1 1\r\n",
    "PROXY TCP4 1.2.3.4 1.2.3.4 1 1 \r\n",
    "PROXY TCP4  1.2.3.4 1.2.3.4 1 1\r\n",
    "PROXY TCP4 1.2.3.04 1.2.3.4 1 1\r\n",
    "PROXY TCP4 1.2.3.256 1.2.3.4 1 1\r\n",
    "PROXY TCP4 1.2.3.4 1.2.3 1 1\r\n",
    "PROXY TCP4 ::1 ::1 1 1\r\n",
    "PROXY TCP6 1.2.3.4 1.2.3.4 1 1\r\n",
    "PROXY TCP6 ::1%lo ::1 1 1\r\n",
    "PROXY TCP6 ::1 1.2.3.4 1 1\r\n",
    "PROXY TCP4 1.2.3.4 1.2.3.4 65536 1\r\n",
    "PROXY TCP4 1.2.3.4 1.2.3.4 1 100000\r\n",
    "PROXY TCP4 1.2.3.4 1.2.3.4 01 1\r\n",
    "PROXY TCP4 1.2.3.4 1.2.3.4 +1 1\r\n",
    "PROXY TCP4 1.2.3.4 1.2.3.4 1e3 1\r\n",
    "PROXY TCP4 1.2.3.4 1.2.3.4 -1 1\r\n",
    "PROXY TCP4 1.2.3.4 1.2.3.4 1 \r\n",
    "PROXY TCP4 1.2.3.4 1.2.3.4 1 1\n",
    "PROXY TCP4 1.2.3.4 1.2.3.4 1 1\r ",
    "PROXY TCP4 1.2.3.4 1.2.3.4 1 1\r\r\n",
    "PROXY UNKNOWN \n\r\n",
  ];
  for (const text of lines) assertEquals(readProxyHeader(latin1(text)).kind, "bad", JSON.stringify(text));
});

Deno.test("a line of version 1 has 107 bytes at most", () => {
  const longest = `PROXY UNKNOWN ${"x".repeat(91)}`;
  assertEquals(readProxyHeader(latin1(`${longest}\r\n`)), { kind: "header", size: 107, source: undefined });
  assertEquals(readProxyHeader(latin1(longest)).kind, "more");
  assertEquals(readProxyHeader(latin1(`${longest}x\r`)).kind, "bad");
  assertEquals(readProxyHeader(latin1(`${longest}x\r\n`)).kind, "bad");
  assertEquals(readProxyHeader(latin1(`${longest}xx`)).kind, "bad");
});

Deno.test("headers of version 2 that do not follow the protocol are bad", () => {
  const headers = {
    "version 1": binary("11", "11", IPV4_ROUTE),
    "version 3": binary("31", "11", IPV4_ROUTE),
    "command 2": binary("22", "11", IPV4_ROUTE),
    "family 4": binary("21", "41", IPV6_ROUTE),
    "transport 3": binary("21", "13", IPV4_ROUTE),
    "too few bytes for IPv4": binary("21", "11", IPV4_ROUTE.slice(2)),
    "too few bytes for IPv6": binary("21", "21", IPV6_ROUTE.slice(2)),
    "too few bytes for Unix": binary("21", "31", "2f".repeat(215)),
    "too many bytes": binary("21", "11", IPV4_ROUTE, 4096 - 15),
    "too many bytes of LOCAL": binary("20", "00", "", 0xffff),
  };
  for (const [name, bytes] of Object.entries(headers)) {
    assertEquals(readProxyHeader(bytes).kind, "bad", name);
    assertEquals(readProxyHeader(bytes.subarray(0, 16)).kind, "bad", `${name}: the fixed part is enough to tell`);
  }
});

Deno.test("what begins otherwise is no PROXY header", () => {
  for (const text of ["\0", "GET ", "PROXy", "PROXY\t", "proxy ", "\r\n\r\n\r", "\x16\x03"]) {
    assertEquals(readProxyHeader(latin1(text)).kind, "bad", JSON.stringify(text));
  }
});

Deno.test("random bytes behind a signature never throw, and never make a header longer than what is there", () => {
  const random = seeded(1);
  const kinds = new Set<string>();
  for (let round = 0; round < 20_000; round++) {
    const good = random.pick(GOOD).bytes;
    const bytes = Uint8Array.of(...good.subarray(0, random.below(60)), ...random.bytes(random.below(40)));
    for (let count = random.below(4); count > 0 && bytes.length > 0; count--) {
      bytes[random.below(bytes.length)] = random.below(256);
    }
    const header = readProxyHeader(bytes);
    kinds.add(header.kind);
    if (header.kind === "header") assert(header.size <= bytes.length);
  }
  assertEquals([...kinds].sort(), ["bad", "header", "more"]);
});

Deno.test("a written header of version 2 has the addresses in the bytes of the protocol", () => {
  const [v4, v6] = [{ address: "198.51.100.1", port: 25565 }, { address: "2001:db8::1", port: 25565 }];
  assertEquals(writeProxyHeader({ source: V4_SOURCE, destination: v4 }), binary("21", "11", IPV4_ROUTE));
  assertEquals(writeProxyHeader({ source: V6_SOURCE, destination: v6 }), binary("21", "21", IPV6_ROUTE));
  assertEquals(writeProxyHeader({ source: V4_SOURCE, destination: v6 }), binary("21", "21", MAPPED_ROUTE));
  assertEquals(writeProxyHeader(), binary("20", "00"));
});

Deno.test("a written header can be read, whatever the families", () => {
  const addresses = ["192.0.2.7", "2001:db8::7", "::1", "::ffff:192.0.2.8"];
  for (const source of addresses) {
    for (const destination of addresses) {
      const bytes = writeProxyHeader({
        source: { address: source, port: 65535 },
        destination: { address: destination, port: 0 },
      });
      const expected = { address: source.replace("::ffff:", ""), port: 65535 };
      assertEquals(readProxyHeader(bytes), { kind: "header", size: bytes.length, source: expected });
    }
  }
  assertEquals(readProxyHeader(writeProxyHeader()), { kind: "header", size: 16, source: undefined });
});

Deno.test("a header cannot be written with what is no address", () => {
  const route = { source: { address: "localhost", port: 1 }, destination: V4_SOURCE };
  assertThrows(() => writeProxyHeader(route), SyntaxError, 'current value is "localhost"');
});
