import { type HttpHead, MAX_HEAD, readHead } from "../../../lib/transport/websocket/http_head.ts";
import { assert, assertEquals } from "../../harness/assert.ts";

function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0));
}

function headOf(text: string): HttpHead {
  const reading = readHead(bytesOf(text));
  assert(reading.kind === "head", JSON.stringify(reading));
  return reading.head;
}

const REQUEST = "GET /path?x=1 HTTP/1.1\r\nHost: a:1\r\nX-One:  1 \r\nx-one:\t2\r\nEmpty:\r\n\r\n";

Deno.test("a request's head is read, and nothing behind it", () => {
  const head = headOf(`${REQUEST}\x00\x01\n`);
  assertEquals(head.startLine, ["GET", "/path?x=1", "HTTP/1.1"]);
  assertEquals(head.size, REQUEST.length);
  assertEquals([head.header("HOST"), head.header("host"), head.header("Empty")], ["a:1", "a:1", ""]);
  assertEquals(head.header("X-One"), "1, 2");
  assertEquals(head.list("x-one"), ["1", "2"]);
  assertEquals(head.header("Missing"), undefined);
});

for (
  const [line, parts] of [
    ["HTTP/1.1 101 Switching Protocols", ["HTTP/1.1", "101", "Switching Protocols"]],
    ["HTTP/1.1 101 ", ["HTTP/1.1", "101", ""]],
    ["HTTP/1.1 101", ["HTTP/1.1", "101", ""]],
  ] as const
) {
  Deno.test(`a response that starts with "${line}" is read`, () => {
    assertEquals(headOf(`${line}\r\n\r\n`).startLine, parts);
  });
}

Deno.test("a head may come in any two pieces", () => {
  const bytes = bytesOf(REQUEST);
  for (let cut = 0; cut < bytes.length; cut++) {
    assertEquals(readHead(bytes.subarray(0, cut)).kind, "more", `cut at ${cut}`);
    assertEquals(readHead(bytes, cut).kind, "head", `cut at ${cut}`);
  }
});

for (
  const [what, text] of [
    ["a line that ends in LF alone", "GET / HTTP/1.1\nHost: a\r\n\r\n"],
    ["an LF at the start", "\nGET / HTTP/1.1\r\n\r\n"],
    ["a CR alone", "GET / HTTP/1.1\r\nHost: a\rb\r\n\r\n"],
    ["a NUL", "GET / HTTP/1.1\r\nHost: a\0\r\n\r\n"],
    ["an escape", "GET /\x1b HTTP/1.1\r\n\r\n"],
    ["a DEL", "GET /\x7f HTTP/1.1\r\n\r\n"],
    ["a space in front of a colon", "GET / HTTP/1.1\r\nHost : a\r\n\r\n"],
    ["a folded line", "GET / HTTP/1.1\r\nHost: a\r\n b\r\n\r\n"],
    ["a line without a colon", "GET / HTTP/1.1\r\nHost\r\n\r\n"],
    ["a header without a name", "GET / HTTP/1.1\r\n: a\r\n\r\n"],
    ["a name that is no word", "GET / HTTP/1.1\r\nHo(st: a\r\n\r\n"],
    ["no first line", "\r\nHost: a\r\n\r\n"],
    ["nothing at all", "\r\n\r\n"],
    ["a first line of one word", "GET\r\n\r\n"],
  ] as const
) {
  Deno.test(`a head with ${what} is refused`, () => {
    assertEquals(readHead(bytesOf(text)).kind, "bad");
  });
}

Deno.test("a control byte is refused before the head is whole", () => {
  assertEquals(readHead(bytesOf("GET /\0")), { kind: "bad", detail: "byte 0 is a control byte" });
});

Deno.test("a head of 8 KiB is read, one of a byte more is not", () => {
  const frame = "GET / HTTP/1.1\r\nX: \r\n\r\n";
  const head = frame.replace("X: ", `X: ${"y".repeat(MAX_HEAD - frame.length)}`);
  assertEquals(headOf(head).size, 8192);
  assertEquals(readHead(bytesOf(head.replace("X", "XX"))).kind, "too-large");
  assertEquals(readHead(bytesOf("y".repeat(MAX_HEAD - 1))).kind, "more");
  assertEquals(readHead(bytesOf("y".repeat(MAX_HEAD))).kind, "too-large");
});
