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

interface BrokenConfig {
  readonly toml: string;
  readonly expected: readonly string[];
}

const BROKEN: Readonly<Record<string, BrokenConfig>> = {
  "text without quotes": {
    toml: minimalToml({ rest: "[log]\nlevel = debug" }),
    expected: [
      "kurafuto.toml:12: log.level: Cannot read value as it is no number or date, and text must stand in quotes " +
      '(did you mean "debug"?)',
    ],
  },
  "an unclosed header": {
    toml: minimalToml({ rest: "[log\n" }),
    expected: ['kurafuto.toml:11: Cannot read table name as "]" is missing'],
  },
  "an unknown key": {
    toml: minimalToml({ rest: "[edge]\nmax_player = 3" }),
    expected: ['kurafuto.toml:12: edge.max_player: Cannot use key as it is unknown (did you mean "max_players"?)'],
  },
  "an unknown key near no other": {
    toml: minimalToml({ rest: "[log]\nx = 3" }),
    expected: ["kurafuto.toml:12: log.x: Cannot use key as it is unknown: known here are level, format"],
  },
  "an unknown key in an array of tables": {
    toml: minimalToml({ listener: 'moed = "raw"' }),
    expected: ['kurafuto.toml:5: listener[0].moed: Cannot use key as it is unknown (did you mean "mode"?)'],
  },
  "an unknown section": {
    toml: minimalToml({ rest: "[limit]\npackets_per_second = 5" }),
    expected: ['kurafuto.toml:11: limit: Cannot use key as it is unknown (did you mean "limits"?)'],
  },
  "a quoted unknown key": {
    toml: minimalToml({ rest: '"log.level" = "debug"' }),
    expected: [
      'kurafuto.toml:11: pool[0]."log.level": Cannot use key as it is unknown: known here are name, backends, ' +
      "balance, recent, fallback, on_kick, join_rate",
    ],
  },
  "a key set twice": {
    toml: minimalToml({ backend: 'name = "other"' }),
    expected: ["kurafuto.toml:8: backend[0].name: Cannot set key again: it is set on line 6"],
  },
  "a table set twice": {
    toml: minimalToml({ rest: "[log]\n[edge]\n[log]" }),
    expected: ["kurafuto.toml:13: log: Cannot set table again: it is set on line 11"],
  },
  "text for a number": {
    toml: minimalToml({ rest: '[edge]\nmax_players = "256"' }),
    expected: [
      "kurafuto.toml:12: edge.max_players: Cannot use value as it must be a whole number from 1 to 100000: " +
      'current value is "256"',
    ],
  },
  "a number with a fraction": {
    toml: minimalToml({ backend: "weight = 1.5" }),
    expected: [
      "kurafuto.toml:8: backend[0].weight: Cannot use value as it must be a whole number from 1 to 1000: " +
      "current value is 1.5",
    ],
  },
  "a number for text": {
    toml: minimalToml({ rest: "[edge]\ndrain_timeout = 30" }),
    expected: [
      'kurafuto.toml:12: edge.drain_timeout: Cannot use value as it must be a duration such as "30s": ' +
      "current value is 30",
    ],
  },
  "text for a boolean": {
    toml: minimalToml({ listener: 'websocket = "yes"' }),
    expected: [
      'kurafuto.toml:5: listener[0].websocket: Cannot use value as it must be true or false: current value is "yes"',
    ],
  },
  "text for an array": {
    toml: minimalToml({ rest: '[cpe]\nexclude = "FastMap"' }),
    expected: [
      "kurafuto.toml:12: cpe.exclude: Cannot use value as it must be an array of extension names: " +
      'current value is "FastMap"',
    ],
  },
  "a value for a table": {
    toml: `edge = 1\n${minimalToml()}`,
    expected: ["kurafuto.toml:1: edge: Cannot use value as it must be a table, written [edge]: current value is 1"],
  },
  "a table for an array of tables": {
    toml: minimalToml({ rest: "[heartbeat]" }),
    expected: [
      "kurafuto.toml:11: heartbeat: Cannot use value as it must be an array of tables, each written [[heartbeat]]: " +
      "current value is a table",
    ],
  },
  "an array of tables for a table": {
    toml: minimalToml({ rest: "[[log]]" }),
    expected: [
      "kurafuto.toml:11: log: Cannot use value as it must be a table, written [log]: current value is an array",
    ],
  },
  "a misspelt choice": {
    toml: minimalToml({ listener: 'mode = "prase"' }),
    expected: [
      'kurafuto.toml:5: listener[0].mode: Cannot use value as it must be "parse" or "raw": current value is "prase" ' +
      '(did you mean "parse"?)',
    ],
  },
  "a duration without a unit": {
    toml: minimalToml({ rest: '[health]\ninterval = "2"' }),
    expected: [
      "kurafuto.toml:12: health.interval: Cannot read duration as it must be a whole number and ms, s, m, h or d: " +
      'current value is "2" (did you mean "2s"?)',
    ],
  },
  "a duration out of range": {
    toml: minimalToml({ rest: '[health]\ninterval = "1ms"' }),
    expected: [
      'kurafuto.toml:12: health.interval: Cannot use duration as it must be from 100ms to 1h: current value is "1ms"',
    ],
  },
  "a size in another unit": {
    toml: minimalToml({ rest: '[limits]\nclient_buffer = "8MB"' }),
    expected: [
      "kurafuto.toml:12: limits.client_buffer: Cannot read size as it must be a whole number and B, KiB, MiB or GiB: " +
      'current value is "8MB" (did you mean "8MiB"?)',
    ],
  },
  "a rate without a window": {
    toml: minimalToml({ rest: '[limits]\nconnect_rate_per_address = "10"' }),
    expected: [
      "kurafuto.toml:12: limits.connect_rate_per_address: Cannot read rate as it must be a count and a duration such as " +
      '"10/10s": current value is "10"',
    ],
  },
  "a rate out of range": {
    toml: minimalToml({ rest: '[limits]\nconnect_rate_per_address = "10/2h"' }),
    expected: [
      "kurafuto.toml:12: limits.connect_rate_per_address: Cannot use rate as it must be at most 1000000 in at most 1h: " +
      'current value is "10/2h"',
    ],
  },
  "an address without a port": {
    toml: minimalToml({ rest: '[[backend]]\nname = "arena"\naddress = "localhost"' }),
    expected: [
      "kurafuto.toml:13: backend[1].address: Cannot read address as it must be host:port, [::1]:port or unix:/path: " +
      'current value is "localhost"',
    ],
  },
  "a backend on port 0": {
    toml: minimalToml({ rest: '[[backend]]\nname = "arena"\naddress = "localhost:0"' }),
    expected: [
      'kurafuto.toml:13: backend[1].address: Cannot dial address as its port is 0: current value is "localhost:0"',
    ],
  },
  "a listener on a socket path": {
    toml: minimalToml({ rest: '[[listener]]\nname = "b"\nbind = "unix:/run/a.sock"\npool = "lobby"' }),
    expected: [
      "kurafuto.toml:13: listener[1].bind: Cannot listen on address as it must be host:port: " +
      'current value is "unix:/run/a.sock"',
    ],
  },
  "a URL of another kind": {
    toml: minimalToml({ rest: '[[heartbeat]]\nlistener = "main"\nurl = "classicube.net"' }),
    expected: [
      "kurafuto.toml:13: heartbeat[0].url: Cannot use URL as it must start with http:// or https:// and name a host: " +
      'current value is "classicube.net"',
    ],
  },
  "a name with a space": {
    toml: minimalToml({ rest: '[[backend]]\nname = "my hub"\naddress = "localhost:1"' }),
    expected: [
      "kurafuto.toml:12: backend[1].name: Cannot use value as it must be 1 to 32 of A-Z, a-z, 0-9, _, . and -: " +
      'current value is "my hub"',
    ],
  },
  "text that no packet can hold": {
    toml: minimalToml({ rest: `[edge]\nname = "${"x".repeat(65)}"\nmotd = "日本"\n[cpe]\napp_name = "a\\nb"` }),
    expected: [
      "kurafuto.toml:12: edge.name: Cannot use value as it must be text of at most 64 characters of code page 437: " +
      `current value is "${"x".repeat(65)}"`,
      "kurafuto.toml:13: edge.motd: Cannot use value as it must be text of at most 64 characters of code page 437: " +
      'current value is "日本"',
      "kurafuto.toml:15: cpe.app_name: Cannot use value as it must be text of at most 64 characters of code page 437: " +
      'current value is "a\\nb"',
    ],
  },
  "a misspelt extension": {
    toml: minimalToml({ rest: '[cpe]\nexclude = [\n  "FastMap",\n  "TwoWayPong",\n]' }),
    expected: [
      "kurafuto.toml:14: cpe.exclude[1]: Cannot use value as it must be the name of an extension the edge knows: " +
      'current value is "TwoWayPong" (did you mean "TwoWayPing"?)',
    ],
  },
  "a network with bits behind its prefix": {
    toml: minimalToml({ listener: 'real_ip_from = ["10.0.0.1/8"]' }),
    expected: [
      "kurafuto.toml:5: listener[0].real_ip_from[0]: Cannot read network as its address has bits set behind the prefix: " +
      'current value is "10.0.0.1/8" (did you mean "10.0.0.0/8"?)',
    ],
  },
  "secrets that are no text": {
    toml: minimalToml({ backend: 'token = "a b"\nsalt = 3' }),
    expected: [
      "kurafuto.toml:8: backend[0].token: Cannot use value as it must be at most 40 printable ASCII characters " +
      "without spaces",
      "kurafuto.toml:9: backend[0].salt: Cannot use value as it must be at most 64 printable ASCII characters " +
      "without spaces",
    ],
  },
  "missing keys": {
    toml: "[[listener]]\n[[backend]]\n[[pool]]\n[[heartbeat]]",
    expected: [
      "kurafuto.toml:1: listener[0].name: Cannot leave out key as it is required",
      "kurafuto.toml:1: listener[0].bind: Cannot leave out key as it is required",
      "kurafuto.toml:1: listener[0].pool: Cannot leave out key as it is required",
      "kurafuto.toml:2: backend[0].name: Cannot leave out key as it is required",
      "kurafuto.toml:2: backend[0].address: Cannot leave out key as it is required",
      "kurafuto.toml:3: pool[0].name: Cannot leave out key as it is required",
      "kurafuto.toml:3: pool[0].backends: Cannot leave out key as it is required",
      "kurafuto.toml:4: heartbeat[0].listener: Cannot leave out key as it is required",
    ],
  },
  "an empty file": {
    toml: "",
    expected: ["kurafuto.toml: listener: Cannot leave out section as at least one [[listener]] is required"],
  },
  "no listener": {
    toml: "listener = []",
    expected: [
      "kurafuto.toml:1: listener: Cannot use value as it must hold at least one [[listener]]: " +
      "current value is an empty array",
    ],
  },
  "a pool without backends": {
    toml: minimalToml({ rest: '[[pool]]\nname = "empty"\nbackends = []' }),
    expected: [
      "kurafuto.toml:13: pool[1].backends: Cannot use value as it must name at least one backend: " +
      "current value is an empty array",
    ],
  },
  "names of nothing": {
    toml: minimalToml({ pool: 'fallback = ["hub"]', rest: '[[heartbeat]]\nlistener = "mian"' })
      .replace('backends = ["hub"]', 'backends = [\n  "hub",\n  "arena",\n]').replace(
        'pool = "lobby"',
        'pool = "loby"',
      ),
    expected: [
      'kurafuto.toml:4: listener[0].pool: Cannot find pool: current value is "loby" (did you mean "lobby"?)',
      'kurafuto.toml:12: pool[0].backends[1]: Cannot find backend: current value is "arena"',
      'kurafuto.toml:14: pool[0].fallback[0]: Cannot find pool: current value is "hub"',
      'kurafuto.toml:16: heartbeat[0].listener: Cannot find listener: current value is "mian" (did you mean "main"?)',
    ],
  },
  "a name used twice": {
    toml: minimalToml({ rest: '[[backend]]\nname = "hub"\naddress = "localhost:1"' }),
    expected: [
      'kurafuto.toml:12: backend[1].name: Cannot use name as backend[0] on line 5 has it: current value is "hub"',
    ],
  },
  "a backend and a pool of one name": {
    toml: minimalToml({ rest: '[[pool]]\nname = "hub"\nbackends = ["hub"]' }),
    expected: [
      'kurafuto.toml:12: pool[1].name: Cannot use name as backend[0] on line 5 has it: current value is "hub"',
    ],
  },
  "a backend listed twice": {
    toml: minimalToml().replace('["hub"]', '["hub", "hub"]'),
    expected: [
      'kurafuto.toml:10: pool[0].backends[1]: Cannot list backend twice in one pool: current value is "hub"',
    ],
  },
  "two listeners on one address": {
    toml: minimalToml({ rest: '[[listener]]\nname = "b"\nbind = "0.0.0.0:25565"\npool = "lobby"' }),
    expected: [
      "kurafuto.toml:13: listener[1].bind: Cannot listen on address as listener[0].bind on line 3 takes it: " +
      'current value is "0.0.0.0:25565"',
    ],
  },
  "an admin API where a listener is": {
    toml: minimalToml({ rest: "[admin]" }).replace("127.0.0.1:25565", "0.0.0.0:8080"),
    expected: ["kurafuto.toml:11: admin.bind: Cannot listen on address as listener[0].bind on line 3 takes it"],
  },
  "an admin API open to the world": {
    toml: minimalToml({ rest: '[admin]\nbind = "0.0.0.0:8080"' }),
    expected: [
      "kurafuto.toml:12: admin.bind: Cannot bind beyond loopback as admin.token_file is not set: " +
      'current value is "0.0.0.0:8080"',
    ],
  },
  "a certificate without its key": {
    toml: minimalToml({ listener: 'tls_cert = "a.pem"' }),
    expected: ['kurafuto.toml:5: listener[0].tls_cert: Cannot use tls_cert without tls_key: current value is "a.pem"'],
  },
  "a key without its certificate": {
    toml: minimalToml({ listener: 'tls_key = "a.pem"' }),
    expected: ['kurafuto.toml:5: listener[0].tls_key: Cannot use tls_key without tls_cert: current value is "a.pem"'],
  },
  "loopback addresses for a server elsewhere": {
    toml: minimalToml({ backend: 'forward_ip = "loopback"' }).replace("127.0.0.1:25566", "192.0.2.1:25566"),
    expected: [
      "kurafuto.toml:8: backend[0].forward_ip: Cannot dial from 127.x.y.z as address must be 127.0.0.1 or another of " +
      '127.0.0.0/8 for "loopback": current value is "loopback"',
    ],
  },
  "salts that overlap without end": {
    toml: minimalToml({ rest: '[auth]\nsalt_rotation = "1m"\nsalt_overlap = "9m"' }),
    expected: [
      "kurafuto.toml:13: auth.salt_overlap: Cannot let salts overlap for more than 8 times auth.salt_rotation: " +
      'current value is "9m"',
    ],
  },
  "a listener published twice to one list": {
    toml: minimalToml({
      rest: '[[heartbeat]]\nlistener = "main"\nurl = "http://a.example/1"\n' +
        '[[heartbeat]]\nlistener = "main"\nurl = "http://a.example/2"',
    }),
    expected: [
      "kurafuto.toml:16: heartbeat[1].url: Cannot publish a listener twice to one host: " +
      'current value is "http://a.example/2"',
    ],
  },
  "settings this version does not have": {
    toml: minimalToml({
      rest: '[edge]\ndriver = "epoll"',
    }),
    expected: [
      "kurafuto.toml:12: edge.driver: Cannot use setting as this version does not have it yet " +
      '(set "auto" or "deno"): current value is "epoll"',
    ],
  },
};

for (const [name, { toml, expected }] of Object.entries(BROKEN)) {
  Deno.test(`parseConfig refuses ${name}`, () => assertEquals(problems(toml), expected));
}

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
    "kurafuto.toml:13: log: Cannot set table again: it is set on line 11",
    "KURAFUTO_LOG__LEVLE: Cannot use variable as it sets no known key (did you mean KURAFUTO_LOG__LEVEL?)",
    "KURAFUTO_X__Y: Cannot use variable as it sets no known key",
    '--set: log.levle: Cannot set key as it is unknown (did you mean "log.level"?)',
    "KURAFUTO_EDGE__MAX_PLAYERS: edge.max_players: Cannot use value as it must be a whole number from 1 to 100000: " +
    'current value is "many"',
    '--log-format: log.format: Cannot use value as it must be "text" or "json": current value is "x"',
  ]);
});
