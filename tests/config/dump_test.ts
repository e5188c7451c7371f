import { dumpConfig } from "../../lib/config/dump.ts";
import { parseConfig } from "../../lib/config/load.ts";
import { assert, assertEquals, assertStringIncludes } from "../harness/assert.ts";
import { minimalToml } from "./minimal_toml.ts";

const EXAMPLE = new URL("../../kurafuto.example.toml", import.meta.url).pathname;

/** The example with every line in force that is only shown. */
async function wholeExample(): Promise<string> {
  return (await Deno.readTextFile(EXAMPLE)).replaceAll(/^#(?=\[|\w+ = )/gm, "");
}

Deno.test("a dumped configuration is a file that says the same, every key of the example in it", async () => {
  for (const text of [minimalToml(), await wholeExample()]) {
    const { config } = parseConfig(text, { path: "a.toml" });
    const dumped = dumpConfig(config);
    assertEquals(parseConfig(dumped, { path: "b.toml" }).config, config);
  }
});

Deno.test("a dumped configuration shows no secret", () => {
  const text = minimalToml({ backend: 'token = "hush-hush"\nsalt = "pssst-pssst"' });
  const dumped = dumpConfig(parseConfig(text, { path: "a.toml" }).config);
  assert(!/hush|pssst/.test(dumped));
  assertStringIncludes(dumped, 'token = "***"\nsalt = "***"\n');
  const heartbeat = '[[heartbeat]]\nlistener = "main"\nurl = "https://me:hush@list.example/heartbeat?a=b@c"';
  const { config } = parseConfig(minimalToml({ rest: heartbeat }), { path: "a.toml" });
  assertStringIncludes(dumpConfig(config), 'url = "https://***@list.example/heartbeat?a=b@c"\n');
});
