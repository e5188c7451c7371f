import * as z from "zod";
import { type ExtensionName, EXTENSIONS } from "../protocol/extensions.ts";
import * as field from "./fields.ts";

export const LOG_LEVELS = ["debug", "info", "warn", "error"] as const;
export const LOG_FORMATS = ["text", "json"] as const;

/** Where the admin API listens when `[admin]` does not say. */
export const ADMIN_BIND = "127.0.0.1:8080";
/** Where backends' heartbeats are taken when `[heartbeat_absorber]` does not say. */
export const HEARTBEAT_ABSORBER_BIND = "127.0.0.1:8090";

/** Longest wait of a section's durations: timers overflow a little later. */
const LONGEST = "576h";

const edge = field.table("edge", {
  name: field.packetText().prefault("Kurafuto").meta({
    title: "Server name",
    description: "What players see while the edge itself speaks: at login and in the waiting room",
  }),
  motd: field.packetText().prefault("").meta({
    title: "Message of the day",
    description: "Second line below the name",
  }),
  data_dir: field.matching("a path", "^[^\\u0000]+$").prefault("./data").meta({
    title: "Data directory",
    description: "Holds salts and recent servers; created with mode 0700",
  }),
  max_players: field.wholeNumber(1, 100_000).prefault(256).meta({
    title: "Most players",
    description: "Players the edge takes at one time, over all listeners",
  }),
  drain_timeout: field.duration({ least: "0s", most: LONGEST }).prefault("30s").meta({
    title: "Drain timeout",
    description: "How long players are given after TERM or INT before the edge ends their sessions",
  }),
  driver: field.choice("auto", "deno", "epoll").prefault("auto").meta({
    title: "Driver",
    description: "What owns the sockets",
  }),
}).transform((table) => ({
  name: table.name,
  motd: table.motd,
  dataDir: table.data_dir,
  maxPlayers: table.max_players,
  drainTimeoutMs: table.drain_timeout,
  driver: table.driver,
}));

const EXTENSION_NAMES = EXTENSIONS.map(({ name }) => name) as [ExtensionName, ...ExtensionName[]];

const cpe = field.table("cpe", {
  app_name: field.packetText().prefault("Kurafuto").meta({
    title: "Software name",
    description: "Shown to players as the server software",
  }),
  exclude: field.list(
    z.enum(EXTENSION_NAMES, { error: "must be the name of an extension the edge knows" }),
    "extension names",
  ).prefault([]).meta({
    title: "Excluded extensions",
    description: "Protocol extensions never announced to players",
  }),
}).transform((table) => ({ appName: table.app_name, exclude: table.exclude }));

const log = field.table("log", {
  level: field.choice(...LOG_LEVELS).prefault("info").meta({
    title: "Log level",
    description: "Least severity that is written",
  }),
  format: field.choice(...LOG_FORMATS).prefault("text").meta({
    title: "Log format",
    description: "Lines for people or for programs",
  }),
  file: field.optionalPath().meta({
    title: "Log file",
    description: "File that lines are added to, opened anew at USR1; empty writes to standard error",
  }),
  mask_addresses: field.flag().prefault(false).meta({
    title: "Mask addresses",
    description: "Write only the network part of players' addresses, to the log, to events and to the admin API",
  }),
}).transform((table) => ({
  level: table.level,
  format: table.format,
  file: table.file,
  maskAddresses: table.mask_addresses,
}));

const events = field.table("events", {
  file: field.optionalPath().meta({
    title: "Events file",
    description: "File that a line of JSON is added to for each event, opened anew at USR1",
  }),
  stdout: field.flag().prefault(false).meta({
    title: "Events on standard output",
    description: "Write a line of JSON for each event to standard output, for the program that started the edge",
  }),
  command: field.list(field.matching("a word of a command", "^[^\\u0000]*$"), "words of a command").prefault([]).meta({
    title: "Events command",
    description:
      "Program with its arguments that is started and given a line of JSON for each event on its standard input",
  }),
  chat: field.flag().prefault(false).meta({
    title: "Chat events",
    description: "Whether what players say is an event too",
  }),
});

const listener = field.table("listener", {
  name: field.name().meta({
    title: "Listener name",
    description: "Names the listener in logs, metrics and [[heartbeat]]",
  }),
  bind: field.tcpBind().meta({ title: "Bind address", description: "Where players connect; port 0 takes a free one" }),
  mode: field.choice("parse", "raw").prefault("parse").meta({
    title: "Mode",
    description: "Parse every packet, or forward bytes unread after login",
  }),
  pool: field.name().meta({ title: "Pool", description: "Where players of this listener are sent" }),
  auth: field.choice("mppass", "off").prefault("mppass").meta({
    title: "Name check",
    description: "Whether the key from the public server list is demanded",
  }),
  websocket: field.flag().prefault(true).meta({
    title: "WebSocket",
    description: "Take players from browsers on the same port",
  }),
  proxy_protocol_from: field.list(field.network(), "networks").prefault([]).meta({
    title: "PROXY protocol senders",
    description: "Networks allowed to send PROXY protocol v1 or v2",
  }),
  real_ip_from: field.list(field.network(), "networks").prefault([]).meta({
    title: "Trusted HTTP proxies",
    description: "Networks whose X-Real-IP and X-Forwarded-For headers are believed",
  }),
  tls_cert: field.optionalPath().meta({
    title: "TLS certificate",
    description: "PEM file with the certificate chain; players may then also come by TLS on the same port",
  }),
  tls_key: field.optionalPath().meta({
    title: "TLS key",
    description: "PEM file with the certificate's private key",
  }),
}).transform((table) => ({
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

const backend = field.table("backend", {
  name: field.name().meta({ title: "Backend name", description: "Names the backend in pools and for players" }),
  address: field.address().meta({ title: "Address", description: "Where the server listens" }),
  weight: field.wholeNumber(1, 1000).prefault(1).meta({
    title: "Weight",
    description: "Share of new players, beside the weights of the others in the pool",
  }),
  max_players: field.wholeNumber(0, 100_000).prefault(0).meta({
    title: "Most players",
    description: "Players the edge sends there at one time; 0 is no limit",
  }),
  joinable: field.flag().prefault(true).meta({
    title: "Joinable",
    description: "Whether players see it in the list of servers and may choose it",
  }),
  token: field.matching("at most 40 printable ASCII characters without spaces", "^[!-~]{0,40}$").prefault("").meta({
    title: "Chat token",
    description: "What the backend puts into a chat sentinel to move a player; empty turns sentinels off",
  }),
  salt: field.matching("at most 64 printable ASCII characters without spaces", "^[!-~]{0,64}$").prefault("").meta({
    title: "Salt",
    description: "The backend's own salt, to sign names for it; empty learns it from absorbed heartbeats",
  }),
  forward_ip: field.choice("off", "websocket", "loopback", "proxy-v2").prefault("off").meta({
    title: "Address forwarding",
    description: "How the backend learns a player's address",
  }),
}).transform((table) => ({
  name: table.name,
  address: table.address,
  weight: table.weight,
  maxPlayers: table.max_players,
  joinable: table.joinable,
  token: table.token,
  salt: table.salt,
  forwardIp: table.forward_ip,
}));

const pool = field.table("pool", {
  name: field.name().meta({
    title: "Pool name",
    description: "Names the pool in listeners, fallbacks and for players",
  }),
  backends: field.list(field.name(), "backend names").min(1, { error: "must name at least one backend" }).meta({
    title: "Backends",
    description: "The pool's servers, in order of preference",
  }),
  balance: field.choice("first", "round-robin", "least-players", "random-two", "hash-name").prefault("first").meta({
    title: "Balancing rule",
    description: "Which backend a new player gets",
  }),
  recent: field.flag().prefault(true).meta({
    title: "Recent backend",
    description: "Return players to the backend they were last on",
  }),
  fallback: field.list(field.name(), "pool names").prefault([]).meta({
    title: "Fallback pools",
    description: "Where players go when their backend is lost",
  }),
  on_kick: field.choice("disconnect", "fallback").prefault("disconnect").meta({
    title: "On kick",
    description: "What becomes of a player whom a backend kicks",
  }),
  join_rate: field.wholeNumber(1, 10_000).prefault(10).meta({
    title: "Join rate",
    description: "Logins per second to each backend when many arrive at once",
  }),
}).transform((table) => ({
  name: table.name,
  backends: table.backends,
  balance: table.balance,
  recent: table.recent,
  fallback: table.fallback,
  onKick: table.on_kick,
  joinRate: table.join_rate,
}));

const health = field.table("health", {
  interval: field.duration({ least: "100ms", most: "1h" }).prefault("2s").meta({
    title: "Interval",
    description: "Time between two checks of a backend",
  }),
  timeout: field.duration({ least: "10ms", most: "5m" }).prefault("1s").meta({
    title: "Timeout",
    description: "How long one check may take",
  }),
  rise: field.wholeNumber(1, 100).prefault(2).meta({
    title: "Rise",
    description: "Good checks in a row that make a backend healthy",
  }),
  fall: field.wholeNumber(1, 100).prefault(3).meta({
    title: "Fall",
    description: "Bad checks in a row that make a backend unhealthy",
  }),
  login: field.matching("a player name of 1 to 16 of A-Z, a-z, 0-9, _ and ., or empty", "^[A-Za-z0-9_.]{0,16}$")
    .prefault("").meta({
      title: "Login name",
      description: "Name to log in with, to learn a backend's extensions; empty checks only the TCP port",
    }),
  backend_idle_timeout: field.duration({ least: "100ms", most: "1h" }).prefault("15s").meta({
    title: "Backend idle timeout",
    description: "Silence from a backend, while a player is on it, after which it counts as stalled",
  }),
}).transform((table) => ({
  intervalMs: table.interval,
  timeoutMs: table.timeout,
  rise: table.rise,
  fall: table.fall,
  login: table.login,
  backendIdleTimeoutMs: table.backend_idle_timeout,
}));

const redirect = field.table("redirect", {
  command: field.matching("a slash and 1 to 31 printable ASCII characters without spaces", "^/[!-~]{1,31}$")
    .prefault("/server").meta({
      title: "Server command",
      description: "What players type to list servers or to move",
    }),
  plugin_channel: field.wholeNumber(0, 255).prefault(75).meta({
    title: "Plugin message channel",
    description: "Channel on which backends ask for moves",
  }),
}).transform((table) => ({ command: table.command, pluginChannel: table.plugin_channel }));

const limits = field.table("limits", {
  connections_per_address: field.wholeNumber(1, 100_000).prefault(8).meta({
    title: "Connections per address",
    description: "Connections one address may have at one time",
  }),
  connect_rate_per_address: field.rate().prefault("10/10s").meta({
    title: "Connect rate per address",
    description: "New connections from one address in a span of time",
  }),
  login_timeout: field.duration({ least: "100ms", most: "10m" }).prefault("10s").meta({
    title: "Login timeout",
    description: "Time from accepting a connection to a joined player",
  }),
  logins_at_once: field.wholeNumber(1, 100_000).prefault(256).meta({
    title: "Logins at once",
    description: "Connections of which nobody knows yet who they are; beyond that the oldest makes room for the next",
  }),
  packets_per_second: field.wholeNumber(1, 1_000_000).prefault(500).meta({
    title: "Packets per second",
    description: "Packets one player may send in a second, on an average over two seconds",
  }),
  chat_rate: field.rate().prefault("10/5s").meta({
    title: "Chat rate",
    description: "Lines of chat one player may send in a span of time",
  }),
  client_buffer: field.size({ least: "64KiB", most: "1GiB" }).prefault("8MiB").meta({
    title: "Client buffer",
    description: "Bytes kept for a player who reads too slowly before the session ends",
  }),
  allow_only: field.flag().prefault(false).meta({
    title: "Allow list only",
    description: "Let in only names and addresses that the allow list has",
  }),
  dry_run: field.flag().prefault(false).meta({
    title: "Dry run",
    description: "Log what would be refused, refuse nothing",
  }),
}).transform((table) => ({
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

const auth = field.table("auth", {
  salt_rotation: field.duration({ least: "1m", most: LONGEST }).prefault("24h").meta({
    title: "Salt rotation",
    description: "Age at which a listener's salt is replaced",
  }),
  salt_overlap: field.duration({ least: "0s", most: LONGEST }).prefault("1h").meta({
    title: "Salt overlap",
    description: "How long keys made with the old salt still count",
  }),
  duplicate_names: field.choice("kick-old", "refuse-new").prefault("kick-old").meta({
    title: "Duplicate names",
    description: "What becomes of a player whose name is playing already, once their key has proved it",
  }),
}).transform((table) => ({
  saltRotationMs: table.salt_rotation,
  saltOverlapMs: table.salt_overlap,
  duplicateNames: table.duplicate_names,
}));

const heartbeat = field.table("heartbeat", {
  listener: field.name().meta({ title: "Listener", description: "Whose port, name and players are published" }),
  url: field.url().prefault("https://www.classicube.net/heartbeat.jsp").meta({
    title: "URL",
    description: "The server list to publish to",
  }),
  public: field.flag().prefault(true).meta({
    title: "Public",
    description: "Whether the list shows the server to everyone",
  }),
  interval: field.duration({ least: "1s", most: "1h" }).prefault("30s").meta({
    title: "Interval",
    description: "Time between two heartbeats",
  }),
  port: field.wholeNumber(0, 65_535).prefault(0).meta({
    title: "Port",
    description: "The port players are told to dial; 0 is the listener's own",
  }),
  name_suffix: field.matching("at most 8 of A-Z, a-z, 0-9, _ and .", "^[A-Za-z0-9_.]{0,8}$").prefault("").meta({
    title: "Name suffix",
    description: "Put behind the names of players whose key comes from this list",
  }),
}).transform((table) => ({
  listener: table.listener,
  url: table.url,
  public: table.public,
  intervalMs: table.interval,
  port: table.port,
  nameSuffix: table.name_suffix,
}));

const heartbeatAbsorber = field.table("heartbeat_absorber", {
  bind: field.tcpBind().prefault(HEARTBEAT_ABSORBER_BIND).meta({
    title: "Bind address",
    description: "Where backends send their heartbeats",
  }),
  from: field.list(field.network(), "networks").prefault(["127.0.0.0/8", "::1"]).meta({
    title: "Senders",
    description: "Networks that may send heartbeats",
  }),
}).transform((table) => ({ bind: table.bind, from: table.from }));

const admin = field.table("admin", {
  bind: field.bind().prefault(ADMIN_BIND).meta({
    title: "Bind address",
    description: "Where the admin API and the dashboard listen",
  }),
  token_file: field.optionalPath().meta({
    title: "Token file",
    description: "File with the bearer token that changes demand; required when bound beyond loopback",
  }),
  hosts: field.list(field.matching("a host name without a port", "^[A-Za-z0-9.-]{1,253}$"), "host names").prefault([])
    .meta({
      title: "Host names",
      description: "Names that callers may use for it beside localhost, addresses and the name in bind",
    }),
  request_rate: field.rate().prefault("200/1s").meta({
    title: "Request rate",
    description: "Requests that one address may make in a span of time",
  }),
}).transform((table) => ({
  bind: table.bind,
  tokenFile: table.token_file,
  hosts: table.hosts,
  requestRate: table.request_rate,
}));

const drill = field.table("drill", {
  enabled: field.flag().prefault(false).meta({
    title: "Enabled",
    description: "Whether operators may break connections to backends on purpose, with kurafuto drill",
  }),
});

/** The whole file. Reading it gives a `Config`. */
export const schema = z.strictObject({
  edge: edge.prefault({}).meta({ title: "Edge", description: "This process" }),
  cpe: cpe.prefault({}).meta({ title: "Protocol extensions", description: "What players are offered" }),
  log: log.prefault({}).meta({ title: "Log", description: "What is written about what happens" }),
  events: events.prefault({}).meta({ title: "Events", description: "What other programs are told" }),
  listener: field.tables("listener", listener).min(1, { error: "must hold at least one [[listener]]" })
    .meta({ title: "Listeners", description: "Bound addresses that accept players" }),
  backend: field.tables("backend", backend).prefault([])
    .meta({ title: "Backends", description: "Classic servers behind the edge" }),
  pool: field.tables("pool", pool).prefault([])
    .meta({ title: "Pools", description: "Ordered sets of backends" }),
  health: health.prefault({}).meta({ title: "Health checks", description: "How backends are watched" }),
  redirect: redirect.prefault({}).meta({ title: "Redirects", description: "What asks for a move" }),
  limits: limits.prefault({}).meta({ title: "Limits", description: "What one address or player may use" }),
  auth: auth.prefault({}).meta({ title: "Name check", description: "Salts of the public server list" }),
  heartbeat: field.tables("heartbeat", heartbeat).prefault([])
    .meta({ title: "Heartbeats", description: "Public server lists to appear in" }),
  heartbeat_absorber: heartbeatAbsorber.optional()
    .meta({ title: "Heartbeat absorber", description: "Takes the heartbeats of backends; off when absent" }),
  admin: admin.optional()
    .meta({ title: "Admin API", description: "Dashboard, metrics and control over HTTP; off when absent" }),
  drill: drill.prefault({}).meta({
    title: "Drills",
    description: "Faults on purpose, to see what players notice of them",
  }),
}).transform((file) => ({
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
})).meta({ title: "kurafuto.toml", description: "Configuration of Kurafuto" });

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
