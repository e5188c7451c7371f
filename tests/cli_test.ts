import { relative } from "node:path";
import { cli, type CliIo } from "../lib/cli.ts";
import type { LoadedConfig } from "../lib/config/load.ts";
import type { Config } from "../lib/config/schema.ts";
import { UnusableFileError } from "../lib/config/unusable_file.ts";
import manifest from "../deno.json" with { type: "json" };
import { minimalToml } from "./config/minimal_toml.ts";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "./harness/assert.ts";

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** What the edge was started with. */
  readonly started: readonly LoadedConfig[];
  /** What the demo was started with. */
  readonly demos: readonly Partial<Config["log"]>[];
}

/** Runs the command line in a world where the edge and the demo end with code 42 as soon as they start. */
async function run(args: readonly string[], io: Partial<CliIo> = {}): Promise<Outcome> {
  let [stdout, stderr] = ["", ""];
  const started: LoadedConfig[] = [];
  const demos: Partial<Config["log"]>[] = [];
  const code = await cli(args, {
    env: {},
    stdout: (text) => {
      stdout += text;
      return true;
    },
    stderr: (text) => stderr += text,
    isTerminal: false,
    interruption: () => new AbortController().signal,
    exists: () => Promise.resolve(false),
    run: async (source) => started.push(await source.load()) && 42,
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
  await withConfig(minimalToml(), async (path) => {
    for (const args of [["-c", path], ["run", "--config", path], [`--config=${path}`, "run"]]) {
      const { code, started, stdout, stderr } = await run(args);
      assertEquals([code, stdout, stderr], [42, "", ""]);
      assertEquals(started[0]?.config.listeners[0]?.name, "main");
    }
  });
});

Deno.test("cli sets keys from flags over the environment", async () => {
  await withConfig(minimalToml(), async (path) => {
    const args = ["-c", path, "--set", "edge.motd=a=b", "--set=cpe.exclude=[]", "--log-level", "debug"];
    const { started } = await run([...args, "--log-format=json"], {
      env: { KURAFUTO_LOG__LEVEL: "error", KURAFUTO_EDGE__NAME: "env" },
    });
    assertEquals([started[0]?.config.log.level, started[0]?.config.log.format], ["debug", "json"]);
    assertEquals([started[0]?.config.edge.motd, started[0]?.config.edge.name], ["a=b", "env"]);
  });
});

Deno.test("cli hands the edge a configuration that can be read again, under the same flags", async () => {
  await withConfig(minimalToml(), async (path) => {
    const motds: string[] = [];
    const { code } = await run(["-c", path, "--set", "edge.name=flag"], {
      run: async (source) => {
        assertEquals(source.path, path);
        for (const motd of ["one", "two"]) {
          await Deno.writeTextFile(path, minimalToml({ rest: `[edge]\nname = "file"\nmotd = "${motd}"` }));
          const { config } = await source.load();
          motds.push(`${config.edge.name} ${config.edge.motd}`);
        }
        await Deno.writeTextFile(path, "nonsense");
        await source.load();
        return 0;
      },
    });
    assertEquals([motds, code], [["flag one", "flag two"], 78]);
  });
});

Deno.test("cli check prints what the configuration has", async () => {
  await withConfig(minimalToml(), async (path) => {
    for (const args of [["check", "-c", path], ["-t", "-c", path], ["-tc", path]]) {
      const { code, stdout, stderr, started } = await run(args);
      assertEquals([code, stderr, started.length], [0, "", 0]);
      assertEquals(stdout, `${path}: ok (1 listener, 1 backend, 1 pool)\n`);
    }
  });
});

Deno.test("cli check --dump prints every key with the value that flags, environment, file and defaults give it", async () => {
  await withConfig(minimalToml({ rest: '[edge]\nmotd = "file"' }), async (path) => {
    const args = ["check", "--dump", "-c", path, "--set", "health.rise=9"];
    const { code, stdout } = await run(args, { env: { KURAFUTO_EDGE__NAME: "env" } });
    assertEquals(code, 0);
    for (const line of ['name = "env"', 'motd = "file"', "rise = 9", 'interval = "2s"']) {
      assertStringIncludes(stdout, `\n${line}\n`);
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

Deno.test("cli ends with 78 and one line when the log file cannot be opened", async () => {
  await withConfig(minimalToml(), async (path) => {
    const error = new UnusableFileError("log.file '/nowhere/edge.log'", new Error("no such folder"));
    const { code, stderr } = await run(["-c", path], { run: () => Promise.reject(error) });
    assertEquals([code, stderr], [78, "kurafuto: Cannot use log.file '/nowhere/edge.log': no such folder\n"]);
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
  const { code, stdout } = await run(["-h"]);
  assertEquals(code, 0);
  const words = [
    ...["run", "check, -t", "schema", "demo", "-c, --config FILE", "--set SECTION.KEY=VALUE", "--log-level LEVEL"],
    ...["ban NAME|ADDRESS|NETWORK", "disallow NAME|ADDRESS|NETWORK", "bans", "--for DURATION", "--reason TEXT"],
    ...["--log-format FORMAT", "-V, --version", "--json", "-h, --help", "TERM, INT", "HUP", "USR1", "NO_COLOR"],
    ...["plan", "reload", "--confirm DURATION", "health", "ctl move PLAYER BACKEND|POOL", "ctl kick PLAYER [REASON]"],
    ...["ctl explain PLAYER|CODE", "--admin ADDRESS", "completion bash|zsh|fish", "man"],
  ];
  for (const word of words) assertStringIncludes(stdout, `  ${word}  `);
  for (const exit of ["0", "1", "2", "75", "78", "130"]) assertMatch(stdout, new RegExp(`^  ${exit} +[a-z]`, "m"));
  assert(!stdout.includes("complete "), "what only completions call is not shown");
});

Deno.test("cli prints the help of a command, with the flags that go with it and no others", async () => {
  for (const args of [["reload", "--help"], ["-h", "reload"], ["reload", "--confirm", "60s", "-h"]]) {
    const { code, stdout } = await run(args);
    assertEquals(code, 0);
    assertMatch(stdout, /^kurafuto reload: .+\n\nUsage: kurafuto reload \[FLAGS\]\n\nPlayers stay connected\./);
    assertStringIncludes(stdout, "  --confirm DURATION  ");
    assert(!stdout.includes("--since"));
  }
  assertMatch((await run(["ctl", "kick", "--help"])).stdout, /^Usage: kurafuto ctl kick PLAYER \[REASON\] \[FLAGS\]$/m);
  assertMatch((await run(["-t", "--help"])).stdout, /^kurafuto check: /);
});

Deno.test("cli prints the help of a group", async () => {
  const { code, stdout } = await run(["ctl", "--help"]);
  assertEquals(code, 0);
  for (const word of ["ctl players", "ctl events", "ctl drain BACKEND"]) assertStringIncludes(stdout, `  ${word}  `);
  assert(!stdout.includes("unban"));
});

/** A wrong command line, what is said about it, and what is named as a help. */
const MISUSED: Readonly<Record<string, readonly [message: string, help: string]>> = {
  "chek": ['Cannot run command "chek" as it is unknown (did you mean "check"?)', "--help"],
  "42": ['Cannot run command "42" as it is unknown', "--help"],
  "check extra": ['Cannot use argument "extra": check takes none', "check --help"],
  "--confg x": ['Cannot use flag --confg as it is unknown (did you mean "--config"?)', "--help"],
  "--confg=x": ['Cannot use flag --confg as it is unknown (did you mean "--config"?)', "--help"],
  "-config x": ['Cannot use flag -config as it is unknown (did you mean "--config"?)', "--help"],
  "-x": [
    "Cannot use flag -x as it is unknown: known letters are -c (--config), -V (--version), -h (--help), -t (check)",
    "--help",
  ],
  "--port 1": ["Cannot use flag --port as it is unknown", "--help"],
  "help": ['Cannot run command "help" as it is unknown (did you mean "--help"?)', "--help"],
  "version": ['Cannot run command "version" as it is unknown (did you mean "--version"?)', "--help"],
  "--no-config": ['Cannot use flag --no-config as it is unknown (did you mean "--config"?)', "--help"],
  "--__proto__ 1": ["Cannot use flag --__proto__ as it is unknown", "--help"],
  "-c": ["Cannot use flag --config without a value: it takes FILE", "--help"],
  "--config= check": ["Cannot use flag --config without a value: it takes FILE", "--help"],
  "check --dump=x": ["Cannot use flag --dump with a value as it takes none", "--help"],
  "drill delay --backend hub --delay 0ms": [
    'Cannot use flag --delay as it must be from 1ms to 60s: current value is "0ms"',
    "--help",
  ],
  "--set edge.name": [
    'Cannot use flag --set as it must be SECTION.KEY=VALUE: current value is "edge.name"',
    "--help",
  ],
  "reload --set admin.bind=127.0.0.1:1 --set edge.motd=x": [
    "Cannot use flag --set with reload for another section than [admin], by which it finds the edge, as the edge goes by its own " +
    'flags: current value is "edge.motd=x"',
    "reload --help",
  ],
  "ctl players --set log.level=debug": [
    "Cannot use flag --set with ctl players for another section than [admin], by which it finds the edge, as the edge goes by its " +
    'own flags: current value is "log.level=debug"',
    "ctl players --help",
  ],
  "--log-level warm": [
    'Cannot use flag --log-level as it must be one of "debug", "info", "warn", "error": current value is "warm" ' +
    '(did you mean "warn"?)',
    "--help",
  ],
  "--json": [
    "Cannot use flag --json with run: it goes with --version, bans, plan, reload, confirm, rollback, drain, " +
    "upgrade, drill, ctl",
    "run --help",
  ],
  "schema -c x": [
    "Cannot use flag --config with schema: it goes with run, check, ban, unban, allow, disallow, bans, plan, reload, " +
    "confirm, rollback, drain, upgrade, drill, health, ctl",
    "schema --help",
  ],
  "--version --move": ["Cannot use flag --move with --version: it goes with ctl drain", "run --help"],
  "ban": ["Cannot run ban without NAME|ADDRESS|NETWORK", "ban --help"],
  "ban a b": ['Cannot use argument "b": ban takes only NAME|ADDRESS|NETWORK', "ban --help"],
  "bans a": ['Cannot use argument "a": bans takes none', "bans --help"],
  "unban a-b": [
    "Cannot read whom it means as it must be a name (1 to 16 of A-Z, a-z, 0-9, _ and .), an address or a network: " +
    'current value is "a-b"',
    "unban --help",
  ],
  "allow 10.1.2.3/8": [
    'Cannot read network as its address has bits set behind the prefix: current value is "10.1.2.3/8" ' +
    '(did you mean "10.0.0.0/8"?)',
    "allow --help",
  ],
  "ban 300.1.1.1": [
    'Cannot read address: current value is "300.1.1.1" (access.toml can have it as a name)',
    "ban --help",
  ],
  "allow 10.0.0": [
    'Cannot read address: current value is "10.0.0" (access.toml can have it as a name)',
    "allow --help",
  ],
  "ban a --for 7": [
    'Cannot read duration as it must be a whole number and ms, s, m, h or d: current value is "7" (did you mean "7s"?)',
    "--help",
  ],
  "ban a --for 0s": ['Cannot use flag --for as it must be from 1ms to 36500d: current value is "0s"', "--help"],
  "ban a --reason \u0007": [
    "Cannot use flag --reason as it must be text of at most 64 characters of code page 437: " +
    'current value is "\\u0007"',
    "--help",
  ],
  "unban a --for 1h": ["Cannot use flag --for with unban: it goes with ban, allow, drill", "unban --help"],
  "run -t": ["Cannot use flag -t with run: it means check", "run --help"],
  "ctl": [
    "Cannot run ctl alone: it takes one of status, events, players, backends, move, kick, announce, drain, enable, " +
    "explain",
    "ctl --help",
  ],
  "ctl plyers": ['Cannot run command "ctl plyers" as it is unknown (did you mean "ctl players"?)', "ctl --help"],
  "players": ['Cannot run command "players" as it is unknown (did you mean "ctl players"?)', "--help"],
  "ctl reload": ['Cannot run command "ctl reload" as it is unknown (did you mean "reload"?)', "ctl --help"],
  "relaod --help": ['Cannot run command "relaod" as it is unknown (did you mean "reload"?)', "--help"],
  "ctl move Steve": [
    "Cannot run ctl move without BACKEND|POOL: it takes PLAYER BACKEND|POOL",
    "ctl move --help",
  ],
  "ctl move Steve hub now": [
    'Cannot use argument "now": ctl move takes only PLAYER BACKEND|POOL',
    "ctl move --help",
  ],
  "ctl kick ..": [
    'Cannot name a player so: current value is ".." (name the session, which ctl players shows)',
    "ctl kick --help",
  ],
  "ctl drain ..": ['Cannot name a backend so: current value is ".."', "ctl drain --help"],
  "ctl players --move": ["Cannot use flag --move with ctl players: it goes with ctl drain", "ctl players --help"],
  "ctl events --since never": [
    'Cannot use flag --since as it must be the number of an event: current value is "never"',
    "--help",
  ],
  "reload --confirm 1ms": [
    'Cannot use flag --confirm as it must be from 1s to 24h: current value is "1ms"',
    "--help",
  ],
  "health --admin 8080": [
    'Cannot read address as it must be host:port, [::1]:port or unix:/path: current value is "8080" ' +
    '(did you mean "0.0.0.0:8080"?)',
    "--help",
  ],
  "completion bsh": [
    'Cannot run completion as it must be one of "bash", "zsh", "fish": current value is "bsh" (did you mean "bash"?)',
    "completion --help",
  ],
};

for (const [line, [message, help]] of Object.entries(MISUSED)) {
  Deno.test(`cli ends with 2 on: kurafuto ${line}`, async () => {
    const { code, stdout, stderr, started } = await run(line.split(" "));
    assertEquals([code, stdout, started.length], [2, "", 0]);
    assertEquals(stderr, `kurafuto: ${message}\nTry kurafuto ${help}\n`);
  });
}

Deno.test("cli ends with 2 where an argument is empty", async () => {
  for (const args of [["ctl", "kick", ""], ["ctl", "announce", " "], ["ctl", "move", "Steve", ""]]) {
    assertEquals((await run([...args, "--admin", "127.0.0.1:1"])).code, 2);
  }
});

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
    assertEquals([ban.code, ban.stdout, ban.stderr], [0, `banned the player Griefer ${told}`, ""]);
    const before = Date.now();
    const timed = await run(["ban", "203.0.113.0/24", "--for", "7d", "-c", config]);
    const until = Date.parse(/^banned the network 203\.0\.113\.0\/24 until (\S+) in /.exec(timed.stdout)?.[1] ?? "");
    assert(until >= before + 7 * 86_400_000 && until <= Date.now() + 7 * 86_400_000);
    assertEquals(
      (await run(["allow", "::ffff:198.51.100.7", "-c", config])).stdout,
      `allowed the address 198.51.100.7 ${told}`,
    );
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
    assertEquals((await run(["unban", "GRIEFER", "-c", config])).stdout, `unbanned the player GRIEFER ${told}`);
    assertEquals((await run(["disallow", "198.51.100.7", "-c", config])).code, 0);
    assertEquals((await run(["unban", "203.0.113.0/24", "-c", config])).code, 0);
    const nobody = await run(["bans", "-c", config]);
    assertEquals(nobody.stdout, "nobody is banned, nobody is on the allow list\n");
  });
});

Deno.test("cli makes no data directory where it is run: it would not be the edge's", async () => {
  await withDataDir(async (config, dataDir) => {
    const path = relative(Deno.cwd(), dataDir);
    const runThere = (...args: readonly string[]): ReturnType<typeof run> =>
      run([...args, "-c", config, "--set", `edge.data_dir=${path}`]);
    for (const args of [["ban", "Steve"], ["allow", "Steve"], ["unban", "Steve"], ["bans"]]) {
      const { code, stdout, stderr } = await runThere(...args);
      assertEquals([code, stdout], [1, ""]);
      const advice = "run this where the edge was started, or make data_dir absolute";
      assertEquals(stderr, `kurafuto: Cannot find edge.data_dir '${dataDir}' (${advice})\n`);
    }
    await Deno.mkdir(dataDir);
    const told = `in ${dataDir}/access.toml; a running edge takes it up within two seconds\n`;
    assertEquals((await runThere("ban", "Steve")).stdout, `banned the player Steve ${told}`);
  });
});

Deno.test("cli takes names off that look like addresses, which only the file can put on", async () => {
  await withDataDir(async (config, dataDir) => {
    await Deno.mkdir(dataDir);
    await Deno.writeTextFile(`${dataDir}/access.toml`, '[[ban]]\nname = "300.1.1.1"\n');
    const { code, stdout } = await run(["unban", "300.1.1.1", "-c", config]);
    assertEquals([code, stdout.split(" in ")[0]], [0, "unbanned the player 300.1.1.1"]);
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
