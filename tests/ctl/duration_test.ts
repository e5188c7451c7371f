import { spokenDuration } from "../../lib/ctl/duration.ts";
import { assertEquals } from "../harness/assert.ts";

const SPOKEN: readonly (readonly [number, string])[] = [
  [-3, "0s"],
  [0.9, "0s"],
  [12.7, "12s"],
  [60, "1m 0s"],
  [133, "2m 13s"],
  [3600, "1h 0m"],
  [3600 * 26 + 59, "1d 2h"],
  [86_400 * 400, "400d 0h"],
];

Deno.test("a span of time is told in its two largest units", () => {
  for (const [seconds, text] of SPOKEN) assertEquals(spokenDuration(seconds), text);
});
