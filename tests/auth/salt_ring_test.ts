import {
  acceptedSalts,
  freshSalts,
  published,
  rotated,
  type SaltPolicy,
  type SaltState,
} from "../../lib/auth/salt_ring.ts";
import { assertEquals } from "../harness/assert.ts";

const NOW = Date.parse("2026-11-28T12:00:00Z");
const LISTED: SaltPolicy = { rotationMs: 1_000, overlapMs: 300, listed: true };
const OWN: SaltPolicy = { ...LISTED, listed: false };

/** A service that has every salt as soon as it is made; what is left after each of `times`. */
function rotateAt(times: readonly number[], policy: SaltPolicy): SaltState {
  let state = freshSalts("first", NOW);
  for (const time of times) {
    if (policy.listed) state = published(state, policy, state.salt, NOW + time - 1);
    state = rotated(state, policy, NOW + time, () => `made-at-${time}`);
  }
  return state;
}

Deno.test("a salt is replaced at its age, and not before", () => {
  const state = published(freshSalts("first", NOW), LISTED, "first", NOW);
  assertEquals(rotated(state, LISTED, NOW + 999, () => "second"), state);
  assertEquals(rotated(state, LISTED, NOW + 1_000, () => "second"), {
    salt: "second",
    madeAt: NOW + 1_000,
    published: false,
    retired: [{ salt: "first", until: undefined }],
  });
});

Deno.test("a salt that its service has never had is not replaced, however old it is", () => {
  const state = freshSalts("first", NOW);
  assertEquals(rotated(state, LISTED, NOW + 1_000_000, () => "second"), state);
  const again = rotated(published(state, LISTED, "first", NOW), LISTED, NOW + 1_000, () => "second");
  assertEquals(rotated(again, LISTED, NOW + 1_000_000, () => "third"), again);
});

Deno.test("a salt that no service is told is replaced, and counts for the overlap from then on", () => {
  const state = rotated(freshSalts("first", NOW), OWN, NOW + 1_000, () => "second");
  assertEquals(acceptedSalts(state, NOW + 1_299), ["second", "first"]);
  assertEquals(acceptedSalts(state, NOW + 1_300), ["second"]);
});

Deno.test("an old salt counts until the overlap after its service had the new one", () => {
  const state = rotateAt([1_000], LISTED);
  assertEquals(acceptedSalts(state, NOW + 1_000_000), ["made-at-1000", "first"]);
  const told = published(state, LISTED, "made-at-1000", NOW + 5_000);
  assertEquals(acceptedSalts(told, NOW + 5_299), ["made-at-1000", "first"]);
  assertEquals(acceptedSalts(told, NOW + 5_300), ["made-at-1000"]);
});

Deno.test("hearing again of a salt does not make the overlap longer", () => {
  const told = published(rotateAt([1_000], LISTED), LISTED, "made-at-1000", NOW + 5_000);
  assertEquals(published(told, LISTED, "made-at-1000", NOW + 5_200), told);
});

Deno.test("each old salt ends at a time of its own", () => {
  const policy = { ...LISTED, overlapMs: 1_500 };
  let state = rotateAt([1_000, 2_000], policy);
  state = published(state, policy, "made-at-2000", NOW + 2_000);
  // The service had the second salt at 1999, the third at 2000.
  assertEquals(acceptedSalts(state, NOW + 3_498), ["made-at-2000", "made-at-1000", "first"]);
  assertEquals(acceptedSalts(state, NOW + 3_499), ["made-at-2000", "made-at-1000"]);
  assertEquals(acceptedSalts(state, NOW + 3_500), ["made-at-2000"]);
});

Deno.test("news of a salt that was replaced meanwhile changes nothing", () => {
  const state = rotateAt([1_000], LISTED);
  for (const salt of ["first", "unknown"]) assertEquals(published(state, LISTED, salt, NOW + 1_001), state);
});

Deno.test("salts that have ended are forgotten at the next change, and never more than nine are kept", () => {
  const short = rotateAt([1_000, 2_000, 3_000], LISTED);
  // The service heard of each salt just before the next one was made.
  assertEquals(short.retired.map(({ salt }) => salt), ["made-at-2000", "made-at-1000"]);
  const times = Array.from({ length: 12 }, (_, index) => 1_000 * (index + 1));
  const long = rotateAt(times, { ...OWN, overlapMs: 1_000_000 });
  assertEquals(long.retired.map(({ salt }) => salt), times.slice(2, 11).reverse().map((time) => `made-at-${time}`));
});

Deno.test("without an overlap an old salt ends as soon as there is a new one", () => {
  const state = rotateAt([1_000], { ...OWN, overlapMs: 0 });
  assertEquals(acceptedSalts(state, NOW + 1_000), ["made-at-1000"]);
});

Deno.test("a clock that was put back keeps no salt for ever", () => {
  const state = published(freshSalts("first", NOW), LISTED, "first", NOW);
  assertEquals(rotated(state, LISTED, NOW - 999, () => "second"), state);
  assertEquals(rotated(state, LISTED, NOW - 1_000, () => "second").salt, "second");
});
