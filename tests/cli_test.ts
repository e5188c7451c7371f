import { cli, type CliIo } from "../lib/cli.ts";
import type { ConfigProblem } from "../lib/config/problem.ts";
import type { Config } from "../lib/config/schema.ts";
import manifest from "../deno.json" with { type: "json" };
import { minimalToml } from "./config/minimal_toml.ts";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "./harness/assert.ts";

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** What the edge was started with. */
  readonly started: readonly { readonly config: Config; readonly warnings: readonly ConfigProblem[] }[];
  /** What the demo was started with. */
  readonly demos: readonly Partial<Config["log"]>[];
}

/** Runs the command line in a world where the edge and the demo end with code 42 as soon as they start. */
async function run(args: readonly string[], io: Partial<CliIo> = {}): Promise<Outcome> {
  let [stdout, stderr] = ["", ""];
  const started: { config: Config; warnings: readonly ConfigProblem[] }[] = [];
  const demos: Partial<Config["log"]>[] = [];
  const code = await cli(args, {
    env: {},
    stdout: (text) => stdout += text,
    stderr: (text) => stderr += text,
    exists: () => Promise.resolve(false),
    run: (config, warnings) => Promise.resolve(started.push({ config, warnings }) && 42),
    demo: (log) => Promise.resolve(demos.push(log) && 42),
    ...io,
  });
  return { code, stdout, stderr, started, demos };
}

/** Runs `test` with the path of a configuration that holds `toml`. */
async function withConfig(toml: string, test: (path: string) => Promise<void>): Promise<void> {
  const path = await Deno.makeTempFile({ suffix: ".toml" });
  try {
    await Deno.writeTextFile(path, toml);
    await test(path);
  } finally {
    await Deno.remove(path);
  }
}

Deno.test("cli runs the edge when no command is named, and ends with its code", async () => {
  await withConfig(minimalToml({ rest: "[admin]" }), async (path) => {
    for (const args of [["-c", path], ["run", "--config", path], [`--config=${path}`, "run"]]) {
      const { code, started, stdout, stderr } = await run(args);
      assertEquals([code, stdout, stderr], [42, "", ""]);
      assertEquals(started[0]?.config.listeners[0]?.name, "main");
      assertEquals(started[0]?.warnings.map((warning) => warning.path), ["admin"]);
    }
  });
});

Deno.test("cli sets keys from flags over the environment", async () => {
  await withConfig(minimalToml(), async (path) => {
    const args = ["-c", path, "--set", "edge.motd=a=b", "--set=cpe.exclude=[]", "--log-level", "debug"];
    const { started } = await run([...args, "--log-format=json"], {
      env: { KURAFUTO_LOG__LEVEL: "error", KURAFUTO_EDGE__NAME: "env" },
    });
    assertEquals(started[0]?.config.log, { level: "debug", format: "json" });
    assertEquals([started[0]?.config.edge.motd, started[0]?.config.edge.name], ["a=b", "env"]);
  });
});

Deno.test("cli check prints what the configuration has, and its warnings apart", async () => {
  await withConfig(minimalToml({ rest: "[admin]" }), async (path) => {
    for (const args of [["check", "-c", path], ["-t", "-c", path], ["-tc", path]]) {
      const { code, stdout, stderr, started } = await run(args);
      assertEquals(code, 0);
      assertEquals(stdout, `${path}: ok (1 listener, 1 backend, 1 pool)\n`);
      assertStringIncludes(stderr, `warning: ${path}:11: admin: Cannot use setting`);
      assertEquals(started, []);
    }
  });
});

Deno.test("cli ends with 78 and one line for each problem of a bad configuration", async () => {
  await withConfig(minimalToml({ rest: "[edge]\nname = 1\nmotto = 2" }), async (path) => {
    for (const command of ["check", "run"]) {
      const { code, stdout, stderr, started } = await run([command, "-c", path]);
      assertEquals([code, stdout, started.length], [78, "", 0]);
      assertEquals(stderr.split("\n").map((line) => line.split(": ").slice(0, 2).join(": ")), [
        `${path}:12: edge.name`,
        `${path}:13: edge.motto`,
        "",
      ]);
    }
  });
});

Deno.test("cli looks for the configuration in the usual places, in order", async () => {
  const asked: string[] = [];
  const { code, stderr } = await run(["check"], { exists: (path) => Promise.resolve(asked.push(path) < 0) });
  assertEquals([code, asked], [78, ["kurafuto.toml", "/etc/kurafuto/kurafuto.toml"]]);
  assertEquals(
    stderr,
    "kurafuto: Cannot find a configuration (name one with --config): " +
      "kurafuto.toml and /etc/kurafuto/kurafuto.toml do not exist\n",
  );
});

Deno.test("cli ends with 1 and the reason when the edge throws", async () => {
  await withConfig(minimalToml(), async (path) => {
    const { code, stderr } = await run(["-c", path], { run: () => Promise.reject(new Error("no sockets left")) });
    assertEquals(code, 1);
    assertStringIncludes(stderr, "no sockets left");
  });
});

Deno.test("cli runs the demo with the log of the flags, and reads no configuration", async () => {
  const { code, demos } = await run(["demo", "--log-level", "debug"]);
  assertEquals([code, demos], [42, [{ level: "debug" }]]);
});

Deno.test("cli prints the JSON Schema", async () => {
  const { code, stdout } = await run(["schema"]);
  assertEquals(code, 0);
  assertEquals(JSON.parse(stdout).$schema, "http://json-schema.org/draft-07/schema#");
});

Deno.test("cli prints the version for people and for programs", async () => {
  for (const flag of ["-V", "--version"]) {
    const { code, stdout } = await run([flag]);
    assertEquals([code, stdout], [0, `kurafuto ${manifest.version}\n`]);
  }
  const { version, deno, v8, target } = JSON.parse((await run(["--version", "--json"])).stdout);
  assertEquals([version, deno, v8, target], [
    manifest.version,
    Deno.version.deno,
    Deno.version.v8,
    Deno.build.target,
  ]);
});

Deno.test("cli prints every command, flag, signal and exit code as help", async () => {
  const { code, stdout } = await run(["check", "-h"]);
  assertEquals(code, 0);
  const words = [
    ...["run", "check, -t", "schema", "demo", "-c, --config FILE", "--set SECTION.KEY=VALUE", "--log-level LEVEL"],
    ...["ban NAME|ADDRESS|NETWORK", "disallow NAME|ADDRESS|NETWORK", "bans", "--for DURATION", "--reason TEXT"],
    ...["--log-format FORMAT", "-V, --version", "--json", "-h, --help", "TERM, INT"],
  ];
  for (const word of words) assertStringIncludes(stdout, `  ${word}  `);
  for (const exit of ["0", "1", "2", "75", "78", "130"]) assertMatch(stdout, new RegExp(`^  ${exit} +[a-z]`, "m"));
});

const MISUSED: Readonly<Record<string, string>> = {
  "chek": 'Cannot run command "chek" as it is unknown (did you mean "check"?)',
  "42": 'Cannot run command "42" as it is unknown',
  "check extra": 'Cannot use argument "extra": check takes none',
  "--confg x": 'Cannot use flag --confg as it is unknown (did you mean "--config"?)',
  "--confg=x": 'Cannot use flag --confg as it is unknown (did you mean "--config"?)',
  "-config x": 'Cannot use flag -config as it is unknown (did you mean "--config"?)',
  "-x": "Cannot use flag -x as it is unknown",
  "--no-config": 'Cannot use flag --no-config as it is unknown (did you mean "--config"?)',
  "--__proto__ 1": "Cannot use flag --__proto__ as it is unknown",
  "-c": "Cannot use flag --config without a value: it takes FILE",
  "--config= check": "Cannot use flag --config without a value: it takes FILE",
  "--set edge.name": 'Cannot use flag --set as it must be SECTION.KEY=VALUE: current value is "edge.name"',
  "--log-level warm": 'Cannot use flag --log-level as it must be one of "debug", "info", "warn", "error": ' +
    'current value is "warm" (did you mean "warn"?)',
  "--json": "Cannot use flag --json with run: it goes with --version, bans",
  "schema -c x": "Cannot use flag --config with schema: it goes with run, check, ban, unban, allow, disallow, bans",
  "--version -c x":
    "Cannot use flag --config with --version: it goes with run, check, ban, unban, allow, disallow, bans",
  "ban": "Cannot run ban without an argument: it takes NAME|ADDRESS|NETWORK",
  "ban a b": 'Cannot use argument "b": ban takes only NAME|ADDRESS|NETWORK',
  "bans a": 'Cannot use argument "a": bans takes none',
  "unban a-b": "Cannot read whom it means as it must be a name (1 to 16 of A-Z, a-z, 0-9, _ and .), an address or a " +
    'network: current value is "a-b"',
  "allow 10.1.2.3/8": "Cannot read network as its address has bits set behind the prefix: current value is " +
    '"10.1.2.3/8" (did you mean "10.0.0.0/8"?)',
  "ban a --for 7": "Cannot read duration as it must be a whole number and ms, s, m, h or d: " +
    'current value is "7" (did you mean "7s"?)',
  "ban a --for 0s": 'Cannot use flag --for as it must be from 1ms to 36500d: current value is "0s"',
  "ban a --reason \u0007": "Cannot use flag --reason as it must be text of at most 64 characters of code page 437: " +
    'current value is "\\u0007"',
  "unban a --for 1h": "Cannot use flag --for with unban: it goes with ban, allow",
  "run -t": "Cannot use flag -t with run: it means check",
};

for (const [line, message] of Object.entries(MISUSED)) {
  Deno.test(`cli ends with 2 on: kurafuto ${line}`, async () => {
    const { code, stdout, stderr, started } = await run(line.split(" "));
    assertEquals([code, stdout, started.length], [2, "", 0]);
    assertEquals(stderr, `kurafuto: ${message}\nTry kurafuto --help\n`);
  });
}

/** Runs `test` with the path of a configuration and its data directory, which does not exist yet. */
async function withDataDir(test: (config: string, dataDir: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    const config = `${folder}/kurafuto.toml`;
    await Deno.writeTextFile(config, minimalToml({ rest: `[edge]\ndata_dir = "${folder}/data"` }));
    await test(config, `${folder}/data`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("cli bans and unbans players and networks, and says what it did", async () => {
  await withDataDir(async (config, dataDir) => {
    const ban = await run(["ban", "Griefer", "-c", config, "--reason", "grief"]);
    const told = `in ${dataDir}/access.toml; a running edge takes it up within two seconds\n`;
    assertEquals([ban.code, ban.stdout, ban.stderr], [0, `banned Griefer ${told}`, ""]);
    const before = Date.now();
    const timed = await run(["ban", "203.0.113.0/24", "--for", "7d", "-c", config]);
    const until = Date.parse(/^banned 203\.0\.113\.0\/24 until (\S+) in /.exec(timed.stdout)?.[1] ?? "");
    assert(until >= before + 7 * 86_400_000 && until <= Date.now() + 7 * 86_400_000);
    assertEquals((await run(["allow", "::ffff:198.51.100.7", "-c", config])).stdout, `allowed 198.51.100.7 ${told}`);
    assertEquals((await run(["bans", "-c", config])).stdout.split("\n").map((line) => line.split(/ {2,}/)), [
      ["LIST", "WHO", "UNTIL", "REASON"],
      ["ban", "Griefer", "for good", "grief"],
      ["ban", "203.0.113.0/24", new Date(until).toISOString().replace(".000Z", "Z")],
      ["allow", "198.51.100.7", "for good"],
      [""],
    ]);
    assertEquals(JSON.parse((await run(["bans", "--json", "-c", config])).stdout), {
      ban: [
        { name: "Griefer", reason: "grief" },
        { address: "203.0.113.0/24", until: new Date(until).toISOString().replace(".000Z", "Z") },
      ],
      allow: [{ address: "198.51.100.7" }],
    });
    assertEquals((await run(["unban", "GRIEFER", "-c", config])).stdout, `unbanned GRIEFER ${told}`);
    assertEquals((await run(["disallow", "198.51.100.7", "-c", config])).code, 0);
    assertEquals((await run(["unban", "203.0.113.0/24", "-c", config])).code, 0);
    const nobody = await run(["bans", "-c", config]);
    assertEquals(nobody.stdout, "nobody is banned, nobody is on the allow list\n");
  });
});

Deno.test("cli replaces the entry of somebody who is banned again", async () => {
  await withDataDir(async (config) => {
    await run(["ban", "Griefer", "-c", config, "--for", "1h"]);
    await run(["ban", "griefer", "-c", config, "--reason", "worse"]);
    const { ban } = JSON.parse((await run(["bans", "--json", "-c", config])).stdout);
    assertEquals(ban, [{ name: "griefer", reason: "worse" }]);
  });
});

Deno.test("cli ends with 1 when there is nothing to take off a list", async () => {
  await withDataDir(async (config) => {
    const { code, stdout, stderr } = await run(["unban", "Nobody", "-c", config]);
    assertEquals([code, stdout], [1, ""]);
    assertEquals(stderr, "kurafuto: Cannot find Nobody on the ban list (kurafuto bans shows it)\n");
  });
});

Deno.test("cli ends with 78 on a faulty access file and leaves it alone", async () => {
  await withDataDir(async (config, dataDir) => {
    await Deno.mkdir(dataDir);
    const path = `${dataDir}/access.toml`;
    await Deno.writeTextFile(path, '[[ban]]\nnme = "Griefer"\n');
    for (const args of [["ban", "Steve"], ["unban", "Steve"], ["bans"]]) {
      const { code, stdout, stderr } = await run([...args, "-c", config]);
      assertEquals([code, stdout], [78, ""]);
      assertStringIncludes(stderr, `${path}:2: ban[0].nme: Cannot use key as it is unknown (did you mean "name"?)`);
    }
    assertEquals(await Deno.readTextFile(path), '[[ban]]\nnme = "Griefer"\n');
  });
});

Deno.test("cli ends with 1 and one line when the access file cannot be written", async () => {
  await withDataDir(async (config, dataDir) => {
    await Deno.writeTextFile(dataDir, "a file where the directory should be");
    const { code, stderr } = await run(["ban", "Steve", "-c", config]);
    assertEquals([code, stderr.trim().split("\n").length], [1, 1]);
    assertStringIncludes(stderr, `kurafuto: Cannot edit ${dataDir}/access.toml: `);
  });
});

const ROOT = `${import.meta.dirname}/..`;

/** Runs the program as users do, in an empty directory. */
async function runProcess(
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<Omit<Outcome, "started" | "demos">> {
  const cwd = await Deno.makeTempDir();
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "--allow-read", "--allow-env", `${ROOT}/main.ts`, ...args],
    cwd,
    env: { ...env, NO_COLOR: "1" },
    signal: AbortSignal.timeout(60_000),
  }).output();
  await Deno.remove(cwd);
  const text = new TextDecoder();
  return { code, stdout: text.decode(stdout), stderr: text.decode(stderr) };
}

Deno.test("the program checks the example", async () => {
  const path = `${ROOT}/kurafuto.example.toml`;
  const { code, stdout, stderr } = await runProcess(["check", "-c", path]);
  assertEquals([code, stdout, stderr], [0, `${path}: ok (1 listener, 1 backend, 1 pool)\n`, ""]);
});

Deno.test("the program ends with 78 on a variable that names no key", async () => {
  const path = `${ROOT}/kurafuto.example.toml`;
  const { code, stderr } = await runProcess(["-t", "-c", path], { KURAFUTO_LOG__LEVLE: "debug" });
  assertEquals([code, stderr], [
    78,
    "KURAFUTO_LOG__LEVLE: Cannot use variable as it sets no known key (did you mean KURAFUTO_LOG__LEVEL?)\n",
  ]);
});

Deno.test("the program ends with 78 without a configuration and with 2 on a wrong flag", async () => {
  const [missing, wrong] = await Promise.all([runProcess([]), runProcess(["--prot", "25565"])]);
  assertEquals([missing.code, wrong.code], [78, 2]);
});

Deno.test("the program prints its version", async () => {
  const { code, stdout } = await runProcess(["--version"]);
  assertEquals([code, stdout], [0, `kurafuto ${manifest.version}\n`]);
});
