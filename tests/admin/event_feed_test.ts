import { EventFeed } from "../../lib/admin/event_feed.ts";
import type { EdgeEvent } from "../../lib/observe/edge_event.ts";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "../harness/assert.ts";
import { eventually } from "../harness/kernel.ts";
import { FakeControl } from "./fake_control.ts";
import { dial, formatRequest, type RawConn, RawStream } from "./raw_client.ts";
import { Subject } from "./subject.ts";

const SAID: EdgeEvent = {
  event: "chat",
  session: "A-1",
  player: "Notch",
  text: "first\nsecond \u2028 third",
  backend: "hub",
};

Deno.test("a stream tells events as they happen, each with its id and name", async () => {
  await using subject = await Subject.open();
  subject.control.emit(SAID);
  using stream = await RawStream.open(subject.server.address, "/v1/events");
  await stream.until(() => stream.text.includes("events of the edge"));
  assert(stream.text.startsWith("HTTP/1.1 200 OK\r\n"));
  assertStringIncludes(stream.text, "content-type: text/event-stream\r\n");
  assertStringIncludes(stream.text, "\nretry: 2000\n");
  const event = subject.control.emit(SAID);
  await stream.until(() => stream.ids.length === 1);
  assertStringIncludes(stream.text, `\n\nid: 2\nevent: chat\ndata: ${JSON.stringify(event)}\n\n`);
  await subject.order("/v1/players/Notch/move", { to: "games" });
  await stream.until(() => stream.ids.length === 2);
  assertStringIncludes(stream.text, "\nevent: move\n");
});

Deno.test("a stream is resumed behind the last event that its reader knows, by header or query, the header first", async () => {
  await using subject = await Subject.open();
  for (let count = 0; count < 5; count++) subject.control.emit(SAID);
  const cases: readonly (readonly [string, Record<string, string>, readonly number[]])[] = [
    ["/v1/events?since=0", {}, [1, 2, 3, 4, 5, 6]],
    ["/v1/events?since=3", {}, [4, 5, 6]],
    ["/v1/events", { "Last-Event-ID": "4" }, [5, 6]],
    ["/v1/events?since=0", { "Last-Event-ID": "5" }, [6]],
    ["/v1/events", {}, [6]],
    // Of an edge before this one.
    ["/v1/events", { "Last-Event-ID": "4711" }, [1, 2, 3, 4, 5, 6]],
  ];
  const streams: RawStream[] = [];
  for (const [target, headers] of cases) {
    const stream = await RawStream.open(subject.server.address, target, headers);
    await stream.until(() => stream.text.includes("retry:"));
    streams.push(stream);
  }
  subject.control.emit(SAID);
  for (const [index, [, , expected]] of cases.entries()) {
    const stream = streams[index];
    await stream?.until(() => stream.ids.at(-1) === 6);
    assertEquals(stream?.ids, expected);
    stream?.[Symbol.dispose]();
  }
  await eventually(() => subject.control.subscribers === 0, "no subscribers");
});

Deno.test("no event is lost or told twice between the past and the present, whenever the reader comes", async () => {
  await using subject = await Subject.open();
  const streams: RawStream[] = [];
  for (let count = 1; count <= 20; count++) {
    subject.control.emit(SAID);
    streams.push(await RawStream.open(subject.server.address, "/v1/events?since=0"));
  }
  for (const stream of streams) {
    await stream.until(() => stream.ids.length === 20);
    assertEquals(stream.ids, Array.from({ length: 20 }, (_, index) => index + 1));
    stream[Symbol.dispose]();
  }
});

Deno.test("who missed more than is remembered is told how much", async () => {
  await using subject = await Subject.open();
  for (let count = 0; count < 1500; count++) subject.control.emit(SAID);
  using stream = await RawStream.open(subject.server.address, "/v1/events?since=100");
  await stream.until(() => stream.ids.at(-1) === 1500);
  assertEquals(stream.ids[0], 501);
  assertStringIncludes(stream.text, "\n: 400 events are not remembered any more\n\n");
});

Deno.test("a quiet stream shows that it is alive", async () => {
  await using subject = await Subject.open({ events: { heartbeatMs: 20 } });
  using stream = await RawStream.open(subject.server.address, "/v1/events");
  await stream.until(() => stream.text.endsWith("\n:\n\n:\n\n:\n\n"));
  assertEquals(stream.ids, []);
});

Deno.test("a reader who does not keep up is told so and let go, and the others are told everything", async () => {
  await using subject = await Subject.open({ events: { mostPending: 100 } });
  const big: EdgeEvent = { ...SAID, text: "x".repeat(64 << 10) };
  using slow = await RawStream.open(subject.server.address, "/v1/events");
  await slow.until(() => slow.text.includes("retry:"));
  using quick = await RawStream.open(subject.server.address, "/v1/events");
  await quick.until(() => quick.text.includes("retry:"));
  for (let count = 1; count <= 400; count++) {
    subject.control.emit(big);
    await quick.until(() => quick.text.includes(`\nid: ${count}\n`));
    quick.text = quick.text.slice(-200);
  }
  await slow.over();
  assert(slow.text.endsWith("\n: you read too slowly, so events were lost\n\n"));
  assert(slow.ids.length < 400);
  assertEquals(slow.ids, slow.ids.map((_, index) => index + 1));
  await eventually(() => subject.control.subscribers === 1, "only the quick reader");
});

Deno.test("a reader who takes nothing at all is cut off", async () => {
  await using subject = await Subject.open({ limits: { stallMs: 100 } });
  using stream = await RawStream.open(subject.server.address, "/v1/events");
  await stream.until(() => stream.text.includes("retry:"));
  for (let count = 0; count < 200; count++) subject.control.emit({ ...SAID, text: "x".repeat(64 << 10) });
  await eventually(() => subject.control.subscribers === 0, "the end of the stream");
  // In Deno 2.7 a write that waits cannot be broken off.
  if (Deno.version.deno.startsWith("2.7.")) return;
  await eventually(() => subject.server.connections === 0, "the end of the connection");
});

Deno.test("a reader who goes is forgotten at once", async () => {
  await using subject = await Subject.open();
  const stream = await RawStream.open(subject.server.address, "/v1/events");
  await stream.until(() => stream.text.includes("retry:"));
  assertEquals(subject.control.subscribers, 1);
  stream[Symbol.dispose]();
  await eventually(() => subject.control.subscribers === 0 && subject.server.connections === 0, "nobody left");
});

Deno.test("a reader who talks without end is cut off", async () => {
  await using subject = await Subject.open();
  using stream = await RawStream.open(subject.server.address, "/v1/events");
  await stream.until(() => stream.text.includes("retry:"));
  const chunk = new Uint8Array(64 << 10);
  await assertRejects(async () => {
    for (let sent = 0; sent < 256 << 20; sent += chunk.length) await stream.conn.write(chunk);
  });
  await eventually(() => subject.server.connections === 0, "the end of the connection");
});

Deno.test("one stream too many is refused, and taken when another has ended", async () => {
  await using subject = await Subject.open();
  const conns: RawConn[] = [];
  for (let count = 0; count < 64; count++) {
    const conn = await dial(subject.server.address);
    conns.push(conn);
    await conn.write(formatRequest("/v1/events"));
  }
  await eventually(() => subject.control.subscribers === 64, "as many streams as may be");
  const { status, text, headers } = await subject.ask("/v1/events");
  assertEquals([status, JSON.parse(text).error.code, headers.get("retry-after")], [503, "too_many_streams", "10"]);
  // Streams are no reason to keep other requests out.
  assertEquals((await subject.ask("/v1/players")).status, 200);
  for (const conn of conns) conn.close();
  await eventually(() => subject.control.subscribers === 0, "no streams");
  using stream = await RawStream.open(subject.server.address, "/v1/events");
  await stream.until(() => stream.text.includes("retry:"));
});

Deno.test("a feed holds no timer once its streams have ended", async () => {
  const feed = new EventFeed(new FakeControl());
  const reader = feed.open(undefined)?.getReader();
  await reader?.read();
  const waiting = reader?.read();
  feed.end();
  await waiting;
  assertEquals([(await reader?.read())?.done, feed.size], [true, 0]);
});
