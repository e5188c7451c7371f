import { LONGEST_REPLY, readReply, type Reply } from "../../lib/heartbeat/reply.ts";
import type { NotListed, NotListedReason } from "../../lib/heartbeat/verdict.ts";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "../harness/assert.ts";
import { PLAY_URL } from "./scripted_list.ts";

function refused(reply: Partial<Reply>): NotListed {
  const verdict = readReply({ status: 200, location: "", body: "", ...reply });
  assert(verdict.kind === "not-listed");
  return verdict;
}

function fail(text: string): string {
  return JSON.stringify({ errors: [[text]], response: "", status: "fail" });
}

Deno.test("an address on one line is where players start to play", () => {
  const urls = [PLAY_URL, "http://www.classicube.net/server/play/ab/", "https://list.example:8080/play?server=7&x=1"];
  for (const url of urls) {
    for (const body of [url, `${url}\n`, `\r\n ${url} \r\n`, `\ufeff${url}`]) {
      assertEquals(readReply({ status: 200, location: "", body }), { kind: "listed", url });
    }
  }
});

Deno.test("what is no single address lists nobody", () => {
  const bodies = [
    `${PLAY_URL}\n${PLAY_URL}`,
    `${PLAY_URL} ok`,
    "ftp://list.example/",
    "www.classicube.net/server/play/ab/",
    "https://",
    "http://[",
    "https://list.example/\u0000",
    "https://list.example/\u202eab",
    `https://list.example/<b>`,
    `https://list.example/${"x".repeat(3000)}`,
    "OK",
    "null",
    "{",
    "[]",
    '{"status":"success"}',
    '{"errors":[["Port 25565 not op',
    '{"errors":"none"}',
    '{"errors":[[7]],"status":"ok"}',
    "\u0000\u0001\ufffd\u001b[31m",
  ];
  for (const body of bodies) assertEquals(refused({ body }).reason, "unreadable", body);
});

Deno.test("a port that the list cannot reach is explained", () => {
  const { reason, explanation, advice } = refused({
    body: fail("Port 25565 not open, you may need to port forward it."),
  });
  assertEquals([reason, explanation], ["refused", "the list cannot reach port 25565 from the Internet"]);
  assertStringIncludes(advice, "forward TCP port 25565 to this machine");
});

Deno.test("a name that is too long is explained", () => {
  const { explanation, advice } = refused({
    body: fail("Only first 256 unicode codepoints may be used in server names."),
  });
  assertEquals([explanation, advice], ["the list finds the server's name too long", "shorten name in [edge]"]);
});

Deno.test("a refusal that nobody knows is passed on, whatever the status", () => {
  for (const status of [200, 400, 403, 500]) {
    const { reason, explanation } = refused({ status, body: fail("You are banned.") });
    assertEquals([reason, explanation], ["refused", 'the list says "You are banned."']);
  }
});

Deno.test("a refusal is found in every shape of the list of errors", () => {
  for (const errors of [["a"], [["a"]], [[], ["a"]], [["", "a", "b"], ["c"]], [[null, 7], ["a"]]]) {
    assertEquals(refused({ body: JSON.stringify({ errors }) }).explanation, 'the list says "a"');
  }
  for (const errors of [[], [[]], [[""]], undefined, 7, {}]) {
    const { reason, explanation } = refused({ body: JSON.stringify({ errors, status: "fail" }) });
    assertEquals([reason, explanation], ["refused", "the list refuses the server and does not say why"]);
  }
});

Deno.test("what a list says is bounded and cannot harm a line of the log", () => {
  assertEquals(refused({ body: fail(`a\r\nb\u001b[31m\u202ec\u0000`) }).explanation, 'the list says "a b [31m c"');
  const long = refused({ body: fail("☺".repeat(10_000)) }).explanation;
  assertEquals(long, `the list says "${"☺".repeat(200)}…"`);
  for (const body of ["x".repeat(60_000), `a\nb${"\u0007".repeat(1000)}`]) {
    const { explanation } = refused({ body });
    assert(explanation.length < 150);
    assertMatch(explanation, /^\P{C}*$/u);
  }
});

Deno.test("everything else a web server may answer is told apart", () => {
  const cases: readonly (readonly [reply: Partial<Reply>, reason: NotListedReason, words: string])[] = [
    [{ body: "" }, "unreadable", "empty"],
    [{ body: " \r\n" }, "unreadable", "empty"],
    [{ status: 204 }, "unreadable", "empty"],
    [{ body: "<!DOCTYPE html><html>Down for maintenance" }, "unreadable", "web page"],
    [{ body: "\n<html><body>hi" }, "unreadable", "web page"],
    [{ body: undefined }, "unreadable", `longer than ${LONGEST_REPLY} bytes`],
    [{ status: 500, body: undefined }, "http-error", "status 500"],
    [{ status: 503, body: "<html>503" }, "http-error", "status 503"],
    [{ status: 502, body: PLAY_URL }, "http-error", "status 502"],
    [{ status: 404, body: "not found" }, "http-error", "status 404"],
    [{ status: 301, location: "https://new.example/" }, "redirected", 'to "https://new.example/" (HTTP status 301)'],
    [{ status: 302, location: "", body: PLAY_URL }, "redirected", "elsewhere"],
  ];
  for (const [reply, reason, words] of cases) {
    const verdict = refused(reply);
    assertEquals(verdict.reason, reason);
    assertStringIncludes(verdict.explanation, words);
    assert(verdict.advice !== "");
  }
});
