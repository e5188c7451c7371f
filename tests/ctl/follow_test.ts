import { parseEndpoint } from "../../lib/admin/endpoint.ts";
import { AdminClient, AdminError } from "../../lib/admin/client.ts";
import { eventLine } from "../../lib/ctl/event_line.ts";
import { follow } from "../../lib/ctl/follow.ts";
import { plain } from "../../lib/ctl/paint.ts";
import type { EdgeEvent, StampedEvent } from "../../lib/observe/edge_event.ts";
import { Subject } from "../admin/subject.ts";
import { assertEquals, assertRejects } from "../harness/assert.ts";
import { Waits } from "../harness/waits.ts";
import { at, run } from "./run.ts";

Deno.test("ctl events goes on without gaps over lost connections and restarts of the edge, until nobody reads", async () => {
  const path = `${await Deno.makeTempDir()}/admin.sock`;
  const seen: StampedEvent[] = [];
  const told: string[] = [];
  const waits = new Waits(() => `seen is ${JSON.stringify(seen)}, told ${told}`);
  using client = new AdminClient(parseEndpoint(`unix:${path}`));

  let edge = await Subject.open({ bind: { kind: "unix", path } });
  edge.control.emit({ event: "edge", state: "started" });
  const { control } = edge;
  const following = follow(client, {
    since: 0,
    retryMs: 20,
    show: (event) => {
      seen.push(event);
      waits.changed();
      return event.event !== "edge" || event.state !== "stopped";
    },
    tell: (text) => {
      told.push(text);
      waits.changed();
    },
  });
  await waits.until(() => seen.length === 1, "the event of before");

  // The same edge behind a new socket: nothing is missed, nothing is told twice.
  await edge.server.close();
  await waits.until(() => told.length === 1, "the loss");
  control.emit({ event: "announce", text: "while away", players: 0 });
  edge = await Subject.open({ bind: { kind: "unix", path }, control });
  await waits.until(() => seen.length === 2, "what happened meanwhile");

  // Another edge: all that it remembers, though its numbers are lower.
  await edge.server.close();
  edge = await Subject.open({ bind: { kind: "unix", path } });
  edge.control.facts.startedAt = new Date().toISOString();
  edge.control.emit({ event: "edge", state: "started" });
  await waits.until(() => seen.length === 3, "the first event of the new edge");
  edge.control.emit({ event: "edge", state: "stopped" });
  await following;
  await edge.server.close();
  await Deno.remove(path.replace(/[^/]+$/, ""), { recursive: true });

  assertEquals(seen.map(({ id, event }) => [id, event]), [
    [1, "edge"],
    [2, "announce"],
    [1, "edge"],
    [2, "edge"],
  ]);
  const [lost, back] = ["the edge has gone; waiting for it to come back", "the edge is back"];
  assertEquals(told, [lost, back, lost, back]);
});

Deno.test("ctl events ends where there is no edge at first, or it refuses", async () => {
  using client = new AdminClient(parseEndpoint("unix:/nowhere/admin.sock"));
  const options = { since: undefined, show: () => true, tell: () => {} };
  await assertRejects(() => follow(client, options), AdminError, "there is no such socket");
  const { code, stderr } = await run(["ctl", "events", "--admin", "unix:/nowhere/admin.sock"]);
  assertEquals([code, stderr.includes("there is no such socket")], [1, true]);
});

Deno.test("ctl events prints a line for each event, with --json as the API says it, and ends with its reader", async () => {
  await using subject = await Subject.open();
  subject.control.emit({ event: "edge", state: "started" });
  subject.control.emit({ event: "announce", text: "hi \x1b[2J", players: 3 });
  for (const json of [[], ["--json"]]) {
    const lines: string[] = [];
    const { code } = await run(["ctl", "events", "--since", "1", ...json, ...at(subject)], {
      stdout: (text) => {
        lines.push(text);
        return false;
      },
    });
    const [line = ""] = lines;
    assertEquals([code, lines.length, line.includes("\x1b")], [0, 1, false]);
    if (json.length === 0) {
      assertEquals(line.replace(/^\S+/, "TIME"), "TIME  announce     to 3 players: hi \\u001b[2J\n");
    } else assertEquals(JSON.parse(line).text, "hi \x1b[2J");
  }
});

const PLAYER = { session: "A-1", player: "Steve" };

/** Events, and what is said of them. */
const SAID: readonly (readonly [EdgeEvent, string])[] = [
  [
    { event: "join", ...PLAYER, backend: "hub", listener: "main", ip: "192.0.2.x" },
    "join         Steve on hub, by main from 192.0.2.x",
  ],
  [
    { event: "leave", ...PLAYER, backend: "hub", code: "CL-7T3XQ", reason: "left", seconds: 133 },
    "leave        Steve from hub after 2m 13s: left (CL-7T3XQ)",
  ],
  [
    { event: "move", ...PLAYER, from: "", to: "arena", signal: "command", ms: 42 },
    "move         Steve from the waiting room to arena in 42 ms, asked by command",
  ],
  [
    { event: "move-failed", ...PLAYER, from: "hub", to: "arena", signal: "operator", cause: "refused" },
    "move-failed  Steve from hub to arena, asked by operator: refused",
  ],
  [{ event: "wait", ...PLAYER, cause: "hub is down" }, "wait         Steve in the waiting room: hub is down"],
  [
    { event: "kick", ...PLAYER, backend: "hub", reason: "operator", detail: "be nice" },
    "kick         Steve from hub: operator: be nice",
  ],
  [{ event: "chat", ...PLAYER, backend: "hub", text: "a\nb" }, "chat         Steve on hub: a\\u000ab"],
  [{ event: "backend", backend: "hub", state: "down", cause: "reset" }, "backend      hub down: reset"],
  [{ event: "backend", backend: "hub", state: "up", cause: undefined }, "backend      hub up"],
  [{ event: "reload", result: "applied", detail: "" }, "reload       applied"],
  [{ event: "announce", text: "hi", players: 2 }, "announce     to 2 players: hi"],
  [
    { event: "drill", drill: "3", fault: "stall", state: "ended", backend: "hub", cause: "its time is over" },
    "drill        3 ended: stall before hub: its time is over",
  ],
  [{ event: "edge", state: "draining" }, "edge         draining"],
];

Deno.test("each event is said in a line", () => {
  for (const [event, line] of SAID) {
    const time = "2026-01-02T03:04:05.678Z";
    assertEquals(eventLine({ ...event, id: 1, time }, plain), `${time}  ${line}\n`);
  }
});

Deno.test("an event that only a newer edge knows is shown whole", () => {
  const event = JSON.parse('{"event":"eclipse","id":1,"time":"T","how":"total"}');
  assertEquals(eventLine(event, plain), `T  eclipse      ${JSON.stringify(event)}\n`);
});
