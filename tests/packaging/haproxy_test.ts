import { ClassicServer } from "../../lib/demo/server.ts";
import { assertEquals, assertExists } from "../harness/assert.ts";
import { Bot } from "../harness/bot.ts";
import { Front } from "../harness/front.ts";
import { testWith } from "../harness/installed.ts";
import { eventually } from "../harness/kernel.ts";
import { network, Program } from "../harness/program.ts";

/** HAProxy deals out every other one of them to an edge that drains, until its check has seen enough. */
const NEWCOMERS = 8;
/** The check looks every two seconds, and believes what it has seen three times. */
const TAKEN_OUT_MS = 15_000;

testWith("haproxy")(
  "behind README's HAProxy an edge that drains costs nobody anything but its own players",
  async () => {
    await using server = await ClassicServer.start();
    await using first = await startEdge(server);
    await using second = await startEdge(server);
    const folder = await Deno.makeTempDir({ prefix: "kurafuto-test-" });
    await using haproxy = await startHaproxy([first, second], `${folder}/stats`);
    await using steve = await join(haproxy, "Steve");
    await using alex = await join(haproxy, "Alex");
    const [leaving, staying] = (await playersOf(first))[0] === steve.name ? [steve, alex] : [alex, steve];
    assertEquals(await playersOf(second), [staying.name]);

    await (await fetch(`${first.admin}/v1/drain`, { method: "POST" })).body?.cancel();
    await leaving.chatLine(/goes down/);
    await eventually(() => refuses(first.target()), "the port closing");
    for (let i = 0; i < NEWCOMERS; i++) (await join(haproxy, `Newcomer${i}`)).close();
    await leaving.chatLine(/goes down/);
    await eventually(() => refuses(first.target()), "the port closing");
    const isOut = async (): Promise<boolean> => (await statesOf(`${folder}/stats`)).get("edge1") === "DOWN";
    await eventually(isOut, "HAProxy taking the edge out", { timeoutMs: TAKEN_OUT_MS });

    assertEquals((await statesOf(`${folder}/stats`)).get("edge2"), "UP");
    assertEquals([steve.violations, alex.violations], [[], []]);
    await staying.chat("still here");
    await staying.chatLine(/still here$/);
    await leaving.chat("here as well");
    await leaving.chatLine(/here as well$/);
    leaving.close();
    await Deno.remove(folder, { recursive: true });
  },
);

async function startEdge({ address }: ClassicServer): Promise<Program> {
  const backends = [{ name: "hub", address }];
  const listener = ['proxy_protocol_from = ["127.0.0.1"]'];
  const config = `${network(backends, { listener })}\n[admin]\nbind = "127.0.0.1:0"\n`;
  const edge = await Program.start({ config, edge: ["max_players = 1000", 'drain_timeout = "1m"'] });
  await edge.until(() => edge.lines("admin").length > 0, "the admin API");
  return edge;
}

/** Starts HAProxy with the section that README has, but for the addresses. It tells at the socket `stats` how it sees the edges. */
async function startHaproxy(edges: readonly Program[], stats: string): Promise<Front> {
  const [section] = /^listen classic\n(?: {4}.*\n)+/m.exec(await Deno.readTextFile("README.md")) ?? [];
  assertExists(section);
  const lines = section.split("\n").filter((line) => !/^ +(bind|server) /.test(line));
  const servers = edges.map((edge, i) => {
    const [line = ""] = new RegExp(`^ +server edge${i + 1} .*$`, "m").exec(section) ?? [];
    return line.replace(/10\.0\.0\.\d+:25565/, `127.0.0.1:${edge.target().port}`)
      .replace("port 8080", `port ${new URL(edge.admin).port}`);
  });
  return await Front.start({
    name: "HAProxy",
    program: "haproxy",
    from: "haproxy",
    args: (folder) => ["-W", "-db", "-f", `${folder}/haproxy.cfg`],
    file: "haproxy.cfg",
    configuration: (_, port) =>
      ["global", `    stats socket ${stats}`, ...lines, `    bind 127.0.0.1:${port}`, ...servers, ""].join("\n"),
    ready: "Loading success",
  });
}

async function refuses(target: Deno.ConnectOptions): Promise<boolean> {
  try {
    (await Deno.connect(target)).close();
    return false;
  } catch {
    return true;
  }
}

async function join(target: Front, name: string): Promise<Bot> {
  const bot = await Bot.connect(target, { name });
  await bot.joined();
  return bot;
}

async function playersOf({ admin }: Program): Promise<readonly string[]> {
  const { players } = await (await fetch(`${admin}/v1/players`)).json();
  return players.map(({ name }: { readonly name: string }) => name);
}

/** HAProxy's servers, each with what HAProxy thinks of it. */
async function statesOf(path: string): Promise<ReadonlyMap<string, string>> {
  using conn = await Deno.connect({ transport: "unix", path });
  await conn.write(new TextEncoder().encode("show stat\n"));
  const rows = (await new Response(conn.readable).text()).split("\n").map((line) => line.split(","));
  const columns = rows[0] ?? [];
  const [name, status] = [columns.indexOf("svname"), columns.indexOf("status")];
  return new Map(rows.map((row) => [row[name] ?? "", row[status] ?? ""]));
}
