/** The soak as it is run by hand, in small: against the real program, and against an edge that breaks every budget. */
import { BUDGET_NAMES } from "../../bench/soak/budgets.ts";
import { assert, assertEquals, assertMatch } from "../harness/assert.ts";

const ignore = Deno.build.os !== "linux";
const ROOT = new URL("../../", import.meta.url);

interface Result {
  readonly code: number;
  readonly output: string;
}

async function soak(...args: readonly string[]): Promise<Result> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-all", "bench/soak.ts", ...args],
    cwd: ROOT,
    stdin: "null",
  }).output();
  return { code, output: new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr) };
}

/** Names of the budgets that were kept, or exceeded. */
function budgets({ output }: Result, word: "ok" | "EXCEEDED"): readonly string[] {
  return output.matchAll(new RegExp(`^${word} +(\\w+)`, "gm")).map(([, name = ""]) => name).toArray();
}

Deno.test({
  name: "the real program carries a small soak, with moves, maps, joins and leaves, and no packet is wrong",
  ignore,
  fn: async () => {
    // How fast it is on a machine that runs other tests as well says nothing.
    const slow = ["--budget-p99", "Infinity", "--budget-lag", "Infinity"];
    const result = await soak("--bots", "60", "--seconds", "8", "--every", "4", "--seed", "5", ...slow);
    assertEquals(budgets(result, "EXCEEDED"), [], result.output);
    assertEquals(budgets(result, "ok"), BUDGET_NAMES, result.output);
    assertEquals(result.code, 0, result.output);
    const [, joins, leaves, moves, maps] =
      /join (\d+), leave (\d+), move (\d+), refused 0, map (\d+)/.exec(result.output) ?? [];
    assert(Number(joins) > 60 && Number(leaves) >= 60 && Number(moves) > 10 && Number(maps) > 0, result.output);
    assertMatch(result.output, /^00:00:\d\d {2}\d+ playing, edge \d+ .*RSS \d+ MiB.*lag p99/m);
  },
});

Deno.test({
  name: "an edge that loses, refuses, miscounts and is slow exceeds every budget, and each is named",
  ignore,
  fn: async () => {
    const edge = `${Deno.execPath()} run --allow-all ${new URL("bad_edge.ts", import.meta.url).pathname}`;
    const tight = ["p99", "lag", "rss", "growth"].flatMap((name) => [`--budget-${name}`, "0"]);
    const result = await soak("--bots", "20", "--seconds", "6", "--every", "2", "--edge-command", edge, ...tight);
    assertEquals(budgets(result, "EXCEEDED"), BUDGET_NAMES, result.output);
    assertEquals(result.code, 1);
    assertMatch(result.output, /^wrong \d+: .*position/m);
    assertMatch(result.output, /^lost \d+: /m);
  },
});

Deno.test("the soak refuses budgets and lengths that are no numbers", async () => {
  for (const args of [["--budget-p99", "fast"], ["--minutes", "0"], ["--bots", "1.5"], ["--bot", "3"]]) {
    const { code, output } = await soak(...args);
    assertEquals(code, 2, output);
    assertMatch(output, new RegExp(args[0] ?? ""));
  }
});
