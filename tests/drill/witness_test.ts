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
  return new Witness({ session: "A1", player: "Steve", backend: "hub", isNew: false }, 100);
}

Deno.test("who notices nothing is unaffected, however long the silence was", () => {
  const witness = steve();
  witness.heard(100);
  witness.heard(150);
  witness.heard(450);
  witness.heard(500);
  const { outcome, silenceMs, steps, from } = witness.sight(600);
  assertEquals([outcome, silenceMs, steps, from], [{ kind: "unaffected" }, 300, [], "hub"]);
});

Deno.test("silence counts that is not over yet, and none once the fault stands before the player no more", () => {
  const witness = steve();
  witness.heard(100);
  assertEquals(witness.sight(400).silenceMs, 300);
  witness.freed(500);
  assertEquals(witness.sight(9_000).silenceMs, 400);
});

Deno.test("a loss leaves a player adrift until they play or wait somewhere, which is timed from when the fault met them", () => {
  const witness = steve();
  witness.heard(100);
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
    const witness = new Witness(newcomer, 100);
    assertEquals([witness.isAdrift, witness.sight(200).outcome], [true, { kind: "adrift" }]);
    witness.event(event, 300);
    assertEquals(witness.isAdrift, false);
  }
  const waiting = new Witness({ ...newcomer, isNew: false }, 100);
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
