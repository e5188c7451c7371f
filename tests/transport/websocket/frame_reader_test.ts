import {
  type FrameEnd,
  FrameReader,
  IDLE_WINDOW_MS,
  MAX_IDLE_FRAMES,
} from "../../../lib/transport/websocket/frame_reader.ts";
import { assertEquals } from "../../harness/assert.ts";
import { type Random, seeded, splitAtRandom, splitEvery } from "../../harness/chunks.ts";
import { closing, concat, counting, frame, type FrameOptions, masked } from "./frames.ts";

interface Result {
  readonly payload: readonly number[];
  readonly pings: readonly (readonly number[])[];
  readonly end: FrameEnd | undefined;
}

/** Feeds `chunks`, each in a buffer of its own, with bytes around it that must stay. */
function read(reader: FrameReader, chunks: readonly Uint8Array[]): Result {
  const payload: number[] = [];
  const pings: number[][] = [];
  for (const chunk of chunks) {
    const buffer = new Uint8Array(chunk.length + 2).fill(0xee);
    buffer.set(chunk, 1);
    const count = reader.feed(buffer.subarray(1, -1), 0);
    payload.push(...buffer.subarray(1, 1 + count));
    assertEquals([buffer[0], buffer.at(-1)], [0xee, 0xee]);
    const ping = reader.takePing();
    if (ping !== undefined) pings.push([...ping]);
  }
  return { payload, pings, end: reader.end };
}

function failed(detail: string, code = 1002): FrameEnd {
  return { kind: "failed", code, detail };
}

const HELLO = new TextEncoder().encode("Hello");

for (
  const [what, bytes, expected] of [
    ["a text frame", masked(1, HELLO), { payload: HELLO }],
    ["a binary frame", masked(2, counting(125)), { payload: counting(125) }],
    ["a frame of 126 bytes", masked(2, counting(126)), { payload: counting(126) }],
    ["a frame of no bytes", masked(2), {}],
    ["two frames", concat(masked(2, [1, 2]), masked(1, [3], { mask: [9, 8, 7, 6] })), { payload: [1, 2, 3] }],
    [
      "fragments, one of them empty, with pings between",
      concat(
        masked(1, [1], { final: false }),
        masked(9, [70]),
        masked(0, [], { final: false }),
        masked(10, [71]),
        masked(0, [2, 3]),
        masked(2, [4]),
      ),
      { payload: [1, 2, 3, 4], pings: [[70]] },
    ],
    ["a ping without payload", masked(9), { pings: [[]] }],
    ["a ping of 125 bytes", masked(9, counting(125)), { pings: [[...counting(125)]] }],
    ["a pong that nobody asked for", concat(masked(10, [1]), masked(2, [2])), { payload: [2] }],
    [
      "a close without a code, and what follows",
      concat(masked(2, [1]), masked(8), masked(2, [2])),
      { payload: [1], end: { kind: "closed", code: undefined } },
    ],
    ["a close with a reason", masked(8, closing(4999, "bye")), { end: { kind: "closed", code: 4999 } }],
    ["an unmasked frame", frame(2, [1]), { end: failed("a frame is not masked") }],
    ["an unmasked frame of no bytes", frame(2), { end: failed("a frame is not masked") }],
    ["payload, then a wrong frame", concat(masked(2, [1]), masked(3)), {
      payload: [1],
      end: failed("opcode 3 is unknown"),
    }],
    ["a fragmented ping", masked(9, [], { final: false }), { end: failed("a control frame is fragmented") }],
    ["a ping of 126 bytes", masked(9, counting(126)), { end: failed("a control frame is too long") }],
    ["a close of 126 bytes", masked(8, counting(126)), { end: failed("a control frame is too long") }],
    ["a continuation of nothing", masked(0, [1]), { end: failed("a continuation continues no message") }],
    [
      "a continuation behind the last one",
      concat(masked(1, [1], { final: false }), masked(0, [2]), masked(0, [3])),
      { payload: [1, 2], end: failed("a continuation continues no message") },
    ],
    [
      "a message inside another one",
      concat(masked(1, [1], { final: false }), masked(1, [2])),
      { payload: [1], end: failed("a message starts inside another one") },
    ],
    ["a length in 2 bytes that needs none", masked(2, [1], { lengthBytes: 2 }), {
      end: failed("a length takes more bytes than it needs"),
    }],
    ["a length in 8 bytes that needs none", masked(2, [], { lengthBytes: 8 }), {
      end: failed("a length takes more bytes than it needs"),
    }],
    ["a length in 8 bytes that needs 2", masked(2, [], { lengthBytes: 8, length: 65535 }), {
      end: failed("a length takes more bytes than it needs"),
    }],
    ["a length of 63 bits", masked(2, [], { length: 2n ** 62n }), {
      end: failed(`a frame has ${2 ** 62} bytes`, 1009),
    }],
    ["a length of 64 bits", masked(2, [], { length: 2n ** 63n }), { end: failed("a length has its highest bit set") }],
    ["a close of one byte", masked(8, [3]), { end: failed("a close code has one byte") }],
  ] satisfies readonly (readonly [
    string,
    Uint8Array,
    { payload?: Iterable<number>; pings?: number[][]; end?: FrameEnd },
  ])[]
) {
  const result = { payload: [], pings: [], end: undefined, ...expected };
  Deno.test(`a server reads ${what}, in one piece and in many`, () => {
    for (const size of [bytes.length, 1, 2, 3, 7]) {
      const got = read(new FrameReader("server"), splitEvery(bytes, size));
      assertEquals(got, { ...result, payload: [...result.payload] }, `${size} bytes at a time`);
    }
  });
}

Deno.test("of several pings in one chunk the last is told", () => {
  const chunk = concat(masked(9, [1]), masked(9, [2]), masked(2, [5]), masked(9, [3]));
  assertEquals(read(new FrameReader("server"), [chunk]), { payload: [5], pings: [[3]], end: undefined });
});

Deno.test("a frame carries 64 KiB at most", () => {
  for (const length of [65535, 65536]) {
    const payload = counting(length);
    assertEquals(read(new FrameReader("server"), [masked(2, payload)]).payload.length, length);
    assertEquals(read(new FrameReader("client"), [frame(2, payload)]).payload, [...payload]);
  }
  const end = failed("a frame has 65537 bytes", 1009);
  assertEquals(read(new FrameReader("server"), [masked(2, counting(65537))]), { payload: [], pings: [], end });
  assertEquals(read(new FrameReader("client"), [frame(2, counting(65537))]), { payload: [], pings: [], end });
});

for (let reserved = 1; reserved < 8; reserved++) {
  Deno.test(`reserved bits ${reserved} are refused in every frame`, () => {
    for (const opcode of [1, 2, 8, 9, 10]) {
      const { end } = read(new FrameReader("server"), [masked(opcode, [], { reserved })]);
      assertEquals(end, failed("a reserved bit is set"));
    }
  });
}

Deno.test("opcodes that are reserved are refused", () => {
  for (const opcode of [3, 4, 5, 6, 7, 11, 12, 13, 14, 15]) {
    const { end } = read(new FrameReader("server"), [masked(opcode)]);
    assertEquals(end, failed(`opcode ${opcode} is unknown`));
  }
});

Deno.test("only close codes that may be sent are taken", () => {
  for (const code of [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999]) {
    assertEquals(read(new FrameReader("server"), [masked(8, closing(code))]).end, { kind: "closed", code });
  }
  for (const code of [0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535]) {
    const { end } = read(new FrameReader("server"), [masked(8, closing(code))]);
    assertEquals(end, failed(`close code ${code} must not be sent`));
  }
});

Deno.test("a client refuses masked frames, and reads the others", () => {
  const server = concat(frame(2, [1, 2]), frame(9, [3]), frame(1, [4]), frame(8, closing(1001)));
  const end = { kind: "closed", code: 1001 } as const;
  for (const size of [1, 2, 5, 100]) {
    const got = read(new FrameReader("client"), splitEvery(server, size));
    assertEquals(got, { payload: [1, 2, 4], pings: [[3]], end });
  }
  assertEquals(read(new FrameReader("client"), [masked(2, [1])]).end, failed("a frame is masked"));
});

/** Reads whole frames from a whole stream, in the order in which RFC 6455 §5.2 has the fields. */
function reference(
  stream: Uint8Array,
  isMasked: boolean,
): { payload: number[]; lastPing: number[] | undefined; end: string } {
  const payload: number[] = [];
  let lastPing: number[] | undefined;
  let open = false;
  for (let at = 0; at < stream.length;) {
    const bits = [...stream.subarray(at, at + 2)].map((byte) => byte.toString(2).padStart(8, "0")).join("");
    if (bits.length < 16) break;
    const opcode = parseInt(bits.slice(4, 8), 2);
    const final = bits[0] === "1";
    let length = BigInt(parseInt(bits.slice(9), 2));
    const known = [0, 1, 2, 8, 9, 10].includes(opcode);
    const isData = opcode < 8;
    if (bits.slice(1, 4) !== "000" || (bits[8] === "1") !== isMasked || !known) {
      return { payload, lastPing, end: "1002" };
    }
    if (!isData && (!final || length > 125n)) return { payload, lastPing, end: "1002" };
    if (isData && (opcode === 0) !== open) return { payload, lastPing, end: "1002" };
    if (isData) open = !final;
    at += 2;
    const extra = length === 126n ? 2 : length === 127n ? 8 : 0;
    if (at + extra + (isMasked ? 4 : 0) > stream.length) break;
    if (extra > 0) {
      length = BigInt(
        `0x${[...stream.subarray(at, at + extra)].map((byte) => byte.toString(16).padStart(2, "0")).join("")}`,
      );
      if (length < (extra === 2 ? 126n : 65536n) || length >= 1n << 63n) return { payload, lastPing, end: "1002" };
      if (length > 65536n) return { payload, lastPing, end: "1009" };
    }
    at += extra;
    const mask = isMasked ? stream.subarray(at, at + 4) : [0, 0, 0, 0];
    at += isMasked ? 4 : 0;
    const data = [...stream.subarray(at, at + Number(length))].map((byte, index) => byte ^ (mask[index % 4] ?? 0));
    at += Number(length);
    if (isData) payload.push(...data);
    if (data.length < Number(length)) break;
    if (opcode === 9) lastPing = data;
    if (opcode === 8) {
      if (data.length === 0) return { payload, lastPing, end: "closed" };
      const code = data.length === 1 ? 0 : (data[0] ?? 0) * 256 + (data[1] ?? 0);
      const valid = /^(100[0-3]|100[7-9]|101[0-4]|[34]\d{3})$/.test(String(code));
      return { payload, lastPing, end: valid ? `closed ${code}` : "1002" };
    }
  }
  return { payload, lastPing, end: "" };
}

/** Frames most of which are right. */
function randomFrames(random: Random, isMasked: boolean): Uint8Array {
  const frames: Uint8Array[] = [];
  let open = false;
  for (let i = random.below(20); i >= 0; i--) {
    const isWrong = random.below(40) === 0;
    const isControl = random.below(3) === 0;
    const final = isControl || random.below(2) === 0;
    let opcode = isControl ? random.pick([9, 9, 10, 8]) : open ? 0 : random.pick([1, 2]);
    if (opcode === 8 && random.below(4) > 0) opcode = 9;
    if (!isControl) open = !final;
    let payload = random.bytes(random.below(random.pick(isControl ? [1, 10, 126] : [1, 10, 200, 70000])));
    if (opcode === 8) payload = Uint8Array.from(closing(random.pick([1000, 1005, 3000, random.below(65536)])));
    const options: FrameOptions = {
      final: final !== (isWrong && random.below(4) === 0),
      ...(isMasked !== (isWrong && random.below(6) === 0) ? { mask: [...random.bytes(4)] } : {}),
      ...(isWrong && random.below(3) === 0 ? { reserved: random.below(8) } : {}),
      ...(isWrong && random.below(3) === 0 ? { lengthBytes: random.pick([2, 8]) } : {}),
    };
    frames.push(frame(isWrong && random.below(3) === 0 ? random.below(16) : opcode, payload, options));
  }
  const stream = concat(...frames);
  return random.below(4) === 0 ? stream.subarray(0, random.below(stream.length + 1)) : stream;
}

function endText(end: FrameEnd | undefined): string {
  if (end === undefined) return "";
  return end.kind === "failed" ? String(end.code) : ["closed", end.code ?? ""].join(" ").trim();
}

for (const role of ["server", "client"] as const) {
  Deno.test(`random frames cut at random are read by a ${role} as a simple reader reads them whole`, () => {
    const seen = new Map<string, number>();
    for (let seed = 0; seed < 150; seed++) {
      const random = seeded(seed);
      const stream = randomFrames(random, role === "server");
      const expected = reference(stream, role === "server");
      const { payload, pings, end } = read(new FrameReader(role), splitAtRandom(stream, random));
      const kind = endText(end);
      assertEquals(kind, expected.end, `seed ${seed}`);
      assertEquals(pings.at(-1), expected.lastPing, `seed ${seed}`);
      assertEquals(payload.length, expected.payload.length, `seed ${seed}`);
      assertEquals(payload.findIndex((byte, index) => byte !== expected.payload[index]), -1, `seed ${seed}`);
      seen.set(kind.slice(0, 6), (seen.get(kind.slice(0, 6)) ?? 0) + 1);
    }
    assertEquals([...seen.keys()].sort(), ["", "1002", "1009", "closed"]);
  });
}

for (
  const [what, idle] of [
    ["pings", masked(9)],
    ["pongs", masked(10, [1])],
    ["empty messages", masked(2)],
    ["empty fragments", masked(0, [], { final: false })],
  ] as const
) {
  Deno.test(`${MAX_IDLE_FRAMES} ${what} a second are taken, and one more is not, whatever is between them`, () => {
    const reader = new FrameReader("server");
    const isFragment = what === "empty fragments";
    let payload = reader.feed(isFragment ? masked(2, [1], { final: false }) : masked(2, [1]), 0);
    const some = isFragment ? masked(0, [7], { final: false }) : masked(2, [7]);
    for (let window = 1; window <= 3; window++) {
      const now = window * IDLE_WINDOW_MS;
      for (let i = 0; i < MAX_IDLE_FRAMES; i++) reader.feed(idle.slice(), now);
      payload += reader.feed(some.slice(), now + IDLE_WINDOW_MS - 1);
      assertEquals(reader.end, undefined);
    }
    assertEquals(payload, 4);
    reader.feed(concat(idle, some), 4 * IDLE_WINDOW_MS - 1);
    assertEquals(reader.end, failed(`more than ${MAX_IDLE_FRAMES} frames a second bring nothing`, 1008));
  });
}
