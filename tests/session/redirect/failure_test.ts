import { type KickRules, remedyFor } from "../../../lib/session/redirect/failure.ts";
import { assertEquals } from "../../harness/assert.ts";

const DEATH = { reason: "backend-lost", detail: "reset", closing: "abort" } as const;

function kicked(kick: string): Parameters<typeof remedyFor>[0] {
  return { reason: "backend-kick", detail: `kicked: ${kick}`, kick, closing: "full" };
}

function rules(onKick: KickRules["onKick"], allows = true): KickRules {
  return { onKick, isKnown: (name) => name === "arena", allows: () => allows };
}

Deno.test("a lost backend leads to the fallbacks, whatever is said about kicks and however often", () => {
  for (const onKick of ["disconnect", "fallback"] as const) {
    assertEquals(remedyFor(DEATH, rules(onKick, false)), { kind: "fallback" });
  }
});

Deno.test("a kick is the player's, or leads to the fallbacks where the pool wants that", () => {
  assertEquals(remedyFor(kicked("Banned"), rules("disconnect")), { kind: "kick", text: "Banned" });
  assertEquals(remedyFor(kicked("Banned"), rules("fallback")), { kind: "fallback" });
});

Deno.test("a kick that names a target moves there, whatever the pool wants", () => {
  for (const onKick of ["disconnect", "fallback"] as const) {
    assertEquals(remedyFor(kicked("over @arena"), rules(onKick)), { kind: "go", to: "arena" });
  }
});

Deno.test("a kick that names what does not exist is a kick like any other", () => {
  assertEquals(remedyFor(kicked("over @arnea"), rules("disconnect")), { kind: "kick", text: "over @arnea" });
  assertEquals(remedyFor(kicked("over @arnea"), rules("fallback")), { kind: "fallback" });
});

Deno.test("whoever was moved too often is kicked, word for word", () => {
  for (const [text, onKick] of [["over @arena", "disconnect"], ["Banned", "fallback"]] as const) {
    assertEquals(remedyFor(kicked(text), rules(onKick, false)), { kind: "kick", text });
  }
});

Deno.test("a kick that moves nobody does not count as a move", () => {
  let asked = 0;
  const counting: KickRules = { ...rules("disconnect"), allows: () => ++asked > 0 };
  remedyFor(kicked("Banned"), counting);
  remedyFor(DEATH, counting);
  assertEquals(asked, 0);
  remedyFor(kicked("over @arena"), counting);
  assertEquals(asked, 1);
});
