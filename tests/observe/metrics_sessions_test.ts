import type { SessionEvent } from "../../lib/session/port.ts";
import { type Reason, REASONS } from "../../lib/session/reasons.ts";
import { assertEquals } from "../harness/assert.ts";
import { ended, JOINED, MetricsWorld, moved, WAITING } from "./metrics_world.ts";

const ALL_REASONS = Object.keys(REASONS) as Reason[];
/** Ends that are nobody's doing but the edge's or a backend's. */
const LOST: readonly Reason[] = [
  "no-backend",
  "backend-closed",
  "backend-lost",
  "backend-broken",
  "backend-stalled",
  "endless-map",
  "internal-error",
];
/** Ends by which nobody was turned away. */
const NOT_REJECTED: readonly Reason[] = [
  ...LOST,
  "client-left",
  "client-reset",
  "replaced",
  "backend-kick",
  "kicked",
  "shutdown",
];

Deno.test("each session that is over is counted once, by its reason", async () => {
  using world = new MetricsWorld();
  for (const reason of ALL_REASONS) world.session(ended(reason, { letIn: true }));
  const read = await world.scrape();
  for (const result of ALL_REASONS) assertEquals(read.value("kurafuto_sessions_total", { result }), 1, result);
  assertEquals(read.total("kurafuto_sessions_total"), ALL_REASONS.length);
});

Deno.test("players are lost by the edge and by backends, not by themselves, by operators or by kicks", async () => {
  using world = new MetricsWorld();
  for (const reason of ALL_REASONS) world.session(JOINED, ended(reason, { letIn: true }));
  const read = await world.scrape();
  assertEquals(read.valuesOf("kurafuto_players_lost_total", "cause"), [...LOST].sort());
  for (const cause of LOST) assertEquals(read.value("kurafuto_players_lost_total", { cause }), 1, cause);
});

Deno.test("who was never let in is no lost player, and has no duration", async () => {
  using world = new MetricsWorld();
  for (const reason of ALL_REASONS) world.session(ended(reason, { letIn: false }));
  const read = await world.scrape();
  assertEquals(read.total("kurafuto_players_lost_total"), 0);
  assertEquals(read.value("kurafuto_session_duration_seconds_count"), 0);
});

Deno.test("sessions that the edge ends for what the client is or did are rejections, like connections turned away", async () => {
  using world = new MetricsWorld();
  for (const reason of ALL_REASONS) world.session(ended(reason, { letIn: false }));
  const rejections = ALL_REASONS.filter((reason) => !NOT_REJECTED.includes(reason));
  const turnedAway = ["empty", "cut-short", "bad-proxy-header", "bad-http", "bad-tls", "too-slow", "given-up"];
  const before = await world.scrape();
  assertEquals(before.valuesOf("kurafuto_rejected_total", "reason"), [...rejections, ...turnedAway].sort());
  for (const reason of rejections) assertEquals(before.value("kurafuto_rejected_total", { reason }), 1, reason);
  world.metrics.rejected("bad-tls");
  world.metrics.rejected("banned");
  const after = await world.scrape();
  assertEquals(after.value("kurafuto_rejected_total", { reason: "bad-tls" }), 1);
  assertEquals(after.value("kurafuto_rejected_total", { reason: "banned" }), 2);
  assertEquals(after.series, before.series);
});

/** What happens in a session, and what came of its login. */
const LOGINS: readonly (readonly [result: string, story: string, events: readonly SessionEvent[]])[] = [
  ["joined", "a backend takes the player, who then moves", [JOINED, moved("hub", "arena"), JOINED]],
  ["joined", "the player plays, loses every backend and waits", [
    JOINED,
    WAITING,
    ended("client-left", { letIn: true }),
  ]],
  ["waiting", "nobody takes the player, who waits until one does", [WAITING, JOINED]],
  ["waiting", "nobody takes the player, who goes", [WAITING, ended("client-left", { letIn: true })]],
  ["refused", "the key is wrong", [ended("wrong-key", { letIn: false })]],
  ["refused", "the address is banned", [ended("banned", { letIn: false })]],
  ["refused", "the client is too slow to say what it has", [ended("login-timeout", { letIn: false })]],
  ["failed", "nobody takes a raw player", [ended("no-backend", { letIn: true })]],
  ["failed", "the backend says no", [ended("backend-kick", { letIn: true })]],
  ["failed", "the edge stops", [ended("shutdown", { letIn: true })]],
  ["left", "the client goes", [ended("client-left", { letIn: false })]],
  ["left", "the player comes in once more", [ended("replaced", { letIn: true })]],
];

for (const [result, story, events] of LOGINS) {
  Deno.test(`a login is counted once, as ${result}: ${story}`, async () => {
    using world = new MetricsWorld();
    world.session(...events);
    const read = await world.scrape();
    assertEquals(read.value("kurafuto_logins_total", { result }), 1);
    assertEquals(read.total("kurafuto_logins_total"), 1);
  });
}
