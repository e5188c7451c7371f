import type { EdgeEvent } from "../../lib/observe/edge_event.ts";
import { type NewsOptions, SessionNews } from "../../lib/observe/session_events.ts";
import type { SessionEvent } from "../../lib/session/port.ts";
import { assertEquals } from "../harness/assert.ts";
import { summaryOf } from "./summary.ts";

const WHO = { session: "4H2KX", player: "Steve" };
const IDENTIFIED: SessionEvent = { kind: "identified", player: "Steve", protocol: 7, client: "" };
const JOIN: EdgeEvent = { event: "join", ...WHO, listener: "main", ip: "192.0.2.7", backend: "hub" };
const LEAVE = { event: "leave", ...WHO, code: "CP-4H2KX", reason: "client-left", seconds: 605.113 } as const;

/** What is told of a session with those events. */
function told(events: readonly SessionEvent[], options: Partial<NewsOptions> = {}): readonly EdgeEvent[] {
  const news = new SessionNews({ session: "4H2KX", listener: "main", ip: "192.0.2.7" });
  return events.flatMap((event) => news.tell(event, { chat: false, maskAddresses: false, ...options }));
}

function joined(backend: string): SessionEvent {
  return { kind: "joined", backend };
}

function lost(backend: string): SessionEvent {
  return { kind: "lost", backend, reason: "backend-closed", detail: "closed the connection" };
}

function moved(from: string, to: string): SessionEvent {
  return { kind: "moved", move: { from, to, signal: "player", dialMs: 10.4, fenceMs: 5.3 } };
}

function ended(differences: Parameters<typeof summaryOf>[0] = {}): SessionEvent {
  return { kind: "ended", summary: summaryOf(differences) };
}

Deno.test("a player joins once, moves and leaves", () => {
  const failed = { from: "hub", to: "pit", signal: "operator", cause: "no turn within 30 s" } as const;
  const events: readonly SessionEvent[] = [
    IDENTIFIED,
    { kind: "refused", backend: "lobby", cause: "full", kicked: true },
    joined("hub"),
    { kind: "playable", backend: "hub" },
    { kind: "move-failed", ...failed },
    joined("arena"),
    moved("hub", "arena"),
    ended(),
  ];
  assertEquals(told(events), [
    JOIN,
    { event: "move-failed", ...WHO, ...failed },
    { event: "move", ...WHO, from: "hub", to: "arena", signal: "player", ms: 16 },
    { ...LEAVE, backend: "arena" },
  ]);
});

Deno.test("a player whose backend is lost moves from there, and one who waits from nowhere", () => {
  const events = [
    IDENTIFIED,
    joined("hub"),
    lost("hub"),
    joined("arena"),
    moved("", "arena"),
    lost("arena"),
    { kind: "waiting", cause: "arena has gone silent" } as const,
    joined("hub"),
    moved("", "hub"),
  ];
  assertEquals(told(events).slice(1), [
    { event: "move", ...WHO, from: "hub", to: "arena", signal: "player", ms: 16 },
    { event: "wait", ...WHO, cause: "arena has gone silent" },
    { event: "move", ...WHO, from: "", to: "hub", signal: "player", ms: 16 },
  ]);
});

Deno.test("whoever leaves the waiting room leaves no backend", () => {
  const waiting = { kind: "waiting", cause: "no server can take you now" } as const;
  assertEquals(told([IDENTIFIED, waiting, ended()]), [
    { event: "wait", ...WHO, cause: "no server can take you now" },
    { ...LEAVE, backend: "" },
  ]);
  assertEquals(told([IDENTIFIED, joined("hub"), lost("hub"), waiting, ended()]).at(-1), { ...LEAVE, backend: "" });
});

Deno.test("a kick is told before the player leaves, whoever it was by", () => {
  const endings = { "backend-kick": "SP", "kicked": "OP", "packet-flood": "PP" } as const;
  for (const reason of ["backend-kick", "kicked", "packet-flood"] as const) {
    const code = endings[reason];
    assertEquals(told([IDENTIFIED, joined("hub"), ended({ reason, code, detail: "be nice" })]), [
      JOIN,
      { event: "kick", ...WHO, backend: "hub", reason, detail: "be nice" },
      { event: "leave", ...WHO, backend: "hub", code: `${code}-4H2KX`, reason, seconds: 605.113 },
    ]);
  }
  for (const reason of ["client-left", "client-reset", "replaced"] as const) {
    assertEquals(told([IDENTIFIED, joined("hub"), ended({ reason })]).map(({ event }) => event), ["join", "leave"]);
  }
});

Deno.test("nothing is told of whoever was not let in", () => {
  assertEquals(told([ended({ player: "", reason: "not-classic" })]), []);
  assertEquals(told([ended({ reason: "wrong-key", code: "PA" })]), []);
});

Deno.test("what players say is told only where it is wanted", () => {
  const events: readonly SessionEvent[] = [IDENTIFIED, joined("hub"), {
    kind: "chat",
    backend: "hub",
    text: "hi &ethere",
  }];
  assertEquals(told(events), [JOIN]);
  assertEquals(told(events, { chat: true }), [JOIN, { event: "chat", ...WHO, backend: "hub", text: "hi &ethere" }]);
});

Deno.test("addresses are masked where they are to be, in texts too", () => {
  const events: readonly SessionEvent[] = [
    IDENTIFIED,
    joined("hub"),
    { kind: "move-failed", from: "hub", to: "pit", signal: "player", cause: "pit: 192.0.2.7 is banned" },
    { kind: "waiting", cause: "hub has kicked you: 192.0.2.7" },
    ended({ reason: "banned", detail: "192.0.2.7 and 198.51.100.9" }),
  ];
  const masked = told(events, { maskAddresses: true });
  assertEquals(masked[0], { ...JOIN, ip: "192.0.2.x" });
  assertEquals(JSON.stringify(masked).match(/\d+\.\d+\.\d+\.\w+/g), [
    "192.0.2.x",
    "192.0.2.x",
    "192.0.2.x",
    "192.0.2.x",
    "198.51.100.x",
  ]);
});
