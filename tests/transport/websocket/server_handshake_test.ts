import { acceptWebSocket } from "../../../lib/transport/websocket/server_handshake.ts";
import { writeAll } from "../../../lib/transport/write_all.ts";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "../../harness/assert.ts";
import { concat, counting, frame, masked } from "./frames.ts";
import { readAll, readBytes, TcpPair, writePieces } from "./tcp_pair.ts";

/** The request of RFC 6455 §1.2, with some of its headers replaced or, when the value is undefined, left out. */
function request(
  changes: Readonly<Record<string, string | undefined>> = {},
  firstLine = "GET /chat HTTP/1.1",
): Uint8Array {
  const headers = {
    Host: "server.example.com",
    Upgrade: "websocket",
    Connection: "Upgrade",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Version": "13",
    ...changes,
  };
  const lines = Object.entries(headers).flatMap(([name, value]) => value === undefined ? [] : [`${name}: ${value}`]);
  return new TextEncoder().encode([firstLine, ...lines, "\r\n"].join("\r\n"));
}

function never(): AbortSignal {
  return new AbortController().signal;
}

const AGREED = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
  "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n";

for (
  const [what, changes, answer] of [
    ["a plain request", {}, `${AGREED}\r\n`],
    ["one of a browser", {
      Connection: "keep-alive, Upgrade",
      Upgrade: "WebSocket",
      Cookie: "\xe4",
      "Sec-WebSocket-Protocol": "ClassiCube",
      "Sec-WebSocket-Extensions": "permessage-deflate; client_max_window_bits",
    }, `${AGREED}Sec-WebSocket-Protocol: ClassiCube\r\n\r\n`],
    [
      "one that lists protocols",
      { "Sec-WebSocket-Protocol": "chat, classicube" },
      `${AGREED}Sec-WebSocket-Protocol: classicube\r\n\r\n`,
    ],
    ["one that lists another protocol", { "Sec-WebSocket-Protocol": "chat" }, `${AGREED}\r\n`],
  ] as const
) {
  Deno.test(`${what} is agreed to`, async () => {
    using pair = await TcpPair.open();
    await writeAll(pair.near, request(changes));
    const entry = await acceptWebSocket(pair.far, never());
    assertEquals(entry.kind, "open");
    assertEquals(new TextDecoder().decode(await readBytes(pair.near, answer.length)), answer);
  });
}

Deno.test("the headers of the request can be asked for", async () => {
  using pair = await TcpPair.open();
  await writeAll(pair.near, request({ "X-Forwarded-For": "192.0.2.1", "x-forwarded-for": "192.0.2.2" }));
  const entry = await acceptWebSocket(pair.far, never());
  assert(entry.kind === "open");
  assertEquals(entry.header("x-FORWARDED-for"), "192.0.2.1, 192.0.2.2");
  assertEquals(entry.header("X-Real-IP"), undefined);
});

for (const size of [1, 7, 160, 10_000]) {
  Deno.test(`a request and frames behind it may come ${size} bytes at a time`, async () => {
    using pair = await TcpPair.open();
    const accepting = acceptWebSocket(pair.far, never());
    await writePieces(pair.near, concat(request(), masked(2, counting(200)), masked(1, [9])), size);
    const entry = await accepting;
    assert(entry.kind === "open");
    assertEquals(await readBytes(entry.conn, 201), concat(counting(200), Uint8Array.of(9)));
    await entry.conn.write(Uint8Array.of(1, 2));
    const answer = AGREED.length + 2;
    assertEquals((await readBytes(pair.near, answer + 4)).subarray(answer), frame(2, [1, 2]));
  });
}

for (
  const [what, bytes, status, header] of [
    ["a POST", request({}, "POST / HTTP/1.1"), 405, "Allow: GET"],
    ["HTTP/1.0", request({}, "GET / HTTP/1.0"), 505, undefined],
    ["a first line that is no request's", request({}, "GET / FTP"), 400, undefined],
    ["a first line of four words", request({}, "GET / HTTP/1.1 x"), 505, undefined],
    ["no Host", request({ Host: undefined }), 400, undefined],
    ["two Hosts", request({ host: "b" }), 400, undefined],
    ["another Upgrade", request({ Upgrade: "h2c" }), 426, "Upgrade: websocket"],
    ["no Connection", request({ Connection: "keep-alive" }), 400, undefined],
    ["an old version", request({ "Sec-WebSocket-Version": "8" }), 426, "Sec-WebSocket-Version: 13"],
    ["no version", request({ "Sec-WebSocket-Version": undefined }), 426, "Sec-WebSocket-Version: 13"],
    ["no key", request({ "Sec-WebSocket-Key": undefined }), 400, undefined],
    ["a key of 15 bytes", request({ "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAA" }), 400, undefined],
    ["a key that is no Base64", request({ "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZ*==" }), 400, undefined],
    ["a control byte", request({ Host: "\0" }), 400, undefined],
    ["more than 8 KiB", request({ Cookie: "x".repeat(8192) }), 431, undefined],
  ] as const
) {
  Deno.test(`a request with ${what} is refused with ${status}`, async () => {
    using pair = await TcpPair.open();
    await writeAll(pair.near, bytes);
    const entry = await acceptWebSocket(pair.far, never());
    assert(entry.kind === "refused");
    assertEquals(entry.status, status);
    await pair.far.closeWrite();
    const answer = new TextDecoder().decode(await readAll(pair.near));
    assertMatch(answer, new RegExp(`^HTTP/1\\.1 ${status} [A-Z]`));
    assertStringIncludes(answer, "\r\nConnection: close\r\n");
    assertStringIncludes(answer, `\r\nContent-Length: ${entry.detail.length + 1}\r\n`);
    if (header !== undefined) assertStringIncludes(answer, `\r\n${header}\r\n`);
    assert(answer.endsWith(`\r\n\r\n${entry.detail}\n`), answer);
  });
}

Deno.test("a browser that visits is told how to join", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const fetching = fetch(`http://127.0.0.1:${listener.addr.port}/`);
  const conn = await listener.accept();
  await acceptWebSocket(conn, never());
  const response = await fetching;
  assertEquals([response.status, response.headers.get("content-type")], [426, "text/plain"]);
  assertMatch(await response.text(), /^This is a Minecraft Classic server: .*ClassiCube.*\n$/);
  conn.close();
});

Deno.test("a request that ends early is refused", async () => {
  using pair = await TcpPair.open();
  await writeAll(pair.near, request().subarray(0, 100));
  await pair.near.closeWrite();
  const detail = "the request is broken: it ends early";
  assertEquals(await acceptWebSocket(pair.far, never()), { kind: "refused", status: 400, detail });
});

Deno.test("the deadline ends a request that does not come, and one that was late from the start", async () => {
  for (const isLate of [false, true]) {
    using pair = await TcpPair.open();
    const deadline = new AbortController();
    if (isLate) deadline.abort();
    await writeAll(pair.near, request().subarray(0, 100));
    const accepting = acceptWebSocket(pair.far, deadline.signal);
    deadline.abort();
    assertEquals(await accepting, { kind: "refused", status: 408, detail: "the request takes too long" });
    const end = await pair.near.read(new Uint8Array(1)).catch((error) => error instanceof Deno.errors.ConnectionReset);
    assert(end === null || end === true);
  }
});

Deno.test("the deadline means nothing once the handshake is over", async () => {
  using pair = await TcpPair.open();
  const deadline = new AbortController();
  await writeAll(pair.near, request());
  const entry = await acceptWebSocket(pair.far, deadline.signal);
  assert(entry.kind === "open");
  deadline.abort();
  await writeAll(pair.near, masked(2, [1]));
  assertEquals(await entry.conn.read(new Uint8Array(9)), 1);
});
