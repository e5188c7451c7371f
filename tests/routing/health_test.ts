import { Health } from "../../lib/routing/health.ts";
import { assertEquals } from "../harness/assert.ts";
import { assertNear } from "./near.ts";

const RULES = { rise: 2, fall: 3 };

/** Feeds results, one a second: `c` and `C` a check that fails or goes well, `d` and `D` a dial. Returns the states behind each. */
function states(health: Health, results: string, spared = false): string {
  let now = 0;
  return [...results].map((result) => {
    now += 1000;
    const before = health.up;
    const changed = result === "c"
      ? health.checkFailed(now, "check")
      : result === "d"
      ? health.dialFailed(now, "dial", spared)
      : health.succeeded(now);
    assertEquals(changed, before !== health.up, `${result} at ${now} says whether it changed the state`);
    return health.up ? "+" : "-";
  }).join("");
}

for (
  const [what, results, expected] of [
    ["is down after the first check of its life that fails", "c", "-"],
    ["needs `rise` good checks when it was down at the start", "cCC", "--+"],
    ["needs `fall` bad checks once it was seen up", "Cccc", "+++-"],
    ["is up again after `rise` good checks", "CcccCC", "+++--+"],
    ["counts only results in a row", "CccCccCcccCcCC", "++++++" + "+++-" + "---+"],
    ["needs `fall` failed dials at the start", "ddd", "++-"],
    ["has proved itself by a dial that went well", "Dcc", "+++"],
    ["counts failed dials and checks together", "Ccdc", "+++-"],
    ["forgets failed dials when one goes well", "CddDdd", "++++++"],
    ["is not nearer to its recovery after a failed dial", "CcccCdCC", "+++----+"],
  ] as const
) {
  Deno.test(`a backend ${what}`, () => {
    assertEquals(states(new Health(RULES, 0), results), expected);
  });
}

Deno.test("a spared backend stays up however many dials fail, and goes down with the next check that does", () => {
  const health = new Health(RULES, 0);
  assertEquals(states(health, `C${"d".repeat(20)}`, true), "+".repeat(21));
  assertEquals(states(health, "c", true), "-");
});

Deno.test("a backend that is spared no longer goes down with the next failed dial", () => {
  const health = new Health(RULES, 0);
  states(health, "Cddddd", true);
  assertEquals(states(health, "d", false), "-");
});

Deno.test("a state has a beginning, and a cause", () => {
  const health = new Health(RULES, 500);
  assertEquals([health.since, health.cause], [500, ""]);
  states(health, "Ccc");
  assertEquals([health.since, health.cause], [500, "check"]);
  states(health, "d");
  assertEquals([health.since, health.cause], [1000, "dial"]);
});

Deno.test("a backend is worth all of its weight from the start", () => {
  assertEquals(new Health(RULES, 0).share(0), 1);
});

Deno.test("a recovered backend works up from a tenth of its weight to all of it within ten seconds", () => {
  const health = new Health(RULES, 0);
  states(health, "CcccCC");
  for (
    const [after, share] of [[0, 0.1], [1000, 0.19], [5000, 0.55], [9999, 0.99991], [10_000, 1], [1e9, 1]] as const
  ) {
    assertNear(health.share(6000 + after), share, 1e-9);
  }
});

Deno.test("a second recovery is as slow as the first", () => {
  const health = new Health(RULES, 0);
  states(health, "CcccCC");
  states(health, "cccCC");
  assertEquals(health.share(5000), 0.1);
});
