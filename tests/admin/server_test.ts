import { AdminServer } from "../../lib/admin/server.ts";
import { BindError } from "../../lib/transport/bind_error.ts";
import { assert, assertEquals, assertRejects } from "../harness/assert.ts";
import { eventually } from "../harness/kernel.ts";
import { quietPort } from "../harness/quiet_port.ts";
import { FakeControl } from "./fake_control.ts";
import { ask, askRaw, dial, formatRequest, type RawConn, RawStream, readAll, readAnswer } from "./raw_client.ts";
import { OPEN, PAGE, Subject } from "./subject.ts";

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
/** Larger than what the kernel keeps for a reader who does not read. */
const LARGE = "x".repeat(16 << 20);

Deno.test("a body of 1 MB is refused without waiting for it", async () => {
  await using subject = await Subject.open();
  using conn = await dial(subject.server.address);
  await conn.write(encode("POST /v1/announce HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n{"));
  const { status, text } = readAnswer(await readAll(conn));
  assertEquals([status, JSON.parse(text)], [413, {
    error: { code: "too_large", message: "Cannot take request: its body is longer than 16384 bytes" },
  }]);
  assertEquals(subject.control.orders, []);
});

Deno.test("a client that insists on sending 1 MB hears the refusal all the same", async () => {
  await using subject = await Subject.open();
  const answer = await subject.order("/v1/announce", { text: "x".repeat(1_000_000) });
  assertEquals(answer.status, 413);
});

Deno.test("a body of 16 KiB is read", async () => {
  await using subject = await Subject.open();
  const body = `{"text":"hello"}${" ".repeat((16 << 10) - 16)}`;
  assertEquals((await subject.ask("/v1/announce", { method: "POST", body })).status, 200);
  assertEquals((await subject.ask("/v1/announce", { method: "POST", body: `${body} ` })).status, 413);
});

const faults: readonly (readonly [what: string, bytes: string, status: number])[] = [
  ["what is no HTTP", "\x00\x07hello\r\n\r\n", 400],
  ["a head that does not end", `GET / HTTP/1.1\r\nA: ${"x".repeat(9000)}`, 431],
  ["HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505],
  ["a body of unknown length", "POST /v1/drain HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n", 411],
  ["a whole URL on another host", "GET http://evil.example/healthz HTTP/1.1\r\nHost: localhost\r\n\r\n", 403],
  ["a URL of something else", "GET ftp://localhost/healthz HTTP/1.1\r\nHost: localhost\r\n\r\n", 400],
  ["the server as a whole", "OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n", 400],
  ["CONNECT", "CONNECT evil.example:80 HTTP/1.1\r\nHost: localhost\r\n\r\n", 400],
  ["TRACE", "TRACE / HTTP/1.1\r\nHost: localhost\r\n\r\n", 400],
  ["a header with a NUL", "GET /healthz HTTP/1.1\r\nHost: localhost\r\nA: x\0y\r\n\r\n", 400],
  ["two hosts", "GET /healthz HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n", 403],
];

for (const [what, bytes, status] of faults) {
  Deno.test(`${what} is answered with ${status}, as JSON`, async () => {
    await using subject = await Subject.open();
    const answer = await askRaw(subject.server.address, bytes);
    assertEquals([answer.status, typeof JSON.parse(answer.text).error.code], [status, "string"]);
    assertEquals((await subject.ask("/healthz")).status, 200);
  });
}

Deno.test("an order that needs no body may come without one, and without saying so", async () => {
  await using subject = await Subject.open();
  const ask = (target: string): ReturnType<typeof askRaw> =>
    askRaw(subject.server.address, `POST ${target} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
  assertEquals((await ask("/v1/reload")).status, 200);
  assertEquals((await ask("/v1/backends/hub/drain")).status, 200);
  assertEquals(subject.control.orders.map(([order]) => order), ["reload", "drain"]);
  const { status, text } = await ask("/v1/announce");
  assertEquals([status, JSON.parse(text).error.message], [400, 'Cannot take request as its body lacks "text"']);
  assertEquals([(await ask("/v1/status")).status, (await ask("/nowhere")).status], [405, 404]);
});

Deno.test("a whole URL is taken, and its host is the one that counts", async () => {
  await using subject = await Subject.open();
  const first = "GET http://LocalHost:80/v1/events?since=x HTTP/1.1";
  const { status, text } = await askRaw(subject.server.address, `${first}\r\nHost: evil.example\r\n\r\n`);
  assertEquals([status, JSON.parse(text).error.code], [400, "bad_request"]);
});

Deno.test("a request that comes byte by byte is read", async () => {
  await using subject = await Subject.open();
  using conn = await dial(subject.server.address);
  for (const byte of formatRequest("/v1/announce", { method: "POST", body: '{"text":"x"}' })) {
    await conn.write(new Uint8Array([byte]));
  }
  assertEquals(readAnswer(await readAll(conn)).status, 200);
});

Deno.test("200 connections that say nothing, or half of something, keep nobody out and are at most 64", async () => {
  await using subject = await Subject.open();
  const conns: RawConn[] = [];
  for (let count = 0; count < 200; count++) {
    const conn = await dial(subject.server.address);
    conns.push(conn);
    if (count % 2 === 0) await conn.write(encode("GET /healthz HT"));
  }
  await eventually(() => subject.server.connections === 64, "as many connections as may be");
  assertEquals((await subject.ask("/healthz")).status, 200);
  for (const conn of conns) conn.close();
  await eventually(() => subject.server.connections === 0, "no connections");
});

Deno.test("a connection that does not finish its request is closed", async () => {
  await using subject = await Subject.open({ limits: { readMs: 50 } });
  using conn = await dial(subject.server.address);
  await conn.write(encode("GET /healthz HTTP/1.1\r\nHost: local"));
  assertEquals(await readAll(conn), "");
});

// In Deno 2.7 a write that waits cannot be broken off.
const ignore = Deno.version.deno.startsWith("2.7.");

Deno.test("a reader who does not take the answer in time is cut off", { ignore }, async () => {
  await using subject = await Subject.open({ limits: { answerMs: 100 } });
  subject.control.metricsText = LARGE;
  using conn = await dial(subject.server.address);
  await conn.write(formatRequest("/metrics"));
  await eventually(() => subject.server.connections === 1, "the connection");
  await eventually(() => subject.server.connections === 0, "its end");
  assert((await readAll(conn)).length < LARGE.length);
});

Deno.test("an address in use is told apart from what cannot be bound at all", async () => {
  await using subject = await Subject.open();
  const open = (host: string, port: number): Promise<AdminServer> =>
    AdminServer.open({
      bind: { kind: "tcp", host, port },
      access: OPEN,
      control: new FakeControl(),
      log: console,
      page: PAGE,
    });
  const { address } = subject.server;
  assert(address.kind === "tcp");
  const taken = await assertRejects(
    () => open("127.0.0.1", address.port),
    BindError,
    "Cannot bind admin to 127.0.0.1:",
  );
  assertEquals(taken.inUse, true);
});

Deno.test("closing ends streams, finishes answers that are under way, drops who has not asked yet, and frees the port", async () => {
  const subject = await Subject.open({ bind: { kind: "tcp", host: "127.0.0.1", port: quietPort() } });
  const { address } = subject.server;
  const plan = Promise.withResolvers<typeof subject.control.nextPlan>();
  const asked = Promise.withResolvers<void>();
  subject.control.plan = () => {
    asked.resolve();
    return plan.promise;
  };
  using stream = await RawStream.open(address, "/v1/events");
  await stream.until(() => stream.text.includes("retry:"));
  using silent = await dial(address);
  const answer = subject.ask("/v1/plan");
  await asked.promise;
  const closing = subject.server.close();
  // What waits to be accepted when a port is closed is reset.
  const error = await assertRejects(() => dial(address), Error);
  assert(error instanceof Deno.errors.ConnectionRefused || error instanceof Deno.errors.ConnectionReset, error.message);
  assertEquals(await readAll(silent), "");
  await stream.over();
  assert(stream.text.endsWith("\n: the edge ends this stream\n\n"));
  plan.resolve(subject.control.nextPlan);
  assertEquals((await answer).status, 200);
  await closing;
  assertEquals([subject.server.connections, subject.control.subscribers], [0, 0]);
  await using next = await Subject.open({ bind: address });
  assertEquals((await next.ask("/healthz")).status, 200);
});

Deno.test("closing does not wait for ever for an answer that never comes", async () => {
  const subject = await Subject.open();
  const asked = Promise.withResolvers<void>();
  subject.control.plan = () => {
    asked.resolve();
    return new Promise(() => {});
  };
  const answer = subject.ask("/v1/plan");
  await asked.promise;
  const before = performance.now();
  await subject.server.close();
  assert(performance.now() - before < 10_000);
  assertEquals((await answer).text, "");
  await subject.server.close();
});

Deno.test("an order that stops the edge is answered though it closes the server", async () => {
  const subject = await Subject.open();
  const { promise: closed, resolve } = Promise.withResolvers<void>();
  subject.control.drainEdge = () => resolve(subject.server.close());
  assertEquals((await subject.order("/v1/drain")).status, 200);
  await closed;
});

Deno.test("IPv6 is served", async () => {
  await using subject = await Subject.open({ bind: { kind: "tcp", host: "::1", port: 0 } });
  const { address } = subject.server;
  assert(address.kind === "tcp");
  assertEquals((await ask(address, "/healthz", { host: `[::1]:${address.port}` })).status, 200);
});
