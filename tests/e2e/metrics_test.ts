/** The program's metrics, as Prometheus scrapes them, while players come, move, are kicked, turned away and lost. */
import manifest from "../../deno.json" with { type: "json" };
import { assert, assertEquals } from "../harness/assert.ts";
import { Bot } from "../harness/bot.ts";
import { type Exposition, type Labels, parseExposition } from "../harness/exposition.ts";
import { eventually } from "../harness/kernel.ts";
import { ScriptedList } from "../heartbeat/scripted_list.ts";
import { identification } from "../session/logins.ts";
import { ADMIN, CPE, isIn, listener, pool, Stage } from "./stage.ts";

const FLOOD = new Uint8Array(1 << 20);
const QUICK_CHECKS = ["[health]", 'interval = "100ms"', "fall = 1"];
const BOTS = 40;

async function scrape({ program }: Stage): Promise<Exposition> {
  const response = await fetch(`${program.admin}/metrics`);
  assertEquals(response.headers.get("Content-Type"), "text/plain; version=0.0.4; charset=utf-8");
  return parseExposition(await response.text());
}

/** Waits until a series has a value that `probe` takes. */
async function until(stage: Stage, name: string, labels: Labels, probe: (value: number) => boolean): Promise<void> {
  const isSo = async (): Promise<boolean> => probe((await scrape(stage)).value(name, labels) ?? NaN);
  await eventually(isSo, `${name}${JSON.stringify(labels)}`);
}

/** Sends bytes without end to whoever connects. */
class Firehose implements Disposable {
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #conns = new Set<Deno.Conn>();

  constructor() {
    void this.#accept().catch(() => {});
  }

  get port(): number {
    return this.#listener.addr.port;
  }

  /** Closes every connection; as nothing was read of them, they are reset. */
  breakOff(): void {
    for (const conn of this.#conns) conn.close();
    this.#conns.clear();
  }

  [Symbol.dispose](): void {
    this.#listener.close();
    this.breakOff();
  }

  async #accept(): Promise<void> {
    for await (const conn of this.#listener) void this.#flood(conn);
  }

  async #flood(conn: Deno.Conn): Promise<void> {
    this.#conns.add(conn);
    try {
      while (true) await conn.write(FLOOD);
    } catch {
      if (this.#conns.delete(conn)) conn.close();
    }
  }
}

/** Takes connections and answers none of their requests for a WebSocket. */
class Mute implements Disposable {
  readonly requests: string[] = [];
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #conns: Deno.Conn[] = [];

  constructor() {
    void this.#accept().catch(() => {});
  }

  get port(): number {
    return this.#listener.addr.port;
  }

  /** Requests on a player's behalf; checks name nobody. */
  get dials(): number {
    return this.requests.filter((request) => request.includes("X-Real-IP")).length;
  }

  [Symbol.dispose](): void {
    this.#listener.close();
    for (const conn of this.#conns) conn.close();
  }

  async #accept(): Promise<void> {
    for await (const conn of this.#listener) {
      this.#conns.push(conn);
      const buffer = new Uint8Array(1_000);
      void conn.read(buffer).then((count) =>
        this.requests.push(new TextDecoder().decode(buffer.subarray(0, count ?? 0)))
      );
    }
  }
}

/** A raw listener that leads to a {@linkcode Firehose}. */
function rawPart({ port }: Firehose): readonly string[] {
  return [
    ...listener({ name: "raw", pool: "flood", lines: ['mode = "raw"'] }),
    ...["[[backend]]", 'name = "firehose"', `address = "127.0.0.1:${port}"`],
    ...pool("flood", ["firehose"]),
  ];
}

Deno.test("every metric is there from the start, and moves when what it counts happens", async (t) => {
  await using list = new ScriptedList();
  using firehose = new Firehose();
  const lines = [
    ...["[[heartbeat]]", 'listener = "main"', `url = "${list.url("127.0.0.1")}"`],
    ...rawPart(firehose),
    ...ADMIN,
    ...QUICK_CHECKS,
  ];
  await using stage = await Stage.start(...lines);
  const { program, arena } = stage;
  await program.until(() => program.lines("admin").length > 0, "the admin API");
  const start = await scrape(stage);
  const atStart = (name: string, labels: Labels): number => {
    const value = start.value(name, labels);
    assert(value !== undefined, `${name} has no series ${JSON.stringify(labels)} at the start`);
    return value;
  };
  const grows = (name: string, labels: Labels = {}): Promise<void> => {
    const before = atStart(name, labels);
    return until(stage, name, labels, (now) => now > before);
  };
  const differs = (by: number, name: string, labels: Labels = {}): Promise<void> => {
    const before = atStart(name, labels);
    return until(stage, name, labels, (now) => now === before + by);
  };

  await t.step("about the program", async () => {
    const { deno } = Deno.version;
    const build = start.samples.find(({ name }) => name === "kurafuto_build_info");
    assertEquals([build?.value, build?.labels["version"]], [1, manifest.version]);
    // The compiled executable has a runtime of its own.
    if (Deno.env.get("KURAFUTO_EXECUTABLE") === undefined) assertEquals(build?.labels["deno"], deno);
    assert((start.value("process_resident_memory_bytes") ?? 0) > 1e6, "memory");
    assert(Math.abs((start.value("process_start_time_seconds") ?? 0) - Date.now() / 1000) < 60, "the start");
    await grows("process_cpu_seconds_total");
    await grows("kurafuto_event_loop_lag_seconds_count");
    await until(stage, "kurafuto_backend_up", { backend: "hub" }, (up) => up === 1);
  });

  await t.step("a heartbeat", async () => {
    const labels = { listener: "main", list: `127.0.0.1:${list.port}` };
    const lately = Date.now() / 1000 - 60;
    await until(stage, "kurafuto_heartbeat_last_success_timestamp_seconds", labels, (at) => at > lately);
  });

  await using steve = await stage.join("Steve");

  await t.step("a join", async () => {
    await differs(1, "kurafuto_logins_total", { result: "joined" });
    await differs(1, "kurafuto_players", { listener: "main" });
    await differs(1, "kurafuto_time_to_playable_seconds_count");
    await differs(1, "kurafuto_backend_players", { backend: "hub" });
    await differs(1, "kurafuto_backend_dial_seconds_count", { backend: "hub" });
    for (const leg of ["client", "backend"]) {
      for (const direction of ["in", "out"]) await grows("kurafuto_bytes_total", { leg, direction });
    }
    await steve.ping();
    for (const direction of ["from-client", "from-backend"]) await grows("kurafuto_packets_total", { direction });
  });

  await t.step("a move", async () => {
    assertEquals((await stage.post("/v1/players/Steve/move", { to: "arena" })).status, 200);
    await isIn(steve, "arena");
    await differs(1, "kurafuto_moves_total", { from: "hub", to: "arena", result: "done" });
    await differs(1, "kurafuto_move_duration_seconds_count");
    await differs(1, "kurafuto_backend_players", { backend: "arena" });
  });

  await t.step("a backend that is lost", async () => {
    await arena.server.kill();
    await isIn(steve, "hub");
    await differs(1, "kurafuto_moves_total", { from: "arena", to: "hub", result: "done" });
    await until(stage, "kurafuto_backend_up", { backend: "arena" }, (up) => up === 0);
    assertEquals((await scrape(stage)).total("kurafuto_players_lost_total"), 0);
  });

  await t.step("reloads", async () => {
    await differs(0, "kurafuto_config_last_reload_successful");
    assertEquals((await stage.reload("[[listner]]")).result, "refused");
    await differs(-1, "kurafuto_config_last_reload_successful");
    assertEquals((await stage.reload(stage.config(...lines, "rise = 3"))).result, "applied");
    await differs(0, "kurafuto_config_last_reload_successful");
    await grows("kurafuto_config_last_reload_success_timestamp_seconds");
  });

  await t.step("a connection and a login that are turned away", async () => {
    using conn = await Deno.connect(program.target());
    await conn.write(new TextEncoder().encode("SSH-2.0-OpenSSH_9.6\r\n"));
    await differs(1, "kurafuto_rejected_total", { reason: "not-classic" });
    await using nobody = await Bot.connect(program.target(), { name: "bad name", ...CPE });
    await nobody.kicked();
    await differs(1, "kurafuto_rejected_total", { reason: "bad-name" });
    await differs(1, "kurafuto_logins_total", { result: "refused" });
    await differs(1, "kurafuto_sessions_total", { result: "bad-name" });
  });

  await t.step("a kick", async () => {
    assertEquals((await stage.post("/v1/players/Steve/kick", {})).status, 200);
    await steve.kicked();
    await differs(1, "kurafuto_sessions_total", { result: "kicked" });
    await differs(0, "kurafuto_players", { listener: "main" });
  });

  await t.step("a player who does not read, and is lost with the backend", async () => {
    using conn = await Deno.connect(program.target("raw"));
    await conn.write(identification("Alex"));
    await grows("kurafuto_buffer_bytes");
    firehose.breakOff();
    await conn.readable.pipeTo(new WritableStream()).catch(() => {});
    await differs(1, "kurafuto_players_lost_total", { cause: "backend-lost" });
    await differs(0, "kurafuto_buffer_bytes");
  });
});

Deno.test("a dial that is given up for want of an answer has failed, and one whose player has left has not", async () => {
  using mute = new Mute();
  const lines = [
    ...listener({ name: "mute", pool: "muted" }),
    ...["[[backend]]", 'name = "mute"', `address = "127.0.0.1:${mute.port}"`, 'forward_ip = "websocket"'],
    ...pool("muted", ["mute"]),
  ];
  // Too rarely for checks to find out that nobody answers.
  await using stage = await Stage.start(...lines, ...ADMIN, "[health]", 'interval = "60s"');
  const { program } = stage;
  const series = ["kurafuto_backend_dial_failures_total", { backend: "mute" }] as const;
  {
    await using bob = await Bot.connect(program.target("mute"), { name: "Bob", ...CPE });
    await eventually(() => mute.dials === 1, "a dial for Bob");
    bob.close();
    await program.ended(1);
    assertEquals((await scrape(stage)).value(...series), 0);
  }
  await using _alice = await Bot.connect(program.target("mute"), { name: "Alice", ...CPE });
  await until(stage, ...series, (count) => count === 1);
});

Deno.test("no label has a player's name, client or address, and the number of series stays as it is", async () => {
  await using stage = await Stage.start(...ADMIN, ...QUICK_CHECKS);
  const { program } = stage;
  await program.until(() => program.lines("admin").length > 0, "the admin API");
  const before = await scrape(stage);
  const names = Array.from({ length: BOTS }, () => `P${crypto.randomUUID().slice(0, 13).replace("-", "_")}`);
  await Promise.all(names.map(async (name, index) => {
    const appName = `"${name}"\\ 192.0.2.${index},}`;
    await using bot = await Bot.connect(program.target(), { name, appName, ...CPE });
    await bot.joined();
    await stage.post(`/v1/players/${name}/move`, { to: index % 2 === 0 ? "arena" : `no-${name}` });
    if (index % 2 === 0) await isIn(bot, "arena");
    await bot.chat(name);
    if (index % 3 === 0) await stage.post(`/v1/players/${name}/kick`, { reason: name });
  }));
  await Promise.all(names.map(async (name) => {
    await using nobody = await Bot.connect(program.target(), { name: `${name} ?`, ...CPE });
    await nobody.kicked();
  }));
  await program.until(() => program.lines("ended").length === 2 * BOTS, "the end of all sessions");
  const after = await scrape(stage);
  assertEquals(after.total("kurafuto_sessions_total"), 2 * BOTS);
  assertEquals([after.series, after.families.size], [before.series, before.families.size]);
  const values = after.samples.flatMap(({ labels }) => Object.values(labels));
  assertEquals(values.filter((value) => value.includes("192.0.2.") || names.some((name) => value.includes(name))), []);
});
