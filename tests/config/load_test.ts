import { loadConfig, parseConfig } from "../../lib/config/load.ts";
import { ConfigError, formatProblem } from "../../lib/config/problem.ts";
import { assert, assertEquals, assertRejects } from "../harness/assert.ts";
import { type MinimalOptions, minimalToml } from "./minimal_toml.ts";

const PATH = "kurafuto.toml";

Deno.test("parseConfig fills everything that the smallest file leaves out", () => {
  const { config, warnings } = parseConfig(minimalToml(), { path: PATH });
  assertEquals(warnings, []);
  assertEquals(config, {
    edge: { name: "Kurafuto", motd: "", dataDir: "./data", maxPlayers: 256, drainTimeoutMs: 30_000, driver: "auto" },
    cpe: { appName: "Kurafuto", exclude: [] },
    log: { level: "info", format: "text", file: "", maskAddresses: false },
    events: { file: "", stdout: false, command: [], chat: false },
    listeners: [{
      name: "main",
      bind: { kind: "tcp", host: "127.0.0.1", port: 25565 },
      mode: "parse",
      pool: "lobby",
      auth: "mppass",
      websocket: true,
      proxyProtocolFrom: [],
      realIpFrom: [],
      tlsCert: "",
      tlsKey: "",
    }],
    backends: [{
      name: "hub",
      address: { kind: "tcp", host: "127.0.0.1", port: 25566 },
      weight: 1,
      maxPlayers: 0,
      joinable: true,
      token: "",
      salt: "",
      forwardIp: "off",
    }],
    pools: [{
      name: "lobby",
      backends: ["hub"],
      balance: "first",
      recent: true,
      fallback: [],
      onKick: "disconnect",
      joinRate: 10,
    }],
    health: { intervalMs: 2000, timeoutMs: 1000, rise: 2, fall: 3, login: "", backendIdleTimeoutMs: 15_000 },
    redirect: { command: "/server", pluginChannel: 75 },
    limits: {
      connectionsPerAddress: 8,
      connectRatePerAddress: { count: 10, windowMs: 10_000 },
      loginTimeoutMs: 10_000,
      loginsAtOnce: 256,
      packetsPerSecond: 500,
      chatRate: { count: 10, windowMs: 5_000 },
      clientBuffer: 8_388_608,
      allowOnly: false,
      dryRun: false,
    },
    auth: { saltRotationMs: 86_400_000, saltOverlapMs: 3_600_000, duplicateNames: "kick-old" },
    heartbeats: [],
    heartbeatAbsorber: undefined,
    admin: undefined,
    drill: { enabled: false },
  });
});

Deno.test("parseConfig takes every key of every section to its own place", () => {
  const toml = `
    [edge]
    name = "a"
    motd = "b"
    data_dir = "c"
    max_players = 1
    drain_timeout = "2s"
    driver = "deno"
    [cpe]
    app_name = "d"
    exclude = ["FastMap"]
    [log]
    level = "warn"
    format = "json"
    file = "h"
    mask_addresses = true
    [events]
    file = "i"
    stdout = true
    command = ["j", "-k"]
    chat = true
    [[listener]]
    name = "main"
    bind = "[::1]:0"
    mode = "raw"
    pool = "lobby"
    auth = "off"
    websocket = false
    [[backend]]
    name = "hub"
    address = "unix:/run/hub.sock"
    weight = 3
    max_players = 4
    joinable = false
    token = "e"
    salt = "f"
    [[pool]]
    name = "lobby"
    backends = ["hub"]
    balance = "round-robin"
    recent = false
    fallback = ["lobby"]
    on_kick = "fallback"
    join_rate = 5
    [health]
    interval = "6s"
    timeout = "7s"
    rise = 8
    fall = 9
    login = "bot"
    backend_idle_timeout = "10s"
    [redirect]
    command = "/go"
    plugin_channel = 11
    [limits]
    connections_per_address = 12
    connect_rate_per_address = "13/14s"
    login_timeout = "15s"
    logins_at_once = 30
    packets_per_second = 16
    chat_rate = "31/32s"
    client_buffer = "17MiB"
    allow_only = true
    dry_run = true
    [auth]
    salt_rotation = "18m"
    salt_overlap = "19m"
    duplicate_names = "refuse-new"
    [[heartbeat]]
    listener = "main"
    url = "http://localhost/hb"
    public = false
    interval = "20s"
    port = 33
    name_suffix = "_b"
    [heartbeat_absorber]
    bind = "127.0.0.1:21"
    from = ["10.0.0.0/8"]
    [admin]
    bind = "0.0.0.0:22"
    token_file = "g"
    hosts = ["l.example"]
    request_rate = "34/35s"
  `;
  const { config } = parseConfig(toml, { path: PATH });
  assertEquals(config.edge, {
    name: "a",
    motd: "b",
    dataDir: "c",
    maxPlayers: 1,
    drainTimeoutMs: 2000,
    driver: "deno",
  });
  assertEquals(config.cpe, { appName: "d", exclude: ["FastMap"] });
  assertEquals(config.log, { level: "warn", format: "json", file: "h", maskAddresses: true });
  assertEquals(config.events, { file: "i", stdout: true, command: ["j", "-k"], chat: true });
  assertEquals(config.listeners[0]?.bind, { kind: "tcp", host: "::1", port: 0 });
  assertEquals([config.listeners[0]?.mode, config.listeners[0]?.auth, config.listeners[0]?.websocket], [
    "raw",
    "off",
    false,
  ]);
  assertEquals(config.backends, [{
    name: "hub",
    address: { kind: "unix", path: "/run/hub.sock" },
    weight: 3,
    maxPlayers: 4,
    joinable: false,
    token: "e",
    salt: "f",
    forwardIp: "off",
  }]);
  assertEquals(config.pools, [{
    name: "lobby",
    backends: ["hub"],
    balance: "round-robin",
    recent: false,
    fallback: ["lobby"],
    onKick: "fallback",
    joinRate: 5,
  }]);
  assertEquals(config.health, {
    intervalMs: 6000,
    timeoutMs: 7000,
    rise: 8,
    fall: 9,
    login: "bot",
    backendIdleTimeoutMs: 10_000,
  });
  assertEquals(config.redirect, { command: "/go", pluginChannel: 11 });
  assertEquals(config.limits, {
    connectionsPerAddress: 12,
    connectRatePerAddress: { count: 13, windowMs: 14_000 },
    loginTimeoutMs: 15_000,
    loginsAtOnce: 30,
    packetsPerSecond: 16,
    chatRate: { count: 31, windowMs: 32_000 },
    clientBuffer: 17 * 1024 * 1024,
    allowOnly: true,
    dryRun: true,
  });
  assertEquals(config.auth, { saltRotationMs: 18 * 60_000, saltOverlapMs: 19 * 60_000, duplicateNames: "refuse-new" });
  assertEquals(config.heartbeats, [{
    listener: "main",
    url: "http://localhost/hb",
    public: false,
    intervalMs: 20_000,
    port: 33,
    nameSuffix: "_b",
  }]);
  assertEquals(config.heartbeatAbsorber, {
    bind: { kind: "tcp", host: "127.0.0.1", port: 21 },
    from: [{ bytes: [10, 0, 0, 0], prefix: 8 }],
  });
  assertEquals(config.admin, {
    bind: { kind: "tcp", host: "0.0.0.0", port: 22 },
    tokenFile: "g",
    hosts: ["l.example"],
    requestRate: { count: 34, windowMs: 35_000 },
  });
});

/** Warnings about a configuration with `options` in it. */
function warnings(options: MinimalOptions): readonly string[] {
  return parseConfig(minimalToml(options), { path: PATH }).warnings.map(formatProblem);
}

Deno.test("parseConfig warns about what has no effect, each with its place", () => {
  const listed = '[[heartbeat]]\nlistener = "main"\nname_suffix = "_a"\npublic = false\n[events]\nchat = true';
  assertEquals(warnings({ listener: 'auth = "off"\nwebsocket = false\nreal_ip_from = ["10.0.0.1"]', rest: listed }), [
    "kurafuto.toml:7: listener[0].real_ip_from: Cannot take effect as websocket = false lets no web server in: " +
    "current value is an array",
    'kurafuto.toml:16: heartbeat[0].name_suffix: Cannot take effect as its listener has auth = "off": current value is "_a"',
    "kurafuto.toml:19: events.chat: Cannot take effect as events go nowhere: there is no file, stdout, command or " +
    "[admin]: current value is true",
  ]);
});

Deno.test("parseConfig warns of a listener that is shown to strangers and checks no names", () => {
  for (const shown of ["", "public = true\n"]) {
    const rest = `[[heartbeat]]\n${shown}listener = "main"`;
    assertEquals(warnings({ listener: 'auth = "off"', rest }), [
      `kurafuto.toml:${shown === "" ? 13 : 14}: heartbeat[0].listener: Cannot vouch for names as the listener has ` +
      'auth = "off": anybody can play as anybody: current value is "main" (set auth = "mppass" there, or public = false here)',
    ]);
    assertEquals(warnings({ rest }), []);
  }
});

Deno.test("parseConfig warns of nothing that has an effect", () => {
  const effective: readonly MinimalOptions[] = [
    { listener: 'real_ip_from = ["10.0.0.1"]' },
    { listener: "websocket = false\nreal_ip_from = []" },
    { rest: '[[heartbeat]]\nlistener = "main"\nname_suffix = "_a"' },
    { listener: 'auth = "off"', rest: '[[heartbeat]]\nlistener = "main"\nname_suffix = ""\npublic = false' },
    ...['file = "events"', "stdout = true", 'command = ["cat"]', "[admin]"].map((way) => ({
      rest: `[events]\nchat = true\n${way}`,
    })),
    { rest: '[events]\nfile = "events"' },
  ];
  for (const options of effective) assertEquals(warnings(options), []);
});

Deno.test("parseConfig freezes the configuration through and through", () => {
  const { config } = parseConfig(minimalToml(), { path: PATH });
  const walk = (value: unknown): void => {
    assert(Object.isFrozen(value));
    if (typeof value === "object" && value !== null) Object.values(value).forEach(walk);
  };
  walk(config);
});

Deno.test("parseConfig lets a flag beat the environment, the environment the file, the file the default", () => {
  const toml = minimalToml({ rest: '[edge]\nname = "file"\nmotd = "file"\ndata_dir = "file"' });
  const { config } = parseConfig(toml, {
    path: PATH,
    env: { KURAFUTO_EDGE__NAME: "env", KURAFUTO_EDGE__MOTD: "env" },
    overrides: [{ flag: "--set", key: "edge.name", value: "flag" }],
  });
  assertEquals(config.edge, {
    name: "flag",
    motd: "env",
    dataDir: "file",
    maxPlayers: 256,
    drainTimeoutMs: 30_000,
    driver: "auto",
  });
});

Deno.test("parseConfig reads variables as the type of their key", () => {
  const { config } = parseConfig(minimalToml(), {
    path: PATH,
    env: {
      KURAFUTO_EDGE__NAME: "1",
      KURAFUTO_EDGE__MAX_PLAYERS: "1_000",
      KURAFUTO_CPE__EXCLUDE: '["FastMap"]',
      KURAFUTO_LIMITS__DRY_RUN: "true",
      KURAFUTO_HEALTH__INTERVAL: "5s",
      KURAFUTO_ADMIN__TOKEN_FILE: "/run/token",
    },
  });
  assertEquals(config.edge.name, "1");
  assertEquals(config.edge.maxPlayers, 1000);
  assertEquals(config.cpe.exclude, ["FastMap"]);
  assertEquals(config.limits.dryRun, true);
  assertEquals(config.health.intervalMs, 5000);
  assertEquals(config.admin?.tokenFile, "/run/token");
  assertEquals(config.admin?.bind, { kind: "tcp", host: "127.0.0.1", port: 8080 });
});

Deno.test("parseConfig ignores variables that are no settings", () => {
  const env = { KURAFUTO_HOME: "x", KURAFUTOO_LOG__LEVEL: "x", PATH: "x", "": "x" };
  assertEquals(parseConfig(minimalToml(), { path: PATH, env }).config.log.level, "info");
});

Deno.test("parseConfig keeps a variable from smuggling in other keys", () => {
  const env = { KURAFUTO_EDGE__MAX_PLAYERS: '5\n[log]\nlevel = "debug"' };
  const error = assertThrowsConfigError(() => parseConfig(minimalToml(), { path: PATH, env }));
  assertEquals(error.problems.map(({ file, path }) => `${file} ${path}`), [
    "KURAFUTO_EDGE__MAX_PLAYERS edge.max_players",
  ]);
});

function assertThrowsConfigError(read: () => unknown): ConfigError {
  try {
    read();
  } catch (error) {
    if (error instanceof ConfigError) return error;
  }
  throw new Error("Expected a ConfigError");
}

/** Runs `test` with the path of a file that holds `content`. */
async function withFile(content: Uint8Array | string, test: (path: string) => Promise<void>): Promise<void> {
  const path = await Deno.makeTempFile({ suffix: ".toml" });
  try {
    await Deno.writeFile(path, typeof content === "string" ? new TextEncoder().encode(content) : content);
    await test(path);
  } finally {
    await Deno.remove(path);
  }
}

async function assertUnreadable(path: string, message: string): Promise<void> {
  const error = await assertRejects(() => loadConfig({ path }), ConfigError);
  assertEquals(error.message, message);
}

Deno.test("loadConfig reads a file, with or without a byte order mark", async () => {
  for (const mark of ["", "\uFEFF"]) {
    await withFile(mark + minimalToml(), async (path) => {
      assertEquals((await loadConfig({ path })).config.listeners.length, 1);
    });
  }
});

Deno.test("loadConfig says that a file does not exist", async () => {
  await assertUnreadable("no/such.toml", "no/such.toml: Cannot read file as it does not exist");
});

Deno.test("loadConfig says that a file is a directory", async () => {
  const path = await Deno.makeTempDir();
  await assertUnreadable(path, `${path}: Cannot read file as it is a directory`);
  await Deno.remove(path);
});

Deno.test("loadConfig says where a file is not UTF-8", async () => {
  await withFile(new Uint8Array([0x23, 0x0a, 0x23, 0xff, 0x0a]), async (path) => {
    await assertUnreadable(path, `${path}:2: Cannot read file as it is not UTF-8`);
  });
});

Deno.test("loadConfig refuses a file of more than 1 MiB", async () => {
  await withFile(new Uint8Array(1024 * 1024 + 1).fill(0x20), async (path) => {
    await assertUnreadable(path, `${path}: Cannot read file as it is larger than 1 MiB`);
  });
});

Deno.test({
  name: "loadConfig says that permission is denied",
  ignore: Deno.build.os === "windows" || Deno.uid() === 0,
  fn: async () => {
    await withFile("", async (path) => {
      await Deno.chmod(path, 0);
      await assertUnreadable(path, `${path}: Cannot read file as permission is denied`);
    });
  },
});
