/** `kurafuto check` on the configurations in broken/: what it says of NAME.toml stands in NAME.txt. */
import { assert, assertEquals, assertMatch } from "../harness/assert.ts";
import { runCli } from "./run_cli.ts";

const FOLDER = `${import.meta.dirname}/broken/`;
const FILES = Array.from(Deno.readDirSync(FOLDER), ({ name }) => name).toSorted();
const NAMES = FILES.filter((file) => file.endsWith(".toml")).map((file) => file.slice(0, -".toml".length));

for (const name of NAMES) {
  Deno.test(`kurafuto check says what is wrong, where, and what to do: ${name.replaceAll("-", " ")}`, async () => {
    const expected = await Deno.readTextFile(`${FOLDER}${name}.txt`);
    const { code, stderr } = await runCli(["check", "-c", `${FOLDER}${name}.toml`]);
    assertEquals([code, stderr.replaceAll(FOLDER, "")], [78, expected]);
    for (const line of expected.trimEnd().split("\n")) {
      assertMatch(line, new RegExp(`^${name}\\.toml:[0-9]+: [a-z_]+(\\[[0-9]+\\])?(\\.[^ ]+)?: Cannot .+$`));
    }
  });
}

Deno.test("every broken configuration has its text, and there are forty at least", () => {
  assertEquals(FILES, NAMES.flatMap((name) => [`${name}.toml`, `${name}.txt`]));
  assert(NAMES.length >= 40);
});
