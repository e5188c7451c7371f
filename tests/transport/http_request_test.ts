import { type RequestProgress, RequestReader } from "../../lib/transport/http_request.ts";
import { assert, assertEquals } from "../harness/assert.ts";

const LONGEST_BODY = 16;
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** What the reader makes of `text` whole; the same must come of it byte by byte. */
function read(text: string): RequestProgress {
  const whole = new RequestReader(LONGEST_BODY).take(bytes(text));
  const single = new RequestReader(LONGEST_BODY);
  let last: RequestProgress = { kind: "incomplete" };
  for (const byte of bytes(text)) {
    const progress = single.take(Uint8Array.of(byte));
    if (progress.kind !== "continue") last = progress;
    if (last.kind !== "incomplete") break;
  }
  if (whole.kind !== "continue") assertEquals(last, whole, text.slice(0, 80));
  return whole;
}

function statusOf(text: string): number | undefined {
  const progress = read(text);
  return progress.kind === "fault" ? progress.status : undefined;
}

Deno.test("a request is read whole, in any portions", () => {
  const progress = read("POST /hb/x?y=1 HTTP/1.1\r\nHost: h:1\r\nX-A:  1 \r\nx-a:2\r\nContent-Length: 3\r\n\r\nabc");
  assert(progress.kind === "request");
  const { method, target, headers, body } = progress.request;
  assertEquals([method, target, new TextDecoder().decode(body)], ["POST", "/hb/x?y=1", "abc"]);
  assertEquals([...headers], [["host", "h:1"], ["x-a", "1, 2"], ["content-length", "3"]]);
});

Deno.test("what follows a request is dropped", () => {
  const progress = new RequestReader(LONGEST_BODY).take(bytes(`GET / HTTP/1.0\r\n\r\n${"x".repeat(100_000)}`));
  assert(progress.kind === "request");
  assertEquals(progress.request.body.length, 0);
});

Deno.test("a request of any method that does not say its length has no body", () => {
  for (const method of ["GET", "POST", "PUT", "DELETE"]) {
    const progress = read(`${method} / HTTP/1.1\r\nHost: h\r\n\r\n`);
    assert(progress.kind === "request", method);
    assertEquals(progress.request.body.length, 0);
  }
});

Deno.test("half a request is incomplete", () => {
  for (const text of ["", "POST", "GET / HTTP/1.1\r\n\r", "POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\na"]) {
    assertEquals(read(text).kind, "incomplete", text);
  }
});

Deno.test("a client that asks may go on with its body, once", () => {
  const reader = new RequestReader(LONGEST_BODY);
  const head = "POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n";
  assertEquals(reader.take(bytes(head)).kind, "continue");
  assertEquals(reader.take(bytes("a")).kind, "incomplete");
  assertEquals(reader.take(bytes("b")).kind, "request");
  assertEquals(read(`${head}ab`).kind, "request");
  assertEquals(statusOf("POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 17\r\n\r\n"), 413);
});

Deno.test("what is no request is refused with its status", () => {
  const cases: readonly (readonly [string, number])[] = [
    ["\r\n\r\n", 400],
    ["\x16\x03\x01\r\n\r\n", 400],
    ["GET /\r\n\r\n", 400],
    ["GET / x HTTP/1.1\r\n\r\n", 400],
    ["GET / HTTP/2.0\r\n\r\n", 505],
    ["GET / HTTP/1.1\r\nno colon\r\n\r\n", 400],
    ["GET / HTTP/1.1\r\n folded: x\r\n\r\n", 400],
    ["GET / HTTP/1.1\r\nspace : x\r\n\r\n", 400],
    ["POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", 411],
    ["POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n", 411],
    ["POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400],
    ["POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400],
    ["POST / HTTP/1.1\r\nContent-Length: 17\r\n\r\n", 413],
    [`GET /${"x".repeat(8192)}`, 431],
  ];
  for (const [text, status] of cases) assertEquals(statusOf(text), status, text.slice(0, 80));
});

Deno.test("the longest head and the longest body are taken", () => {
  const frame = "POST / HTTP/1.1\r\nContent-Length: 16\r\nA: \r\n\r\n";
  const text = frame.replace("A: ", `A: ${"x".repeat(8192 - frame.length)}`) + "y".repeat(16);
  assertEquals(read(text).kind, "request");
});
