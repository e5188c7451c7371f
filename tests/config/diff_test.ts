import { diffConfig } from "../../lib/config/diff.ts";
import { parseConfig } from "../../lib/config/load.ts";
import { type Config, jsonSchema } from "../../lib/config/schema.ts";
import { assertEquals } from "../harness/assert.ts";
import { minimalToml } from "./minimal_toml.ts";

function read(toml: string): Config {
  return parseConfig(toml, { path: "kurafuto.toml" }).config;
}

function diff(before: string, after: string): ReturnType<typeof diffConfig> {
  return diffConfig(read(before), read(after));
}

/** For each key that can change, a line that changes it and what is told of that. */
const CHANGED_KEYS: Readonly<Record<string, readonly [line: string, detail: string]>> = {
  "edge.name": ['name = "Net"', 'name: "Kurafuto" -> "Net"'],
  "edge.motd": [String.raw`motd = "a \"b\""`, String.raw`motd: "" -> "a \"b\""`],
  "edge.max_players": ["max_players = 300", "max_players: 256 -> 300"],
  "edge.drain_timeout": ['drain_timeout = "0s"', 'drain_timeout: "30s" -> "0s"'],
  "cpe.app_name": ['app_name = "x"', 'app_name: "Kurafuto" -> "x"'],
  "cpe.exclude": ['exclude = ["FastMap", "EnvColors"]', 'exclude: [] -> ["FastMap", "EnvColors"]'],
  "log.level": ['level = "debug"', 'level: "info" -> "debug"'],
  "log.format": ['format = "json"', 'format: "text" -> "json"'],
  "log.file": ['file = "edge.log"', 'file: "" -> "edge.log"'],
  "log.mask_addresses": ["mask_addresses = true", "mask_addresses: false -> true"],
  "events.file": ['file = "events"', 'file: "" -> "events"'],
  "events.stdout": ["stdout = true", "stdout: false -> true"],
  "events.command": ['command = ["cat", "-u"]', 'command: [] -> ["cat", "-u"]'],
  "events.chat": ["chat = true", "chat: false -> true"],
  "listener.bind": ['bind = "[::1]:25565"', 'bind: "127.0.0.1:25565" -> "[::1]:25565"'],
  "listener.mode": ['mode = "raw"', 'mode: "parse" -> "raw"'],
  "listener.pool": ['pool = "other"', 'pool: "lobby" -> "other"'],
  "listener.auth": ['auth = "off"', 'auth: "mppass" -> "off"'],
  "listener.websocket": ["websocket = false", "websocket: true -> false"],
  "listener.proxy_protocol_from": [
    'proxy_protocol_from = ["10.0.0.0/8", "192.0.2.7", "fd00::/8"]',
    'proxy_protocol_from: [] -> ["10.0.0.0/8", "192.0.2.7", "fd00::/8"]',
  ],
  "listener.real_ip_from": ['real_ip_from = ["::1"]', 'real_ip_from: [] -> ["::1"]'],
  "listener.tls_cert": ['tls_cert = "b.pem"', 'tls_cert: "a.pem" -> "b.pem"'],
  "listener.tls_key": ['tls_key = "b.key"', 'tls_key: "a.key" -> "b.key"'],
  "backend.address": ['address = "unix:/run/hub"', 'address: "127.0.0.1:25566" -> "unix:/run/hub"'],
  "backend.weight": ["weight = 2", "weight: 1 -> 2"],
  "backend.max_players": ["max_players = 5", "max_players: 0 -> 5"],
  "backend.joinable": ["joinable = false", "joinable: true -> false"],
  "backend.token": ['token = "hidden"', "token: changed"],
  "backend.salt": ['salt = "hidden"', "salt: changed"],
  "backend.forward_ip": ['forward_ip = "proxy-v2"', 'forward_ip: "off" -> "proxy-v2"'],
  "pool.backends": ['backends = ["arena", "hub"]', 'backends: ["hub", "arena"] -> ["arena", "hub"]'],
  "pool.balance": ['balance = "random-two"', 'balance: "first" -> "random-two"'],
  "pool.recent": ["recent = false", "recent: true -> false"],
  "pool.fallback": ['fallback = ["lobby"]', 'fallback: [] -> ["lobby"]'],
  "pool.on_kick": ['on_kick = "fallback"', 'on_kick: "disconnect" -> "fallback"'],
  "pool.join_rate": ["join_rate = 11", "join_rate: 10 -> 11"],
  "health.interval": ['interval = "250ms"', 'interval: "2s" -> "250ms"'],
  "health.timeout": ['timeout = "90s"', 'timeout: "1s" -> "90s"'],
  "health.rise": ["rise = 1", "rise: 2 -> 1"],
  "health.fall": ["fall = 1", "fall: 3 -> 1"],
  "health.login": ['login = "bot"', 'login: "" -> "bot"'],
  "health.backend_idle_timeout": ['backend_idle_timeout = "1m"', 'backend_idle_timeout: "15s" -> "1m"'],
  "redirect.command": ['command = "/go"', 'command: "/server" -> "/go"'],
  "redirect.plugin_channel": ["plugin_channel = 0", "plugin_channel: 75 -> 0"],
  "limits.connections_per_address": ["connections_per_address = 9", "connections_per_address: 8 -> 9"],
  "limits.connect_rate_per_address": [
    'connect_rate_per_address = "20/1m"',
    'connect_rate_per_address: "10/10s" -> "20/1m"',
  ],
  "limits.login_timeout": ['login_timeout = "5s"', 'login_timeout: "10s" -> "5s"'],
  "limits.logins_at_once": ["logins_at_once = 1", "logins_at_once: 256 -> 1"],
  "limits.packets_per_second": ["packets_per_second = 1", "packets_per_second: 500 -> 1"],
  "limits.chat_rate": ['chat_rate = "10/500ms"', 'chat_rate: "10/5s" -> "10/500ms"'],
  "limits.client_buffer": ['client_buffer = "100KiB"', 'client_buffer: "8MiB" -> "100KiB"'],
  "limits.allow_only": ["allow_only = true", "allow_only: false -> true"],
  "limits.dry_run": ["dry_run = true", "dry_run: false -> true"],
  "auth.salt_rotation": ['salt_rotation = "36h"', 'salt_rotation: "1d" -> "36h"'],
  "auth.salt_overlap": ['salt_overlap = "2h"', 'salt_overlap: "1h" -> "2h"'],
  "auth.duplicate_names": ['duplicate_names = "refuse-new"', 'duplicate_names: "kick-old" -> "refuse-new"'],
  "heartbeat.url": [
    'url = "http://www.classicube.net/hb"',
    'url: "https://www.classicube.net/heartbeat.jsp" -> "http://www.classicube.net/hb"',
  ],
  "heartbeat.public": ["public = false", "public: true -> false"],
  "heartbeat.interval": ['interval = "45s"', 'interval: "30s" -> "45s"'],
  "heartbeat.port": ["port = 1", "port: 0 -> 1"],
  "heartbeat.name_suffix": ['name_suffix = "_b"', 'name_suffix: "" -> "_b"'],
  "heartbeat_absorber.bind": ['bind = "127.0.0.1:1"', 'bind: "127.0.0.1:8090" -> "127.0.0.1:1"'],
  "heartbeat_absorber.from": ['from = ["::1"]', 'from: ["127.0.0.0/8", "::1"] -> ["::1"]'],
  "admin.token_file": ['token_file = "t"', 'token_file: "" -> "t"'],
  "admin.hosts": ['hosts = ["a.example"]', 'hosts: [] -> ["a.example"]'],
  "drill.enabled": ["enabled = true", "enabled: false -> true"],
  "admin.request_rate": ['request_rate = "1/1s"', 'request_rate: "200/1s" -> "1/1s"'],
};

/** Keys that cannot change: another name makes another table, and the rest is refused. */
const NAMES = ["listener.name", "backend.name", "pool.name", "heartbeat.listener"];
const REFUSED = ["edge.data_dir", "edge.driver", "admin.bind"];

/** What operators are told that the table of each section below is. */
const NAMED: Readonly<Record<string, string>> = {
  listener: 'listener "main"',
  backend: 'backend "hub"',
  pool: 'pool "lobby"',
  heartbeat: 'heartbeat of "main" to www.classicube.net',
};

/** A configuration with every table; `line` takes the place of the line with its key in `section`, or is added there. */
function everything(section = "edge", line = 'driver = "auto"'): string {
  const key = line.split(" ", 1)[0];
  const tables: Record<string, readonly string[]> = {
    listener: [
      'name = "main"',
      'bind = "127.0.0.1:25565"',
      'pool = "lobby"',
      'tls_cert = "a.pem"',
      'tls_key = "a.key"',
    ],
    backend: ['name = "hub"', 'address = "127.0.0.1:25566"'],
    pool: ['name = "lobby"', 'backends = ["hub", "arena"]'],
    heartbeat: ['listener = "main"'],
    ...Object.fromEntries(
      ["edge", "cpe", "log", "events", "health", "redirect", "limits", "auth", "heartbeat_absorber", "admin", "drill"]
        .map((name) => [name, []]),
    ),
  };
  tables[section] = [...(tables[section] ?? []).filter((other) => other.split(" ", 1)[0] !== key), line];
  const written = Object.entries(tables).map(([name, lines]) =>
    [name in NAMED ? `[[${name}]]` : `[${name}]`, ...lines].join("\n")
  );
  const others = [
    '[[backend]]\nname = "arena"\naddress = "127.0.0.1:25567"',
    '[[pool]]\nname = "other"\nbackends = ["hub"]',
  ];
  return [...written, ...others].join("\n");
}

Deno.test("diffConfig tells of each key its name and both values, as the file would write them", () => {
  for (const [path, [line, detail]] of Object.entries(CHANGED_KEYS)) {
    const [section = ""] = path.split(".");
    assertEquals(diff(everything(), everything(section, line)), {
      changes: [{ kind: "changed", what: NAMED[section] ?? section, details: [detail] }],
      refusals: [],
    }, path);
  }
});

Deno.test("diffConfig is tested with every key there is", () => {
  const keys = Object.entries(jsonSchema().properties ?? {}).flatMap(([section, table]) =>
    Object.keys((table.items ?? table).properties ?? {}).map((key) => `${section}.${key}`)
  );
  assertEquals([...Object.keys(CHANGED_KEYS), ...NAMES, ...REFUSED].toSorted(), keys.toSorted());
});

Deno.test("diffConfig finds nothing where nothing is different", () => {
  const nothing = { changes: [], refusals: [] };
  assertEquals(diff(everything(), everything()), nothing);
  assertEquals(diff(minimalToml(), minimalToml({ rest: '[auth]\nsalt_rotation = "1440m"' })), nothing);
});

Deno.test("diffConfig takes the same tables in another order for the same", () => {
  const tables = [
    '[[backend]]\nname = "a"\naddress = "127.0.0.1:1"',
    '[[backend]]\nname = "b"\naddress = "127.0.0.1:2"',
    '[[pool]]\nname = "p"\nbackends = ["a", "b"]',
    '[[pool]]\nname = "q"\nbackends = ["a"]',
    '[[listener]]\nname = "l"\nbind = "127.0.0.1:3"\npool = "p"',
    '[[listener]]\nname = "m"\nbind = "127.0.0.1:4"\npool = "q"',
    '[[heartbeat]]\nlistener = "l"',
    '[[heartbeat]]\nlistener = "m"',
  ];
  assertEquals(diff(tables.join("\n"), tables.toReversed().join("\n")), { changes: [], refusals: [] });
});

Deno.test("diffConfig tells which tables come and go", () => {
  const arena = '[[backend]]\nname = "arena"\naddress = "127.0.0.1:1"';
  const side = '[[listener]]\nname = "side"\nbind = "127.0.0.1:2"\npool = "lobby"';
  const games = '[[pool]]\nname = "games"\nbackends = ["hub"]';
  const list = '[[heartbeat]]\nlistener = "main"\nurl = "http://list.example:81/hb"';
  const cases = {
    [arena]: 'backend "arena"',
    [side]: 'listener "side"',
    [games]: 'pool "games"',
    [list]: 'heartbeat of "main" to list.example:81',
    "[heartbeat_absorber]": "heartbeat_absorber",
  };
  for (const [rest, what] of Object.entries(cases)) {
    const [without, having] = [minimalToml(), minimalToml({ rest })];
    assertEquals(diff(without, having), { changes: [{ kind: "added", what, details: [] }], refusals: [] });
    assertEquals(diff(having, without), { changes: [{ kind: "removed", what, details: [] }], refusals: [] });
  }
});

Deno.test("diffConfig takes a table of another name for another table", () => {
  assertEquals(diff(minimalToml(), minimalToml().replaceAll('"hub"', '"den"')).changes, [
    { kind: "removed", what: 'backend "hub"', details: [] },
    { kind: "changed", what: 'pool "lobby"', details: ['backends: ["hub"] -> ["den"]'] },
    { kind: "added", what: 'backend "den"', details: [] },
  ]);
});

Deno.test("diffConfig gathers what changes in one table, in the order of its keys", () => {
  const after = minimalToml({ rest: '[limits]\ndry_run = true\nlogin_timeout = "5s"' });
  assertEquals(diff(minimalToml(), after).changes, [
    { kind: "changed", what: "limits", details: ['login_timeout: "10s" -> "5s"', "dry_run: false -> true"] },
  ]);
});

Deno.test("diffConfig never shows a secret", () => {
  const [before, after] = ["first", "second"].map((secret) =>
    minimalToml({ backend: `token = "${secret}"\nsalt = "${secret}"` })
  );
  assertEquals(diff(before ?? "", after ?? "").changes, [
    { kind: "changed", what: 'backend "hub"', details: ["token: changed", "salt: changed"] },
  ]);
});

Deno.test("diffConfig refuses what cannot change while the edge runs, with the reason and what to do", () => {
  const cases: Readonly<Record<string, readonly [before: string, after: string]>> = {
    'edge.data_dir: Cannot change key while the edge runs as its salts and lists are in use: current value is "/srv" (upgrade or restart the edge, or set "./data" again)':
      ["", '[edge]\ndata_dir = "/srv"'],
    'edge.driver: Cannot change key while the edge runs as it holds every open connection: current value is "deno" (restart the edge, or set "auto" again)':
      ["", '[edge]\ndriver = "deno"'],
    'admin.bind: Cannot change key while the edge runs as reloads and their confirmation come in there: current value is "unix:/run/k" (upgrade or restart the edge, or set "127.0.0.1:8080" again)':
      ["[admin]", '[admin]\nbind = "unix:/run/k"'],
    "admin: Cannot add section while the edge runs (upgrade or restart the edge, or take the section out again)": [
      "",
      "[admin]",
    ],
    "admin: Cannot remove section while the edge runs (upgrade or restart the edge, or put the section back again)": [
      "[admin]",
      "",
    ],
  };
  for (const [refusal, [before, after]] of Object.entries(cases)) {
    assertEquals(diff(minimalToml({ rest: before }), minimalToml({ rest: after })), {
      changes: [],
      refusals: [refusal],
    });
  }
});

Deno.test("diffConfig tells what is refused beside what could change", () => {
  const { changes, refusals } = diff(
    minimalToml(),
    minimalToml({ rest: '[edge]\ndata_dir = "x"\nmotd = "y"\n[admin]' }),
  );
  assertEquals(changes, [{ kind: "changed", what: "edge", details: ['motd: "" -> "y"'] }]);
  assertEquals(refusals.map((refusal) => refusal.split(":", 1)[0]), ["edge.data_dir", "admin"]);
});
