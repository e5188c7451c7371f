import { SOFTWARE } from "../../lib/heartbeat/beat.ts";
import { postBeat, type PostOptions } from "../../lib/heartbeat/post.ts";
import { LONGEST_REPLY } from "../../lib/heartbeat/reply.ts";
import type { NotListedReason, Verdict } from "../../lib/heartbeat/verdict.ts";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "../harness/assert.ts";
import { quietPort } from "../harness/quiet_port.ts";
import { CAN_RESET } from "../harness/reset.ts";
import { AUTHORITY_CERTIFICATE } from "./certificates.ts";
import { RECORDED_BODY, RECORDED_FACTS } from "./facts.ts";
import { LISTED, type Play, PLAY_URL, refusal, reply, ScriptedList } from "./scripted_list.ts";

const SUCCESS: Verdict = { kind: "listed", url: PLAY_URL };

async function post(url: string, options: Partial<PostOptions> = {}): Promise<Verdict> {
  const { signal } = new AbortController();
  return await postBeat({ url, facts: RECORDED_FACTS, signal, ...options });
}

function assertNotListed(verdict: Verdict, reason: NotListedReason, words: string): void {
  assert(verdict.kind === "not-listed", "nobody is listed");
  assertEquals([verdict.reason, verdict.explanation.includes(words)], [reason, true], verdict.explanation);
  assert(!verdict.explanation.includes(RECORDED_FACTS.salt));
  assert(verdict.advice !== "");
}

Deno.test("the request is the recorded one of MCGalaxy, field by field", async () => {
  await using list = new ScriptedList();
  assertEquals(await post(list.url("127.0.0.1")), SUCCESS);
  const [head = "", body] = list.requests[0]?.split("\r\n\r\n") ?? [];
  const [requestLine, ...headers] = head.split("\r\n");
  assertEquals([list.requests.length, requestLine, body], [1, "POST /heartbeat.jsp HTTP/1.1", RECORDED_BODY]);
  const fields = new Map(headers.map((header) => {
    const colon = header.indexOf(": ");
    return [header.slice(0, colon).toLowerCase(), header.slice(colon + 2)];
  }));
  assertEquals(fields.size, headers.length, "each header is there once");
  for (const own of ["accept", "accept-language", "accept-encoding"]) fields.delete(own);
  assertEquals(
    fields,
    new Map([
      ["content-length", String(RECORDED_BODY.length)],
      ["user-agent", "MCGalaxy 1.9.5.3"],
      ["content-type", "application/x-www-form-urlencoded"],
      ["host", `127.0.0.1:${list.port}`],
    ]),
  );
});

Deno.test("the edge names itself in the header as in the form", async () => {
  await using list = new ScriptedList();
  await post(list.url(), { facts: { ...RECORDED_FACTS, software: SOFTWARE } });
  assertStringIncludes(list.requests[0] ?? "", `user-agent: ${SOFTWARE}\r\n`);
  assertStringIncludes(list.requests[0] ?? "", `&software=${encodeURIComponent(SOFTWARE)}&`);
});

Deno.test("path and query of the address are kept", async () => {
  await using list = new ScriptedList();
  await post(`http://127.0.0.1:${list.port}/server/heartbeat/?a=b%20c#d`);
  assertStringIncludes(list.requests[0] ?? "", "POST /server/heartbeat/?a=b%20c HTTP/1.1\r\n");
});

/** What a list may play, and what that comes to. */
const BAD_REPLIES: readonly (readonly [what: string, play: Play, reason: NotListedReason, words: string])[] = [
  ["a closed port", refusal("Port 25599 not open, you may need to port forward it."), "refused", "port 25599"],
  ["a name", refusal("Only first 256 unicode codepoints may be used in server names."), "refused", "name too long"],
  ["an unknown refusal", refusal("No \u001b[31mway"), "refused", 'the list says "No [31mway"'],
  ["a web page", reply("200 OK", "text/html", "<!DOCTYPE html><title>Down</title>"), "unreadable", "web page"],
  ["a server error", reply("500 Internal Server Error", "text/html", "<html>oops"), "http-error", "status 500"],
  ["an overload", reply("503 Service Unavailable", "text/plain", ""), "http-error", "status 503"],
  ["an unknown path", reply("404 Not Found", "text/html", "<html>"), "http-error", "status 404"],
  ["a redirect", reply("301 Moved", "text/html", "", "Location: https://b.example/\r\n"), "redirected", "b.example"],
  ["an empty reply", reply("200 OK", "text/plain", ""), "unreadable", "empty"],
  ["garbage in a reply", reply("200 OK", "text/plain", "\u0001\u0002\ufffd"), "unreadable", "no reply of a list"],
  ["garbage", { bytes: "\u0000\u0001garbage\r\n\r\n", then: "close" }, "unreachable", "no HTTP"],
  ["silence and an end", { bytes: "", then: "close" }, "unreachable", "before its reply was complete"],
  ["half a head", { bytes: "HTTP/1.1 200 OK\r\nConte", then: "close" }, "unreachable", "before its reply was complete"],
  [
    "half a body",
    { bytes: LISTED.bytes.slice(0, -10), then: "close" },
    "unreachable",
    "before its reply was complete",
  ],
  [
    "half a body in chunks",
    { bytes: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n40\r\nhttps://www.", then: "close" },
    "unreachable",
    "before its reply was complete",
  ],
  [
    "half a refusal without length",
    { bytes: 'HTTP/1.1 200 OK\r\n\r\n{"errors":[["Port 255', then: "close" },
    "unreadable",
    "cut off",
  ],
  ["a reply that is too long", reply("200 OK", "text/plain", "x".repeat(LONGEST_REPLY + 1)), "unreadable", "longer"],
  [
    "a reply without end",
    { bytes: `HTTP/1.1 200 OK\r\n\r\n${"x".repeat(LONGEST_REPLY + 1)}`, then: "hold" },
    "unreadable",
    "longer",
  ],
];

for (const [what, play, reason, words] of BAD_REPLIES) {
  Deno.test(`${what} lists nobody, is explained, and the next heartbeat succeeds`, async () => {
    await using list = new ScriptedList();
    list.play = play;
    assertNotListed(await post(list.url()), reason, words);
    list.play = LISTED;
    assertEquals(await post(list.url()), SUCCESS);
  });
}

Deno.test("a list that repeats the request does not get the salt into an explanation", async () => {
  await using list = new ScriptedList();
  for (const play of [reply("200 OK", "text/plain", `salt=${RECORDED_FACTS.salt}`), refusal(RECORDED_BODY)]) {
    list.play = play;
    const verdict = await post(list.url());
    assert(verdict.kind === "not-listed");
    assertStringIncludes(verdict.explanation, "salt=…");
    assert(!verdict.explanation.includes(RECORDED_FACTS.salt));
  }
  list.play = reply("302 Found", "text/html", "", `Location: /?${RECORDED_BODY}\r\n`);
  assertNotListed(await post(list.url()), "redirected", "salt=…");
  assertEquals(
    await post(list.url(), { facts: { ...RECORDED_FACTS, salt: "" } }).then(({ kind }) => kind),
    "not-listed",
  );
});

Deno.test("a reply as long as a reply may be is read", async () => {
  await using list = new ScriptedList();
  list.play = reply("200 OK", "text/plain", PLAY_URL.padEnd(LONGEST_REPLY));
  assertEquals(await post(list.url()), SUCCESS);
});

Deno.test({
  name: "a reset connection lists nobody, and the next heartbeat succeeds",
  ignore: !CAN_RESET,
  fn: async () => {
    await using list = new ScriptedList();
    for (const bytes of ["", LISTED.bytes.slice(0, -10)]) {
      list.play = { bytes, then: "reset" };
      assertNotListed(await post(list.url()), "unreachable", "before its reply was complete");
    }
    list.play = LISTED;
    assertEquals(await post(list.url()), SUCCESS);
  },
});

for (
  const [what, bytes] of [["no reply", ""], ["half a head", "HTTP/1.1 200"], ["half a body", LISTED.bytes.slice(0, -1)]]
) {
  Deno.test(`a list that sends ${what} and waits is given up in time, and its connection closed`, async () => {
    await using list = new ScriptedList();
    list.play = { bytes: bytes ?? "", then: "hold" };
    assertNotListed(await post(list.url(), { timeoutMs: 1_500 }), "late", "within 1500 ms");
    await list.until(() => list.abandoned === 1, "the end of the connection");
    list.play = LISTED;
    assertEquals(await post(list.url()), SUCCESS);
  });
}

Deno.test("a list that does not say a word of TLS is given up in time", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const verdict = await post(`https://127.0.0.1:${listener.addr.port}/`, { timeoutMs: 1_500 });
  assertNotListed(verdict, "late", "within 1500 ms");
});

Deno.test("giving up rejects with the reason of the signal and closes the connection", async () => {
  await using list = new ScriptedList();
  list.play = { bytes: "", then: "hold" };
  const giveUp = new AbortController();
  const posting = post(list.url(), { signal: giveUp.signal });
  await list.until(() => list.requests.length === 1, "the request");
  giveUp.abort(new Error("enough"));
  await assertRejects(() => posting, Error, "enough");
  await list.until(() => list.abandoned === 1, "the end of the connection");
  await assertRejects(() => post(list.url(), { signal: giveUp.signal }), Error, "enough");
  assertEquals(list.requests.length, 1);
});

Deno.test("a refused connection is explained", async () => {
  const port = quietPort();
  assertNotListed(await post(`http://localhost:${port}/`), "unreachable", `localhost:${port} refuses connections`);
});

Deno.test("a name that cannot be looked up is explained", async () => {
  const name = `${"x".repeat(64)}.invalid`;
  assertNotListed(await post(`http://${name}/`), "unreachable", `the name ${name} has no IPv4 address`);
});

Deno.test("a list with an IPv4 and an IPv6 address is always asked over IPv4", async () => {
  await using list = new ScriptedList();
  await using other = new ScriptedList({ hostname: "::1", port: list.port });
  for (let time = 0; time < 3; time++) assertEquals(await post(list.url("localhost")), SUCCESS);
  assertEquals([list.requests.length, other.requests.length], [3, 0]);
});

Deno.test("a list with an IPv6 address only is not asked, and that is explained", async () => {
  await using list = new ScriptedList({ hostname: "::1" });
  assertNotListed(await post(list.url("[::1]")), "unreachable", `[::1]:${list.port} has no IPv4 address`);
  assertEquals(list.requests.length, 0);
});

Deno.test("https takes a list whose certificate is trusted", async () => {
  await using list = new ScriptedList({ tls: true });
  assertEquals(await post(list.url(), { caCerts: [AUTHORITY_CERTIFICATE] }), SUCCESS);
  assertStringIncludes(list.requests[0] ?? "", `host: localhost:${list.port}\r\n`);
});

Deno.test("https sends nothing to a list whose certificate is not trusted or of another name", async () => {
  await using list = new ScriptedList({ tls: true });
  assertNotListed(await post(list.url()), "unreachable", `certificate of localhost:${list.port} is not valid`);
  const byAddress = await post(list.url("127.0.0.1"), { caCerts: [AUTHORITY_CERTIFICATE] });
  assertNotListed(byAddress, "unreachable", `certificate of 127.0.0.1:${list.port} is not valid`);
  assertEquals(list.requests.length, 0);
});

Deno.test("http to a list that speaks https is explained", async () => {
  await using list = new ScriptedList({ tls: true });
  assertNotListed(await post(`http://localhost:${list.port}/`), "unreachable", "no HTTP");
});
