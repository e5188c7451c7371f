/** The trials of moves and upgrades, in small, against the real program. */
import { assert, assertEquals, assertMatch } from "../harness/assert.ts";

const ignore = Deno.build.os !== "linux";
const ROOT = new URL("../../", import.meta.url);

Deno.test({
  name: "a trial of moves tells how many a second, and writes each round down",
  ignore,
  fn: async () => {
    const json = await Deno.makeTempFile();
    try {
      const options = ["--bots", "20", "--rounds", "2", "--seconds", "1", "--json", json];
      const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
        args: ["run", "--allow-all", "bench/moves.ts", ...options],
        cwd: ROOT,
        stdin: "null",
      }).output();
      const output = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
      assertEquals(code, 0, output);
      assertMatch(output, /^median: \d+ moves\/s/m);
      const rounds = (await Deno.readTextFile(json)).trim().split("\n").map((line) => JSON.parse(line));
      assertEquals(rounds.map(({ round }) => round), [0, 1]);
      assert(rounds.every(({ values }) => values.perSecond > 10), output);
    } finally {
      await Deno.remove(json);
    }
  },
});
