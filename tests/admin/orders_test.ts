import { assertEquals } from "../harness/assert.ts";
import type { Order } from "./fake_control.ts";
import { Subject } from "./subject.ts";

interface ErrorAnswer {
  readonly error: { readonly code: string; readonly message: string };
}

const UPGRADED = { result: "upgraded", message: "process 7 has taken over", pid: 7, sessions: 3, staying: 1 };

const done: readonly {
  readonly path: string;
  readonly body?: unknown;
  readonly order: Order;
  readonly answer: unknown;
}[] = [
  {
    path: "/v1/players/notch/move",
    body: { to: "games" },
    order: ["move", "notch", "games"],
    answer: { message: "Notch is on the way to games" },
  },
  {
    path: "/v1/players/jeb_/kick",
    body: { reason: "be nice" },
    order: ["kick", "jeb_", "be nice"],
    answer: { message: "jeb_ was kicked" },
  },
  { path: "/v1/players/jeb_/kick", body: {}, order: ["kick", "jeb_", ""], answer: { message: "jeb_ was kicked" } },
  { path: "/v1/players/jeb_/kick", order: ["kick", "jeb_", ""], answer: { message: "jeb_ was kicked" } },
  {
    path: "/v1/backends/hub/drain",
    order: ["drain", "hub", { move: false }],
    answer: { message: "hub gets no more players" },
  },
  {
    path: "/v1/backends/hub/drain",
    body: { move: true },
    order: ["drain", "hub", { move: true }],
    answer: { message: "hub gets no more players" },
  },
  { path: "/v1/backends/attic/enable", order: ["enable", "attic"], answer: { message: "attic gets players again" } },
  {
    path: "/v1/announce",
    body: { text: "Back in 5 minutes: ñ" },
    order: ["announce", "Back in 5 minutes: ñ"],
    answer: { message: "told to 3 players", players: 3 },
  },
  { path: "/v1/reload", order: ["reload", undefined], answer: { result: "applied", lines: ['backend "arena" added'] } },
  {
    path: "/v1/reload",
    body: { confirm: "60s" },
    order: ["reload", 60_000],
    answer: { result: "applied", lines: ['backend "arena" added'], confirmBy: "2026-05-01T12:01:00.000Z" },
  },
  {
    path: "/v1/drills",
    body: { fault: "delay", backend: "hub", players: ["Notch"], for: "5s", delay_ms: 100 },
    order: ["beginDrill", { fault: { kind: "delay", ms: 100 }, backend: "hub", players: ["Notch"], forMs: 5_000 }],
    answer: { drill: "1" },
  },
  {
    path: "/v1/drills",
    body: { fault: "garbage", backend: "hub", seed: 7 },
    order: ["beginDrill", { fault: { kind: "garbage", seed: 7 }, backend: "hub", players: undefined, forMs: 10_000 }],
    answer: { drill: "1" },
  },
  { path: "/v1/drills/1/end", order: ["endDrill", "1"], answer: { message: "drill 1 is over" } },
  { path: "/v1/upgrade", order: ["upgrade", undefined], answer: UPGRADED },
  {
    path: "/v1/upgrade",
    body: { to: "/opt/kurafuto new" },
    order: ["upgrade", "/opt/kurafuto new"],
    answer: UPGRADED,
  },
  { path: "/v1/drain", order: ["drainEdge"], answer: { message: "the edge drains and then stops" } },
];

for (const { path, body, order, answer } of done) {
  Deno.test(`POST ${path} ${JSON.stringify(body) ?? "without a body"} is carried out and logged`, async () => {
    await using subject = await Subject.open();
    const { status, text } = await subject.order(path, body);
    assertEquals([status, JSON.parse(text)], [200, answer]);
    assertEquals(subject.control.orders, [order]);
    assertEquals(subject.lines, [{
      level: "info",
      event: "admin-order",
      fields: { ip: "127.0.0.1", path, status: 200 },
    }]);
  });
}

Deno.test("a reload that waits is confirmed or rolled back, and what waits for neither is refused", async () => {
  await using subject = await Subject.open();
  assertEquals((await subject.order("/v1/reload/confirm")).status, 409);
  assertEquals((await subject.order("/v1/reload/rollback")).status, 409);
  await subject.order("/v1/reload", { confirm: "1m" });
  assertEquals((await subject.order("/v1/reload/confirm")).text, '{"message":"the configuration stays"}');
  await subject.order("/v1/reload", { confirm: "1m" });
  const back = await subject.order("/v1/reload/rollback");
  assertEquals([back.status, JSON.parse(back.text).result], [200, "rolled-back"]);
  const { status, text } = await subject.order("/v1/reload/rollback");
  const message = "Cannot roll back, and nothing was changed: no reload waits to be confirmed";
  assertEquals([status, JSON.parse(text).error], [409, { code: "refused", message }]);
});

Deno.test("a refused reload says why as the others say what they did", async () => {
  await using subject = await Subject.open();
  const refused = { result: "refused", lines: ["kurafuto.toml:3: edge.nam is unknown"] } as const;
  subject.control.reloads.push(refused, { result: "unchanged", lines: [] });
  const { status, text } = await subject.order("/v1/reload");
  const message = "Cannot reload, and nothing was changed: kurafuto.toml:3: edge.nam is unknown";
  assertEquals([status, JSON.parse(text)], [409, { ...refused, error: { code: "refused", message } }]);
  assertEquals((await subject.order("/v1/reload")).status, 200);
});

const NAMES: readonly (readonly [inPath: string, name: string])[] = [
  ["a%2Fb", "a/b"],
  ["%2561", "%61"],
  ["%4eotch", "Notch"],
  ["%zz", "%zz"],
  ["a%20b%3F", "a b?"],
  ["%E2%82%AC", "€"],
  ["..%2f..", "../.."],
];

for (const [inPath, name] of NAMES) {
  Deno.test(`the player ${inPath} in a path is ${name}: decoded once`, async () => {
    await using subject = await Subject.open();
    await subject.order(`/v1/players/${inPath}/kick`);
    assertEquals(subject.control.orders, [["kick", name, ""]]);
  });
}

const failing: readonly {
  readonly what: string;
  readonly path: string;
  readonly method?: string;
  readonly body?: string;
  readonly status: number;
  readonly code: string;
  readonly message: string;
}[] = [
  {
    what: "an unknown player",
    path: "/v1/players/Dinerbone/kick",
    status: 404,
    code: "unknown_player",
    message: 'Cannot find player: current value is "Dinerbone" (did you mean "Dinnerbone"?)',
  },
  {
    what: "an unknown player to move",
    path: "/v1/players/nobody/move",
    body: '{"to":"hub"}',
    status: 404,
    code: "unknown_player",
    message: 'Cannot find player: current value is "nobody"',
  },
  {
    what: "a move to an unknown backend",
    path: "/v1/players/Notch/move",
    body: '{"to":"game"}',
    status: 404,
    code: "unknown_backend",
    message: 'Cannot find backend: current value is "game" (did you mean "games"?)',
  },
  {
    what: "an unknown backend",
    path: "/v1/backends/hob/drain",
    status: 404,
    code: "unknown_backend",
    message: 'Cannot find backend: current value is "hob" (did you mean "hub"?)',
  },
  {
    what: "what the edge refuses",
    path: "/v1/players/Notch/move",
    body: '{"to":"attic"}',
    status: 409,
    code: "refused",
    message: "Cannot move Notch: attic is down",
  },
  {
    what: "a body that is no JSON",
    path: "/v1/announce",
    body: '{"text": hello}',
    status: 400,
    code: "bad_json",
    message: `Cannot read body as JSON: Unexpected token 'h', "{"text": hello}" is not valid JSON`,
  },
  {
    what: "a body that is no object",
    path: "/v1/announce",
    body: '["hello"]',
    status: 400,
    code: "bad_request",
    message: "Cannot take request as its body must be a JSON object",
  },
  {
    what: "null as the body",
    path: "/v1/announce",
    body: "null",
    status: 400,
    code: "bad_request",
    message: "Cannot take request as its body must be a JSON object",
  },
  {
    what: "a field of the wrong type",
    path: "/v1/announce",
    body: '{"text":5}',
    status: 400,
    code: "bad_request",
    message: 'Cannot take request as "text" must be text of 1 to 1024 characters: current value is 5',
  },
  {
    what: "a flag that is text",
    path: "/v1/backends/hub/drain",
    body: '{"move":"yes"}',
    status: 400,
    code: "bad_request",
    message: 'Cannot take request as "move" must be true or false: current value is "yes"',
  },
  {
    what: "a field that is missing",
    path: "/v1/players/Notch/move",
    body: "{}",
    status: 400,
    code: "bad_request",
    message: 'Cannot take request as its body lacks "to"',
  },
  {
    what: "a misspelt field",
    path: "/v1/players/Notch/kick",
    body: '{"raeson":"x"}',
    status: 400,
    code: "bad_request",
    message: 'Cannot take request as its body has an unknown field: current value is "raeson" (did you mean "reason"?)',
  },
  {
    what: "an announcement of spaces",
    path: "/v1/announce",
    body: '{"text":"  "}',
    status: 400,
    code: "bad_request",
    message: 'Cannot take request as "text" must be text that is not all spaces: current value is "  "',
  },
  {
    what: "a time that is none",
    path: "/v1/reload",
    body: '{"confirm":"soon"}',
    status: 400,
    code: "bad_request",
    message:
      'Cannot take request as "confirm" is wrong: Cannot read duration as it must be a whole number and ms, s, m, h ' +
      'or d: current value is "soon"',
  },
  {
    what: "a number in place of a time",
    path: "/v1/reload",
    body: '{"confirm":60}',
    status: 400,
    code: "bad_request",
    message: 'Cannot take request as "confirm" must be a duration such as "30s": current value is 60',
  },
  {
    what: "a fault that there is not",
    path: "/v1/drills",
    body: '{"fault":"quake","backend":"hub"}',
    status: 400,
    code: "bad_request",
    message: 'Cannot take request as "fault" must be "delay", "stall", "reset", "half-open", "garbage" or "death": ' +
      'current value is "quake"',
  },
  {
    what: "a drill for a day",
    path: "/v1/drills",
    body: '{"fault":"stall","backend":"hub","for":"24h"}',
    status: 400,
    code: "bad_request",
    message: 'Cannot take request as "for" is wrong: Cannot use duration as it must be from 100ms to 1h: ' +
      'current value is "24h"',
  },
  {
    what: "a drill for nobody",
    path: "/v1/drills",
    body: '{"fault":"stall","backend":"hub","players":[]}',
    status: 400,
    code: "bad_request",
    message: 'Cannot take request as "players" must name somebody: current value is an empty array',
  },
  {
    what: "a drill on a backend that there is not",
    path: "/v1/drills",
    body: '{"fault":"stall","backend":"hubb"}',
    status: 404,
    code: "unknown_backend",
    message: 'Cannot find backend: current value is "hubb" (did you mean "hub"?)',
  },
  {
    what: "the end of a drill that there is not",
    path: "/v1/drills/9/end",
    status: 404,
    code: "unknown_drill",
    message: 'There is no drill "9"',
  },
  {
    what: "a path that there is not",
    path: "/v1/player",
    method: "GET",
    status: 404,
    code: "not_found",
    message: 'Cannot find path: current value is "/v1/player" (did you mean "/v1/players"?)',
  },
  {
    what: "GET of an order",
    path: "/v1/reload",
    method: "GET",
    status: 405,
    code: "method_not_allowed",
    message: "Cannot take request as its method must be POST",
  },
  {
    what: "POST to a view",
    path: "/v1/players",
    status: 405,
    code: "method_not_allowed",
    message: "Cannot take request as its method must be GET, HEAD",
  },
  {
    what: "a method that no route has",
    path: "/v1/players",
    method: "DELETE",
    status: 405,
    code: "method_not_allowed",
    message: "Cannot take request as its method must be GET, HEAD",
  },
  {
    what: "an event id that is none",
    path: "/v1/events?since=yesterday",
    method: "GET",
    status: 400,
    code: "bad_request",
    message: 'Cannot take request as "since" must be the id of an event: current value is "yesterday"',
  },
];

for (const { what, path, method = "POST", body, status, code, message } of failing) {
  Deno.test(`${what} is answered with ${status} ${code}`, async () => {
    await using subject = await Subject.open();
    const answer = await subject.ask(path, { method, ...(body === undefined ? {} : { body }) });
    const { error }: ErrorAnswer = JSON.parse(answer.text);
    assertEquals([answer.status, error], [status, { code, message }]);
    assertEquals(answer.headers.get("content-type"), "application/json");
  });
}

Deno.test("a wrong method is told the right ones", async () => {
  await using subject = await Subject.open();
  const view = await subject.ask("/metrics", { method: "PUT" });
  const order = await subject.ask("/v1/drain", { method: "OPTIONS" });
  assertEquals([view.headers.get("allow"), order.headers.get("allow")], ["GET, HEAD", "POST"]);
});

Deno.test("an error in the edge is answered with 500, logged, and leaves the server alive", async () => {
  await using subject = await Subject.open();
  const failure = new Error("a bug");
  subject.control.failure = failure;
  for (
    const ask of [() => subject.ask("/v1/status"), () => subject.ask("/metrics"), () => subject.order("/v1/reload")]
  ) {
    const { status, text } = await ask();
    assertEquals([status, JSON.parse(text).error.code], [500, "internal"]);
  }
  assertEquals(subject.lines.filter(({ event }) => event === "admin-failed"), [
    { level: "error", event: "admin-failed", fields: { ip: "127.0.0.1", path: "/v1/status", err: failure } },
    { level: "error", event: "admin-failed", fields: { ip: "127.0.0.1", path: "/metrics", err: failure } },
    { level: "error", event: "admin-failed", fields: { ip: "127.0.0.1", path: "/v1/reload", err: failure } },
  ]);
  subject.control.failure = undefined;
  assertEquals((await subject.ask("/v1/status")).status, 200);
});

Deno.test("an upgrade that is refused is a conflict, and a path that is not absolute no order at all", async () => {
  await using subject = await Subject.open();
  const { status, text } = await subject.order("/v1/upgrade", { to: "/bad" });
  const { error }: ErrorAnswer = JSON.parse(text);
  assertEquals([status, error], [409, { code: "refused", message: "Cannot upgrade: no" }]);
  const odd = await subject.order("/v1/upgrade", { to: "/odd" });
  const { problems, error: fault } = JSON.parse(odd.text);
  assertEquals([odd.status, problems, fault.message], [409, ["a", "b\x1b"], "Cannot upgrade; a; b\x1b"]);
  for (const to of ["kurafuto", "", "/", "/a\0b", `/${"a".repeat(5_000)}`, 7]) {
    assertEquals((await subject.order("/v1/upgrade", { to })).status, 400);
  }
  assertEquals(subject.control.orders, [["upgrade", "/bad"], ["upgrade", "/odd"]]);
});
