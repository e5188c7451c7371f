import { assert, assertEquals } from "../harness/assert.ts";
import { Bot } from "../harness/bot.ts";
import { eventually } from "../harness/kernel.ts";
import { Program } from "../harness/program.ts";
import { measured } from "../e2e/percentiles.ts";
import { PlayersThread, type Way } from "./players_thread.ts";

const PLAYERS = 100;
/** Players who come through another edge, which nobody floods: what they feel, the machine is to blame for. */
const WITNESSES = 20;
const ADDRESSES = 200;
/** As many as two hundred addresses make that connect a hundred times a second each; the machine may manage fewer. */
const PER_SECOND = 20_000;
const SECONDS = Number(Deno.env.get("KURAFUTO_FLOOD_SECONDS") ?? 15);
/** Floods that are tried: what else the machine does can only make it look worse. */
const TRIES = 5;
/** Milliseconds by which the flood may delay a player's ping, once in a hundred times. */
const MOST_ADDED_MS = 5;
const MAX_GROWTH = 100 << 20;
/** Milliseconds in which a newcomer plays, once the flood is over. */
const RECOVERY_MS = 2_000;
const HERE = new URL(".", import.meta.url).pathname;

/** Two listeners with one pool: players are known at the one, and prove their names at the other, which is flooded. */
function network(address: string): string {
  return [
    ...["[[listener]]", 'name = "main"', 'bind = "127.0.0.1:0"', 'pool = "town"'],
    ...["[[listener]]", 'name = "players"', 'bind = "127.0.0.1:0"', 'pool = "town"', 'auth = "off"'],
    ...["[[pool]]", 'name = "town"', 'backends = ["hub"]'],
    ...["[[backend]]", 'name = "hub"', `address = "${address}"`],
    // The limits are those that everybody has.
    "[limits]",
  ].join("\n");
}

/** Whoever plays here has the address of whoever tests: one that many share, which belongs on the allow list. */
async function dataDirectory(): Promise<string> {
  const path = await Deno.makeTempDir({ prefix: "kurafuto-flood-" });
  await Deno.writeTextFile(`${path}/access.toml`, '[[allow]]\naddress = "127.0.0.1"\n');
  return path;
}

/** Floods `port`. Returns how many connections were made. */
async function flood(port: number, ms: number): Promise<number> {
  const command = [Deno.execPath(), "run", "--allow-net", `${HERE}flooder_main.ts`, port, ADDRESSES, PER_SECOND];
  // Whoever floods has machines of their own.
  const child = new Deno.Command("nice", {
    args: ["-n", "19", ...command.map(String)],
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  await new Promise((resolve) => setTimeout(resolve, ms));
  await child.stdin.close();
  const { stdout } = await child.output();
  return Number(new TextDecoder().decode(stdout));
}

/** By how much the 99th percentile of pings through the flooded edge is above that of the other one, in milliseconds. */
function added({ flooded, spared }: Readonly<Record<Way, readonly number[]>>): number {
  return measured("pings through the flooded edge", flooded).p99 - measured("through the other one", spared).p99;
}

Deno.test(`${PLAYERS} players play on while ${ADDRESSES} addresses flood the edge`, async () => {
  const [dataDir, otherDir] = [await dataDirectory(), await dataDirectory()];
  using players = new PlayersThread();
  const config = network(await players.address());
  await using spared = await Program.start({ config, dataDir: otherDir, level: "info" });
  await using program = await Program.start({ config, dataDir, level: "info" });
  await players.join("flooded", program.target("players"), PLAYERS);
  await players.join("spared", spared.target("players"), WITNESSES);
  const [memory, sockets] = [await program.residentBytes(), await program.descriptors()];
  const delays: number[] = [];
  while (delays.length < TRIES && !delays.some((ms) => ms <= MOST_ADDED_MS)) {
    await players.take();
    const made = await flood(program.target("main").port, SECONDS * 1_000);
    const { pings, lost, violations } = await players.take();
    const grown = await program.residentBytes() - memory;
    const start = performance.now();
    await using newcomer = await Bot.connect(program.target("players"), { name: "Newcomer" });
    await newcomer.joined();
    const joinedMs = performance.now() - start;
    console.log(JSON.stringify({ made, perSecond: Math.round(made / SECONDS), grownMiB: grown >> 20, joinedMs }));
    delays.push(added(pings));
    assert(made > ADDRESSES * SECONDS, `the flood made only ${made} connections`);
    assertEquals([lost, violations], [0, []]);
    assert(grown < MAX_GROWTH, `grew by ${grown} bytes`);
    assert(joinedMs < RECOVERY_MS, `a newcomer joined after ${joinedMs} ms`);
  }
  await eventually(async () => await program.descriptors() <= sockets, "no descriptor left of the floods");
  assert(delays.some((ms) => ms <= MOST_ADDED_MS), `the flood delays players by ${delays.map(Math.round)} ms`);
  for (const directory of [dataDir, otherDir]) await Deno.remove(directory, { recursive: true });
});
