import { type LoadOptions, parseConfig } from "../../lib/config/load.ts";
import { ConfigError, formatProblem } from "../../lib/config/problem.ts";
import { assertEquals } from "../harness/assert.ts";
import { minimalToml } from "./minimal_toml.ts";

/** Everything that is wrong with `toml`, as it is printed. */
function problems(toml: string, options: Partial<LoadOptions> = {}): readonly string[] {
  try {
    parseConfig(toml, { path: "kurafuto.toml", ...options });
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.map(formatProblem);
    throw error;
  }
}

Deno.test("a key that every object of the language has is as unknown as others", () => {
  for (const key of ["constructor", "toString", "__proto__"]) {
    const [problem = "", ...more] = problems(minimalToml({ rest: `[edge]\n${key} = 2` }));
    assertEquals([problem.includes(`edge.${key}: Cannot use key as it is unknown: known here are name, `), more], [
      true,
      [],
    ]);
    assertEquals(problem.includes("did you mean"), false, problem);
  }
});

Deno.test("parseConfig tells the problems of the file, the environment and the flags together", () => {
  const found = problems(minimalToml({ rest: "[log]\nlevel = 1\n[log]" }), {
    env: { KURAFUTO_LOG__LEVLE: "debug", KURAFUTO_EDGE__MAX_PLAYERS: "many", KURAFUTO_X__Y: "1" },
    overrides: [{ flag: "--set", key: "log.levle", value: "x" }, {
      flag: "--log-format",
      key: "log.format",
      value: "x",
    }],
  });
  assertEquals(found, [
    'kurafuto.toml:12: log.level: Cannot use value as it must be "debug", "info", "warn" or "error": ' +
    "current value is 1",
    "kurafuto.toml:13: log: Cannot set table again: it is set on line 11 (put its keys there)",
    "KURAFUTO_LOG__LEVLE: Cannot use variable as it sets no known key (did you mean KURAFUTO_LOG__LEVEL?)",
    "KURAFUTO_X__Y: Cannot use variable as it sets no known key (unset it)",
    '--set: log.levle: Cannot set key as it is unknown (did you mean "log.level"?)',
    "KURAFUTO_EDGE__MAX_PLAYERS: edge.max_players: Cannot use value as it must be a whole number from 1 to 100000: " +
    'current value is "many"',
    '--log-format: log.format: Cannot use value as it must be "text" or "json": current value is "x"',
  ]);
});

Deno.test("parseConfig takes 1.0 for no whole number from the environment and the flags either, and an integer over the file's", () => {
  const rest = "[limits]\npackets_per_second = 1.0";
  const expected = 'Cannot use value as it must be a whole number from 1 to 1000000: current value is "2.0"';
  assertEquals(problems(minimalToml({ rest }), { env: { KURAFUTO_LIMITS__PACKETS_PER_SECOND: "2.0" } }), [
    `KURAFUTO_LIMITS__PACKETS_PER_SECOND: limits.packets_per_second: ${expected}`,
  ]);
  const overrides = [{ flag: "--set", key: "limits.packets_per_second", value: "3" }];
  assertEquals(problems(minimalToml({ rest }), { overrides }), []);
});

Deno.test("parseConfig says that sections of which there may be several are set in the file only", () => {
  const overrides = ["listener.0.bind", "listener.bind"].map((key) => ({ flag: "--set", key, value: "x" }));
  const env = { KURAFUTO_LISTENER__BIND: "x", KURAFUTO_HEARTBEAT__0__URL: "x" };
  const reason = "here: sections in [[double brackets]] are set in the file only";
  assertEquals(problems(minimalToml(), { env, overrides }), [
    `KURAFUTO_HEARTBEAT__0__URL: Cannot set key of [[heartbeat]] ${reason}`,
    `KURAFUTO_LISTENER__BIND: Cannot set key of [[listener]] ${reason}`,
    `--set: listener.0.bind: Cannot set key of [[listener]] ${reason}`,
    `--set: listener.bind: Cannot set key of [[listener]] ${reason}`,
  ]);
});
