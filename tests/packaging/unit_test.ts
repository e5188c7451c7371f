import { parseConfig } from "../../lib/config/load.ts";
import { ExitCode } from "../../lib/process/exit_code.ts";
import { minimalToml } from "../config/minimal_toml.ts";
import { assert, assertEquals, assertMatch } from "../harness/assert.ts";
import { testWith } from "../harness/installed.ts";

const UNIT = "packaging/kurafuto.service";
/** The first systemd that knows `Type=notify-reload`. */
const NOTIFY_RELOAD = 253;
/** From 0 for nothing to 10 for everything that a service could do to its machine; `systemd-analyze` calls less than 2 fine. */
const MOST_EXPOSED = 1.5;

Deno.test("systemd gives the edge its time to drain, does not start again what cannot start, and kills what hangs", async () => {
  const unit = await readUnit();
  const { drainTimeoutMs } = parseConfig(minimalToml(), { path: "" }).config.edge;
  assert(Number(unit.get("TimeoutStopSec")) * 1_000 > drainTimeoutMs);
  assertEquals(unit.get("RestartPreventExitStatus"), String(ExitCode.Config));
  assertEquals([unit.get("Restart"), unit.get("Type"), unit.get("NotifyAccess")], [
    "on-failure",
    "notify-reload",
    "main",
  ]);
  assert(Number(unit.get("WatchdogSec")) > 0);
  assertEquals(unit.get("KillMode"), "mixed");
  // V8 could not compile anything.
  assertEquals(unit.has("MemoryDenyWriteExecute"), false);
});

testWith("systemd-analyze")("systemd understands every line of the unit", async () => {
  const [, version = ""] = /^systemd (\d+)/.exec(await analyze("--version")) ?? [];
  const text = await Deno.readTextFile(UNIT);
  const known = Number(version) < NOTIFY_RELOAD ? text.replace("notify-reload", "notify") : text;
  await withUnit(known.replaceAll("/usr/bin/kurafuto", Deno.execPath()), async (path) => {
    assertEquals(await analyze("verify", "--man=no", path), "");
  });
  // A line that it does not understand is told.
  await withUnit(`${known}[Service]\nProtectEverything=yes\n`, async (path) => {
    assertMatch(await analyze("verify", "--man=no", path), /ProtectEverything/);
  });
});

testWith("systemd-analyze")("the unit leaves the edge next to nothing of the machine but the network", async () => {
  const verdict = await analyze("security", "--offline=true", "--no-pager", UNIT);
  const [, exposure = "10"] = /Overall exposure level for kurafuto\.service: ([\d.]+)/.exec(verdict) ?? [];
  assert(Number(exposure) <= MOST_EXPOSED, verdict);
});

async function readUnit(): Promise<ReadonlyMap<string, string>> {
  const lines = (await Deno.readTextFile(UNIT)).split("\n").filter((line) => /^\w+=/.test(line));
  return new Map(lines.map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]));
}

/** Runs `test` with the path of a unit of that text. */
async function withUnit(text: string, test: (path: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "kurafuto-test-" });
  await Deno.writeTextFile(`${folder}/kurafuto.service`, text);
  await test(`${folder}/kurafuto.service`);
  await Deno.remove(folder, { recursive: true });
}

/** What `systemd-analyze` says, on both of its outputs. */
async function analyze(...args: readonly string[]): Promise<string> {
  const env = { SYSTEMD_COLORS: "0" };
  const { stdout, stderr } = await new Deno.Command("systemd-analyze", { args: [...args], env }).output();
  return new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
}
