import { Witness } from "../../lib/drill/witness.ts";
import type { SessionEvent, SessionSummary } from "../../lib/session/port.ts";
import type { Reason } from "../../lib/session/reasons.ts";
import { assertEquals } from "../harness/assert.ts";

const LOST: SessionEvent = { kind: "lost", backend: "hub", reason: "backend-stalled", detail: "1 s" };
const WAITING: SessionEvent = { kind: "waiting", cause: "hub is down" };

function joined(backend: string): SessionEvent {
  return { kind: "joined", backend };
}

function ended(reason: Reason): SessionEvent {
  const timers = { handshake: 1, login: 2, map: 3, total: 4 };
  const summary = { session: "A1", player: "Steve", code: "SP", reason, detail: "", timers } as SessionSummary;
  return { kind: "ended", summary };
}

/** Somebody on the hub, whom the fault meets after 100 ms. */
function steve(): Witness {
  return new Witness({ session: "A1", player: "Steve", backend: "hub", isNew: false }, "hub", 100);
}

/** Somebody on the arena, whom the fault before the hub meets after 100 ms, as they want to go there. */
function mover(): Witness {
  return new Witness({ session: "A1", player: "Mover", backend: "arena", isNew: false }, "hub", 100);
}

function refused(backend: string): SessionEvent {
  return { kind: "refused", backend, cause: "no answer in time", kicked: false };
}

Deno.test("who notices nothing is unaffected, however long the silence was", () => {
  const witness = steve();
  witness.waits(100);
  witness.heard(150);
  witness.heard(450);
  witness.heard(500);
  const { outcome, silenceMs, steps, from } = witness.sight(600);
  assertEquals([outcome, silenceMs, steps, from], [{ kind: "unaffected" }, 300, [], "hub"]);
});

Deno.test("silence counts that is not over yet, and none once the fault is over", () => {
  const witness = steve();
  witness.waits(100);
  assertEquals(witness.sight(400).silenceMs, 300);
  witness.relieved(500);
  witness.event(LOST, 600);
  witness.event(joined("hub"), 700);
  assertEquals(witness.sight(9_000).silenceMs, 400);
});

Deno.test("a loss leaves a player adrift until they play or wait somewhere, which is timed from when the fault met them", () => {
  const witness = steve();
  witness.waits(100);
  witness.event(LOST, 1_100);
  assertEquals([witness.isAdrift, witness.sight(1_100).outcome], [true, { kind: "adrift" }]);
  witness.event(WAITING, 1_300);
  assertEquals([witness.isAdrift, witness.sight(1_400).outcome], [false, { kind: "waiting", ms: 1_200 }]);
  witness.event(joined("arena"), 2_100);
  const { outcome, silenceMs, steps } = witness.sight(3_000);
  assertEquals([outcome, silenceMs], [{ kind: "playing", backend: "arena", ms: 2_000 }, 1_000]);
  assertEquals(steps, [
    { ms: 1_100, step: "lost", backend: "hub", cause: "backend-stalled, 1 s" },
    { ms: 1_300, step: "waiting", cause: "hub is down" },
    { ms: 2_100, step: "joined", backend: "arena" },
  ]);
});

Deno.test("who is still logging in is adrift until they play or wait; who waits already does so", () => {
  const newcomer = { session: "A1", player: "Steve", backend: "", isNew: true };
  for (const event of [WAITING, joined("hub"), ended("client-left")]) {
    const witness = new Witness(newcomer, "hub", 100);
    assertEquals([witness.isAdrift, witness.sight(200).outcome], [true, { kind: "adrift" }]);
    witness.event(event, 300);
    assertEquals(witness.isAdrift, false);
  }
  const waiting = new Witness({ ...newcomer, isNew: false }, "hub", 100);
  assertEquals([waiting.isAdrift, waiting.sight(200).outcome], [false, { kind: "waiting", ms: 0 }]);
});

const ends: readonly { readonly reason: Reason; readonly kind: "left" | "lost" }[] = [
  { reason: "backend-lost", kind: "lost" },
  { reason: "internal-error", kind: "lost" },
  { reason: "client-left", kind: "left" },
  { reason: "kicked", kind: "left" },
];

for (const { reason, kind } of ends) {
  Deno.test(`a session that ends by ${reason} has ${kind}, with its code`, () => {
    const witness = steve();
    witness.event(ended(reason), 300);
    assertEquals(witness.sight(300).outcome, { kind, code: "SP-A1", reason, ms: 200 });
    assertEquals(witness.isLost, kind === "lost");
  });
}

Deno.test("no more steps are kept than are of use, and it is said how many are not; the outcome is that of the last", () => {
  const witness = steve();
  for (let at = 0; at < 15; at++) {
    witness.event(LOST, at);
    witness.event(joined(`b${at}`), at);
  }
  const { steps, omitted, outcome } = witness.sight(100);
  assertEquals([steps.length, omitted], [20, 10]);
  assertEquals(outcome.kind === "playing" && outcome.backend, "b14");
});

Deno.test("who was not taken by the backend stayed where they were, which was never silent", () => {
  const witness = mover();
  witness.waits(100);
  witness.heard(400);
  witness.event(refused("hub"), 3_100);
  witness.gaveUp(3_100);
  const { outcome, silenceMs, from } = witness.sight(4_000);
  assertEquals([outcome, silenceMs, from], [{ kind: "stayed" }, 0, "arena"]);
});

Deno.test("what another backend refuses is no effect of the fault, and ends no silence", () => {
  const witness = steve();
  witness.waits(100);
  witness.event(refused("arena"), 300);
  const { outcome, silenceMs } = witness.sight(600);
  assertEquals([outcome, silenceMs], [{ kind: "unaffected" }, 500]);
});

Deno.test("silence counts for who comes to the backend from when they are there, and no more once they have gone elsewhere", () => {
  const witness = mover();
  witness.waits(100);
  witness.event(joined("hub"), 500);
  assertEquals(witness.sight(700).silenceMs, 200);
  witness.event(joined("arena"), 800);
  witness.heard(2_000);
  assertEquals(witness.sight(3_000).silenceMs, 300);
});

Deno.test("a newcomer's silence is over when the backend is given up", () => {
  const witness = new Witness({ session: "A1", player: "Steve", backend: "", isNew: true }, "hub", 100);
  witness.waits(100);
  witness.event(refused("hub"), 400);
  assertEquals(witness.sight(900).silenceMs, 300);
});
