/**
 * Tries an executable out, on whatever machine it is made for: its version, the check of the example configuration, and one bot that plays in
 * the demo. Ends with 0 where all of that is well.
 *
 *     deno run --allow-all tests/packaging/smoke.ts EXECUTABLE [CONFIGURATION]
 */
import manifest from "../../deno.json" with { type: "json" };
import { visit } from "./visitor.ts";

const [executable, configuration = "kurafuto.example.toml"] = Deno.args;
if (executable === undefined) throw new Error("Cannot try anything out: EXECUTABLE is missing");

const version = await outputOf("--version");
if (version !== `kurafuto ${manifest.version}\n`) throw new Error(`Cannot accept the version: it is '${version}'`);
await outputOf("check", "-c", configuration);

const demo = new Deno.Command(executable, { args: ["demo"], stdin: "null", stdout: "null" }).spawn();
try {
  await visit();
} finally {
  demo.kill("SIGTERM");
}
const { code } = await demo.status;
// Windows has no signals: the demo is ended there, it does not end.
if (code !== 0 && Deno.build.os !== "windows") throw new Error(`Cannot stop the demo: its exit code is ${code}`);
console.log(`${executable}: well`);

/** What the executable says on its standard output. Fails where it does not end with 0. */
async function outputOf(...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await new Deno.Command(executable ?? "", { args: [...args] }).output();
  if (code !== 0) {
    throw new Error(`Cannot run '${args.join(" ")}': exit code is ${code}: ${new TextDecoder().decode(stderr)}`);
  }
  return new TextDecoder().decode(stdout);
}
