import type { Conn } from "../../../lib/transport/conn.ts";
import { dialWebSocket, type WebSocketDialOptions } from "../../../lib/transport/websocket/client_handshake.ts";
import { writeAll } from "../../../lib/transport/write_all.ts";
import { assertEquals, assertMatch, assertRejects } from "../../harness/assert.ts";
import { concat, counting, frame } from "./frames.ts";
import { readBytes, TcpPair, writePieces } from "./tcp_pair.ts";

const HOST = "127.0.0.1:25566";

function never(): AbortSignal {
  return new AbortController().signal;
}

async function readRequest(conn: Conn): Promise<string> {
  let text = "";
  while (!text.endsWith("\r\n\r\n")) text += new TextDecoder().decode(await readBytes(conn, 1));
  return text;
}

/** What RFC 6455 §4.2.2 wants as answer, by Web Crypto. */
async function agreement(request: string): Promise<string> {
  const key = /\r\nSec-WebSocket-Key: (.*)\r\n/.exec(request)?.[1] ?? "";
  const text = new TextEncoder().encode(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`);
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-1", text));
  return "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
    `Sec-WebSocket-Accept: ${btoa(String.fromCharCode(...hash))}\r\nSec-WebSocket-Protocol: ClassiCube\r\n\r\n`;
}

for (
  const [options, lines] of [
    [{ host: HOST }, []],
    [{ host: HOST, realIp: "203.0.113.9" }, ["X-Real-IP: 203.0.113.9"]],
    [{ host: HOST, realIp: "2001:db8::1" }, ["X-Real-IP: 2001:db8::1"]],
  ] satisfies readonly (readonly [WebSocketDialOptions, readonly string[]])[]
) {
  Deno.test(`a backend is asked with ${lines[0] ?? "no address"} in exactly these letters`, async () => {
    using pair = await TcpPair.open();
    const dialling = dialWebSocket(pair.near, options, never());
    const request = await readRequest(pair.far);
    await writeAll(pair.far, new TextEncoder().encode(await agreement(request)));
    await dialling;
    const key = /^Sec-WebSocket-Key: ([+/0-9A-Za-z]{22}==)$/m.exec(request)?.[1] ?? "";
    assertEquals(atob(key).length, 16);
    assertEquals(request.split("\r\n"), [
      "GET / HTTP/1.1",
      "Host: 127.0.0.1:25566",
      "Connection: Upgrade",
      "Upgrade: websocket",
      "Sec-WebSocket-Version: 13",
      `Sec-WebSocket-Key: ${key}`,
      "Sec-WebSocket-Protocol: ClassiCube",
      "Origin: http://127.0.0.1:25566",
      ...lines,
      "",
      "",
    ]);
  });
}

for (const size of [1, 10, 10_000]) {
  Deno.test(`an answer and frames behind it may come ${size} bytes at a time`, async () => {
    using pair = await TcpPair.open();
    const dialling = dialWebSocket(pair.near, { host: HOST }, never());
    const answer = new TextEncoder().encode(await agreement(await readRequest(pair.far)));
    await writePieces(pair.far, concat(answer, frame(2, counting(200))), size);
    assertEquals(await readBytes(await dialling, 200), counting(200));
  });
}

for (
  const [what, change, message] of [
    [
      "another status",
      () => "HTTP/1.1 403 Forbidden\r\n\r\n",
      'Cannot upgrade: current answer is "HTTP/1.1 403 Forbidden"',
    ],
    ["another version", (answer: string) => answer.replace("/1.1", "/1.0"), "Cannot upgrade: current answer is"],
    [
      "a wrong accept",
      (answer: string) => answer.replace(/Accept: ./, "Accept: -"),
      "Cannot upgrade: Sec-WebSocket-Accept of the answer does not match",
    ],
    ["no accept", (answer: string) => answer.replace("-Accept", "-Except"), "Cannot upgrade: Sec-WebSocket-Accept"],
    ["a packet", () => "\x0eYou are banned", "Cannot upgrade: the answer is broken: byte 14 is a control byte"],
    ["no end", () => "HTTP/1.1 200 OK\r\n", "Cannot upgrade: the answer is broken: it ends early"],
    ["too much", () => "x".repeat(9000), "Cannot upgrade: the answer is too large"],
  ] satisfies readonly (readonly [string, (answer: string) => string, string])[]
) {
  Deno.test(`a backend that answers with ${what} is not spoken to`, async () => {
    using pair = await TcpPair.open();
    const failing = assertRejects(() => dialWebSocket(pair.near, { host: HOST }, never()), Error, message);
    await writeAll(pair.far, new TextEncoder().encode(change(await agreement(await readRequest(pair.far)))));
    await pair.far.closeWrite();
    await failing;
    await assertRejects(() => pair.near.write(Uint8Array.of(1)), Deno.errors.BadResource);
  });
}

Deno.test("a backend that does not answer is given up with the signal's reason", async () => {
  using pair = await TcpPair.open();
  const deadline = new AbortController();
  const failing = assertRejects(
    () => dialWebSocket(pair.near, { host: HOST }, deadline.signal),
    Error,
    "Cannot connect in time",
  );
  assertMatch(await readRequest(pair.far), /^GET/);
  deadline.abort(new Error("Cannot connect in time"));
  await failing;
  assertEquals(await pair.far.read(new Uint8Array(1)), null);
});
