import { assert, assertEquals, assertMatch, assertStringIncludes } from "../harness/assert.ts";
import { PAGE, Subject } from "./subject.ts";

Deno.test("what can be looked at is answered as Control says it, in the shape that was promised", async () => {
  await using subject = await Subject.open();
  const { control } = subject;
  const cases: readonly (readonly [string, unknown])[] = [
    ["/healthz", { status: "ok" }],
    ["/readyz", { ready: true }],
    ["/v1/status", control.status()],
    ["/v1/players", { players: control.players() }],
    ["/v1/backends", { backends: control.backends() }],
    ["/v1/plan", control.nextPlan],
    ["/v1/explain/notch", control.trails[0]],
    ["/v1/explain/A-1", control.trails[0]],
    ["/v1/drills/1", control.drillReport],
  ];
  for (const [path, expected] of cases) {
    const { status, headers, text } = await subject.ask(path);
    assertEquals([path, status, headers.get("content-type")], [path, 200, "application/json"]);
    assertEquals(JSON.parse(text), JSON.parse(JSON.stringify(expected)));
  }
});

Deno.test("every answer forbids to be kept, guessed about or named to other sites, and says when it was given", async () => {
  await using subject = await Subject.open();
  for (const path of ["/", "/v1/status", "/nothing"]) {
    const { headers } = await subject.ask(path);
    assertEquals(headers.get("cache-control"), "no-store");
    assertEquals(headers.get("x-content-type-options"), "nosniff");
    assertEquals(headers.get("referrer-policy"), "no-referrer");
    assert(Math.abs(Date.parse(headers.get("date") ?? "") - Date.now()) < 10_000);
  }
});

Deno.test("metrics have the content type of the text format and are not changed", async () => {
  await using subject = await Subject.open();
  subject.control.metricsText = '# TYPE a counter\na{b="ü"} 1\n';
  const { headers, text } = await subject.ask("/metrics");
  assertEquals(headers.get("content-type"), "text/plain; version=0.0.4; charset=utf-8");
  assertEquals(text, subject.control.metricsText);
});

Deno.test("an edge that takes no players is healthy, not ready, and says why", async () => {
  await using subject = await Subject.open();
  subject.control.ready = false;
  const early = await subject.ask("/readyz");
  assertEquals([early.status, JSON.parse(early.text)], [503, { ready: false, why: "the edge takes no players yet" }]);
  await subject.order("/v1/drain");
  const late = await subject.ask("/readyz");
  assertEquals([late.status, JSON.parse(late.text)], [503, { ready: false, why: "the edge is draining" }]);
  assertEquals((await subject.ask("/healthz")).status, 200);
});

Deno.test("the page at / may run its own script and nothing else", async () => {
  await using subject = await Subject.open();
  const { headers, text } = await subject.ask("/");
  assertEquals(text, PAGE);
  assertMatch(headers.get("content-type") ?? "", /^text\/html/);
  const policy = headers.get("content-security-policy") ?? "";
  // printf 'void 0' | openssl dgst -sha256 -binary | base64
  assertStringIncludes(policy, "script-src 'sha256-yyjq/GGlTvm0YhdkNx72uPxcwaIXqWZBYZftmpA6pYU='");
  assertStringIncludes(policy, "default-src 'none'");
  assertStringIncludes(policy, "frame-ancestors 'none'");
});

Deno.test("HEAD is answered as GET without a body, and opens no stream of events", async () => {
  await using subject = await Subject.open();
  for (const path of ["/", "/healthz", "/metrics", "/v1/players", "/v1/events"]) {
    const { status, text, headers } = await subject.ask(path, { method: "HEAD" });
    assertEquals([path, status, text, headers.has("content-type")], [path, 200, "", true]);
  }
  subject.control.ready = false;
  assertEquals((await subject.ask("/readyz", { method: "HEAD" })).status, 503);
  assertEquals(subject.control.subscribers, 0);
});

Deno.test("a session that nobody remembers is not found, with the name that was probably meant", async () => {
  await using subject = await Subject.open();
  const { status, text } = await subject.ask("/v1/explain/Dinerbone");
  assertEquals([status, JSON.parse(text)], [404, {
    error: {
      code: "unknown_player",
      message: 'Cannot explain as no session has this player, id or end code: current value is "Dinerbone"' +
        ' (did you mean "Dinnerbone"?)',
    },
  }]);
});

Deno.test("an ordinary client library reads the answers", async () => {
  await using subject = await Subject.open();
  const { address } = subject.server;
  assert(address.kind === "tcp");
  const url = `http://127.0.0.1:${address.port}/v1`;
  assertEquals((await (await fetch(`${url}/players`)).json()).players.length, 3);
  const order = await fetch(`${url}/announce`, { method: "POST", body: '{"text":"hello"}' });
  assertEquals([order.status, await order.json()], [200, { message: "told to 3 players", players: 3 }]);
});
