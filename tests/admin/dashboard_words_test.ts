import { duration, milliseconds, ofMax, sentence } from "../../lib/admin/dashboard/words.js";
import type { EdgeEvent } from "../../lib/observe/edge_event.ts";
import { assertEquals } from "../harness/assert.ts";

const STEVE = { session: "A-1", player: "Steve" };

/** An event in words, and its text with names in brackets. */
const EVENTS: readonly (readonly [EdgeEvent, string])[] = [
  [
    { event: "join", ...STEVE, listener: "main", ip: "192.0.2.7", backend: "hub" },
    "[Steve] joined [hub] by main from 192.0.2.7",
  ],
  [
    { event: "leave", ...STEVE, backend: "hub", code: "CP", reason: "client-left", seconds: 731.4 },
    "[Steve] left after 12 min (client-left, CP)",
  ],
  [
    { event: "move", ...STEVE, from: "hub", to: "arena", signal: "command", ms: 84.2 },
    "[Steve] moved from [hub] to [arena] in 84 ms (command)",
  ],
  [
    { event: "move", ...STEVE, from: "", to: "arena", signal: "failure", ms: 9.04 },
    "[Steve] moved from the waiting room to [arena] in 9.0 ms (failure)",
  ],
  [
    { event: "move-failed", ...STEVE, from: "hub", to: "arena", signal: "command", cause: "arena is down" },
    "[Steve] stays in [hub], not moved to [arena] (command): arena is down",
  ],
  [{ event: "wait", ...STEVE, cause: "" }, "[Steve] is in the waiting room"],
  [
    { event: "kick", ...STEVE, backend: "hub", reason: "kicked", detail: "enough" },
    "[Steve] was kicked from [hub] (kicked): enough",
  ],
  [{ event: "chat", ...STEVE, backend: "hub", text: "hello" }, "[Steve] in [hub]: hello"],
  [{ event: "backend", backend: "arena", state: "down", cause: "refused" }, "[arena] is down: refused"],
  [{ event: "backend", backend: "arena", state: "removed", cause: undefined }, "[arena] was removed"],
  [
    { event: "reload", result: "rolled-back", detail: "nobody confirmed" },
    "The reload was rolled back: nobody confirmed",
  ],
  [
    { event: "drill", drill: "3", fault: "stall", state: "begun", backend: "hub", cause: undefined },
    "Drill 3 has begun: stall before [hub]",
  ],
  [
    { event: "drill", drill: "3", fault: "stall", state: "ended", backend: "hub", cause: "its time is over" },
    "Drill 3 has ended: stall before [hub]: its time is over",
  ],
  [{ event: "announce", text: "Hi", players: 1 }, "Announced to 1 player: Hi"],
  [{ event: "edge", state: "draining" }, "The edge is draining"],
  [{ event: "edge", state: "started" }, "The edge has started"],
];

for (const [event, expected] of EVENTS) {
  Deno.test(`the dashboard says of an event: ${expected}`, () => {
    const words = sentence(event).map((word: string | { name?: string; said?: string }) =>
      typeof word === "string" ? word : word.said ?? `[${word.name}]`
    );
    assertEquals(words.join(""), expected);
  });
}

Deno.test("an event that the dashboard does not know is shown by its name", () => {
  assertEquals(sentence({ event: "eclipse" }), ["eclipse"]);
});

Deno.test("times and numbers are short", () => {
  assertEquals([-1, 8.9, 59, 60, 3599, 3600, 86399, 86400, 277_000].map(duration), [
    "0 s",
    "8 s",
    "59 s",
    "1 min",
    "59 min",
    "1 h 0 min",
    "23 h 59 min",
    "1 d 0 h",
    "3 d 4 h",
  ]);
  assertEquals([0.44, 9.96, 12.4, 999.4, 1500].map(milliseconds), ["0.4 ms", "10.0 ms", "12 ms", "999 ms", "1.5 s"]);
  assertEquals([ofMax(1200, 5000), ofMax(3, 0)], ["1,200 of 5,000", "3"]);
});
