import { decodeMessage, encodeMessage, type Message } from "../../lib/handover/messages.ts";
import { assertEquals, assertStringIncludes } from "../harness/assert.ts";
import { traveller } from "./travellers.ts";

const MESSAGES: readonly Message[] = [
  { kind: "hello", version: 2, release: "0.1.0", states: [1], pid: 4711 },
  {
    kind: "given",
    listeners: [{ name: "main", bind: { host: "0.0.0.0", port: 25_565 } }],
    backends: [
      { name: "hub", closing: "drained", offers: [["LongerMessages", 1]], refusesLists: false },
      { name: "other", closing: "no", refusesLists: true },
    ],
  },
  { kind: "ready" },
  { kind: "refused", why: "Cannot bind listener" },
  { kind: "refused", why: "edge: bad", problems: ["edge: bad"] },
  {
    kind: "sessions",
    sessions: [
      traveller("Steve", [new Uint8Array(0), new Uint8Array([7, 0, 255])]),
      traveller("Ann"),
      traveller("Bob", [new Uint8Array([1]), new Uint8Array([2, 3])]),
    ],
  },
  { kind: "samples", sessions: [traveller("Ann", [new Uint8Array(0), new Uint8Array(0)])] },
  { kind: "handed", sessions: 500, staying: ["Ann"] },
  { kind: "adopted", refused: [{ session: "ABCDE", why: "the name is taken" }] },
  { kind: "commit" },
  { kind: "running" },
];

/** A message with another head. */
function withHead(head: unknown, tail: Uint8Array = new Uint8Array(0)): Uint8Array {
  const json = new TextEncoder().encode(JSON.stringify(head));
  const bytes = new Uint8Array(4 + json.length + tail.length);
  new DataView(bytes.buffer).setUint32(0, json.length, true);
  bytes.set(json, 4);
  bytes.set(tail, 4 + json.length);
  return bytes;
}

function problemOf(bytes: Uint8Array): string {
  const reading = decodeMessage(bytes);
  return reading.kind === "unreadable" ? reading.why : `understood as ${reading.kind}`;
}

for (const message of MESSAGES) {
  Deno.test(`the message ${message.kind} is read as it was written`, () => {
    assertEquals(decodeMessage(encodeMessage(message)), message);
  });

  Deno.test(`the message ${message.kind} cut short anywhere is refused in words`, () => {
    const bytes = encodeMessage(message);
    for (let length = 0; length < bytes.length; length++) {
      assertStringIncludes(problemOf(bytes.subarray(0, length)), "Cannot understand");
    }
  });
}

Deno.test("what another release adds to a message is passed over", () => {
  assertEquals(decodeMessage(withHead({ kind: "ready", colour: "green" })), { kind: "ready" });
});

Deno.test("a message of an unknown kind, of no kind and one that is no JSON are refused", () => {
  for (const head of [{ kind: "goodbye" }, {}, null, [], 7]) {
    assertStringIncludes(problemOf(withHead(head)), "Cannot understand");
  }
  assertStringIncludes(problemOf(new Uint8Array([2, 0, 0, 0, 0xff, 0xfe])), "Cannot understand");
});

Deno.test("a value of the wrong type is told with its place", () => {
  const why = problemOf(withHead({ kind: "hello", version: 1, release: "0.1.0", states: ["one"], pid: 7 }));
  assertStringIncludes(why, "states.0");
});

Deno.test("a session whose parts are more, fewer or of other sizes than it tells is refused", () => {
  const { passport } = traveller("Steve");
  const first = { passport, sizes: [1, 1] };
  for (const [sizes, length] of [[[3], 3], [[3, 4, 5], 12], [[3, 4], 6], [[3, 4], 8], [[], 0]] as const) {
    const sessions = [first, { passport, sizes }];
    assertStringIncludes(problemOf(withHead({ kind: "sessions", sessions }, new Uint8Array(2 + length))), "parts");
  }
});

Deno.test("random bytes are never understood and never throw", () => {
  let seed = 20_260;
  const random = (): number => seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
  for (let round = 0; round < 2_000; round++) {
    const bytes = Uint8Array.from({ length: random() % 64 }, () => random() >> 8);
    assertStringIncludes(problemOf(bytes), "Cannot understand");
  }
});
