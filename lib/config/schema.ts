import * as z from "zod/mini";
import { type ExtensionName, EXTENSIONS } from "../protocol/extensions.ts";
import * as field from "./fields.ts";

export const LOG_LEVELS = ["debug", "info", "warn", "error"] as const;
export const LOG_FORMATS = ["text", "json"] as const;

/** Where the admin API listens when `[admin]` does not say. */
export const ADMIN_BIND = "127.0.0.1:8080";
/** Where backends' heartbeats are taken when `[heartbeat_absorber]` does not say. */
export const HEARTBEAT_ABSORBER_BIND = "127.0.0.1:8090";

/** Where a `[[heartbeat]]` goes that does not say. */
export const HEARTBEAT_URL = "https://www.classicube.net/heartbeat.jsp";

/** Longest wait of a section's durations: timers overflow a little later. */
const LONGEST = "576h";

const edge = field.section("edge", {
  name: field.setting(field.packetText(), {
    title: "Server name",
    description: "What players see while the edge itself speaks: at login and in the waiting room",
    default: "Kurafuto",
  }),
  motd: field.setting(field.packetText(), {
    title: "Message of the day",
    description: "Second line below the name",
    default: "",
  }),
  data_dir: field.setting(field.matching("a path", "^[^\\u0000]+$"), {
    title: "Data directory",
    description: "Holds salts and recent servers; created with mode 0700",
    default: "./data",
  }),
  max_players: field.setting(field.wholeNumber(1, 100_000), {
    title: "Most players",
    description: "Players the edge takes at one time, over all listeners",
    default: 256,
  }),
  drain_timeout: field.setting(field.duration({ least: "0s", most: LONGEST }), {
    title: "Drain timeout",
    description: "How long players are given after TERM or INT before the edge ends their sessions",
    default: "30s",
  }),
  driver: field.setting(field.choice("auto", "deno", "epoll"), {
    title: "Driver",
    description: "What owns the sockets",
    default: "auto",
  }),
}, (table) => ({
  name: table.name,
  motd: table.motd,
  dataDir: table.data_dir,
  maxPlayers: table.max_players,
  drainTimeoutMs: table.drain_timeout,
  driver: table.driver,
}));

const EXTENSION_NAMES = EXTENSIONS.map(({ name }) => name) as [ExtensionName, ...ExtensionName[]];

const cpe = field.section("cpe", {
  app_name: field.setting(field.packetText(), {
    title: "Software name",
    description: "Shown to players as the server software",
    default: "Kurafuto",
  }),
  exclude: field.setting(
    field.list(
      z.enum(EXTENSION_NAMES, { error: "must be the name of an extension the edge knows" }),
      "extension names",
    ),
    {
      title: "Excluded extensions",
      description: "Protocol extensions never announced to players",
      default: [],
    },
  ),
}, (table) => ({ appName: table.app_name, exclude: table.exclude }));

const log = field.section("log", {
  level: field.setting(field.choice(...LOG_LEVELS), {
    title: "Log level",
    description: "Least severity that is written",
    default: "info",
  }),
  format: field.setting(field.choice(...LOG_FORMATS), {
    title: "Log format",
    description: "Lines for people or for programs",
    default: "text",
  }),
  file: field.setting(field.optionalPath(), {
    title: "Log file",
    description: "File that lines are added to, opened anew at USR1; empty writes to standard error",
  }),
  mask_addresses: field.setting(field.flag(), {
    title: "Mask addresses",
    description: "Write only the network part of players' addresses, to the log, to events and to the admin API",
    default: false,
  }),
}, (table) => ({
  level: table.level,
  format: table.format,
  file: table.file,
  maskAddresses: table.mask_addresses,
}));

const events = field.table("events", {
  file: field.setting(field.optionalPath(), {
    title: "Events file",
    description: "File that a line of JSON is added to for each event, opened anew at USR1",
  }),
  stdout: field.setting(field.flag(), {
    title: "Events on standard output",
    description: "Write a line of JSON for each event to standard output, for the program that started the edge",
    default: false,
  }),
  command: field.setting(field.list(field.matching("a word of a command", "^[^\\u0000]*$"), "words of a command"), {
    title: "Events command",
    description:
      "Program with its arguments that is started and given a line of JSON for each event on its standard input",
    default: [],
  }),
  chat: field.setting(field.flag(), {
    title: "Chat events",
    description: "Whether what players say is an event too",
    default: false,
  }),
});

const listener = field.section("listener", {
  name: field.setting(field.name(), {
    title: "Listener name",
    description: "Names the listener in logs, metrics and [[heartbeat]]",
  }),
  bind: field.setting(field.tcpBind(), {
    title: "Bind address",
    description: "Where players connect; port 0 takes a free one",
  }),
  mode: field.setting(field.choice("parse", "raw"), {
    title: "Mode",
    description: "Parse every packet, or forward bytes unread after login",
    default: "parse",
  }),
  pool: field.setting(field.name(), {
    title: "Pool",
    description: "Where players of this listener are sent",
  }),
  auth: field.setting(field.choice("mppass", "off"), {
    title: "Name check",
    description: "Whether the key from the public server list is demanded",
    default: "mppass",
  }),
  websocket: field.setting(field.flag(), {
    title: "WebSocket",
    description: "Take players from browsers on the same port",
    default: true,
  }),
  proxy_protocol_from: field.setting(field.list(field.network(), "networks"), {
    title: "PROXY protocol senders",
    description: "Networks allowed to send PROXY protocol v1 or v2",
    default: [],
  }),
  real_ip_from: field.setting(field.list(field.network(), "networks"), {
    title: "Trusted HTTP proxies",
    description: "Networks whose X-Real-IP and X-Forwarded-For headers are believed",
    default: [],
  }),
  tls_cert: field.setting(field.optionalPath(), {
    title: "TLS certificate",
    description: "PEM file with the certificate chain; players may then also come by TLS on the same port",
  }),
  tls_key: field.setting(field.optionalPath(), {
    title: "TLS key",
    description: "PEM file with the certificate's private key",
  }),
}, (table) => ({
  name: table.name,
  bind: table.bind,
  mode: table.mode,
  pool: table.pool,
  auth: table.auth,
  websocket: table.websocket,
  proxyProtocolFrom: table.proxy_protocol_from,
  realIpFrom: table.real_ip_from,
  tlsCert: table.tls_cert,
  tlsKey: table.tls_key,
}));

const backend = field.section("backend", {
  name: field.setting(field.name(), {
    title: "Backend name",
    description: "Names the backend in pools and for players",
  }),
  address: field.setting(field.address(), {
    title: "Address",
    description: "Where the server listens",
  }),
  weight: field.setting(field.wholeNumber(1, 1000), {
    title: "Weight",
    description: "Share of new players, beside the weights of the others in the pool",
    default: 1,
  }),
  max_players: field.setting(field.wholeNumber(0, 100_000), {
    title: "Most players",
    description: "Players the edge sends there at one time; 0 is no limit",
    default: 0,
  }),
  joinable: field.setting(field.flag(), {
    title: "Joinable",
    description: "Whether players see it in the list of servers and may choose it",
    default: true,
  }),
  token: field.setting(field.matching("at most 40 printable ASCII characters without spaces", "^[!-~]{0,40}$"), {
    title: "Chat token",
    description: "What the backend puts into a chat sentinel to move a player; empty turns sentinels off",
    default: "",
  }),
  salt: field.setting(field.matching("at most 64 printable ASCII characters without spaces", "^[!-~]{0,64}$"), {
    title: "Salt",
    description: "The backend's own salt, to sign names for it; empty learns it from absorbed heartbeats",
    default: "",
  }),
  forward_ip: field.setting(field.choice("off", "websocket", "loopback", "proxy-v2"), {
    title: "Address forwarding",
    description: "How the backend learns a player's address",
    default: "off",
  }),
}, (table) => ({
  name: table.name,
  address: table.address,
  weight: table.weight,
  maxPlayers: table.max_players,
  joinable: table.joinable,
  token: table.token,
  salt: table.salt,
  forwardIp: table.forward_ip,
}));

const pool = field.section("pool", {
  name: field.setting(field.name(), {
    title: "Pool name",
    description: "Names the pool in listeners, fallbacks and for players",
  }),
  backends: field.setting(
    field.list(field.name(), "backend names").check(z.minLength(1, { error: "must name at least one backend" })),
    {
      title: "Backends",
      description: "The pool's servers, in order of preference",
    },
  ),
  balance: field.setting(field.choice("first", "round-robin", "least-players", "random-two", "hash-name"), {
    title: "Balancing rule",
    description: "Which backend a new player gets",
    default: "first",
  }),
  recent: field.setting(field.flag(), {
    title: "Recent backend",
    description: "Return players to the backend they were last on",
    default: true,
  }),
  fallback: field.setting(field.list(field.name(), "pool names"), {
    title: "Fallback pools",
    description: "Where players go when their backend is lost",
    default: [],
  }),
  on_kick: field.setting(field.choice("disconnect", "fallback"), {
    title: "On kick",
    description: "What becomes of a player whom a backend kicks",
    default: "disconnect",
  }),
  join_rate: field.setting(field.wholeNumber(1, 10_000), {
    title: "Join rate",
    description: "Logins per second to each backend when many arrive at once",
    default: 10,
  }),
}, (table) => ({
  name: table.name,
  backends: table.backends,
  balance: table.balance,
  recent: table.recent,
  fallback: table.fallback,
  onKick: table.on_kick,
  joinRate: table.join_rate,
}));

const health = field.section("health", {
  interval: field.setting(field.duration({ least: "100ms", most: "1h" }), {
    title: "Interval",
    description: "Time between two checks of a backend",
    default: "2s",
  }),
  timeout: field.setting(field.duration({ least: "10ms", most: "5m" }), {
    title: "Timeout",
    description: "How long one check may take",
    default: "1s",
  }),
  rise: field.setting(field.wholeNumber(1, 100), {
    title: "Rise",
    description: "Good checks in a row that make a backend healthy",
    default: 2,
  }),
  fall: field.setting(field.wholeNumber(1, 100), {
    title: "Fall",
    description: "Bad checks in a row that make a backend unhealthy",
    default: 3,
  }),
  login: field.setting(
    field.matching("a player name of 1 to 16 of A-Z, a-z, 0-9, _ and ., or empty", "^[A-Za-z0-9_.]{0,16}$"),
    {
      title: "Login name",
      description: "Name to log in with, to learn a backend's extensions; empty checks only the TCP port",
      default: "",
    },
  ),
  backend_idle_timeout: field.setting(field.duration({ least: "100ms", most: "1h" }), {
    title: "Backend idle timeout",
    description: "Silence from a backend, while a player is on it, after which it counts as stalled",
    default: "15s",
  }),
}, (table) => ({
  intervalMs: table.interval,
  timeoutMs: table.timeout,
  rise: table.rise,
  fall: table.fall,
  login: table.login,
  backendIdleTimeoutMs: table.backend_idle_timeout,
}));

const redirect = field.section("redirect", {
  command: field.setting(
    field.matching("a slash and 1 to 31 printable ASCII characters without spaces", "^/[!-~]{1,31}$"),
    {
      title: "Server command",
      description: "What players type to list servers or to move",
      default: "/server",
    },
  ),
  plugin_channel: field.setting(field.wholeNumber(0, 255), {
    title: "Plugin message channel",
    description: "Channel on which backends ask for moves",
    default: 75,
  }),
}, (table) => ({ command: table.command, pluginChannel: table.plugin_channel }));

const limits = field.section("limits", {
  connections_per_address: field.setting(field.wholeNumber(1, 100_000), {
    title: "Connections per address",
    description: "Connections one address may have at one time",
    default: 8,
  }),
  connect_rate_per_address: field.setting(field.rate(), {
    title: "Connect rate per address",
    description: "New connections from one address in a span of time",
    default: "10/10s",
  }),
  login_timeout: field.setting(field.duration({ least: "100ms", most: "10m" }), {
    title: "Login timeout",
    description: "Time from accepting a connection to a joined player",
    default: "10s",
  }),
  logins_at_once: field.setting(field.wholeNumber(1, 100_000), {
    title: "Logins at once",
    description: "Connections of which nobody knows yet who they are; beyond that the oldest makes room for the next",
    default: 256,
  }),
  packets_per_second: field.setting(field.wholeNumber(1, 1_000_000), {
    title: "Packets per second",
    description: "Packets one player may send in a second, on an average over two seconds",
    default: 500,
  }),
  chat_rate: field.setting(field.rate(), {
    title: "Chat rate",
    description: "Lines of chat one player may send in a span of time",
    default: "10/5s",
  }),
  client_buffer: field.setting(field.size({ least: "64KiB", most: "1GiB" }), {
    title: "Client buffer",
    description: "Bytes kept for a player who reads too slowly before the session ends",
    default: "8MiB",
  }),
  allow_only: field.setting(field.flag(), {
    title: "Allow list only",
    description: "Let in only names and addresses that the allow list has",
    default: false,
  }),
  dry_run: field.setting(field.flag(), {
    title: "Dry run",
    description: "Log what would be refused, refuse nothing",
    default: false,
  }),
}, (table) => ({
  connectionsPerAddress: table.connections_per_address,
  connectRatePerAddress: table.connect_rate_per_address,
  loginTimeoutMs: table.login_timeout,
  loginsAtOnce: table.logins_at_once,
  packetsPerSecond: table.packets_per_second,
  chatRate: table.chat_rate,
  clientBuffer: table.client_buffer,
  allowOnly: table.allow_only,
  dryRun: table.dry_run,
}));

const auth = field.section("auth", {
  salt_rotation: field.setting(field.duration({ least: "1m", most: LONGEST }), {
    title: "Salt rotation",
    description: "Age at which a listener's salt is replaced",
    default: "24h",
  }),
  salt_overlap: field.setting(field.duration({ least: "0s", most: LONGEST }), {
    title: "Salt overlap",
    description: "How long keys made with the old salt still count",
    default: "1h",
  }),
  duplicate_names: field.setting(field.choice("kick-old", "refuse-new"), {
    title: "Duplicate names",
    description: "What becomes of a player whose name is playing already, once their key has proved it",
    default: "kick-old",
  }),
}, (table) => ({
  saltRotationMs: table.salt_rotation,
  saltOverlapMs: table.salt_overlap,
  duplicateNames: table.duplicate_names,
}));

const heartbeat = field.section("heartbeat", {
  listener: field.setting(field.name(), {
    title: "Listener",
    description: "Whose port, name and players are published",
  }),
  url: field.setting(field.url(), {
    title: "URL",
    description: "The server list to publish to",
    default: HEARTBEAT_URL,
  }),
  public: field.setting(field.flag(), {
    title: "Public",
    description: "Whether the list shows the server to everyone",
    default: true,
  }),
  interval: field.setting(field.duration({ least: "1s", most: "1h" }), {
    title: "Interval",
    description: "Time between two heartbeats",
    default: "30s",
  }),
  port: field.setting(field.wholeNumber(0, 65_535), {
    title: "Port",
    description: "The port players are told to dial; 0 is the listener's own",
    default: 0,
  }),
  name_suffix: field.setting(field.matching("at most 8 of A-Z, a-z, 0-9, _ and .", "^[A-Za-z0-9_.]{0,8}$"), {
    title: "Name suffix",
    description: "Put behind the names of players whose key comes from this list",
    default: "",
  }),
}, (table) => ({
  listener: table.listener,
  url: table.url,
  public: table.public,
  intervalMs: table.interval,
  port: table.port,
  nameSuffix: table.name_suffix,
}));

const heartbeatAbsorber = field.section("heartbeat_absorber", {
  bind: field.setting(field.tcpBind(), {
    title: "Bind address",
    description: "Where backends send their heartbeats",
    default: HEARTBEAT_ABSORBER_BIND,
  }),
  from: field.setting(field.list(field.network(), "networks"), {
    title: "Senders",
    description: "Networks that may send heartbeats",
    default: ["127.0.0.0/8", "::1"],
  }),
}, (table) => ({ bind: table.bind, from: table.from }));

const admin = field.section("admin", {
  bind: field.setting(field.bind(), {
    title: "Bind address",
    description: "Where the admin API and the dashboard listen",
    default: ADMIN_BIND,
  }),
  token_file: field.setting(field.optionalPath(), {
    title: "Token file",
    description: "File with the bearer token that changes demand; required when bound beyond loopback",
  }),
  hosts: field.setting(
    field.list(field.matching("a host name without a port", "^[A-Za-z0-9.-]{1,253}$"), "host names"),
    {
      title: "Host names",
      description: "Names that callers may use for it beside localhost, addresses and the name in bind",
      default: [],
    },
  ),
  request_rate: field.setting(field.rate(), {
    title: "Request rate",
    description: "Requests that one address may make in a span of time",
    default: "200/1s",
  }),
}, (table) => ({
  bind: table.bind,
  tokenFile: table.token_file,
  hosts: table.hosts,
  requestRate: table.request_rate,
}));

const drill = field.table("drill", {
  enabled: field.setting(field.flag(), {
    title: "Enabled",
    description: "Whether operators may break connections to backends on purpose, with kurafuto drill",
    default: false,
  }),
});

/** The whole file. Reading it gives a `Config`. */
export const schema = z.pipe(
  z.strictObject({
    edge: field.setting(edge, {
      title: "Edge",
      description: "This process",
      default: {},
    }),
    cpe: field.setting(cpe, {
      title: "Protocol extensions",
      description: "What players are offered",
      default: {},
    }),
    log: field.setting(log, {
      title: "Log",
      description: "What is written about what happens",
      default: {},
    }),
    events: field.setting(events, {
      title: "Events",
      description: "What other programs are told",
      default: {},
    }),
    listener: field.setting(
      field.tables("listener", listener).check(z.minLength(1, { error: "must hold at least one [[listener]]" })),
      {
        title: "Listeners",
        description: "Bound addresses that accept players",
      },
    ),
    backend: field.setting(field.tables("backend", backend), {
      title: "Backends",
      description: "Classic servers behind the edge",
      default: [],
    }),
    pool: field.setting(field.tables("pool", pool), {
      title: "Pools",
      description: "Ordered sets of backends",
      default: [],
    }),
    health: field.setting(health, {
      title: "Health checks",
      description: "How backends are watched",
      default: {},
    }),
    redirect: field.setting(redirect, {
      title: "Redirects",
      description: "What asks for a move",
      default: {},
    }),
    limits: field.setting(limits, {
      title: "Limits",
      description: "What one address or player may use",
      default: {},
    }),
    auth: field.setting(auth, {
      title: "Name check",
      description: "Salts of the public server list",
      default: {},
    }),
    heartbeat: field.setting(field.tables("heartbeat", heartbeat), {
      title: "Heartbeats",
      description: "Public server lists to appear in",
      default: [],
    }),
    heartbeat_absorber: field.setting(z.optional(heartbeatAbsorber), {
      title: "Heartbeat absorber",
      description: "Takes the heartbeats of backends; off when absent",
    }),
    admin: field.setting(z.optional(admin), {
      title: "Admin API",
      description: "Dashboard, metrics and control over HTTP; off when absent",
    }),
    drill: field.setting(drill, {
      title: "Drills",
      description: "Faults on purpose, to see what players notice of them",
      default: {},
    }),
  }),
  z.transform((file) => ({
    edge: file.edge,
    cpe: file.cpe,
    log: file.log,
    events: file.events,
    listeners: file.listener,
    backends: file.backend,
    pools: file.pool,
    health: file.health,
    redirect: file.redirect,
    limits: file.limits,
    auth: file.auth,
    heartbeats: file.heartbeat,
    heartbeatAbsorber: file.heartbeat_absorber,
    admin: file.admin,
    drill: file.drill,
  })),
).register(z.globalRegistry, { title: "kurafuto.toml", description: "Configuration of Kurafuto" });

type Immutable<T> = T extends readonly (infer E)[] ? readonly Immutable<E>[]
  : T extends object ? { readonly [K in keyof T]: Immutable<T[K]> }
  : T;

/**
 * A loaded configuration, frozen through and through: durations in milliseconds (names end in `Ms`), sizes in bytes, addresses
 * and networks parsed, absent sections `undefined`.
 */
export type Config = Immutable<z.output<typeof schema>>;
export type ListenerConfig = Config["listeners"][number];
export type BackendConfig = Config["backends"][number];
export type PoolConfig = Config["pools"][number];
export type HeartbeatConfig = Config["heartbeats"][number];

/** The part of JSON Schema that the schema of the configuration uses. */
export interface JsonSchema {
  readonly type?: string;
  readonly title?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly string[];
  readonly pattern?: string;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly items?: JsonSchema;
}

/** JSON Schema of `kurafuto.toml`, in what drafts 4 to 7 have in common. */
export function jsonSchema(): JsonSchema {
  return z.toJSONSchema(schema, { target: "draft-7", io: "input" }) as JsonSchema;
}
