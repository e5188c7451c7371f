import type { Trail } from "../../lib/admin/control.ts";
import { Trails, type TrailStart } from "../../lib/observe/trails.ts";
import type { Decision, DecisionCandidate } from "../../lib/routing/decision.ts";
import type { SessionEvent, SessionSummary } from "../../lib/session/port.ts";
import { assertEquals } from "../harness/assert.ts";
import { summaryOf } from "./summary.ts";

const ACCEPTED = 1_000_000;
const PLAIN = { epoch: Date.UTC(2026, 0, 2, 3, 4, 5, 678) - ACCEPTED, maskAddresses: false };

function startOf(session: string, acceptedAt: number): TrailStart {
  return { session, listener: "main", ip: "192.0.2.7", transport: "websocket", secure: true, acceptedAt };
}

function candidate(backend: string, differences: Partial<DecisionCandidate> = {}): DecisionCandidate {
  return { backend, state: "up", players: 3, maxPlayers: 0, share: 1, obstacle: undefined, ...differences };
}

function chosen(picked: string | undefined, candidates: readonly DecisionCandidate[]): Decision {
  const rule = picked === undefined ? undefined : 'pool "lobby", round-robin';
  return { wish: 'join "lobby"', rule, picked, candidates };
}

function identified(player: string): SessionEvent {
  return { kind: "identified", player, protocol: 7, client: "ClassiCube 1.3.7" };
}

function ended(session: string, differences: Partial<SessionSummary> = {}): SessionEvent {
  return { kind: "ended", summary: summaryOf({ session, ...differences }) };
}

/** A whole session: `player` is let in, unless it ends in the handshake. */
function pass(
  trails: Trails,
  session: string,
  player: string,
  at: number,
  differences: Partial<SessionSummary> = {},
): void {
  trails.begin(startOf(session, at));
  if (differences.code !== "PA") trails.event(session, identified(player), at + 1);
  trails.event(session, ended(session, { player, ...differences }), at + 2);
}

function textOf(trail: Trail | undefined): readonly string[] {
  return trail?.steps.map(({ ms, step, text }) => `${ms} ${step}: ${text}`) ?? [];
}

Deno.test("a trail tells what was decided and what came of it", () => {
  const trails = new Trails();
  const events: readonly SessionEvent[] = [
    { kind: "refused", backend: "hub", cause: "Connection refused (os error 111)", kicked: false },
    { kind: "joined", backend: "arena" },
    { kind: "playable", backend: "arena" },
    { kind: "lost", backend: "arena", reason: "backend-closed", detail: "" },
    { kind: "waiting", cause: "arena has kicked you: &fbye" },
    { kind: "moved", move: { from: "", to: "hub", signal: "waiting", dialMs: 10.4, fenceMs: 5.3 } },
    { kind: "move-failed", from: "hub", to: "arena", signal: "operator", cause: "no turn within 30 s" },
    { kind: "chat", backend: "hub", text: "hello" },
    { kind: "fence-unanswered", backend: "hub" },
    { kind: "signal-refused", backend: "hub", signal: "chat-sentinel", cause: "wrong token" },
    { kind: "over-limit", reason: "chat-flood", detail: "11 lines in 5 s" },
    ended("4H2KX", { code: "PP", reason: "packet-flood", detail: "600 packets in 1 s" }),
  ];
  trails.begin(startOf("4H2KX", ACCEPTED));
  trails.event("4H2KX", identified("Steve"), ACCEPTED + 41.4);
  trails.decided("4H2KX", chosen("hub", [candidate("hub"), candidate("arena")]), ACCEPTED + 42);
  events.forEach((event, index) => trails.event("4H2KX", event, ACCEPTED + 50 + index));
  const trail = trails.find("Steve", PLAIN);
  assertEquals({ ...trail, steps: [] }, {
    session: "4H2KX",
    player: "Steve",
    listener: "main",
    ip: "192.0.2.7",
    startedAt: "2026-01-02T03:04:05.678Z",
    steps: [],
    omitted: 0,
  });
  assertEquals(textOf(trail), [
    '0 accepted: 192.0.2.7 connected to listener "main" by WebSocket, encrypted',
    '41 login: "Steve" was let in, with the client "ClassiCube 1.3.7", protocol 7',
    '42 decided: join "lobby": "hub" was chosen by pool "lobby", round-robin',
    '50 refused: "hub" did not take the player: Connection refused (os error 111)',
    '51 joined: "arena" took the player',
    '52 playable: The first map, that of "arena", was complete',
    '53 lost: "arena" lost the player: backend-closed',
    "54 waiting: The player was shown the waiting room: arena has kicked you: bye",
    '55 moved: The player moved to "hub" because the player was waiting: 10 ms until its map began, 5 ms until the client ' +
    "had answered",
    '56 move-failed: The player did not get to "arena", though an operator asked for it: no turn within 30 s',
    '58 fence-unanswered: The client did not say in time that it saw the world of "hub"',
    '59 signal-refused: "hub" asked by chat-sentinel for what cannot be: wrong token',
    "60 over-limit: A limit that is only watched would have ended the session: chat-flood, 11 lines in 5 s",
    "61 ended: The session ended after 605.1 s: packet-flood, 600 packets in 1 s. Code PP-4H2KX: the edge ended it in play",
  ]);
});

Deno.test("a decision keeps how every backend was, and why it was not in question", () => {
  const trails = new Trails();
  trails.begin(startOf("4H2KX", ACCEPTED));
  trails.event("4H2KX", identified("Steve"), ACCEPTED);
  const candidates = [
    candidate("hub", { state: "down", players: 0 }),
    candidate("arena", { state: "full", players: 20, maxPlayers: 20 }),
    candidate("pit", { obstacle: "left-out", share: 0.5 }),
    candidate("sky", { obstacle: "join-rate" }),
    candidate("sea", { obstacle: "line" }),
  ];
  trails.decided("4H2KX", chosen(undefined, candidates), ACCEPTED + 1);
  trails.decided("4H2KX", chosen(undefined, []), ACCEPTED + 2);
  trails.decided("4H2KX", { ...chosen("pit", [candidate("pit")]), wish: 'go "pit"', rule: undefined }, ACCEPTED + 3);
  const trail = trails.find("4H2KX", PLAIN);
  assertEquals(textOf(trail).slice(2), [
    '1 decided: join "lobby": nobody takes the player now: "hub" (down), "arena" (full), "pit" (has just refused, kicked or lost ' +
    'this player), "sky" (its join rate is used up for the moment) and 1 more',
    '2 decided: join "lobby": nobody takes the player now: there is no backend in question',
    '3 decided: go "pit": "pit" was chosen',
  ]);
  const usual = { players: 3, maxPlayers: 0, share: 1, picked: false };
  assertEquals(trail?.steps[2]?.candidates, [
    { ...usual, backend: "hub", state: "down", players: 0, why: undefined },
    { ...usual, backend: "arena", state: "full", players: 20, maxPlayers: 20, why: undefined },
    { ...usual, backend: "pit", state: "up", share: 0.5, why: "has just refused, kicked or lost this player" },
    { ...usual, backend: "sky", state: "up", why: "its join rate is used up for the moment" },
    { ...usual, backend: "sea", state: "up", why: "others who came before wait for it" },
  ]);
  assertEquals(trail?.steps[4]?.candidates, [{ ...usual, backend: "pit", state: "up", picked: true, why: undefined }]);
});

Deno.test("of many backends some are kept, among them the one that was chosen", () => {
  const trails = new Trails();
  trails.begin(startOf("4H2KX", ACCEPTED));
  trails.decided("4H2KX", chosen("b99", Array.from({ length: 100 }, (_, index) => candidate(`b${index}`))), ACCEPTED);
  const kept = trails.find("4H2KX", PLAIN)?.steps[1]?.candidates ?? [];
  assertEquals([kept.length, kept[15]?.backend, kept[16]?.backend, kept[16]?.picked], [17, "b15", "b99", true]);
});

Deno.test("a session is found by its player's name in any case, its id, and its end code as players read it", () => {
  const trails = new Trails();
  pass(trails, "4H2KX", "Steve", 1, { code: "PM" });
  pass(trails, "0101A", "Alex", 2);
  const found = (who: string): string | undefined => trails.find(who, PLAIN)?.session;
  for (const who of ["Steve", "sTEVE", "4H2KX", "4h2kx", "PM-4H2KX", "[PM-4H2KX]", "pm-4h2kx"]) {
    assertEquals(found(who), "4H2KX", who);
  }
  for (const who of ["CP-0101A", "OP-OIOLA", "oiola"]) assertEquals(found(who), "0101A", who);
  for (const who of ["", "Stev", "Steve2", "PM-", "4H2K", "[]", "PM-4H2KX-4H2KX"]) {
    assertEquals(found(who), undefined, who);
  }
});

Deno.test("of several sessions of a name, the one that runs is found, or else the latest", () => {
  const trails = new Trails();
  const found = (): string | undefined => trails.find("steve", PLAIN)?.session;
  pass(trails, "AAAA1", "Steve", 1);
  pass(trails, "AAAA2", "Steve", 2);
  assertEquals(found(), "AAAA2");
  trails.begin(startOf("AAAA3", 3));
  trails.event("AAAA3", identified("Steve"), 3);
  trails.begin(startOf("AAAA4", 4));
  pass(trails, "AAAA5", "Steve", 5, { code: "PA", reason: "wrong-key" });
  assertEquals(found(), "AAAA3");
  trails.event("AAAA3", ended("AAAA3"), 6);
  assertEquals(found(), "AAAA5");
  pass(trails, "AAAA6", "Steve", 7);
  assertEquals(found(), "AAAA6");
});

Deno.test("of a long session the beginning and the end are kept", () => {
  const trails = new Trails();
  trails.begin(startOf("4H2KX", 0));
  trails.event("4H2KX", identified("Steve"), 0);
  for (let i = 1; i <= 100; i++) trails.event("4H2KX", { kind: "joined", backend: `${i}` }, i);
  const trail = trails.find("Steve", PLAIN);
  assertEquals([trail?.steps.length, trail?.omitted], [40, 62]);
  assertEquals(trail?.steps.map(({ ms }) => ms).slice(17, 23), [16, 17, 18, 81, 82, 83]);
});

Deno.test("the last 1,000 players are kept, and a flood of others does not wash them away", () => {
  const trails = new Trails();
  trails.begin(startOf("RUNS", 0));
  trails.event("RUNS", identified("Runner"), 0);
  for (let i = 0; i < 1_500; i++) pass(trails, `P${i}`, `player${i}`, i);
  for (let i = 0; i < 5_000; i++) pass(trails, `F${i}`, `flood${i}`, i, { code: "PA", reason: "wrong-key" });
  const found = (who: string): boolean => trails.find(who, PLAIN) !== undefined;
  assertEquals(["player499", "P499", "player500", "P1499"].map(found), [false, false, true, true]);
  assertEquals(["flood3999", "flood4000", "F4999"].map(found), [false, true, true]);
  assertEquals(textOf(trails.find("runner", PLAIN)).length, 2);
});

Deno.test("addresses are masked where they are to be, in sentences too", () => {
  const trails = new Trails();
  pass(trails, "4H2KX", "Steve", 1, { reason: "replaced", detail: "logged in from 2001:db8:1:2::7" });
  const trail = trails.find("Steve", { ...PLAIN, maskAddresses: true });
  assertEquals(trail?.ip, "192.0.2.x");
  const addresses = textOf(trail).map((text) => /192\S*|2001\S*/.exec(text)?.[0]);
  assertEquals(addresses, ["192.0.2.x", undefined, "2001:db8:1::x."]);
});

Deno.test("of more running sessions than are kept, the oldest is forgotten", () => {
  const trails = new Trails();
  for (let i = 0; i <= 10_000; i++) trails.begin(startOf(`R${i}`, i));
  assertEquals(["R0", "R1", "R10000"].map((who) => trails.find(who, PLAIN) !== undefined), [false, true, true]);
});

Deno.test("what happens in sessions that are not known, or are over, is passed over", () => {
  const trails = new Trails();
  trails.event("4H2KX", identified("Steve"), 1);
  trails.decided("4H2KX", chosen("hub", []), 1);
  assertEquals(trails.find("Steve", PLAIN), undefined);
  pass(trails, "4H2KX", "Steve", 1);
  trails.event("4H2KX", { kind: "joined", backend: "hub" }, 9);
  assertEquals(textOf(trails.find("Steve", PLAIN)).length, 3);
});
