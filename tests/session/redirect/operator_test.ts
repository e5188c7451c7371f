import { refusalOf } from "../../../lib/session/redirect/operator.ts";
import { assertEquals } from "../../harness/assert.ts";

Deno.test("a refusal says why nobody can be sent there", () => {
  const name = "arena";
  assertEquals(refusalOf({ kind: "here", name }), "is there already");
  for (const why of ["down", "full", "drained"] as const) assertEquals(refusalOf({ kind: "closed", name, why }), why);
  assertEquals(refusalOf({ kind: "unknown", name: "arnea", nearest: "arena" }), "unknown, nearest is arena");
  assertEquals(refusalOf({ kind: "unknown", name: "x", nearest: undefined }), "unknown");
});
