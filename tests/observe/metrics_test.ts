import { assertEquals } from "../harness/assert.ts";
import { type Labels, parseExposition } from "../harness/exposition.ts";
import { ended, JOINED, MetricsWorld, moved, moveFailed, network, PLAYABLE } from "./metrics_world.ts";

const { version: { deno }, build: { target } } = Deno;

/** Every metric, its type, and one of its series. */
const METRICS: readonly (readonly [name: string, type: "counter" | "gauge" | "histogram", labels: Labels])[] = [
  ["kurafuto_build_info", "gauge", { version: "1.2.3", deno, target }],
  ["kurafuto_players", "gauge", { listener: "main" }],
  ["kurafuto_sessions_total", "counter", { result: "client-left" }],
  ["kurafuto_session_duration_seconds", "histogram", {}],
  ["kurafuto_players_lost_total", "counter", { cause: "backend-lost" }],
  ["kurafuto_logins_total", "counter", { result: "joined" }],
  ["kurafuto_moves_total", "counter", { from: "hub", to: "arena", result: "done" }],
  ["kurafuto_move_duration_seconds", "histogram", {}],
  ["kurafuto_time_to_playable_seconds", "histogram", {}],
  ["kurafuto_backend_up", "gauge", { backend: "arena" }],
  ["kurafuto_backend_players", "gauge", { backend: "hub" }],
  ["kurafuto_backend_dial_seconds", "histogram", { backend: "hub" }],
  ["kurafuto_backend_dial_failures_total", "counter", { backend: "hub" }],
  ["kurafuto_backend_checks_total", "counter", { backend: "hub", result: "ok" }],
  ["kurafuto_queue_length", "gauge", {}],
  ["kurafuto_rejected_total", "counter", { reason: "not-classic" }],
  ["kurafuto_bytes_total", "counter", { leg: "client", direction: "in" }],
  ["kurafuto_packets_total", "counter", { direction: "from-client" }],
  ["kurafuto_buffer_bytes", "gauge", {}],
  ["kurafuto_heartbeat_last_success_timestamp_seconds", "gauge", { listener: "main", list: "list.example" }],
  ["kurafuto_config_last_reload_successful", "gauge", {}],
  ["kurafuto_config_last_reload_success_timestamp_seconds", "gauge", {}],
  ["kurafuto_event_loop_lag_seconds", "histogram", {}],
  ["process_cpu_seconds_total", "counter", {}],
  ["process_resident_memory_bytes", "gauge", {}],
  ["process_heap_bytes", "gauge", {}],
  ["process_start_time_seconds", "gauge", {}],
];

/** Those that say something about an edge on which nothing has happened. */
const ALWAYS_ABOVE_ZERO: readonly string[] = [
  "kurafuto_build_info",
  "kurafuto_config_last_reload_successful",
  "kurafuto_config_last_reload_success_timestamp_seconds",
  "process_cpu_seconds_total",
  "process_resident_memory_bytes",
  "process_heap_bytes",
  "process_start_time_seconds",
];

/** Without what sums of fractions leave behind the ninth digit. */
function rounded(value: number | undefined): number | undefined {
  return value && Number(value.toFixed(9));
}

Deno.test("every metric is there from the start, and no other; what counts begins at 0", async () => {
  using world = new MetricsWorld();
  const read = await world.scrape();
  assertEquals([...read.families.keys()].sort(), METRICS.map(([name]) => name).sort());
  for (const [name, type, labels] of METRICS) {
    assertEquals(read.families.get(name)?.type, type, name);
    const value = read.value(type === "histogram" ? `${name}_count` : name, labels);
    if (ALWAYS_ABOVE_ZERO.includes(name)) assertEquals((value ?? 0) > 0, true, name);
    else assertEquals(value, 0, name);
  }
});

Deno.test("a scrape tells what the edge is like at that time", async () => {
  using world = new MetricsWorld();
  const { edge } = world;
  edge.listenerPlayers = { main: 7, web: 2 };
  edge.backendStates = { hub: { state: "down", players: 4 }, arena: { state: "up", players: 5 } };
  Object.assign(edge, { lastHeartbeat: 1_700_000_000, waitingBytes: 4_096, inLine: 3 });
  Object.assign(edge.bytes, { fromClient: 1, toClient: 2, fromBackend: 3, toBackend: 4 });
  Object.assign(edge.packets, { fromClient: 5, fromBackend: 6 });
  const read = await world.scrape();
  const expected: readonly (readonly [name: string, labels: Labels, value: number])[] = [
    ["players", { listener: "main" }, 7],
    ["players", { listener: "web" }, 2],
    ["backend_up", { backend: "hub" }, 0],
    ["backend_up", { backend: "arena" }, 1],
    ["backend_players", { backend: "hub" }, 4],
    ["backend_players", { backend: "arena" }, 5],
    ["heartbeat_last_success_timestamp_seconds", { listener: "main", list: "list.example" }, 1_700_000_000],
    ["buffer_bytes", {}, 4_096],
    ["queue_length", {}, 3],
    ["bytes_total", { leg: "client", direction: "in" }, 1],
    ["bytes_total", { leg: "client", direction: "out" }, 2],
    ["bytes_total", { leg: "backend", direction: "in" }, 3],
    ["bytes_total", { leg: "backend", direction: "out" }, 4],
    ["packets_total", { direction: "from-client" }, 5],
    ["packets_total", { direction: "from-backend" }, 6],
  ];
  for (const [name, labels, value] of expected) assertEquals(read.value(`kurafuto_${name}`, labels), value, name);
  edge.bytes.fromClient = 10;
  edge.listenerPlayers = { main: 1 };
  const next = await world.scrape();
  assertEquals(next.value("kurafuto_bytes_total", { leg: "client", direction: "in" }), 10);
  assertEquals(next.valuesOf("kurafuto_players", "listener"), ["main"]);
});

Deno.test("what is fed is counted and measured, in seconds", async () => {
  using world = new MetricsWorld();
  const { metrics } = world;
  world.session(
    JOINED,
    PLAYABLE,
    moved("hub", "arena"),
    moveFailed("arena", "lobby"),
    ended("client-left", { letIn: true }),
  );
  metrics.rejected("not-classic");
  metrics.dialled("hub", 30, true);
  metrics.dialled("hub", 3_000, false);
  metrics.checked("hub", true);
  metrics.checked("hub", false);
  metrics.checked("hub", false);
  const read = await world.scrape();
  const expected: readonly (readonly [name: string, labels: Labels, value: number])[] = [
    ["sessions_total", { result: "client-left" }, 1],
    ["session_duration_seconds_sum", {}, 60],
    ["logins_total", { result: "joined" }, 1],
    ["time_to_playable_seconds_sum", {}, 2],
    ["moves_total", { from: "hub", to: "arena", result: "done" }, 1],
    ["moves_total", { from: "arena", to: "lobby", result: "failed" }, 1],
    ["move_duration_seconds_sum", {}, 0.3],
    ["rejected_total", { reason: "not-classic" }, 1],
    ["backend_dial_seconds_count", { backend: "hub" }, 1],
    ["backend_dial_seconds_sum", { backend: "hub" }, 0.03],
    ["backend_dial_seconds_bucket", { backend: "hub", le: "0.025" }, 0],
    ["backend_dial_seconds_bucket", { backend: "hub", le: "0.05" }, 1],
    ["backend_dial_failures_total", { backend: "hub" }, 1],
    ["backend_checks_total", { backend: "hub", result: "ok" }, 1],
    ["backend_checks_total", { backend: "hub", result: "failed" }, 2],
  ];
  for (const [name, labels, value] of expected) {
    assertEquals(rounded(read.value(`kurafuto_${name}`, labels)), value, name);
  }
  for (const name of ["sessions_total", "logins_total", "moves_total", "rejected_total"]) {
    const sum = expected.reduce((total, [other, , value]) => other === name ? total + value : total, 0);
    assertEquals(read.total(`kurafuto_${name}`), sum, `nothing else of ${name} was counted`);
  }
});

Deno.test("a reload that is refused, or rolled back, is told until one succeeds", async () => {
  using world = new MetricsWorld();
  const { metrics } = world;
  const successful = async (): Promise<number | undefined> =>
    (await world.scrape()).value("kurafuto_config_last_reload_successful");
  const time = "kurafuto_config_last_reload_success_timestamp_seconds";
  assertEquals(await successful(), 1);
  const started = (await world.scrape()).value(time);
  assertEquals(Math.abs(Date.now() / 1_000 - (started ?? 0)) < 60, true);
  metrics.reloaded("refused");
  assertEquals(await successful(), 0);
  assertEquals((await world.scrape()).value(time), started);
  metrics.reloaded("unchanged");
  assertEquals(await successful(), 1);
  metrics.reloaded("applied");
  metrics.reloaded("rolled-back");
  assertEquals(await successful(), 0);
});

Deno.test("a backend that a reload removes loses its series, one that it adds begins at 0, the others go on", async () => {
  using world = new MetricsWorld();
  const { metrics, edge } = world;
  world.session(JOINED, moved("hub", "arena"), moved("arena", "hub"));
  for (const backend of ["hub", "arena"]) {
    metrics.dialled(backend, 5, true);
    metrics.checked(backend, true);
  }
  metrics.configured(network(["hub", "maze"]));
  const { hub } = edge.backendStates;
  edge.backendStates = { ...hub && { hub }, maze: { state: "up", players: 0 } };
  // These come late: what they are about is gone.
  world.session(JOINED, moved("arena", "hub"), moveFailed("hub", "arena"));
  metrics.dialled("arena", 5, true);
  metrics.checked("arena", true);
  const read = await world.scrape();
  for (const name of ["backend_up", "backend_players", "backend_dial_seconds_count", "backend_dial_failures_total"]) {
    assertEquals(read.valuesOf(`kurafuto_${name}`, "backend"), ["hub", "maze"], name);
  }
  assertEquals(read.valuesOf("kurafuto_backend_checks_total", "backend"), ["hub", "maze"]);
  assertEquals(read.valuesOf("kurafuto_moves_total", "from"), ["(none)", "(removed)", "hub", "maze"]);
  assertEquals(read.valuesOf("kurafuto_moves_total", "to"), ["(removed)", "hub", "lobby", "maze"]);
  assertEquals(read.value("kurafuto_moves_total", { from: "(removed)", to: "hub", result: "done" }), 1);
  assertEquals(read.value("kurafuto_moves_total", { from: "hub", to: "(removed)", result: "failed" }), 1);
  assertEquals(read.value("kurafuto_backend_dial_seconds_count", { backend: "hub" }), 1);
  assertEquals(read.value("kurafuto_backend_dial_seconds_count", { backend: "maze" }), 0);
  assertEquals(read.value("kurafuto_backend_checks_total", { backend: "maze", result: "failed" }), 0);
});

Deno.test("two edges in one process count for themselves", async () => {
  using one = new MetricsWorld();
  using other = new MetricsWorld();
  one.session(JOINED);
  assertEquals((await one.scrape()).value("kurafuto_logins_total", { result: "joined" }), 1);
  assertEquals((await other.scrape()).value("kurafuto_logins_total", { result: "joined" }), 0);
});

Deno.test("two scrapes at the same time are both whole", async () => {
  using world = new MetricsWorld();
  world.edge.bytes.fromClient = 5;
  for (const text of await Promise.all([world.metrics.text(), world.metrics.text()])) {
    assertEquals(parseExposition(text).value("kurafuto_bytes_total", { leg: "client", direction: "in" }), 5);
  }
});
